"""The race as the public may read it: encoded answers made from the fold, each once per change.

This is all the public app is given. It holds the fold, which nothing here changes, and no way to write."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from pitboard.journal.competitor_search import CompetitorSearch
from pitboard.journal.fold import Fold
from pitboard.journal.views import (
    EntryView,
    encode_view,
    event_id_of,
    view_board,
    view_competitor,
    view_entry,
)
from sync.central.public.board_feed import EncodedAnswer
from sync.central.public.first_rows import FIRST_ROWS_COUNT, with_first_rows

HTML = "text/html; charset=utf-8"
ANSWERS_MAX_COUNT = 512
ANSWERS_MAX_BYTES = 16 * 1_024 * 1_024


class FoundView(msgspec.Struct, frozen=True):
    """A competitor that a search found; `entry` is None while they have no confirmed run."""

    competitor_id: str
    name: str
    entry: EntryView | None


class SearchView(msgspec.Struct, frozen=True):
    """The best matches, and how many there are in all."""

    results: list[FoundView]
    found: int
    event_id: str


class RaceReader:
    """Answers from one fold; answers are kept until the fold's version changes."""

    def __init__(self, fold: Fold) -> None:
        self._fold = fold
        self._search = CompetitorSearch(fold)
        self._version = -1
        self._answers: dict[tuple[str, object], EncodedAnswer | None] = {}
        self._answers_bytes = 0
        self._page: tuple[int, str, EncodedAnswer] | None = None

    def board(self, count: int | None) -> EncodedAnswer:
        """Return the board's first `count` entries or all of them."""
        answer = self._kept(("board", count), lambda: view_board(self._fold, count=count))
        assert answer is not None
        return answer

    @property
    def entries_count(self) -> int:
        """Return how many lines the whole board has."""
        return len(self._fold.board)

    @property
    def event_id(self) -> str:
        return event_id_of(self._fold)

    def page(self, page: str) -> EncodedAnswer:
        """Return the page with the board's first rows in it."""
        if self._page is None or self._page[:2] != (self._fold.version, page):
            board = view_board(self._fold, count=FIRST_ROWS_COUNT)
            body = with_first_rows(page, board).encode()
            self._page = (self._fold.version, page, EncodedAnswer(body, HTML))
        return self._page[2]

    def competitor(self, competitor: str) -> EncodedAnswer | None:
        """Return the competitor with runs and laps, None if unknown."""
        return self._kept(("competitor", competitor), lambda: view_competitor(self._fold, competitor))

    def search(self, query: str) -> EncodedAnswer:
        """Return who is found by part of the name; raises QueryRefused."""
        answer = self._kept(("search", query), lambda: self._view_search(query))
        assert answer is not None
        return answer

    def _view_search(self, query: str) -> SearchView:
        competitors, found = self._search.find(query)
        name_of = self._fold.race.name_of
        return SearchView(
            results=[FoundView(one, name_of(one), view_entry(self._fold, one)) for one in competitors],
            found=found,
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
