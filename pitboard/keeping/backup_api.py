"""`GET /v1/backup`: hand out everything the journal holds, while it goes on being written.

The program that holds the journal reads it in pages between its commits, so no passing waits for a backup.
Records are only added at the end, so all up to the last one at the start are one consistent state; SQLite's
own backup would hold the one connection until it is done. The caller writes the file, with its own rights."""

from __future__ import annotations

from aiohttp import web

from pitboard.errors import ActRefused
from pitboard.journal.sqlite_storage import SCHEMA_VERSION, Journal
from pitboard.journal.storage import Storage
from pitboard.keeping.backup_stream import BackupEnd, BackupRows, BackupStart, encode_part

BACKUPS_MAX_COUNT = 2
PAGE_COUNT = 500


class BackupApi:
    """Serves one journal."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._count = 0

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/v1/backup", self._backup)

    async def _backup(self, request: web.Request) -> web.StreamResponse:
        if not isinstance(self._storage, Journal):
            raise ActRefused(code="no-file", reason="This node keeps no journal file.")
        if self._count >= BACKUPS_MAX_COUNT:
            raise ActRefused(code="busy", reason="Another backup is being made; try again when it is done.")
        self._count += 1
        try:
            return await self._send(request, self._storage)
        finally:
            self._count -= 1

    async def _send(self, request: web.Request, journal: Journal) -> web.StreamResponse:
        last = await journal.last_arrival()
        quarantine = await journal.quarantined_rows()
        response = web.StreamResponse(headers={"Content-Type": "application/octet-stream"})
        await response.prepare(request)
        start = BackupStart(schema=SCHEMA_VERSION, root_key=journal.root_key, arrivals=last)
        await response.write(encode_part(start))
        arrival = 0
        count = 0
        while arrival < last:
            rows = await journal.rows_beyond(arrival, last, PAGE_COUNT)
            if not rows:
                break
            arrival = rows[-1][0]
            count += len(rows)
            await response.write(encode_part(BackupRows(rows=[row[1:] for row in rows])))
        await response.write(encode_part(BackupEnd(count=count, quarantine=quarantine)))
        await response.write_eof()
        return response
