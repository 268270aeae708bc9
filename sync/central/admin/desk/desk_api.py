"""What the desk's pages ask for: the home, a run, a competitor with everything that was said, a search."""

from __future__ import annotations

from collections.abc import Callable
from heapq import nlargest
from typing import Annotated

import msgspec
import segno
from aiohttp import web
from msgspec import Meta

from pitboard.doors.caller import take_body
from pitboard.doors.http_api import json_response
from pitboard.errors import ActRefused
from pitboard.journal.records.record import stamp_utc_ms
from pitboard.journal.replica import WritingReplica
from pitboard.journal.views.competitor_search import CompetitorSearch
from pitboard.journal.views.run_views import RunDetailView, RunView, view_run, view_run_detail
from pitboard.journal.views.views import EntryView, EventView, view_board, view_entry, view_event
from pitboard.race.runs.phases import acts_in
from pitboard.race.runs.run import Run
from pitboard.sentences.language import LANGUAGES, Language, language
from sync.central.admin.act_history import ActHistory, PastAct
from sync.central.admin.desk.attention import Attention, AttentionList
from sync.central.admin.lap_reference import LapReference
from sync.central.ingest.unit_watch import UnitWatchView

NEWEST_COUNT = 20
TOP_COUNT = 20
ENTRIES_MAX_COUNT = 10_000


class NewestView(msgspec.Struct, frozen=True, kw_only=True):
    """A run that somebody confirmed, the newest first; `utc_ms` labels when."""

    run: RunView
    utc_ms: int


class HomeView(msgspec.Struct, frozen=True, kw_only=True):
    event: EventView
    attention: list[Attention]
    on_track: list[RunView]
    newest: list[NewestView]
    top: list[EntryView]
    entries_count: int
    competitors_count: int


class RunPage(msgspec.Struct, frozen=True, kw_only=True):
    """`acts` is what an admin may do to the run now."""

    event: EventView
    detail: RunDetailView
    acts: tuple[str, ...]


class FoundPerson(msgspec.Struct, frozen=True, kw_only=True):
    competitor_id: str
    name: str
    number: str
    race_class: str
    entry: EntryView | None


class FoundPeople(msgspec.Struct, frozen=True, kw_only=True):
    event: EventView
    people: list[FoundPerson]
    found: int


class NumberedRun(msgspec.Struct, frozen=True, kw_only=True):
    """`place` is the competitor's in this run."""

    number: int
    place: int
    run: RunView


class PersonPage(msgspec.Struct, frozen=True, kw_only=True):
    event: EventView
    competitor_id: str
    name: str
    number: str
    race_class: str
    team: str
    flag: str
    transponders: tuple[int | str, ...]
    is_erased: bool
    is_disqualified: bool
    entry: EntryView | None
    runs: list[NumberedRun]
    history: list[PastAct]


class PictureOf(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    text: Annotated[str, Meta(min_length=1, max_length=500)]


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """A QR code as a data URI."""

    picture: str


class DeskApi:
    """Serves questions only; acts go to `/v1/admin/acts`, as the terminal's do."""

    def __init__(self, replica: WritingReplica, watched: Callable[[], UnitWatchView]) -> None:
        self._fold = replica.fold
        self._attention = AttentionList(replica, watched)
        self._reference = LapReference(replica.fold)
        self._history = ActHistory(replica.fold, self._reference)
        self._search = CompetitorSearch(replica.fold)

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/v1/desk/home", self._home)
        app.router.add_get("/v1/desk/board", self._board)
        app.router.add_get("/v1/desk/search", self._found)
        app.router.add_get("/v1/desk/runs/{run_id}", self._run)
        app.router.add_post("/v1/desk/picture", self._picture)
        app.router.add_get("/v1/desk/competitors/{competitor_id}", self._person)

    async def _home(self, request: web.Request) -> web.Response:
        board = view_board(self._fold, count=TOP_COUNT)
        return json_response(
            HomeView(
                event=board.event,
                attention=self._attention.now(),
                on_track=board.on_track,
                newest=self._newest(),
                top=board.entries,
                entries_count=sum(1 for _ in self._fold.board.in_order()),
                competitors_count=sum(1 for _ in self._fold.race.roll.entered()),
            )
        )

    async def _board(self, request: web.Request) -> web.Response:
        return json_response(view_board(self._fold, count=ENTRIES_MAX_COUNT))

    async def _found(self, request: web.Request) -> web.Response:
        found, count, _ = self._search.find(request.query.get("q", ""))
        return json_response(
            FoundPeople(event=self._event(), people=[self._person_found(one) for one in found], found=count)
        )

    async def _run(self, request: web.Request) -> web.Response:
        run = self._fold.race.runs.get(request.match_info["run_id"])
        if run is None:
            raise ActRefused(code="unknown-run", reason="There is no such run here.")
        acts = acts_in(self._fold.race.phase(run), "admin")
        return json_response(RunPage(event=self._event(), detail=view_run_detail(self._fold, run), acts=acts))

    async def _person(self, request: web.Request) -> web.Response:
        race = self._fold.race
        competitor_id = race.roll.now(request.match_info["competitor_id"]) or ""
        known = race.competitors.get(competitor_id)
        if known is None:
            raise ActRefused(code="unknown-competitor", reason="Nobody here has this id; search by name.")
        runs = self._reference.runs_of(competitor_id)
        return json_response(
            PersonPage(
                event=self._event(),
                competitor_id=competitor_id,
                name=race.name_of(competitor_id),
                number=known.number,
                race_class=known.race_class,
                team=known.team,
                flag=known.flag,
                transponders=known.transponders,
                is_erased=competitor_id in race.erased,
                is_disqualified=race.roll.is_disqualified(competitor_id),
                entry=view_entry(self._fold, competitor_id),
                runs=[
                    NumberedRun(
                        number=number, place=self._place(run, competitor_id), run=view_run(self._fold, run)
                    )
                    for number, run in enumerate(runs, start=1)
                ],
                history=self._history.of(competitor_id, _words_of(request)),
            )
        )

    async def _picture(self, request: web.Request) -> web.Response:
        wanted = msgspec.json.decode(await take_body(request), type=PictureOf)
        made = segno.make(wanted.text, error="m")
        return json_response(Picture(picture=made.svg_data_uri(scale=5, border=3, light="#fff")))

    def _place(self, run: Run, competitor_id: str) -> int:
        places = [one.place for one in run.places if self._reference.holder(run, one.place) == competitor_id]
        return places[0] if places else run.places[0].place

    def _person_found(self, competitor_id: str) -> FoundPerson:
        known = self._fold.race.competitors[competitor_id]
        return FoundPerson(
            competitor_id=competitor_id,
            name=self._fold.race.name_of(competitor_id),
            number=known.number,
            race_class=known.race_class,
            entry=view_entry(self._fold, competitor_id),
        )

    def _newest(self) -> list[NewestView]:
        decided = [
            (run.decided.word.moment, run.run_id)
            for run in self._fold.race.runs.values()
            if run.decided is not None and run.decision == "confirmed"
        ]
        return [
            NewestView(run=view_run(self._fold, self._fold.race.runs[run_id]), utc_ms=stamp_utc_ms(moment[0]))
            for moment, run_id in nlargest(NEWEST_COUNT, decided)
        ]

    def _event(self) -> EventView:
        return view_event(self._fold, self._fold.resolution_ns)


def _words_of(request: web.Request) -> Language:
    """Return the language that the browser asks for first among ours."""
    for offer in request.headers.get("Accept-Language", "").split(","):
        wanted = offer.partition(";")[0].partition("-")[0].strip().lower()
        for code in LANGUAGES:
            if code == wanted:
                return language(code)
    return language()
