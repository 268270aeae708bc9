"""Where the rows of a table stand: few are large, many stand in two columns, so all come round in time."""

from __future__ import annotations

from dataclasses import dataclass

from display.scene.blocks import Area, Measures

ROUND_MAX_NS = 30_000_000_000
PAGE_MAX_NS = 8_000_000_000
PAGE_MIN_NS = 2_000_000_000
"""A page that nobody can read helps nobody: a board of very many takes longer than a round."""
PAGES_OF_ONE_COLUMN = 5
PINNED_COUNT = 3
ROWS_WISHED_LANDSCAPE = 10
ROWS_WISHED_PORTRAIT = 18
ROWS_MIN_COUNT = 4
_LARGEST_PERCENT = 170
_HIGHEST_PERCENT = 250
_HIGHEST_PERCENT_PORTRAIT = 400
"""Of rows; their type grows less, so that there is room for a name beside the times."""
_LARGEST_PERCENT_PORTRAIT = 125
_STACKED_FROM_PERCENT = 200
"""On a high screen the names of rows that are higher stand above their figures."""
_STACKED_TYPE_PERCENT = 78
_STACKED_LARGEST_PERCENT = 195
_DENSE_PERCENT = 84
_DENSE_PERCENT_PORTRAIT = 70


@dataclass(frozen=True, slots=True, kw_only=True)
class RowGrid:
    """`percent` is how large its type is beside the design's; places count down one column, then the next.

    Where `is_stacked`, a row has two lines: the name above, the figures below.
    """

    area: Area
    column_count: int
    row_count: int
    pitch_px: int
    percent: int
    gap_px: int
    gutter_px: int
    is_stacked: bool = False

    @property
    def place_count(self) -> int:
        return self.column_count * self.row_count

    @property
    def row_width(self) -> int:
        return (self.area.width - (self.column_count - 1) * self.gutter_px) // self.column_count

    def row(self, place: int) -> Area:
        """Return the area of a place; one before the first or after the last lies just outside the table."""
        column = min(max(place, 0) // self.row_count, self.column_count - 1)
        line = place - column * self.row_count
        left = self.area.left + column * (self.row_width + self.gutter_px)
        top = self.area.top + line * self.pitch_px
        return Area(left, top, self.row_width, self.pitch_px - self.gap_px)

    def page_count(self, entry_count: int) -> int:
        """Return how many pages it takes to show every entry, the first three on all of them."""
        if entry_count <= self.place_count:
            return 1
        turning = max(1, self.place_count - PINNED_COUNT)
        return -(-(entry_count - PINNED_COUNT) // turning)

    def page_ns(self, entry_count: int) -> int:
        """Return how long a page stays."""
        return max(PAGE_MIN_NS, min(PAGE_MAX_NS, ROUND_MAX_NS // self.page_count(entry_count)))

    def entries_on(self, page: int, *, entry_count: int) -> list[int]:
        """Return the indices of the entries on a page, place by place."""
        if entry_count <= self.place_count:
            return list(range(entry_count))
        turning = self._turning(entry_count)
        first = PINNED_COUNT + page * turning
        return [*range(PINNED_COUNT), *range(first, min(first + turning, entry_count))]

    def page_of(self, index: int, *, entry_count: int) -> int | None:
        """Return the page that shows this entry; None for one that is on every page."""
        if entry_count <= self.place_count or index < PINNED_COUNT:
            return None
        return (index - PINNED_COUNT) // self._turning(entry_count)

    def rows_used(self, entry_count: int) -> int:
        """Return how many rows the pages fill, so that these may be as high as there is room; 0: one page."""
        if entry_count <= self.place_count:
            return 0
        return -(-(PINNED_COUNT + self._turning(entry_count)) // self.column_count)

    def _turning(self, entry_count: int) -> int:
        """Return how many entries turn with the page: as many on each, so that the last is not half empty."""
        return -(-(entry_count - PINNED_COUNT) // self.page_count(entry_count))

    def place_of(self, index: int, page: int, *, entry_count: int) -> int:
        """Return where an entry stands on a page: -1 above the table, and just below it where it is not."""
        indices = self.entries_on(page, entry_count=entry_count)
        if index in indices:
            return indices.index(index)
        return -1 if index < indices[-1] else self.place_count


def row_grid(measures: Measures, area: Area, *, entry_count: int, figure_min_px: int = 0) -> RowGrid:
    """Return the grid for so many entries; `figure_min_px` is the least height of a figure in one column."""
    wished = ROWS_WISHED_PORTRAIT if measures.is_portrait else ROWS_WISHED_LANDSCAPE
    base = area.height // wished
    highest = _HIGHEST_PERCENT_PORTRAIT if measures.is_portrait else _HIGHEST_PERCENT
    pitch = min(base * highest // 100, area.height // max(ROWS_MIN_COUNT, entry_count))
    pitch = max(pitch, base, min(figure_min_px * 9 // 4, area.height // ROWS_MIN_COUNT))
    columns, is_large = 1, figure_min_px * 9 // 4 > base
    grid = _grid(measures, area, base=base, pitch=pitch, column_count=columns, is_large=is_large)
    if grid.page_count(entry_count) > PAGES_OF_ONE_COLUMN and not is_large:
        columns = 1 if measures.is_portrait else 2
        percent = _DENSE_PERCENT_PORTRAIT if measures.is_portrait else _DENSE_PERCENT
        grid = _grid(
            measures, area, base=base, pitch=base * percent // 100, column_count=columns, is_large=is_large
        )
    rows = grid.rows_used(entry_count)
    return (
        grid
        if not rows
        else _grid(
            measures, area, base=base, pitch=area.height // rows, column_count=columns, is_large=is_large
        )
    )


def _grid(
    measures: Measures, area: Area, *, base: int, pitch: int, column_count: int, is_large: bool
) -> RowGrid:
    percent = pitch * 100 // base
    is_stacked = measures.is_portrait and not is_large and percent >= _STACKED_FROM_PERCENT
    largest = _LARGEST_PERCENT_PORTRAIT if measures.is_portrait else _LARGEST_PERCENT
    return RowGrid(
        area=area,
        column_count=column_count,
        row_count=max(1, area.height // pitch),
        pitch_px=pitch,
        percent=min(percent * _STACKED_TYPE_PERCENT // 100, _STACKED_LARGEST_PERCENT)
        if is_stacked
        else percent
        if is_large
        else min(percent, largest),
        is_stacked=is_stacked,
        gap_px=measures.px(6),
        gutter_px=measures.px(24),
    )
