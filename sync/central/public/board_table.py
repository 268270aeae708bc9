"""The whole board as CSV, written piece by piece: however long it is, nobody else waits for it."""

from __future__ import annotations

import asyncio

import msgspec
from aiohttp import web

from pitboard.doors.caller import the_caller
from pitboard.journal.folding.fold import Fold
from pitboard.journal.views.views import view_board
from pitboard.keeping.export_files import Separator, csv_bytes, csv_rows
from pitboard.keeping.export_tables import results_of

PIECE_COUNT = 50


async def write_table(
    request: web.Request, fold: Fold, *, track: str, race_class: str, separator: Separator
) -> web.StreamResponse:
    """Write the board as it stands while it is read: who moves up meanwhile may be missing or stand twice."""
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/csv; charset=utf-8",
            "Content-Disposition": 'attachment; filename="board.csv"',
            "Cache-Control": "no-store",
        }
    )
    await response.prepare(request)
    if request.method == "HEAD":
        return response
    caller, start = the_caller(), 0
    while True:
        view = view_board(fold, start=start, count=PIECE_COUNT, track=track, race_class=race_class)
        table = results_of(msgspec.structs.replace(view, on_track=[]))
        await response.write(csv_rows(table, separator) if start else csv_bytes(table, separator))
        start += len(view.entries)
        if len(view.entries) < PIECE_COUNT:
            return response
        caller.charge(1)
        await asyncio.sleep(0)
