"""What a video mixer lays over its picture: the first of the board on the left, who drives in a band below.

All else is the key colour of the theme, which the mixer takes out. Nothing is half transparent, so that no
edge keeps a rim of the key."""

from __future__ import annotations

from display.scene.blocks import Area, Block, Fill, Mark, Measures, Scene, Text
from display.scene.board_index import index_of
from display.scene.header import badge_block
from display.scene.leaderboard_row import MEDALS
from display.scene.result_text import first_text, gap_text, signed
from display.scene.show import Canvas, Frame, Moment, Show
from display.scene.story import BRIGHT_NS
from display.scene.track_band import result_band, run_band
from pitboard.drawing.palette import BLUE, KEY, PANEL, PANEL_RAISED, TEXT, TEXT_DARK, TEXT_MUTED, Colour
from pitboard.drawing.time_text import NO_TIME
from pitboard.journal.views.views import EntryView

ROWS_COUNT = 10
_ROW_PX = 60
_WIDE_PX = 620


def lay_out_overlay(show: Show, moment: Moment, canvas: Canvas) -> Frame:
    """Return the tower of the first, the band of who drives, and the badge where the board is not live."""
    view = show.board
    bands = min(len(view.on_track), 2)
    story_age_ns = show.story.age_ns(moment.mono_ns)
    newest = index_of(view).newest()
    has_news = bands == 0 and newest is not None and story_age_ns is not None and story_age_ns < BRIGHT_NS
    measures = canvas.measures(band_count=bands or int(has_news))
    resolution_ns = view.event.resolution_ns
    blocks = [_tower(show, moment, canvas, measures)] if view.entries else []
    for run, area in zip(view.on_track, measures.bands, strict=False):
        blocks.append(run_band(run, area, measures, canvas.words, resolution_ns=resolution_ns))
    if has_news and newest is not None:
        blocks.append(
            result_band(newest, measures.bands[0], measures, canvas.words, resolution_ns=resolution_ns)
        )
    if not show.badge.is_live:
        blocks.append(badge_block(show.badge, measures, canvas.words))
    scene = Scene(
        size=canvas.size,
        blocks=tuple(_over_key(block) for block in blocks),
        page=0,
        page_count=1,
        runs_drawn=tuple(run.run_id for run in view.on_track[:bands]),
        rows_drawn=tuple(entry.competitor_id for entry in view.entries[:ROWS_COUNT]),
        name="overlay",
        ground=KEY,
    )
    return Frame(scene, show.story.changes_mono_ns(moment.mono_ns))


def _over_key(block: Block) -> Block:
    """Return the block with the key around its marks: round corners must not be filled with black."""
    return Block(name=block.name, area=block.area, marks=block.marks, ground=KEY, window=block.window)


def _tower(show: Show, moment: Moment, canvas: Canvas, measures: Measures) -> Block:
    """Return the event's name over the first ten, with places gained by a bright line for news."""
    px, body = measures.px, measures.body
    entries = show.board.entries
    room = (body.height - px(_ROW_PX)) // px(_ROW_PX)
    shown = entries[: min(ROWS_COUNT, room)]
    width = min(px(_WIDE_PX), body.width)
    area = Area(body.left, body.top, width, px(_ROW_PX) * (len(shown) + 1))
    head = Area(area.left, area.top, area.width, px(_ROW_PX))
    marks: list[Mark] = [
        Fill(area=area, colour=PANEL),
        Fill(area=head, colour=PANEL_RAISED),
        Text(text=show.board.event.name, area=head.inset(px(16)), size_px=px(40), least_px=px(24)),
    ]
    for number, entry in enumerate(shown, start=1):
        line = Area(area.left, area.top + number * px(_ROW_PX), area.width, px(_ROW_PX))
        marks += _line(show, moment, canvas, measures, entry, line)
    return Block(name="tower", area=area, marks=tuple(marks))


def _line(
    show: Show, moment: Moment, canvas: Canvas, measures: Measures, entry: EntryView, line: Area
) -> list[Mark]:
    px = measures.px
    resolution_ns = show.board.event.resolution_ns
    is_new = show.story.is_bright(entry.competitor_id, moment.mono_ns)
    ink: Colour = TEXT_DARK if is_new else TEXT_MUTED if entry.is_disqualified else TEXT
    marks: list[Mark] = [Fill(area=line, colour=BLUE)] if is_new else []
    rank = Area(line.left, line.top, px(66), line.height)
    medal = MEDALS.get(entry.rank or 0)
    if medal is not None:
        marks.append(Fill(area=rank, colour=medal))
    time_px = measures.figures_px("00:00.000", px(42))
    time = Area(line.right - time_px - px(16), line.top, time_px, line.height)
    name = Area(rank.right + px(16), line.top, time.left - rank.right - px(28), line.height)
    text = first_text(entry, canvas.words, resolution_ns=resolution_ns)
    if entry.rank != 1 and not entry.is_disqualified:
        gap = gap_text(entry, resolution_ns=resolution_ns)
        text = signed(gap, entry.calculated) if gap else text
    place = NO_TIME if entry.rank is None else str(entry.rank)
    return [
        *marks,
        Text(
            text=place,
            area=rank,
            size_px=px(42),
            least_px=px(26),
            colour=ink if medal is None else TEXT_DARK,
            align="centre",
        ),
        Text(text=entry.name, area=name, size_px=px(42), least_px=px(28), colour=ink),
        Text(text=text, area=time, size_px=px(42), least_px=px(26), colour=ink, align="right"),
    ]
