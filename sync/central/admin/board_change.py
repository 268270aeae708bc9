"""What an act changed on the board: the competitor's entry before and after, and who else moved."""

from __future__ import annotations

import msgspec

from pitboard.journal.fold import Fold
from pitboard.journal.views import EntryView, view_entry

MOVED_MAX_COUNT = 5


class Moved(msgspec.Struct, frozen=True):
    """Somebody else whose rank changed."""

    competitor: str
    name: str
    before: int | None
    after: int | None


class BoardChange(msgspec.Struct, frozen=True, kw_only=True):
    """`moved` holds the first of the `moved_count` others whose rank changed."""

    competitor: str
    name: str
    before: EntryView | None
    after: EntryView | None
    moved: list[Moved]
    moved_count: int
    resolution_ns: int


class BoardBefore:
    """The board as it stands now, to be compared later."""

    def __init__(self, fold: Fold, competitor: str) -> None:
        self._fold = fold
        self._competitor = competitor
        self._entry = view_entry(fold, competitor)
        self._ranks = _ranks(fold)

    def change(self) -> BoardChange:
        """Return what is different by now."""
        ranks = _ranks(self._fold)
        name_of = self._fold.race.name_of
        moved = [
            Moved(one, name_of(one), self._ranks.get(one), ranks.get(one))
            for one in dict.fromkeys([*ranks, *self._ranks])
            if one != self._competitor and ranks.get(one) != self._ranks.get(one)
        ]
        return BoardChange(
            competitor=self._competitor,
            name=name_of(self._competitor),
            before=self._entry,
            after=view_entry(self._fold, self._competitor),
            moved=moved[:MOVED_MAX_COUNT],
            moved_count=len(moved),
            resolution_ns=self._fold.resolution_ns,
        )


def _ranks(fold: Fold) -> dict[str, int | None]:
    board = fold.board
    return {standing.competitor: board.rank_of(standing) for standing in board.in_order()}
