"""The leaderboard: header, rows, and a band for whoever is on track.

Rows keep their places from frame to frame, so a change repaints only the rows it touches; a new result slides
to its place, those it moved make room."""

from __future__ import annotations

from display.following.badge import Badge
from display.scene.blocks import BANDS_MAX_COUNT, Area, Block, Mark, Measures, Scene, Text
from display.scene.board_index import index_of
from display.scene.header import header_blocks
from display.scene.leaderboard_row import PAGES_KEPT_MAX_COUNT, Table, columns_kept, row
from display.scene.motion import FRAME_NS, between, progress_ppm
from display.scene.result_text import (
    caption_of,
    columns_of,
)
from display.scene.row_grid import PINNED_COUNT, RowGrid, row_grid
from display.scene.show import Canvas, Frame, Moment, Show, earliest
from display.scene.story import MARKED_NS, SLIDE_NS
from display.scene.track_band import result_band, run_band
from pitboard.drawing.palette import (
    TEXT_MUTED,
)
from pitboard.journal.views.views import BoardView, EntryView


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
        columns = columns_kept(view, measures, grid, canvas)
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


def lay_plain(badge: Badge, canvas: Canvas) -> Scene:
    """Return what stands in for a board that cannot be laid out: the badge, and a sentence."""
    measures = canvas.measures()
    body = measures.body
    sentence = canvas.words.say("display.no-board")
    text = Text(text=sentence, area=body, size_px=measures.px(52), least_px=16, align="centre")
    plain = Block(name="plain", area=body, marks=(text,))
    blocks = header_blocks("", badge, measures, canvas.words)[1:]
    return Scene(size=canvas.size, blocks=(*blocks, plain), page=0, page_count=1)


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
    return row(table, view.entries[index], grid.row(place), is_pinned=is_pinned)


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
