"""The timekeeper's calls: find or register a competitor, type a run, take it back, hand in a contact."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from pitboard.clock import Clock
from pitboard.contacts.contact_seal import EnvelopeBatch, SealedContact
from pitboard.doors.caller import take_body
from pitboard.doors.http_api import json_response
from pitboard.errors import ActRefused
from pitboard.journal.replica import WritingReplica
from pitboard.journal.views.competitor_search import CompetitorSearch
from pitboard.journal.views.run_views import RunView, view_run
from pitboard.journal.views.views import EventView, event_id_of
from pitboard.race.bodies.body import Body, Id
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from pitboard.race.bodies.verdict_bodies import RunDecided
from pitboard.race.names import clean_name
from pitboard.race.runs.published import digest_of, seen_places, sheets_of
from pitboard.race.runs.run import Run
from sync.central.admin.act_plan import signed
from sync.central.admin.actor import the_actor
from sync.central.admin.admin_act import checked_reason
from sync.central.admin.said import Field, Told, told
from sync.central.admin.timing.desk_unit import DeskUnit
from sync.central.admin.timing.hand_timing import HAND, TimedRun, run_bodies
from sync.central.contacts.contact_store import Contacts
from sync.central.ingest.ingest_app import take_contacts

TIMING_PREFIX = "/v1/timing/"
SAVE_MAX_S = 10.0
NEWEST_COUNT = 20
TRACKS_MAX_COUNT = 50


class TimingHome(msgspec.Struct, frozen=True, kw_only=True):
    """`contact_key` is None where no contacts are asked for; `newest` are the runs typed here, the last
    first."""

    event: EventView
    event_key: str
    contact_key: str | None
    lap_min_ms: int
    tracks: list[str]
    classes: list[tuple[str, str]]
    stages: list[tuple[str, str]]
    newest: list[RunView]


class TimedPerson(msgspec.Struct, frozen=True, kw_only=True):
    competitor_id: str
    name: str
    number: str
    race_class: str


class TimedPeople(msgspec.Struct, frozen=True, kw_only=True):
    people: list[TimedPerson]
    found: int


class RegisterPerson(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    act_id: Annotated[str, Meta(pattern=r"^[0-9a-f]{16,40}\Z")]
    name: Annotated[str, Meta(max_length=400)]
    number: Annotated[str, Meta(max_length=80)] = ""
    race_class: Annotated[str, Meta(max_length=80)] = ""
    team: Annotated[str, Meta(max_length=80)] = ""


class TakeBack(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    run_id: Id
    reason: Annotated[str, Meta(max_length=4_000)]


class TimingWord(Told, frozen=True, kw_only=True):
    """`run` is what became of the run, where the call was about one."""

    run: RunView | None = None


class TimingApi:
    """Serves the calls; who is signed in stands in each record."""

    def __init__(self, replica: WritingReplica, contacts: Contacts, unit: DeskUnit, clock: Clock) -> None:
        self._replica = replica
        self._fold = replica.fold
        self._contacts = contacts
        self._unit = unit
        self._clock = clock
        self._search = CompetitorSearch(replica.fold)
        self._acting = asyncio.Lock()

    def add_to(self, app: web.Application) -> None:
        app.router.add_get(f"{TIMING_PREFIX}home", self._home)
        app.router.add_get(f"{TIMING_PREFIX}search", self._found)
        app.router.add_post(f"{TIMING_PREFIX}competitors", self._register)
        app.router.add_post(f"{TIMING_PREFIX}runs", self._time)
        app.router.add_post(f"{TIMING_PREFIX}take-back", self._take_back)
        app.router.add_post(f"{TIMING_PREFIX}contacts", self._take_contact)

    async def _home(self, request: web.Request) -> web.Response:
        event = self._fold.race.event.value
        programme = self._fold.race.programme
        name = "Pitboard" if event is None else event.name
        runs = self._fold.race.runs
        tracks = sorted({run.track for run in runs.values()})[:TRACKS_MAX_COUNT]
        typed = sorted(
            (run for run in runs.values() if run.run_id.startswith(HAND)),
            key=lambda run: run.armed.word.moment,
            reverse=True,
        )
        return json_response(
            TimingHome(
                event=EventView(name, self._fold.resolution_ns, event_id_of(self._fold)),
                event_key=self._fold.root_key,
                contact_key=self._fold.race.contact_key.value,
                lap_min_ms=self._fold.rules.lap_min_ms,
                tracks=tracks or ["1"],
                classes=[(one.race_class, one.name) for one in programme.classes()],
                stages=[(one.stage_id, one.name) for one in programme.stages()],
                newest=[view_run(self._fold, run) for run in typed[:NEWEST_COUNT]],
            )
        )

    async def _found(self, request: web.Request) -> web.Response:
        found, count, _ = self._search.find(request.query.get("q", ""))
        return json_response(TimedPeople(people=list(map(self._person, found)), found=count))

    def _person(self, competitor_id: str) -> TimedPerson:
        known = self._fold.race.competitors[competitor_id]
        name = self._fold.race.name_of(competitor_id)
        return TimedPerson(
            competitor_id=competitor_id, name=name, number=known.number, race_class=known.race_class
        )

    async def _register(self, request: web.Request) -> web.Response:
        wanted = msgspec.json.decode(await take_body(request), type=RegisterPerson)
        name = clean_name(wanted.name)
        if not name:
            raise ActRefused(code="bad-name", reason="Type a name with at least one letter or digit.")
        classes = [one.race_class for one in self._fold.race.programme.classes()]
        if wanted.race_class and classes and wanted.race_class not in classes:
            raise ActRefused(code="unknown-class", reason=f"There is no class {wanted.race_class}.")
        competitor_id = wanted.act_id[:16]  # the same form sent twice is one competitor
        async with self._acting:
            if competitor_id not in self._fold.race.competitors:
                body = CompetitorRegistered(
                    competitor_id=competitor_id,
                    name=name,
                    number=wanted.number.strip(),
                    race_class=wanted.race_class,
                    team=wanted.team.strip(),
                )
                await self._say([body])
        return json_response(self._person(competitor_id))

    async def _time(self, request: web.Request) -> web.Response:
        wanted = msgspec.json.decode(await take_body(request), type=TimedRun)
        async with self._acting:
            unit = self._unit.made_key()
            run = self._fold.race.runs.get(wanted.run_id(unit))
            if run is None:
                await self._say(run_bodies(wanted, self._fold, unit))
                run = self._fold.race.runs[wanted.run_id(unit)]
            if run.decision is None:  # also where an earlier try got only so far
                await self._say(self._confirmation(run))
        name = self._fold.race.name_of(wanted.competitor_id)
        return json_response(self._word("desk.done-timed", run, name=name))

    def _confirmation(self, run: Run) -> list[Body]:
        driven = self._fold.race.driven(run.run_id)
        sheet_id = secrets.token_hex(8)
        decided = RunDecided(
            run_id=run.run_id,
            decision="confirmed",
            sheet_id=sheet_id,
            places=seen_places(driven),
            weighed=digest_of(driven),
        )
        return [*sheets_of(run.run_id, sheet_id, driven), decided]

    async def _take_back(self, request: web.Request) -> web.Response:
        wanted = msgspec.json.decode(await take_body(request), type=TakeBack)
        reason = checked_reason(wanted.reason, self._fold)
        async with self._acting:
            run = self._fold.race.runs.get(wanted.run_id)
            if run is None or not run.run_id.startswith(HAND):
                raise ActRefused(
                    code="unknown-run", reason="Only a run that was typed here is taken back here."
                )
            if run.decision == "discarded":
                raise ActRefused(code="no-change", reason="This run was taken back already.")
            await self._say([RunDecided(run_id=run.run_id, decision="discarded", reason=reason)])
        return json_response(self._word("desk.done-untimed", run))

    async def _take_contact(self, request: web.Request) -> web.Response:
        contact = msgspec.json.decode(await take_body(request), type=SealedContact)
        if contact.contact_key != self._fold.race.contact_key.value:
            raise ActRefused(
                code="old-contact-key", reason="Load the page again: contacts have another key now."
            )
        if self._fold.race.roll.now(contact.competitor_id) is None:
            raise ActRefused(code="unknown-competitor", reason="Nobody here has this id; search by name.")
        envelope = await self._unit.sign(contact)
        batch = EnvelopeBatch(contacts=[envelope])
        note = await take_contacts(batch, self._replica, self._contacts, self._clock)
        if note.refused:
            raise ActRefused(code="contact-refused", reason=next(iter(note.refused.values())))
        return json_response(self._word("desk.done-contact"))

    def _word(self, code: str, run: Run | None = None, **fields: Field) -> TimingWord:
        answer = told(code, **fields)
        view = None if run is None else view_run(self._fold, run)
        return TimingWord(sentence=answer.sentence, said=answer.said, run=view)

    async def _say(self, bodies: Iterable[Body]) -> None:
        """Write in the name of who is signed in."""
        async with asyncio.timeout(SAVE_MAX_S):
            await self._unit.say(*signed(bodies, the_actor(), ""))
