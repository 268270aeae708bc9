"""Find competitors by part of their name.

The index follows the fold lazily: a search looks for names that are new or changed, and folds only those."""

from __future__ import annotations

from typing import NamedTuple

from pitboard.errors import Refusal
from pitboard.journal.fold import Fold
from pitboard.race.names import fold_name

QUERY_MAX_LENGTH = 80
RESULTS_MAX_COUNT = 50


class QueryRefused(Refusal):
    """What was typed cannot be searched for."""

    def __init__(self, *, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class Indexed(NamedTuple):
    """A name as shown, and as compared."""

    name: str
    folded: str


class CompetitorSearch:
    """Searches the names of one fold."""

    def __init__(self, fold: Fold) -> None:
        self._fold = fold
        self._version = -1
        self._index: dict[str, Indexed] = {}

    def find(self, query: str) -> tuple[list[str], int]:
        """Return the best matches as competitor ids, at most 50, and how many there are in all.

        Every word of the query must occur in the name. Names that begin with the query come first, then
        those whose words begin with its words, then the rest; each group by name. Raises QueryRefused.
        """
        if len(query) > QUERY_MAX_LENGTH:
            raise QueryRefused(
                code="query-too-long", reason=f"Type at most {QUERY_MAX_LENGTH} characters of the name."
            )
        wanted = fold_name(query)
        if not wanted:
            raise QueryRefused(code="query-empty", reason="Type some part of the name.")
        self._follow()
        words = wanted.split(" ")
        found = [
            (_closeness(indexed.folded, wanted, words), indexed.folded, competitor)
            for competitor, indexed in self._index.items()
            if all(word in indexed.folded for word in words)
        ]
        found.sort()
        return [competitor for _, _, competitor in found[:RESULTS_MAX_COUNT]], len(found)

    def _follow(self) -> None:
        if self._version == self._fold.version:
            return
        self._version = self._fold.version
        race = self._fold.race
        for competitor in race.competitors:
            name = race.name_of(competitor)
            indexed = self._index.get(competitor)
            if indexed is None or indexed.name != name:
                self._index[competitor] = Indexed(name, fold_name(name))
        if len(self._index) > len(race.competitors):
            # A revocation took competitors back.
            self._index = {key: value for key, value in self._index.items() if key in race.competitors}


def _closeness(folded: str, wanted: str, words: list[str]) -> int:
    if folded.startswith(wanted):
        return 0
    starts = folded.replace("-", " ").split(" ")
    return 1 if all(any(start.startswith(word) for start in starts) for word in words) else 2
