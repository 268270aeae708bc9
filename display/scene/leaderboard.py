"""The leaderboard: header, rows, and a band for whoever is on track.

Rows keep their places from frame to frame, so a change repaints only the rows it touches; a new result slides
to its place, those it moved make room."""

from __future__ import annotations

from dataclasses import dataclass, replace

from display.following.badge import Badge
from display.scene.blocks import BANDS_MAX_COUNT, Area, Arrow, Block, Fill, Mark, Measures, Scene, Text
from display.scene.board_index import index_of
from display.scene.header import header_blocks
from display.scene.motion import FRAME_NS, between, progress_ppm
from display.scene.result_text import (
    calculated_words,
    caption_of,
    column_text,
    columns_of,
    first_text,
    gap_text,
)
from display.scene.row_grid import PINNED_COUNT, RowGrid, row_grid
from display.scene.show import Canvas, Frame, Moment, Show, earliest
from display.scene.story import MARKED_NS, SLIDE_NS
from display.scene.track_band import result_band, run_band
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
PLAIN_BOARD = "The board cannot be drawn. The timing goes on."
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


def band_count(view: BoardView) -> int:
    """Return how many bands the board calls for."""
    if view.on_track:
        return min(BANDS_MAX_COUNT, len(view.on_track))
    return 1 if view.newest is not None else 0


def lay_out_leaderboard(show: Show, moment: Moment, canvas: Canvas) -> Frame:
    """Return the board at this moment."""
    view = show.board
    measures = canvas.measures(band_count=band_count(view))
    captions = Area(measures.body.left, measures.body.top, measures.body.width, measures.px(34))
    rows = Area(
        captions.left,
        captions.bottom + measures.px(4),
        captions.width,
        measures.body.bottom - captions.bottom - measures.px(4),
    )
    count = len(view.entries)
    grid = row_grid(measures, rows, entry_count=count, figure_min_px=canvas.figure_min_px)
    page, pages, turns_mono_ns = _page(show, grid, moment)
    blocks = header_blocks(view.event.name, show.badge, measures, canvas.words)
    shown: list[EntryView] = []
    is_sliding = False
    if view.entries:
        columns = _columns_kept(view, measures, grid, canvas)
        table = Table(show=show, canvas=canvas, measures=measures, grid=grid, columns=columns, moment=moment)
        indices = grid.entries_on(page, entry_count=count)
        shown = [view.entries[index] for index in indices]
        blocks.append(_captions(table, captions, indices, page, pages))
        is_sliding = show.story.is_sliding(moment.mono_ns)
        blocks += _rows(table, indices, page, rows, is_sliding=is_sliding)
    else:
        blocks.append(_invitation(measures, captions, rows, canvas))
    blocks += _bands(show, measures, canvas)
    scene = Scene(
        size=canvas.size,
        blocks=tuple(blocks),
        page=page,
        page_count=pages,
        runs_drawn=tuple(run.run_id for run in view.on_track[: len(measures.bands)]),
        rows_drawn=tuple(entry.competitor_id for entry in shown),
    )
    if is_sliding:
        return Frame(scene, moment.mono_ns + FRAME_NS)
    return Frame(scene, earliest(turns_mono_ns, show.story.changes_mono_ns(moment.mono_ns)))


def lay_plain(badge: Badge, size: tuple[int, int]) -> Scene:
    """Return what stands in for a board that cannot be laid out: the badge, and a sentence."""
    canvas = Canvas(size=size)
    measures = canvas.measures()
    body = measures.body
    text = Text(text=PLAIN_BOARD, area=body, size_px=measures.px(52), least_px=16, align="centre")
    plain = Block(name="plain", area=body, marks=(text,))
    blocks = header_blocks("", badge, measures, canvas.words)[1:]
    return Scene(size=size, blocks=(*blocks, plain), page=0, page_count=1)


def _page(show: Show, grid: RowGrid, moment: Moment) -> tuple[int, int, int | None]:
    """Return the page to show, how many there are, and when the next one comes.

    A new result turns to its own page, which then stays for a full time.
    """
    count = len(show.board.entries)
    pages = grid.page_count(count)
    if pages == 1:
        return 0, 1, None
    page_ns, story = grid.page_ns(count), show.story
    began_ns, first = show.since_mono_ns, 0
    if story.at_mono_ns is not None and story.at_mono_ns >= show.since_mono_ns:
        page = grid.page_of(index_of(show.board).place_of(story.newest) or 0, entry_count=count)
        began_ns, first = story.at_mono_ns, page or 0
    turned = max(0, moment.mono_ns - began_ns) // page_ns
    return (first + turned) % pages, pages, began_ns + (turned + 1) * page_ns


def _rows(table: Table, indices: list[int], page: int, area: Area, *, is_sliding: bool) -> list[Block]:
    if is_sliding:
        return _sliding_rows(table, indices, page, area)
    return _rows_kept(table, indices, page)


def _rows_kept(table: Table, indices: list[int], page: int) -> list[Block]:
    """Return the rows at rest, made once for each page: pages turn all day."""
    story, canvas, now_ns = table.show.story, table.canvas, table.moment.mono_ns
    age_ns = story.age_ns(now_ns)
    laid_out = index_of(table.show.board).laid_out
    key = (
        page,
        (table.measures, table.grid, canvas.words, table.resolution_ns),
        story.at_mono_ns,
        story.newest is not None and story.is_bright(story.newest, now_ns),
        age_ns is not None and age_ns < MARKED_NS,
    )
    rows = laid_out.get(key)
    if not isinstance(rows, list):
        rows = _rows_at_rest(table, indices)
        if len(laid_out) < PAGES_KEPT_MAX_COUNT:
            laid_out[key] = rows
    return rows


def _rows_at_rest(table: Table, indices: list[int]) -> list[Block]:
    """Return them in the order of their places, which is the order in which they are painted."""
    blocks = [_placed_row(table, place, index) for place, index in enumerate(indices)]
    return sorted(blocks, key=lambda block: (block.area.left, block.area.top))


def _sliding_rows(table: Table, indices: list[int], page: int, area: Area) -> list[Block]:
    """Return the rows on their way, the newest result above all others."""
    view, grid, story = table.show.board, table.grid, table.show.story
    count = len(view.entries)
    ppm = progress_ppm(story.age_ns(table.moment.mono_ns) or 0, SLIDE_NS)
    blocks: list[Block] = []
    above: list[Block] = []
    for place, index in enumerate(indices):
        entry = view.entries[index]
        block = _placed_row(table, place, index)
        former = story.former.get(entry.competitor_id)
        before = count if former is None else former
        stood = grid.row(grid.place_of(before, page, entry_count=max(count, before + 1)))
        if stood.left == block.area.left:
            block = block.moved(between(stood.top - block.area.top, 0, ppm), area)
        (above if entry.competitor_id == story.newest else blocks).append(block)
    return [*blocks, *above]


def _placed_row(table: Table, place: int, index: int) -> Block:
    view, grid = table.show.board, table.grid
    is_pinned = len(view.entries) > grid.place_count and index < PINNED_COUNT
    return _row(table, view.entries[index], grid.row(place), is_pinned=is_pinned)


def _bands(show: Show, measures: Measures, canvas: Canvas) -> list[Block]:
    view = show.board
    resolution_ns = view.event.resolution_ns
    if view.on_track:
        pairs = zip(view.on_track, measures.bands, strict=False)
        return [
            run_band(run, area, measures, canvas.words, resolution_ns=resolution_ns) for run, area in pairs
        ]
    newest = index_of(view).newest()
    if newest is None or not measures.bands:
        return []
    return [result_band(newest, measures.bands[0], measures, canvas.words, resolution_ns=resolution_ns)]


def _columns_kept(view: BoardView, measures: Measures, grid: RowGrid, canvas: Canvas) -> Columns:
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


def _captions(table: Table, area: Area, indices: list[int], page: int, pages: int) -> Block:
    measures, words, columns, grid = table.measures, table.canvas.words, table.columns, table.grid
    px = measures.px
    first = columns_of(table.show.board.entries[0])
    marks: list[Mark] = []

    def caption(text: str, left: int, column: tuple[int, int], *, is_right: bool) -> None:
        marks.append(
            Text(
                text=text,
                area=Area(left + column[0], area.top, column[1], area.height),
                size_px=px(30),
                least_px=px(20),
                colour=TEXT_MUTED,
                align="right" if is_right else "left",
            )
        )

    for number in range(grid.column_count):
        left = grid.row(number * grid.row_count).left
        is_last = number == grid.column_count - 1
        name_left, name_width = columns.name
        if grid.is_stacked:  # the figures below leave the name's caption all the room before their own
            name_width = columns.first[0] - name_left
        half = name_width // 2 if pages > 1 and is_last else 0
        caption(words.say("display.rank"), left, columns.rank, is_right=False)
        caption(words.say("display.name"), left, (name_left, name_width - half), is_right=False)
        for column, place in zip(first[1:], columns.further, strict=False):
            caption(caption_of(column.code, words), left, place, is_right=True)
        caption(caption_of(first[0].code, words), left, columns.first, is_right=True)
        caption(words.say("display.gap"), left, columns.gap, is_right=True)
        if half:
            code = (
                "display.page" if measures.is_portrait or grid.column_count > 1 else "display.page-of-entries"
            )
            turning = indices[PINNED_COUNT:]
            text = words.say(
                code,
                page=page + 1,
                pages=pages,
                first=turning[0] + 1,
                last=turning[-1] + 1,
                entries=len(table.show.board.entries),
            )
            caption(text, left, (name_left + name_width - half + px(10), half - px(10)), is_right=True)
    return Block(name="captions", area=area, marks=tuple(marks))


def _row(table: Table, entry: EntryView, area: Area, *, is_pinned: bool) -> Block:
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


def _invitation(measures: Measures, captions: Area, rows: Area, canvas: Canvas) -> Block:
    px = measures.px
    area = Area(rows.left, captions.top, rows.width, rows.bottom - captions.top)
    size = px(76 if measures.is_portrait else 120)
    middle = area.top + area.height // 2
    headline = Area(area.left, middle - px(130), area.width, px(150))
    detail = Area(area.left, headline.bottom + px(10), area.width, px(70))
    return Block(
        name="invitation",
        area=area,
        marks=(
            Text(
                text=canvas.words.say("display.invitation"),
                area=headline,
                size_px=size,
                least_px=size // 2,
                align="centre",
            ),
            Text(
                text=canvas.words.say("display.invitation-detail"),
                area=detail,
                size_px=px(40 if measures.is_portrait else 52),
                least_px=px(24),
                colour=TEXT_MUTED,
                align="centre",
            ),
        ),
    )
