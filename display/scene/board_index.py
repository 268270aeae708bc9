"""What scenes look up on a board, made once for each: a frame must not cost what the whole board does."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Sequence

from display.scene.result_text import columns_of
from pitboard.journal.views.views import BoardView, EntryView
from pitboard.race.ranking.score import Column

Key = tuple[int, ...]


class BoardIndex:
    """`by_id` finds an entry, `overall_ns` is the best lap on the board."""

    def __init__(self, view: BoardView) -> None:
        self.view = view
        self.by_id = {entry.competitor_id: entry for entry in view.entries}
        bests = (entry.best_ns for entry in view.entries if entry.best_ns is not None)
        self.overall_ns: int | None = min(bests, default=None)
        self._keys: dict[tuple[str, ...], list[Key]] = {}
        self._places: dict[str, int] = {}
        self.laid_out: dict[Hashable, object] = {}
        """What a scene makes of all entries, such as the width of its columns, by what it depends on."""

    def newest(self) -> EntryView | None:
        return None if self.view.newest is None else self.by_id.get(self.view.newest)

    def place_of(self, competitor_id: str | None) -> int | None:
        """Return where the entry stands, 0 for the first."""
        if not self._places:
            self._places = {entry.competitor_id: at for at, entry in enumerate(self.view.entries)}
        return self._places.get(competitor_id or "")

    def rank_of(self, own: Key, codes: tuple[str, ...]) -> int:
        """Return the rank that a result with this key would have among those told in the same columns."""
        if codes not in self._keys:
            found = (sort_key(columns_of(entry), codes) for entry in self.view.entries)
            self._keys[codes] = sorted(key for key in found if key is not None)
        return 1 + bisect_left(self._keys[codes], own)


def sort_key(columns: Sequence[Column], codes: tuple[str, ...]) -> Key | None:
    """Return what results in these columns are ranked by: short times and high counts first."""
    amounts = []
    for column in columns[: len(codes)]:
        if column.value is None or column.code not in codes:
            return None
        amounts.append(column.value if column.kind == "duration_ns" else -column.value)
    return tuple(amounts)


_kept: list[BoardIndex] = []


def index_of(view: BoardView) -> BoardIndex:
    """Return the index of this very board; only the last one is kept.

    A lap on the track makes another view of the same entries, whose index is the same.
    """
    if not _kept or _kept[0].view.entries is not view.entries or _kept[0].view.newest != view.newest:
        _kept[:] = [BoardIndex(view)]
    return _kept[0]
