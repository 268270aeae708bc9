"""Tables in and out: competitors from a CSV after a look at it, results and laps as files."""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from pitboard.doors.caller import take_body
from pitboard.doors.http_api import json_response
from pitboard.errors import ActRefused
from pitboard.journal.replica import WritingReplica
from pitboard.keeping.export_files import Format, Separator, file_bytes
from pitboard.keeping.export_tables import What, table_of
from pitboard.sentences.language import LanguageCode
from sync.central.admin.act_plan import signed
from sync.central.admin.actor import the_actor
from sync.central.admin.admin_act import checked_reason
from sync.central.admin.desk.people_table import TableRow, read_people, registrations

_TYPES = {
    "csv": "text/csv",
    "pdf": "application/pdf",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
}
PART_COUNT = 100
"""Registrations of one commit."""


class PeopleTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    text: Annotated[str, Meta(max_length=1_000_000)]
    is_preview: bool = True
    reason: Annotated[str, Meta(max_length=4_000)] = ""


class PeopleTaken(msgspec.Struct, frozen=True, kw_only=True):
    """`taken` is how many were registered, 0 for a preview."""

    rows: list[TableRow]
    taken: int


class ExportQuery(msgspec.Struct, frozen=True, kw_only=True):
    what: What = "results"
    format: Format = "csv"
    separator: Separator = "comma"
    language: LanguageCode = "en"


class PeopleApi:
    """Serves the calls on central's replica."""

    def __init__(self, replica: WritingReplica) -> None:
        self._replica = replica
        self._fold = replica.fold
        self._making = asyncio.Lock()

    def add_to(self, app: web.Application) -> None:
        app.router.add_post("/v1/desk/import", self._import)
        app.router.add_get("/v1/desk/export", self._export)

    async def _import(self, request: web.Request) -> web.Response:
        table = msgspec.json.decode(await take_body(request), type=PeopleTable)
        rows = read_people(table.text, self._fold)
        if table.is_preview:
            return json_response(PeopleTaken(rows=rows, taken=0))
        bodies = signed(registrations(rows, checked_reason(table.reason, self._fold)), the_actor(), "")
        for start in range(0, len(bodies), PART_COUNT):
            await self._replica.append(*bodies[start : start + PART_COUNT])
        return json_response(PeopleTaken(rows=rows, taken=len(bodies)))

    async def _export(self, request: web.Request) -> web.Response:
        try:
            wanted = msgspec.convert(dict(request.query), ExportQuery)
        except msgspec.ValidationError as error:
            raise ActRefused(code="bad-export", reason="There is no such export.") from error
        code = "en" if wanted.format == "json" else wanted.language
        table = table_of(self._fold, wanted.what, code)
        async with self._making:  # a page a person takes seconds of a processor: nobody else waits for it
            content = await asyncio.to_thread(file_bytes, table, wanted.format, wanted.separator)
        return web.Response(
            body=content,
            content_type=_TYPES[wanted.format],
            headers={"Content-Disposition": f'attachment; filename="{wanted.what}.{wanted.format}"'},
        )
