"""The event itself at the desk: calling it over and open again, what is planned, what was before, and its
sealed archive."""

from __future__ import annotations

import asyncio
import os
import secrets
import tempfile
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from pitboard.doors.caller import busy, take_body
from pitboard.doors.http_api import json_response
from pitboard.errors import ActRefused
from pitboard.journal.replica import WritingReplica
from pitboard.race.bodies.body import Id, Reason
from pitboard.race.bodies.event_bodies import EventClosed, EventPlanned
from pitboard.race.names import clean_name
from sync.central.admin.act_plan import signed
from sync.central.admin.actor import the_actor
from sync.central.admin.desk.former_events import FormerEvent
from sync.central.admin.event_archive import Sealing, check_decided, seal_aside
from sync.central.admin.said import told
from sync.central.admin.seen import Seen, SeenCheck, Values

SAVE_MAX_S = 10.0
PLANNED_MAX_COUNT = 50
CHUNK_BYTES = 256 * 1_024


class EventsView(msgspec.Struct, frozen=True, kw_only=True):
    """`undecided` is how many runs nobody has decided; `can_seal`: the journal is a file."""

    name: str
    key: str
    records: int
    competitors: int
    entries: int
    undecided: int
    is_closed: bool
    can_seal: bool
    planned: list[EventPlanned]
    former: list[FormerEvent]


class CloseEvent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    is_closed: bool
    reason: Reason


class PlanEvent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, max_length=80)]
    day: Annotated[str, Meta(max_length=10)]
    event_id: Annotated[str, Meta(max_length=80)] = ""
    seen: Seen = None


class UnplanEvent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Here and in `PlanEvent`, `seen` is the `name` and `day` that the page showed."""

    event_id: Id
    seen: Seen = None


class EventsApi:
    """`former` tells of the events before; `sealing` names the files of this one, None over a database."""

    def __init__(
        self,
        replica: WritingReplica,
        former: Callable[[], Sequence[FormerEvent]],
        sealing: Callable[[], Sealing] | None,
    ) -> None:
        self._replica = replica
        self._former = former
        self._sealing = sealing
        self._making = asyncio.Lock()

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/v1/desk/events", self._list)
        app.router.add_post("/v1/desk/events/close", self._close)
        app.router.add_post("/v1/desk/events/plan", self._plan)
        app.router.add_post("/v1/desk/events/unplan", self._unplan)
        app.router.add_post("/v1/desk/events/archive", self._archive)

    async def _list(self, request: web.Request) -> web.Response:
        fold = self._replica.fold
        event = fold.race.event.value
        return json_response(
            EventsView(
                name="Pitboard" if event is None else event.name,
                key=fold.root_key,
                records=sum(self._replica.have().values()),
                competitors=sum(1 for _ in fold.race.roll.entered()),
                entries=len(fold.board),
                undecided=len(fold.race.run_list.undecided()),
                is_closed=fold.race.programme.is_closed(),
                can_seal=self._sealing is not None,
                planned=fold.race.programme.planned(),
                former=list(await asyncio.to_thread(self._former)),
            )
        )

    async def _close(self, request: web.Request) -> web.Response:
        said = msgspec.json.decode(await take_body(request), type=CloseEvent)
        reason = said.reason.strip()
        if not reason:
            raise ActRefused(code="reason-missing", reason="Say why; it is kept with the act.")
        if said.is_closed == self._replica.fold.race.programme.is_closed():
            raise ActRefused(code="no-change", reason="It is so already. Nothing was changed.")
        if said.is_closed:
            check_decided(self._replica.fold)
        await self._say(EventClosed(is_closed=said.is_closed, reason=reason))
        return json_response(told("desk.done-over" if said.is_closed else "desk.done-open-again"))

    async def _plan(self, request: web.Request) -> web.Response:
        said = msgspec.json.decode(await take_body(request), type=PlanEvent)
        name = clean_name(said.name)
        if not name:
            raise ActRefused(code="bad-name", reason="Give a name with a letter or digit.")
        try:
            day = date.fromisoformat(said.day).isoformat()
        except ValueError as error:
            raise ActRefused(code="bad-day", reason="Give the day as year, month and day.") from error
        planned = self._replica.fold.race.programme.planned()
        standing = next((one for one in planned if one.event_id == said.event_id), None)
        is_known = standing is not None
        self._check(said.seen, said.event_id, standing, {"name": name, "day": day})
        if not is_known and len(planned) >= PLANNED_MAX_COUNT:
            raise ActRefused(
                code="too-many-planned", reason=f"{PLANNED_MAX_COUNT} events are planned already."
            )
        event_id = said.event_id if is_known else secrets.token_hex(8)
        await self._say(EventPlanned(event_id=event_id, name=name, day=day))
        return json_response(told("desk.done-planned", name=name, day=day))

    async def _unplan(self, request: web.Request) -> web.Response:
        said = msgspec.json.decode(await take_body(request), type=UnplanEvent)
        planned = self._replica.fold.race.programme.planned()
        standing = next((one for one in planned if one.event_id == said.event_id), None)
        if standing is None:
            raise ActRefused(code="unknown-planned", reason="This event is not planned any more.")
        self._check(said.seen, said.event_id, standing)
        await self._say(msgspec.structs.replace(standing, is_gone=True))
        return json_response(told("desk.done-unplanned", name=standing.name))

    async def _archive(self, request: web.Request) -> web.StreamResponse:
        await take_body(request)
        if self._sealing is None:
            raise ActRefused(
                code="database",
                reason="This central keeps its journal in a database. Copy it to a file with 'migrate'.",
            )
        if self._making.locked():
            raise busy()
        async with self._making:
            sealing = self._sealing()
            folder = Path(sealing.journal).parent
            with tempfile.TemporaryDirectory(prefix="desk-archive-", dir=folder) as inside:
                out = Path(inside) / "event.zip"
                await seal_aside(msgspec.structs.replace(sealing, out=str(out)))
                return await _sent(request, out, size=os.stat(out).st_size)

    def _check(
        self, seen: Seen, event_id: str, standing: EventPlanned | None, wanted: Values | None = None
    ) -> None:
        now = {} if standing is None else {"name": standing.name, "day": standing.day}
        SeenCheck(self._replica.fold).check(seen, now, ("event-planned", event_id), wanted=wanted)

    async def _say(self, body: EventClosed | EventPlanned) -> None:
        async with asyncio.timeout(SAVE_MAX_S):
            await self._replica.append(*signed([body], the_actor(), ""))


async def _sent(request: web.Request, path: Path, *, size: int) -> web.StreamResponse:
    """Send the file piece by piece: it may be as large as the journal."""
    response = web.StreamResponse(headers={"Content-Type": "application/zip", "Content-Length": str(size)})
    await response.prepare(request)
    with path.open("rb") as file:
        while piece := await asyncio.to_thread(file.read, CHUNK_BYTES):
            await response.write(piece)
    await response.write_eof()
    return response
