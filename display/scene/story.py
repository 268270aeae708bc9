"""What happened on the board lately: who got a new result, and where everybody stood before it.

Made from one board and the next; a display that has just started tells of nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pitboard.journal.views.views import BoardView, EntryView

BRIGHT_NS = 15_000_000_000
"""How long a new result stands out."""
MARKED_NS = 60_000_000_000
"""How long the places gained and lost are shown."""
SLIDE_NS = 900_000_000
CELEBRATED_FROM_NS = 3_000_000_000
CELEBRATED_TO_NS = 9_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """`former` is each competitor's place in the list before the newest result, `at_mono_ns` its moment."""

    newest: str | None = None
    at_mono_ns: int | None = None
    former: Mapping[str, int] = field(default_factory=dict)
    former_ranks: Mapping[str, int | None] = field(default_factory=dict)
    is_new_leader: bool = False

    def age_ns(self, mono_ns: int) -> int | None:
        """Return how long ago the newest result came; None where none has."""
        return None if self.at_mono_ns is None else mono_ns - self.at_mono_ns

    def is_bright(self, competitor_id: str, mono_ns: int) -> bool:
        age_ns = self.age_ns(mono_ns)
        return age_ns is not None and competitor_id == self.newest and age_ns < BRIGHT_NS

    def is_sliding(self, mono_ns: int) -> bool:
        age_ns = self.age_ns(mono_ns)
        return age_ns is not None and age_ns < SLIDE_NS

    def is_celebrated(self, mono_ns: int) -> bool:
        age_ns = self.age_ns(mono_ns)
        return self.is_new_leader and age_ns is not None and CELEBRATED_FROM_NS <= age_ns < CELEBRATED_TO_NS

    def gained(self, entry: EntryView, mono_ns: int) -> int:
        """Return how many places the entry gained by the newest result; below zero it lost some."""
        age_ns = self.age_ns(mono_ns)
        before = self.former_ranks.get(entry.competitor_id)
        if age_ns is None or age_ns >= MARKED_NS or before is None or entry.rank is None:
            return 0
        return before - entry.rank

    def changes_mono_ns(self, mono_ns: int) -> int | None:
        """Return when the next of these ends or begins."""
        if self.at_mono_ns is None:
            return None
        ends = [BRIGHT_NS, MARKED_NS]
        if self.is_new_leader:
            ends += [CELEBRATED_FROM_NS, CELEBRATED_TO_NS]
        moments = [self.at_mono_ns + end for end in ends]
        return min((moment for moment in moments if moment > mono_ns), default=None)


def told(story: Story, before: BoardView | None, board: BoardView, *, mono_ns: int) -> Story:
    """Return the story once `board` stands in place of `before`."""
    if before is None or board.newest is None or before.entries is board.entries:
        return story
    if _result(before) == _result(board):
        return story
    leader = board.entries[0] if board.entries else None
    had_leader = bool(before.entries) and before.entries[0].rank == 1
    return Story(
        newest=board.newest,
        at_mono_ns=mono_ns,
        former={entry.competitor_id: index for index, entry in enumerate(before.entries)},
        former_ranks={entry.competitor_id: entry.rank for entry in before.entries},
        is_new_leader=had_leader
        and leader is not None
        and leader.competitor_id == board.newest
        and leader.competitor_id != before.entries[0].competitor_id,
    )


def _result(board: BoardView) -> tuple[str | None, int]:
    """Return what changes with each confirmed run."""
    entry = next((entry for entry in board.entries if entry.competitor_id == board.newest), None)
    return board.newest, 0 if entry is None else entry.runs
