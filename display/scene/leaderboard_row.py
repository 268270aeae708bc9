"""The columns of the leaderboard and one row of it; the whole table's rows share what `Table` holds.

Columns are as wide as the longest text on the whole board, so that pages look alike."""

from __future__ import annotations

from dataclasses import dataclass, replace

from display.scene.blocks import Area, Arrow, Block, Fill, Mark, Measures, Text
from display.scene.board_index import index_of
from display.scene.result_text import (
    calculated_words,
    column_text,
    columns_of,
    first_text,
    gap_text,
)
from display.scene.row_grid import RowGrid
from display.scene.show import Canvas, Moment, Show
from pitboard.drawing.palette import (
    AMBER,
    BLUE,
    BRONZE,
    GOLD,
    GREEN,
    PANEL,
    PANEL_RAISED,
    SILVER,
    TEXT,
    TEXT_DARK,
    TEXT_MUTED,
    Colour,
)
from pitboard.drawing.time_text import NO_TIME
from pitboard.drawing.typeface import Weight
from pitboard.journal.views.views import BoardView, EntryView

MEDALS: dict[int, Colour] = {1: GOLD, 2: SILVER, 3: BRONZE}
_FURTHER_COLUMNS_MAX_COUNT = 2
PAGES_KEPT_MAX_COUNT = 16
"""Laid-out pages of one board that are kept: the round of 200 entries; more take memory, not time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Offset from the row's left edge and width of each column, the same for captions and rows."""

    rank: tuple[int, int]
    number: tuple[int, int] | None
    name: tuple[int, int]
    further: tuple[tuple[int, int], ...]
    first: tuple[int, int]
    gap: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What all rows of one frame share."""

    show: Show
    canvas: Canvas
    measures: Measures
    grid: RowGrid
    columns: Columns
    moment: Moment

    @property
    def resolution_ns(self) -> int:
        return self.show.board.event.resolution_ns

    def row_px(self, length: int) -> int:
        """Scale a length that grows with the rows."""
        return self.measures.px(length * self.grid.percent // 100)


def columns_kept(view: BoardView, measures: Measures, grid: RowGrid, canvas: Canvas) -> Columns:
    """Return the columns, made anew only for other entries: a frame must not cost what the board does."""
    laid_out = index_of(view).laid_out
    key = (measures, grid, canvas.words, view.event.resolution_ns)
    columns = laid_out.get(key)
    if not isinstance(columns, Columns):
        if len(laid_out) >= PAGES_KEPT_MAX_COUNT:
            laid_out.clear()
        columns = laid_out[key] = _columns(view, measures, grid, canvas)
    return columns


def _columns(view: BoardView, measures: Measures, grid: RowGrid, canvas: Canvas) -> Columns:
    """Return columns as wide as the longest text on the whole board, so that pages look alike."""

    def px(length: int) -> int:
        return measures.px(length * grid.percent // 100)

    def widest(texts: list[str], size_px: int, least: str) -> int:
        return max(measures.figures_px(text, size_px) for text in [*texts, least])

    entries, resolution_ns = view.entries, view.event.resolution_ns
    size, small = _figure_px(measures, grid), _gap_px(measures, grid)
    ranks = [str(entry.rank) for entry in entries if entry.rank is not None]
    rank = widest(ranks, size, "00") + px(28)
    right = grid.row_width - px(24)
    gaps = [gap_text(entry, resolution_ns=resolution_ns) for entry in entries]
    gap = widest(gaps, small, "+0.0")
    firsts = [first_text(entry, canvas.words, resolution_ns=resolution_ns) for entry in entries]
    first = widest(firsts, size, "00.0")
    gap_left = right - gap
    first_left = gap_left - px(24 if measures.is_portrait else 44) - first
    left = first_left
    further: list[tuple[int, int]] = []
    if not measures.is_portrait and grid.column_count == 1:
        for index in range(1, min(len(columns_of(entries[0])), _FURTHER_COLUMNS_MAX_COUNT + 1)):
            texts = [
                column_text(columns_of(entry)[index], resolution_ns=resolution_ns)
                for entry in entries
                if index < len(columns_of(entry))
            ]
            width = max(widest(texts, small, "00"), measures.px(130))
            left -= width + px(36)
            further.append((left, width))
    numbers = [entry.number for entry in entries if entry.number]
    number = None
    name_left = rank + px(20)
    if numbers:
        width = widest(["0" * max(map(len, numbers))], small, "00") + px(20)
        number = (name_left, width)
        name_left += width + px(14)
    return Columns(
        rank=(0, rank),
        number=number,
        name=(name_left, left - px(20) - name_left),
        further=tuple(further),
        first=(first_left, first),
        gap=(gap_left, gap),
    )


def _figure_px(measures: Measures, grid: RowGrid) -> int:
    return measures.px((48 if measures.is_portrait else 58) * grid.percent // 100)


def _gap_px(measures: Measures, grid: RowGrid) -> int:
    return measures.px((36 if measures.is_portrait else 46) * grid.percent // 100)


def row(table: Table, entry: EntryView, area: Area, *, is_pinned: bool) -> Block:
    """Return an entry's row: gold, silver and bronze mark the first three, a bright row the newest result."""
    story, now_ns = table.show.story, table.moment.mono_ns
    columns, resolution_ns, words = table.columns, table.resolution_ns, table.canvas.words
    is_new = story.is_bright(entry.competitor_id, now_ns)
    ground: Colour = BLUE if is_new else PANEL_RAISED if is_pinned else PANEL
    ink: Colour = TEXT_DARK if is_new else TEXT_MUTED if entry.is_disqualified else TEXT
    pale: Colour = TEXT_DARK if is_new else TEXT_MUTED
    radius = table.measures.px(10)
    upper, lower = _lines(area, is_stacked=table.grid.is_stacked)
    size = min(_figure_px(table.measures, table.grid), lower.height * 82 // 100)
    small = min(_gap_px(table.measures, table.grid), size)

    def at(column: tuple[int, int], line: Area = lower) -> Area:
        return Area(area.left + column[0], line.top, column[1], line.height)

    def figure(text: str, column: tuple[int, int], size_px: int, colour: Colour) -> Text:
        return Text(
            text=text, area=at(column), size_px=size_px, least_px=size_px // 2, colour=colour, align="right"
        )

    medal = MEDALS.get(entry.rank or 0)
    marks: list[Mark] = [Fill(area=area, colour=ground, radius_px=radius)]
    if medal is not None:
        marks.append(Fill(area=at(columns.rank, area), colour=medal, radius_px=radius))
    marks.append(
        Text(
            text=NO_TIME if entry.rank is None else str(entry.rank),
            area=at(columns.rank, area),
            size_px=size,
            least_px=size * 2 // 3,
            colour=TEXT_DARK if medal is not None else ink,
            align="centre",
        )
    )
    if columns.number is not None:
        marks.append(
            replace(figure(entry.number, columns.number, small, pale), area=at(columns.number, upper))
        )
    name = at(columns.name, upper)
    if table.grid.is_stacked:
        name = Area(name.left, name.top, area.right - table.measures.px(24) - name.left, name.height)
    marks += _name_marks(table, entry, name, size, ink, pale, is_new=is_new)
    for place, column in zip(columns.further, columns_of(entry)[1:], strict=False):
        marks.append(figure(column_text(column, resolution_ns=resolution_ns), place, small, pale))
    marks.append(figure(first_text(entry, words, resolution_ns=resolution_ns), columns.first, size, ink))
    marks.append(figure(gap_text(entry, resolution_ns=resolution_ns), columns.gap, small, pale))
    return Block(name=f"row {entry.competitor_id}", area=area, marks=tuple(marks))


def _lines(area: Area, *, is_stacked: bool) -> tuple[Area, Area]:
    """Return where a row has its name and where its figures: side by side, or one above the other."""
    if not is_stacked:
        return area, area
    half = area.height // 2
    return (
        Area(area.left, area.top, area.width, half),
        Area(area.left, area.top + half, area.width, area.height - half),
    )


def _name_marks(
    table: Table, entry: EntryView, area: Area, size: int, ink: Colour, pale: Colour, *, is_new: bool
) -> list[Mark]:
    """Return name, team or class where there is room, places gained or lost, and the tag of a new result."""
    marks: list[Mark] = []
    row_px, measures = table.row_px, table.measures
    right = area.right
    if is_new and not measures.is_portrait:
        tag = Area(right - row_px(96), area.top + (area.height - row_px(40)) // 2, row_px(96), row_px(40))
        right = tag.left - row_px(12)
        marks.append(Fill(area=tag, colour=TEXT_DARK, radius_px=row_px(8)))
        word = table.canvas.words.say("display.new")
        marks.append(
            Text(text=word, area=tag, size_px=row_px(32), least_px=row_px(18), colour=BLUE, align="centre")
        )
    gained = table.show.story.gained(entry, table.moment.mono_ns)
    if gained:
        colour = (TEXT_DARK if is_new else GREEN) if gained > 0 else AMBER
        side = row_px(24)
        count = Area(right - row_px(44), area.top, row_px(44), area.height)
        arrow = Area(count.left - side - row_px(4), area.top + (area.height - side) // 2, side, side)
        right = arrow.left - row_px(10)
        marks.append(Arrow(area=arrow, colour=colour, is_up=gained > 0))
        text = str(abs(gained))
        marks.append(
            Text(text=text, area=count, size_px=row_px(34), least_px=row_px(18), colour=pale, align="left")
        )
    made = calculated_words(entry.calculated, table.canvas.words)
    beside = made or ("" if table.show.board.race_class else entry.team or entry.race_class)
    room = right - area.left
    if beside and not measures.is_portrait and room > row_px(330 if made else 560):
        width = min(room // 2 if made else room // 3, row_px(300))
        where = Area(right - width, area.top, width, area.height)
        right = where.left - row_px(16)
        marks.append(
            Text(
                text=beside,
                area=where,
                size_px=row_px(34),
                least_px=row_px(26),
                colour=pale,
                weight=Weight.REGULAR,
                align="right",
            )
        )
    name = Area(area.left, area.top, max(1, right - area.left), area.height)
    return [Text(text=entry.name, area=name, size_px=size, least_px=size * 7 // 10, colour=ink), *marks]
