"""How a backup travels from the program that holds a journal to the one that writes the file.

Parts of MessagePack, each after its length in four bytes: start, rows in order of arrival, end. Without the
end the stream was cut, and what came is worth nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
from aiohttp import web

from pitboard.errors import NOT_UNDERSTOOD, ActRefused, PeerLost
from pitboard.journal.disk.journal_schema import VERSION
from pitboard.journal.disk.sqlite_storage import Journal, QuarantinedRow
from pitboard.journal.disk.storage import Storage

PART_MAX_BYTES = 64 * 1_024 * 1_024
_LENGTH_BYTES = 4

Row = tuple[str, int, bytes, bytes, bytes | None]
"""(stream, seq, header, signature, body)"""


class BackupStart(msgspec.Struct, frozen=True, tag="start"):
    """`arrivals` is about how many rows will come."""

    schema: str
    root_key: str
    arrivals: int


class BackupRows(msgspec.Struct, frozen=True, tag="rows"):
    rows: list[Row]


class BackupEnd(msgspec.Struct, frozen=True, tag="end"):
    """`count` is how many rows there were."""

    count: int
    quarantine: list[QuarantinedRow]


Part = BackupStart | BackupRows | BackupEnd
_decoder: msgspec.msgpack.Decoder[Part] = msgspec.msgpack.Decoder(BackupStart | BackupRows | BackupEnd)


def encode_part(part: Part) -> bytes:
    """Return the part as it travels."""
    body = msgspec.msgpack.encode(part)
    return len(body).to_bytes(_LENGTH_BYTES, "big") + body


def read_parts(chunks: Iterable[bytes]) -> Iterator[Part]:
    """Yield the parts of a whole stream; raises PeerLost where it was cut or is not a backup."""
    held = bytearray()
    part: Part | None = None
    for chunk in chunks:
        held += chunk
        while (body := _take_body(held)) is not None:
            try:
                part = _decoder.decode(body)
            except NOT_UNDERSTOOD as error:
                raise PeerLost(peer="the node", reason=f"what it sent is no backup ({error})") from error
            yield part
    if not isinstance(part, BackupEnd) or held:
        raise PeerLost(peer="the node", reason="the backup broke off; try again")


def _take_body(held: bytearray) -> bytes | None:
    if len(held) < _LENGTH_BYTES:
        return None
    end = _LENGTH_BYTES + int.from_bytes(held[:_LENGTH_BYTES], "big")
    if end > PART_MAX_BYTES:
        raise PeerLost(peer="the node", reason="what it sent is no backup")
    if len(held) < end:
        return None
    body = bytes(held[_LENGTH_BYTES:end])
    del held[:end]
    return body


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
        start = BackupStart(schema=str(VERSION), root_key=journal.root_key, arrivals=last)
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
