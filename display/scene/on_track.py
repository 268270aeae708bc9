"""On track now: the run under way as the hero of the screen, one panel for each who drives.

One alone gets a clock a third of the screen high, and beside it the last laps and those to beat. Purple is
the best of the event, green the own best, yellow anything else."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import NamedTuple

from display.scene.blocks import Area, Block, Fill, Mark, Measures, Scene, Text
from display.scene.driver_laps import DriverLaps
from display.scene.drivers import Driver, drivers, rank_if_confirmed
from display.scene.header import header_blocks
from display.scene.result_text import best_lap_text, first_text, lap_text
from display.scene.run_clock import RunTime, lap_under_way_ms, run_time
from display.scene.show import Canvas, Frame, Moment, Show, earliest
from display.scene.track_band import PHASE_COLOURS, last_lap_caption
from pitboard.drawing.palette import (
    AMBER,
    PANEL,
    PANEL_PRESSED,
    PANEL_RAISED,
    TEXT,
    TEXT_DARK,
    TEXT_MUTED,
    Colour,
)
from pitboard.drawing.time_text import NO_TIME, format_countdown_ms
from pitboard.journal.views.views import BoardView
from pitboard.race.runs.sectors import SectorKey

PANELS_MAX_COUNT = 4
LOW_PANEL_HEIGHT = 420
"""Below this there is no room under the clock: the figures stand beside it, and the laps are left out."""
RIVALS_SHOWN_COUNT = 3
CLOCK = "clock "
UNDER_WAY = "figure under-way "
"""So begin the names of what a clock changes."""
_MS_NS = 1_000_000


class _Figure(NamedTuple):
    """One of the figures under the clock: a colour for its text's ground, and its share of the width."""

    name: str
    caption: str
    text: str
    chip: Colour | None
    share: int


def lay_out_on_track(show: Show, moment: Moment, canvas: Canvas) -> Frame:
    """Return the runs under way at this moment."""
    measures = canvas.measures()
    shown = drivers(show.board)[:PANELS_MAX_COUNT]
    stage = _Stage(show, moment, canvas, measures)
    blocks = stage.header()
    changes: list[int | None] = []
    for driver, area in zip(shown, _panels(measures, len(shown)), strict=True):
        made, changes_mono_ns = stage.panel(driver, area, is_alone=len(shown) == 1)
        blocks += made
        changes.append(changes_mono_ns)
    scene = Scene(
        size=canvas.size,
        blocks=tuple(blocks),
        page=0,
        page_count=1,
        runs_drawn=tuple(dict.fromkeys(driver.run.run_id for driver in shown)),
        rows_drawn=(),
        name="on-track",
    )
    return Frame(scene, earliest(*changes))


_still: list[tuple[BoardView, Mapping[SectorKey, int], Canvas, dict[Hashable, list[Block]]]] = []


def _still_of(show: Show, canvas: Canvas) -> dict[Hashable, list[Block]]:
    """Return the blocks made of this very news for this very screen; only those of the last are kept.

    The clock makes ten frames per second, and of each most is as it was.
    """
    if (
        not _still
        or _still[0][0] is not show.board
        or _still[0][1] is not show.sector_bests
        or _still[0][2] is not canvas
    ):
        _still[:] = [(show.board, show.sector_bests, canvas, {})]
    return _still[0][3]


class _Stage:
    def __init__(self, show: Show, moment: Moment, canvas: Canvas, measures: Measures) -> None:
        self._show = show
        self._moment = moment
        self._words = canvas.words
        self._measures = measures
        self._resolution_ns = show.board.event.resolution_ns
        self._laps = DriverLaps(show, measures, canvas.words)
        self._still = _still_of(show, canvas)

    def header(self) -> list[Block]:
        made = self._still.get(self._show.badge)
        if made is None:
            made = header_blocks(self._show.board.event.name, self._show.badge, self._measures, self._words)
            self._still[self._show.badge] = made
        return list(made)

    def panel(self, driver: Driver, area: Area, *, is_alone: bool) -> tuple[list[Block], int | None]:
        """Return one driver's blocks, made once for each news, and when the clock changes one of them."""
        time = run_time(driver.run, self._show.unit_clocks, self._moment)
        lap_ms = lap_under_way_ms(driver.place, driver.run, self._show.unit_clocks, self._moment)
        is_last = time is not None and time.is_last_seconds and driver.run.phase == "running"
        key = (driver.run.run_id, driver.place.place, area, is_last)
        made = self._still.get(key)
        if made is None:
            made = self._still[key] = self._panel(driver, area, is_alone=is_alone, is_last=is_last)
        clock_text = NO_TIME if time is None else _clock_text(time)
        for index, block in enumerate(made):
            if block.name.startswith(CLOCK):
                made[index] = _saying(block, clock_text)
            elif lap_ms is not None and block.name.startswith(UNDER_WAY):
                made[index] = _saying(block, _under_way_text(lap_ms))
        step = earliest(
            None if time is None else time.changes_in_ms, None if lap_ms is None else 100 - lap_ms % 100
        )
        return made, None if step is None else self._moment.mono_ns + step * _MS_NS

    def _panel(self, driver: Driver, area: Area, *, is_alone: bool, is_last: bool) -> list[Block]:
        """Return state, name, clock, figures and laps; what a clock tells is still to be said."""
        px, measures = self._measures.px, self._measures
        gap = px(10)
        state = Area(area.left, area.top, area.width, px(72))
        name = Area(area.left, state.bottom + gap, area.width, px(118 if is_alone else 96))
        rest = Area(area.left, name.bottom + gap, area.width, area.bottom - name.bottom - gap)
        clock_px = measures.height // 3 if is_alone else min(rest.height * 38 // 100, measures.height // 4)
        if is_alone and not measures.is_portrait:
            left = Area(rest.left, rest.top, rest.width * 60 // 100, rest.height)
            right = Area(left.right + gap, rest.top, rest.right - left.right - gap, rest.height)
            clock = Area(left.left, left.top, left.width, min(clock_px + px(40), left.height * 64 // 100))
            figures = Area(left.left, clock.bottom + gap, left.width, left.bottom - clock.bottom - gap)
            rivals_px = px(70) * (RIVALS_SHOWN_COUNT + 1)
            laps = Area(right.left, right.top, right.width, right.height - rivals_px - gap)
            rivals = Area(right.left, laps.bottom + gap, right.width, rivals_px)
            return [
                self._state(driver, state),
                self._name(driver, name),
                self._clock(driver, clock, clock_px, is_last=is_last),
                *self._figures(driver, figures),
                self._laps.block(driver, laps),
                self._rivals(driver, rivals),
            ]
        if rest.height < px(LOW_PANEL_HEIGHT):
            clock = Area(rest.left, rest.top, rest.width * 40 // 100, rest.height)
            figures = Area(clock.right + gap, rest.top, rest.right - clock.right - gap, rest.height)
            return [
                self._state(driver, state),
                self._name(driver, name),
                self._clock(driver, clock, rest.height * 80 // 100, is_last=is_last),
                *self._figures(driver, figures),
            ]
        clock = Area(rest.left, rest.top, rest.width, clock_px + (px(40) if is_alone else 0))
        figure_px = clock_px if is_alone else clock_px - px(40)  # its edges are kept free
        figures = Area(
            rest.left, clock.bottom + gap, rest.width, px(200) if is_alone else rest.height * 22 // 100
        )
        laps = Area(rest.left, figures.bottom + gap, rest.width, rest.bottom - figures.bottom - gap)
        blocks = [
            self._state(driver, state),
            self._name(driver, name),
            self._clock(driver, clock, figure_px, is_last=is_last),
            *self._figures(driver, figures),
        ]
        return [*blocks, self._laps.block(driver, laps)] if laps.height > px(40) else blocks

    def _state(self, driver: Driver, area: Area) -> Block:
        """Return the band over the whole width: what the run is doing, and where."""
        run, px = driver.run, self._measures.px
        colour = PHASE_COLOURS.get(run.phase, PANEL_PRESSED)
        inside = area.inset(px(26))
        half = inside.width * 60 // 100
        where = run.track if driver.place.lane is None else f"{run.track} · {driver.place.lane}"
        lamp_px = px(34)
        lamp = Area(inside.left, area.top + (area.height - lamp_px) // 2, lamp_px, lamp_px)
        phase = Area(lamp.right + px(18), area.top, half - lamp_px - px(18), area.height)
        track = Area(phase.right, area.top, inside.right - phase.right, area.height)
        lit = TEXT if run.passings % 2 else TEXT_DARK
        said = self._words.say(f"display.phase.{run.phase}")
        return Block(
            name=f"state {driver.place.place} {run.run_id}",
            area=area,
            marks=(
                Fill(area=area, colour=colour, radius_px=px(10)),
                Fill(area=lamp, colour=lit, radius_px=lamp_px // 2),
                Text(text=said, area=phase, size_px=px(52), least_px=px(24), colour=TEXT_DARK),
                Text(
                    text=where, area=track, size_px=px(44), least_px=px(22), colour=TEXT_DARK, align="right"
                ),
            ),
        )

    def _name(self, driver: Driver, area: Area) -> Block:
        px, entry = self._measures.px, driver.entry
        marks: list[Mark] = []
        left = area.left
        if entry is not None and entry.number:
            plate = Area(left, area.top + px(12), px(60) + px(40) * len(entry.number), area.height - px(24))
            marks.append(Fill(area=plate, colour=PANEL_RAISED, radius_px=px(10)))
            marks.append(Text(text=entry.number, area=plate, size_px=px(76), least_px=px(30), align="centre"))
            left = plate.right + px(24)
        beside = "" if entry is None else entry.team or entry.race_class
        right = area.right
        if beside and area.width > px(1_200):
            where = Area(area.right - area.width // 4, area.top, area.width // 4, area.height)
            right = where.left - px(20)
            marks.append(
                Text(
                    text=beside, area=where, size_px=px(48), least_px=px(28), colour=TEXT_MUTED, align="right"
                )
            )
        who = Area(left, area.top, max(1, right - left), area.height)
        name = driver.place.name or driver.run.name
        marks.append(Text(text=name, area=who, size_px=area.height * 84 // 100, least_px=px(44)))
        return Block(name=f"name {driver.place.place} {driver.run.run_id}", area=area, marks=tuple(marks))

    def _clock(self, driver: Driver, area: Area, height_px: int, *, is_last: bool) -> Block:
        """Return the clock without its figures, which are set in the middle."""
        size = height_px * 1_000 // 720  # a figure is 0.72 of its size high
        return Block(
            name=f"{CLOCK}{driver.place.place} {driver.run.run_id}",
            area=area,
            marks=(
                Fill(area=area, colour=AMBER if is_last else PANEL, radius_px=self._measures.px(14)),
                Text(
                    text="",
                    area=area.inset(self._measures.px(20)),
                    size_px=size,
                    least_px=size // 4,
                    colour=TEXT_DARK if is_last else TEXT,
                    align="centre",
                ),
            ),
        )

    def _figures(self, driver: Driver, area: Area) -> list[Block]:
        """Return laps, the last lap and the best, with the place that the run would give, side by side."""
        place, say, px = driver.place, self._words.say, self._measures.px
        last = place.laps[-1] if place.laps else None
        lap_ms = lap_under_way_ms(place, driver.run, self._show.unit_clocks, self._moment)
        laps = str(len(place.laps)) if driver.run.passings else NO_TIME
        values = [_Figure("laps", say("display.column.laps"), laps, None, 2)]
        if area.width < px(700):
            pass  # too narrow for the lap under way
        elif lap_ms is not None:
            values.append(_Figure("under-way", say("display.this-lap"), _under_way_text(lap_ms), None, 4))
        else:
            text = lap_text(last, resolution_ns=self._resolution_ns)
            values.append(_Figure("last", last_lap_caption(last, self._words), text, None, 4))
        best_text = best_lap_text(place.best_ns, place.laps, resolution_ns=self._resolution_ns)
        colour = None if place.best_ns is None else self._laps.colour_of_best(driver)
        values.append(_Figure("best", say("display.best"), best_text, colour, 4))
        rank = rank_if_confirmed(driver, self._show.board)
        if rank is not None:
            values.append(
                _Figure("rank", say("display.if-confirmed"), say("display.place", rank=rank), None, 3)
            )
        shares = sum(value.share for value in values)
        inside = area.inset(px(20), px(8))
        blocks: list[Block] = []
        left, edge = inside.left, area.left
        for number, value in enumerate(values, start=1):
            width = inside.width * value.share // shares
            right = area.right if number == len(values) else left + width
            part = Area(edge, area.top, right - edge, area.height)
            panel = Fill(
                area=part,
                colour=PANEL,
                radius_px=px(10),
                is_left_end=number == 1,
                is_right_end=number == len(values),
            )
            marks = (panel, *self._figure(value, Area(left, inside.top, width - px(10), inside.height)))
            name = f"figure {value.name} {place.place} {driver.run.run_id}"
            blocks += _parted(Block(name=name, area=part, marks=marks))
            left, edge = left + width, right
        return blocks

    def _figure(self, value: _Figure, area: Area) -> list[Mark]:
        """Return a caption and what it stands over; the text is the last mark."""
        px = self._measures.px
        over = Area(area.left, area.top, area.width, min(px(48), area.height * 30 // 100))
        figure = Area(area.left, over.bottom, area.width, area.bottom - over.bottom)
        marks: list[Mark] = []
        if value.chip is not None:
            marks.append(Fill(area=figure, colour=value.chip, radius_px=px(10)))
        marks.append(
            Text(
                text=value.caption,
                area=over,
                size_px=px(34),
                least_px=px(18),
                colour=TEXT_MUTED,
                align="centre",
            )
        )
        figure = figure.inset(px(16)) if figure.width > px(60) else figure
        size = min(figure.height * 86 // 100, px(120))
        marks.append(
            Text(
                text=value.text,
                area=figure,
                size_px=size,
                least_px=size // 3,
                colour=TEXT if value.chip is None else TEXT_DARK,
                align="centre",
            )
        )
        return marks

    def _rivals(self, driver: Driver, area: Area) -> Block:
        """Return those who lead, as whom to beat."""
        px = self._measures.px
        marks: list[Mark] = [Fill(area=area, colour=PANEL, radius_px=px(10))]
        inside = area.inset(px(16), px(6))
        caption = Area(inside.left, inside.top, inside.width, px(38))
        said = self._words.say("display.to-beat")
        marks.append(Text(text=said, area=caption, size_px=px(28), least_px=px(18), colour=TEXT_MUTED))
        pitch = (inside.bottom - caption.bottom) // RIVALS_SHOWN_COUNT
        for line, entry in enumerate(self._show.board.entries[:RIVALS_SHOWN_COUNT]):
            row = Area(inside.left, caption.bottom + line * pitch, inside.width, pitch - px(4))
            rank = Area(row.left, row.top, px(60), row.height)
            time = Area(row.right - row.width * 36 // 100, row.top, row.width * 36 // 100, row.height)
            name = Area(rank.right, row.top, time.left - rank.right - px(10), row.height)
            size = row.height * 74 // 100
            place = NO_TIME if entry.rank is None else str(entry.rank)
            text = first_text(entry, self._words, resolution_ns=self._resolution_ns)
            marks += [
                Text(text=place, area=rank, size_px=size, least_px=px(20), colour=TEXT_MUTED, align="centre"),
                Text(text=entry.name, area=name, size_px=size, least_px=size * 2 // 3),
                Text(text=text, area=time, size_px=size, least_px=px(20), align="right"),
            ]
        return Block(name="rivals", area=area, marks=tuple(marks))


def _parted(block: Block) -> list[Block]:
    """Return the figure's block, its caption by itself where a clock changes what is below it."""
    panel, caption, *_, figure = block.marks
    if not block.name.startswith(UNDER_WAY) or not isinstance(panel, Fill):
        return [block]
    area, edge = block.area, caption.area.bottom
    over = Area(area.left, area.top, area.width, edge - area.top)
    below = Area(area.left, edge, area.width, area.bottom - edge)
    upper = Block(name=f"caption of {block.name}", area=over, marks=(replace(panel, area=over), caption))
    return [upper, replace(block, area=below, marks=(replace(panel, area=below), figure))]


def _under_way_text(lap_ms: int) -> str:
    running = f"{lap_ms // 60_000}:" if lap_ms >= 60_000 else ""
    seconds = lap_ms % 60_000 // 1_000
    return (
        f"{running}{seconds:02d}.{lap_ms % 1_000 // 100}" if running else f"{seconds}.{lap_ms % 1_000 // 100}"
    )


def _saying(block: Block, text: str) -> Block:
    """Return the figure's block with this text."""
    last = block.marks[-1]
    if not isinstance(last, Text) or last.text == text:
        return block
    return replace(block, marks=(*block.marks[:-1], replace(last, text=text)))


def _clock_text(time: RunTime) -> str:
    if time.is_down:
        return format_countdown_ms(time.shown_ms, with_tenths=time.is_last_seconds and time.is_running)
    minutes, seconds = divmod(time.shown_ms // 1_000, 60)
    return f"{minutes}:{seconds:02d}"


def _panels(measures: Measures, count: int) -> list[Area]:
    """Return equal panels: side by side, and on a high screen one below the other."""
    body, gap = measures.body, measures.px(20)
    if count == 0:
        return []
    if measures.is_portrait:
        height = (body.height - gap * (count - 1)) // count
        return [Area(body.left, body.top + i * (height + gap), body.width, height) for i in range(count)]
    width = (body.width - gap * (count - 1)) // count
    return [Area(body.left + i * (width + gap), body.top, width, body.height) for i in range(count)]
