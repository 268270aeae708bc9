"""Find competitors by part of their name or number.

The index follows the fold: it takes up only whose name is new or changed."""

from __future__ import annotations

from itertools import islice
from typing import NamedTuple

from pitboard.errors import QueryRefused
from pitboard.journal.folding.fold import Fold
from pitboard.journal.views.name_index import NameIndex
from pitboard.race.names import fold_name
from pitboard.race.roll import Roll

QUERY_MAX_LENGTH = 80
RESULTS_MAX_COUNT = 50
COUNTED_MAX_COUNT = 200
BULK_LEAST_COUNT = 1_000
"""From here on it is cheaper to sort all names anew than to put each into its place."""


class Found(NamedTuple):
    """The best matches as competitor ids, and how many there are; `has_more` says: at least."""

    competitors: list[str]
    found: int
    has_more: bool


class CompetitorSearch:
    """Searches the names and numbers of one fold.

    With `at_once` a search takes up so many changes at most, and `follow` is called for the rest.
    """

    def __init__(self, fold: Fold, *, at_once: int | None = None) -> None:
        self._fold = fold
        self._at_once = at_once
        self._forget(fold.race.roll)

    def _forget(self, roll: Roll) -> None:
        self._roll = roll
        self._followed = 0  # how many of the roll's changes are in the index
        self._index = NameIndex()
        self._numbers: dict[str, int] = {}  # competitor -> number in the index
        self._competitors: list[str] = []
        self._texts: list[str] = []

    def find(self, query: str, *, forgives: bool = True) -> Found:
        """Return the best matches, at most 50.

        Every word of the query must occur in the name, or be the number or a part of it. Names that begin
        with the query come first, then those whose words begin with its words, then the rest, each group by
        name; where that is few and it `forgives`, then those with one typing error in a word. Raises
        QueryRefused.
        """
        if len(query) > QUERY_MAX_LENGTH:
            raise QueryRefused(
                code="query-too-long", reason=f"Type at most {QUERY_MAX_LENGTH} characters of the name."
            )
        if not query.strip():
            raise QueryRefused(code="query-empty", reason="Type some part of the name.")
        wanted = fold_name(query)
        if not wanted:
            return Found([], 0, has_more=False)  # marks alone, as "¯": no name holds them
        self.follow(self._at_once)
        numbers = list(islice(self._index.find(wanted, forgives=forgives), COUNTED_MAX_COUNT + 1))
        competitors = [self._competitors[number] for number in numbers[:RESULTS_MAX_COUNT]]
        return Found(competitors, min(len(numbers), COUNTED_MAX_COUNT), len(numbers) > COUNTED_MAX_COUNT)

    def follow(self, max_count: int | None = None) -> bool:
        """Take up to so many changes into the index, or all; return whether some are left."""
        roll = self._fold.race.roll
        if roll is not self._roll:
            self._forget(roll)  # everything was folded anew
        if self._followed == len(roll.changes):
            return False
        end = len(roll.changes) if max_count is None else min(len(roll.changes), self._followed + max_count)
        changed = dict.fromkeys(roll.changes[self._followed : end])
        self._followed = end
        fresh = [one for one in changed if one not in self._numbers]
        texts = [self._text(one) for one in fresh]
        if len(fresh) > BULK_LEAST_COUNT:
            self._index.add_all(texts)
        else:
            for text in texts:
                self._index.add(text)
        for competitor, text in zip(fresh, texts, strict=True):
            self._numbers[competitor] = len(self._competitors)
            self._competitors.append(competitor)
            self._texts.append(text)
        for competitor in changed:
            number, text = self._numbers[competitor], self._text(competitor)
            if text != self._texts[number]:
                self._index.change(number, text)
                self._texts[number] = text
        return end < len(roll.changes)

    def _text(self, competitor: str) -> str:
        """Return what a competitor is found by; nothing where that is another one now, or erased."""
        known = self._roll.competitors.get(competitor)
        if known is None or known.joined_into is not None or competitor in self._roll.erased:
            return ""
        return fold_name(f"{self._roll.name_of(competitor)} {known.number}")
