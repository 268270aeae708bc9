"""The race as the public may read it: encoded answers made from the fold, each once per change.

This is all the public app is given. It holds the fold, which nothing here changes, and no way to write."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from aiohttp import web

from pitboard.errors import CallRefused
from pitboard.journal.folding.fold import Fold
from pitboard.journal.views.competitor_search import CompetitorSearch
from pitboard.journal.views.run_views import RunView
from pitboard.journal.views.stage_view import view_stage
from pitboard.journal.views.views import (
    EntryView,
    EventView,
    encode_view,
    event_id_of,
    view_board,
    view_competitor,
    view_entry,
)
from pitboard.keeping.export_files import Separator
from pitboard.race.ranking.boards import ALL
from pitboard.sentences.language import Language, language
from sync.central.public.board_feed import EncodedAnswer
from sync.central.public.board_table import write_table
from sync.central.public.first_rows import FIRST_ROWS_COUNT, PREVIEW_MARK, with_first_rows, with_preview
from sync.central.public.page_words import spoken

HTML = "text/html; charset=utf-8"
ANSWERS_MAX_COUNT = 512
ANSWERS_MAX_BYTES = 16 * 1_024 * 1_024


PAGE_COUNT = 100
FILTERS_MAX_COUNT = 64
NAMES_AT_ONCE_COUNT = 100
"""What one call takes up in some 3 ms; the rest comes with the next look."""


class ClassView(msgspec.Struct, frozen=True):
    race_class: str
    name: str


class StageChoice(msgspec.Struct, frozen=True):
    stage_id: str
    name: str
    race_class: str


class BoardPage(msgspec.Struct, frozen=True, kw_only=True):
    """Some entries of a board; `start` counts those before, `next` is what to ask for after them.

    `total` is how many there are; `tracks` and `classes` are those that a board may be asked of, and `stages`
    are asked for by themselves.
    """

    event: EventView
    entries: list[EntryView]
    on_track: list[RunView]
    newest: str | None
    track: str
    race_class: str
    total: int
    start: int
    next: str | None
    tracks: list[str]
    classes: list[ClassView]
    stages: list[StageChoice]


class FoundView(msgspec.Struct, frozen=True):
    """A competitor that a search found; `entry` is None while they have no confirmed run."""

    competitor_id: str
    name: str
    entry: EntryView | None


class SearchView(msgspec.Struct, frozen=True):
    """The best matches, and how many there are in all; `has_more` says: at least."""

    results: list[FoundView]
    found: int
    has_more: bool
    event_id: str


class JoinChoice(msgspec.Struct, frozen=True):
    id: str
    name: str


class JoinInfo(msgspec.Struct, frozen=True, kw_only=True):
    """`is_open`: this event takes racers by phone; `is_linked`: the venue is in touch with central now."""

    event: str
    is_open: bool
    is_linked: bool
    classes: list[JoinChoice]
    tracks: list[JoinChoice]


class JoinPlace(msgspec.Struct, frozen=True, kw_only=True):
    """`state` is "asked" until an official decides, then "waiting", "called", "skipped", "no-show", "left",
    "refused", or empty where nothing is known of this id.

    `ahead` is how many are to be called before; it is None while that means nothing.
    """

    state: str
    ahead: int | None
    is_linked: bool
    track: str = ""


class RaceReader:
    """Answers from one fold; answers are kept until the fold's version changes."""

    def __init__(self, fold: Fold) -> None:
        self._fold = fold
        self._search = CompetitorSearch(fold, at_once=NAMES_AT_ONCE_COUNT)
        self._version = -1
        self._answers: dict[tuple[str, object], EncodedAnswer | None] = {}
        self._answers_bytes = 0
        self._is_new = True
        self._pages: dict[str, tuple[int, str, EncodedAnswer]] = {}

    def board(
        self, count: int = PAGE_COUNT, *, after: str = "", track: str = ALL, race_class: str = ALL
    ) -> EncodedAnswer:
        """Return `count` entries after that competitor's, or the first ones; raises CallRefused."""
        if track != ALL or race_class != ALL:
            self._check_filter(track, race_class)
        key = ("board", (count, after, track, race_class))
        answer = self._kept(key, lambda: self._view_page(count, after, track, race_class))
        assert answer is not None
        return answer

    async def write_table(
        self, request: web.Request, track: str, race_class: str, separator: Separator
    ) -> web.StreamResponse:
        """Answer with the whole board as CSV; raises CallRefused."""
        if track != ALL or race_class != ALL:
            self._check_filter(track, race_class)
        return await write_table(request, self._fold, track=track, race_class=race_class, separator=separator)

    def warm(self) -> bool:
        """Make the boards of tracks and classes while they are small, and take up names a few at a time, all
        of them at the start, so that nobody who asks waits for it; return whether some names are left."""
        is_more = self._search.follow(None if self._is_new else NAMES_AT_ONCE_COUNT)
        self._is_new = False
        for track, race_class in self.filters():
            self._fold.board_of(track, race_class, is_kept=True)
        return is_more

    def filters(self) -> list[tuple[str, str]]:
        """Return which boards there are, the whole one first; those beyond the bound are not made."""
        tracks = sorted(self._fold.race.run_list.tracks)
        classes = sorted(one.race_class for one in self._fold.race.programme.classes())
        made = [
            (track, race_class)
            for track in (ALL, *(tracks if len(tracks) > 1 else ()))
            for race_class in (ALL, *classes)
        ]
        return made[:FILTERS_MAX_COUNT]

    def _check_filter(self, track: str, race_class: str) -> None:
        tracks = self._fold.race.run_list.tracks
        if track != ALL and track not in tracks:
            raise CallRefused("unknown-track", "No run was driven on a track of this name.", status=404)
        only = track if len(tracks) > 1 else ALL
        if (only, race_class) not in self.filters():
            raise CallRefused("unknown-class", "There is no board of this class.", status=404)

    def _view_page(self, count: int, after: str, track: str, race_class: str) -> BoardPage:
        start = 0
        board = self._fold.board_of(track, race_class)
        if after:
            last = board.standing_of(after)
            if last is None:
                raise CallRefused(
                    "unknown-competitor", "The competitor is not on this board now.", status=404
                )
            start = board.position_of(last) + 1
        view = view_board(self._fold, start=start, count=count, track=track, race_class=race_class)
        is_last = start + len(view.entries) >= len(board) or not view.entries
        return BoardPage(
            event=view.event,
            entries=view.entries,
            on_track=view.on_track,
            newest=view.newest,
            track=track,
            race_class=race_class,
            total=len(board),
            start=start,
            next=None if is_last else view.entries[-1].competitor_id,
            tracks=sorted(self._fold.race.run_list.tracks)[:FILTERS_MAX_COUNT],
            classes=[ClassView(one.race_class, one.name) for one in self._fold.race.programme.classes()][
                :FILTERS_MAX_COUNT
            ],
            stages=[
                StageChoice(one.stage_id, one.name, one.race_class)
                for one in self._fold.race.programme.stages()
            ][:FILTERS_MAX_COUNT],
        )

    def stage(self, stage_id: str) -> EncodedAnswer | None:
        """Return the stage's heats as they stand, None where there is no such stage, or none that we know."""
        said = next((one for one in self._fold.race.programme.stages() if one.stage_id == stage_id), None)
        return None if said is None else self._kept(("stage", stage_id), lambda: view_stage(self._fold, said))

    @property
    def event_id(self) -> str:
        return event_id_of(self._fold)

    def page(self, page: str, words: Language | None = None) -> EncodedAnswer:
        """Return the page with the board's first rows in it, in that language."""
        words = words or language()
        made = self._pages.get(words.code)
        if made is None or made[:2] != (self._fold.version, page):
            board = view_board(self._fold, count=FIRST_ROWS_COUNT)
            body = with_first_rows(spoken(page, words), board, words).encode()
            made = self._pages[words.code] = (self._fold.version, page, _page_answer(body))
        return made[2]

    def shared_page(
        self, page: str, competitor: str, origin: str = "", words: Language | None = None
    ) -> EncodedAnswer:
        """Return the page as a link to the competitor opens it; nobody's link opens the board.

        `origin` is where the page was asked for: a preview's picture needs it.
        """
        fold = self._fold
        whole = self.page(page, words).body.decode()
        if competitor not in fold.race.competitors:
            return _page_answer(whole.replace(PREVIEW_MARK, "").encode())
        now = fold.race.roll.now(competitor) or competitor
        event = view_board(fold, count=0).event
        shown = with_preview(whole, event, fold.race.name_of(now), view_entry(fold, now), origin, words)
        return _page_answer(shown.encode())

    def competitor(self, competitor: str) -> EncodedAnswer | None:
        """Return the competitor with runs and laps, None if unknown."""
        return self._kept(("competitor", competitor), lambda: view_competitor(self._fold, competitor))

    def search(self, query: str) -> EncodedAnswer:
        """Return who is found by part of the name; raises QueryRefused."""
        answer = self._kept(("search", query), lambda: self._view_search(query))
        assert answer is not None
        return answer

    def join_info(self, *, is_linked: bool) -> JoinInfo:
        """Return what the page by which racers join has to know."""
        race = self._fold.race
        event, tracks = race.event.value, sorted(race.run_list.tracks)
        return JoinInfo(
            event="" if event is None else event.name,
            is_open=race.programme.join_code() is not None,
            is_linked=is_linked,
            classes=[JoinChoice(one.race_class, one.name) for one in race.programme.classes()][
                :FILTERS_MAX_COUNT
            ],
            tracks=[JoinChoice(one, one) for one in tracks if len(tracks) > 1][:FILTERS_MAX_COUNT],
        )

    def join_place(self, entry_id: str, *, is_linked: bool) -> JoinPlace:
        """Return how the wait stands that a phone asked for under this id."""
        programme = self._fold.race.programme
        state, track = programme.queue_state(entry_id), programme.queue_track(entry_id)
        ahead = None
        if state == "waiting":
            waiting = [one for one in programme.queue(track) if one.state in ("waiting", "called")]
            ahead = next((index for index, one in enumerate(waiting) if one.entry_id == entry_id), None)
        return JoinPlace(state=state, ahead=ahead, is_linked=is_linked, track=track)

    def _view_search(self, query: str) -> SearchView:
        competitors, found, has_more = self._search.find(query)
        name_of = self._fold.race.name_of
        return SearchView(
            results=[FoundView(one, name_of(one), view_entry(self._fold, one)) for one in competitors],
            found=found,
            has_more=has_more,
            event_id=event_id_of(self._fold),
        )

    def _kept(
        self, key: tuple[str, object], view: Callable[[], msgspec.Struct | None]
    ) -> EncodedAnswer | None:
        if self._version != self._fold.version:
            self._version = self._fold.version
            self._forget()
        if key not in self._answers:
            if len(self._answers) >= ANSWERS_MAX_COUNT or self._answers_bytes >= ANSWERS_MAX_BYTES:
                self._forget()
            value = view()
            answer = None if value is None else EncodedAnswer(encode_view(value))
            self._answers[key] = answer
            self._answers_bytes += 0 if answer is None else len(answer.body)
        return self._answers[key]

    def _forget(self) -> None:
        self._answers.clear()
        self._answers_bytes = 0


def _page_answer(body: bytes) -> EncodedAnswer:
    return EncodedAnswer(body, HTML, varies="Accept-Encoding, Accept-Language")
