"""The leaderboard scene: header, rows, and a band for whoever is on track.

Rows keep their places from frame to frame, so a change repaints only the rows it touches."""

from __future__ import annotations

from typing import NamedTuple

from display.following.badge import Badge
from display.scene.blocks import (
    BANDS_MAX_COUNT,
    DIGIT_PERMILLE,
    Area,
    Block,
    Fill,
    Measures,
    Scene,
    Text,
    measure,
)
from display.scene.header import badge_area, badge_block, title_block
from display.scene.pages import PINNED_COUNT, entries_on, page_count
from display.scene.track_band import result_band, run_band, time_text
from pitboard.drawing.palette import (
    BLUE,
    BRONZE,
    GOLD,
    PANEL,
    PANEL_RAISED,
    SILVER,
    TEXT,
    TEXT_DARK,
    TEXT_MUTED,
    Colour,
)
from pitboard.drawing.time_text import NO_TIME, format_gap_ns, format_lap_ns
from pitboard.journal.views import BoardView, EntryView

INVITATION = "Who sets the first time?"
INVITATION_DETAIL = "Times appear here as soon as they are confirmed."
_MEDALS: dict[int, Colour] = {1: GOLD, 2: SILVER, 3: BRONZE}
PLAIN_BOARD = "The board cannot be drawn. The timing goes on."


class Columns(NamedTuple):
    """Left edge and width of each column, the same for captions and rows."""

    rank: tuple[int, int]
    name: tuple[int, int]
    time: tuple[int, int]
    gap: tuple[int, int]


def band_count(view: BoardView) -> int:
    """Return how many bands the board calls for."""
    if view.on_track:
        return min(BANDS_MAX_COUNT, len(view.on_track))
    return 1 if view.newest is not None else 0


def row_count(view: BoardView, size: tuple[int, int]) -> int:
    """Return how many entries a page holds."""
    return measure(size, band_count=band_count(view), entry_count=len(view.entries)).row_count


def lay_out(
    view: BoardView,
    badge: Badge,
    size: tuple[int, int],
    *,
    page: int,
    digit_permille: int = DIGIT_PERMILLE,
) -> Scene:
    """Return the scene for this board on a screen of this size; a digit is as wide as the font has it."""
    measures = measure(
        size, band_count=band_count(view), entry_count=len(view.entries), digit_permille=digit_permille
    )
    pages = page_count(len(view.entries), measures.row_count)
    page = min(page, pages - 1)
    badge_block_ = badge_block(badge, measures)
    blocks = [title_block(view.event.name, measures, badge_area(badge, measures)), badge_block_]
    shown: list[EntryView] = []
    if view.entries:
        indices = entries_on(page, entry_count=len(view.entries), row_count=measures.row_count)
        columns = _columns(view, measures)
        blocks.append(_captions(indices, len(view.entries), page, pages, columns, measures))
        for place, index in enumerate(indices):
            entry = view.entries[index]
            shown.append(entry)
            is_pinned = pages > 1 and index < PINNED_COUNT
            blocks.append(_row(entry, view, measures.row(place), columns, measures, is_pinned=is_pinned))
    else:
        blocks.append(_invitation(measures))
    blocks += _bands(view, measures)
    return Scene(
        size=size,
        blocks=tuple(blocks),
        page=page,
        page_count=pages,
        runs_drawn=tuple(run.run_id for run in view.on_track[: len(measures.bands)]),
        rows_drawn=tuple(entry.competitor_id for entry in shown),
    )


def lay_plain(badge: Badge, size: tuple[int, int]) -> Scene:
    """Return what stands in for a board that cannot be laid out: the badge, and a sentence."""
    measures = measure(size, band_count=0, entry_count=0)
    text = Text(text=PLAIN_BOARD, area=measures.rows, size_px=measures.px(52), least_px=16, align="centre")
    plain = Block(name="plain", area=measures.rows, marks=(text,))
    return Scene(size=size, blocks=(badge_block(badge, measures), plain), page=0, page_count=1)


def _bands(view: BoardView, measures: Measures) -> list[Block]:
    resolution_ns = view.event.resolution_ns
    if view.on_track:
        pairs = zip(view.on_track, measures.bands, strict=False)
        return [run_band(run, area, measures, resolution_ns=resolution_ns) for run, area in pairs]
    newest = next((entry for entry in view.entries if entry.competitor_id == view.newest), None)
    if newest is None or not measures.bands:
        return []
    return [result_band(newest, measures.bands[0], measures, resolution_ns=resolution_ns)]


def _columns(view: BoardView, measures: Measures) -> Columns:
    """Return columns as wide as the longest rank, time and gap on the whole board, so pages look alike."""
    px, rows = measures.px, measures.rows
    size = _figure_size(measures)
    resolution_ns = view.event.resolution_ns
    slowest_ns = max((entry.best_ns for entry in view.entries if entry.best_ns is not None), default=0)
    widest_gap_ns = max((entry.gap_ns for entry in view.entries if entry.gap_ns is not None), default=0)
    lowest_rank = max((entry.rank for entry in view.entries if entry.rank is not None), default=1)
    figures = "0" * max(2, len(str(lowest_rank)))
    rank = measures.figures_px(figures, size) + px(28)
    time = measures.figures_px(format_lap_ns(max(slowest_ns, 10**10), resolution_ns=resolution_ns), size)
    gap = measures.figures_px(format_gap_ns(widest_gap_ns, resolution_ns=resolution_ns), _gap_size(measures))
    right = rows.right - px(24)
    gap_left = right - gap
    time_left = gap_left - px(28 if measures.is_portrait else 60) - time
    name_left = rows.left + rank + px(24)
    return Columns(
        rank=(rows.left, rank),
        name=(name_left, time_left - px(20) - name_left),
        time=(time_left, time),
        gap=(gap_left, gap),
    )


def _figure_size(measures: Measures) -> int:
    return measures.row_px(48 if measures.is_portrait else 54)


def _gap_size(measures: Measures) -> int:
    return measures.row_px(36 if measures.is_portrait else 46)


def _captions(
    indices: list[int], entry_count: int, page: int, pages: int, columns: Columns, measures: Measures
) -> Block:
    area, px = measures.captions, measures.px

    def caption(text: str, column: tuple[int, int], *, is_right: bool) -> Text:
        return Text(
            text=text,
            area=Area(column[0], area.top, column[1], area.height),
            size_px=px(26),
            least_px=px(16),
            colour=TEXT_MUTED,
            align="right" if is_right else "left",
        )

    half = columns.name[1] // 3
    marks = [
        caption("RANK", columns.rank, is_right=False),
        caption("NAME", (columns.name[0], half), is_right=False),
        caption("BEST LAP", columns.time, is_right=True),
        caption("GAP", columns.gap, is_right=True),
    ]
    if pages > 1:
        turning = indices[PINNED_COUNT:]
        text = f"page {page + 1} of {pages}"
        if not measures.is_portrait:
            text = f"{turning[0] + 1}–{turning[-1] + 1} of {entry_count}  ·  {text}"
        marks.append(caption(text, (columns.name[0] + half, columns.name[1] - half - px(10)), is_right=True))
    return Block(name="captions", area=area, marks=tuple(marks))


def _row(
    entry: EntryView,
    view: BoardView,
    area: Area,
    columns: Columns,
    measures: Measures,
    *,
    is_pinned: bool,
) -> Block:
    """Return an entry's row: gold, silver and bronze mark the first three, a bright row the newest result."""
    px, resolution_ns = measures.px, view.event.resolution_ns
    is_newest = entry.competitor_id == view.newest
    ground: Colour = BLUE if is_newest else PANEL_RAISED if is_pinned else PANEL
    ink: Colour = TEXT_DARK if is_newest else TEXT_MUTED if entry.is_disqualified else TEXT
    radius = px(10)
    size = min(_figure_size(measures), area.height * 82 // 100)
    marks: list[Fill | Text] = [Fill(area=area, colour=ground, radius_px=radius)]
    rank_area = _in_column(area, columns.rank)
    medal = _MEDALS.get(entry.rank or 0)
    if medal is not None:
        marks.append(Fill(area=rank_area, colour=medal, radius_px=radius))
    name_left, name_width = columns.name
    if is_newest and not measures.is_portrait:
        tag = Area(name_left + name_width - px(104), area.top + (area.height - px(42)) // 2, px(104), px(42))
        name_width -= px(104 + 16)
        marks.append(Fill(area=tag, colour=TEXT_DARK, radius_px=px(8)))
        marks.append(Text(text="NEW", area=tag, size_px=px(34), least_px=px(20), colour=BLUE, align="centre"))
    marks += [
        Text(
            text=NO_TIME if entry.rank is None else str(entry.rank),
            area=rank_area,
            size_px=size,
            least_px=size * 2 // 3,
            colour=TEXT_DARK if medal is not None else ink,
            align="centre",
        ),
        Text(
            text=entry.name,
            area=_in_column(area, (name_left, name_width)),
            size_px=size,
            least_px=px(34),
            colour=ink,
        ),
        Text(
            text=time_text(entry, resolution_ns=resolution_ns),
            area=_in_column(area, columns.time),
            size_px=size,
            least_px=size * 2 // 3,
            colour=ink,
            align="right",
        ),
        Text(
            text=format_gap_ns(entry.gap_ns or None, resolution_ns=resolution_ns),
            area=_in_column(area, columns.gap),
            size_px=min(_gap_size(measures), size),
            least_px=size // 2,
            colour=TEXT_DARK if is_newest else TEXT_MUTED,
            align="right",
        ),
    ]
    return Block(name=f"row {area.top}", area=area, marks=tuple(marks))


def _in_column(row: Area, column: tuple[int, int]) -> Area:
    return Area(column[0], row.top, column[1], row.height)


def _invitation(measures: Measures) -> Block:
    rows, px = measures.rows, measures.px
    size = px(76 if measures.is_portrait else 120)
    middle = rows.top + rows.height // 2
    headline = Area(rows.left, middle - px(130), rows.width, px(150))
    detail = Area(rows.left, headline.bottom + px(10), rows.width, px(70))
    return Block(
        name="invitation",
        area=rows,
        marks=(
            Text(text=INVITATION, area=headline, size_px=size, least_px=size // 2, align="centre"),
            Text(
                text=INVITATION_DETAIL,
                area=detail,
                size_px=px(40 if measures.is_portrait else 52),
                least_px=px(24),
                colour=TEXT_MUTED,
                align="centre",
            ),
        ),
    )
