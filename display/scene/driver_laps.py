"""The last laps of one who drives, each with its distance to the leader, and the sectors of the newest.

Purple is the best of the event, green the own best, yellow all else; what does not count has no colour."""

from __future__ import annotations

from display.scene.blocks import Area, Block, Fill, Mark, Measures, Text
from display.scene.board_index import index_of
from display.scene.drivers import Driver
from display.scene.result_text import lap_text, signed
from display.scene.show import Show
from pitboard.drawing.palette import AMBER, GREEN, PANEL, PURPLE, TEXT_DARK, TEXT_MUTED, Colour
from pitboard.drawing.time_text import format_lap_ns
from pitboard.race.runs.run_parts import Lap
from pitboard.race.runs.sectors import ANYBODY, Sector, sectors_of
from pitboard.sentences.language import Language

LAPS_SHOWN_COUNT = 5
LAPS_LEAST_COUNT = 3
LAP_HEIGHT = 60


class DriverLaps:
    """Lays out laps of this show, and knows which colour they have in it."""

    def __init__(self, show: Show, measures: Measures, words: Language) -> None:
        self._show = show
        self._words = words
        self._measures = measures
        self._resolution_ns = show.board.event.resolution_ns
        self._overall_ns = index_of(show.board).overall_ns

    def block(self, driver: Driver, area: Area) -> Block:
        """Return the last laps, the newest on top: number, time, and the distance to the leader."""
        px, laps = self._measures.px, driver.place.laps
        marks: list[Mark] = [Fill(area=area, colour=PANEL, radius_px=px(10))]
        inside = area.inset(px(16), px(8))
        caption = Area(inside.left, inside.top, inside.width, px(38))
        marks.append(
            Text(
                text=self._words.say("display.laps-to-leader"),
                area=caption,
                size_px=px(28),
                least_px=px(18),
                colour=TEXT_MUTED,
            )
        )
        height = inside.bottom - caption.bottom
        # In a low panel fewer of them, so that they are read from the hall.
        count = max(LAPS_LEAST_COUNT, min(LAPS_SHOWN_COUNT, height // px(LAP_HEIGHT)))
        pitch = min(px(96), height // count)
        room = height // max(1, pitch)
        newest = list(reversed(laps))[: min(room, LAPS_SHOWN_COUNT + 2)]
        rows = [
            Area(inside.left, caption.bottom + line * pitch, inside.width, pitch - px(6))
            for line in range(min(room, LAPS_SHOWN_COUNT + 2))
        ]
        if newest and newest[0].sectors and len(rows) > 1:  # below the newest lap
            marks += self._sectors(driver, newest[0], rows.pop(1))
        for lap, row in zip(newest, rows, strict=False):
            marks += self._lap(driver, lap, row)
        return Block(name=f"laps {driver.place.place} {driver.run.run_id}", area=area, marks=tuple(marks))

    def _lap(self, driver: Driver, lap: Lap, row: Area) -> list[Mark]:
        px = self._measures.px
        number = Area(row.left, row.top, row.width * 14 // 100, row.height)
        chip = Area(number.right, row.top, row.width * 46 // 100, row.height)
        delta = Area(chip.right + px(8), row.top, row.right - chip.right - px(8), row.height)
        size = row.height * 78 // 100
        colour = self._colour_of(driver, lap)
        marks: list[Mark] = [
            Text(
                text=str(lap.number),
                area=number,
                size_px=size * 70 // 100,
                least_px=px(20),
                colour=TEXT_MUTED,
                align="centre",
            )
        ]
        if colour is not None:
            marks.append(Fill(area=chip, colour=colour, radius_px=px(8)))
        text = lap_text(lap, resolution_ns=self._resolution_ns)
        marks.append(
            Text(
                text=text,
                area=chip,
                size_px=size,
                least_px=size // 3,
                colour=TEXT_MUTED if colour is None else TEXT_DARK,
                align="centre",
            )
        )
        marks.append(
            Text(
                text=self._delta(lap), area=delta, size_px=size * 86 // 100, least_px=size // 3, align="right"
            )
        )
        return marks

    def _sectors(self, driver: Driver, lap: Lap, row: Area) -> list[Mark]:
        """Return the lap's sectors, each in its colour, marked where one of its ends was calculated."""
        times, marks_of = sectors_of_view(lap), lap.sector_marks
        gap = self._measures.px(8)
        width = (row.width - gap * (len(times) - 1)) // len(times)
        size = row.height * 66 // 100
        marks: list[Mark] = []
        for index, sector in enumerate(times):
            chip = Area(row.left + index * (width + gap), row.top, width, row.height)
            text = format_lap_ns(sector.time_ns, resolution_ns=self._resolution_ns)
            colour = self._colour_of_sector(driver, sector) if lap.counts else None
            if colour is not None:
                marks.append(Fill(area=chip, colour=colour, radius_px=gap))
            marks.append(
                Text(
                    text=signed(text, marks_of[index] if marks_of else ()),
                    area=chip,
                    size_px=size,
                    least_px=size // 3,
                    colour=TEXT_MUTED if colour is None else TEXT_DARK,
                    align="centre",
                )
            )
        return marks

    def _delta(self, lap: Lap) -> str:
        if self._overall_ns is None or not lap.counts:
            return ""
        difference = lap.lap_ns - self._overall_ns
        text = format_lap_ns(abs(difference), resolution_ns=self._resolution_ns)
        return f"{'−' if difference < 0 else '+'}{text}"

    def _colour_of(self, driver: Driver, lap: Lap) -> Colour | None:
        """Return purple for the best of the event, green for the own best, else yellow; none where void."""
        if not lap.counts:
            return None
        if lap.lap_ns != driver.place.best_ns:
            return AMBER
        return self.colour_of_best(driver)

    def _colour_of_sector(self, driver: Driver, sector: Sector) -> Colour:
        """Return purple for the best of the event on this track, green for the own best, else yellow."""
        for who, colour in ((ANYBODY, PURPLE), (driver.place.competitor_id or driver.run.run_id, GREEN)):
            best_ns = self._show.sector_bests.get((who, driver.run.track, sector.begin, sector.end))
            if best_ns is None or sector.time_ns <= best_ns:
                return colour
        return AMBER

    def colour_of_best(self, driver: Driver) -> Colour:
        best_ns = driver.place.best_ns or 0
        if self._overall_ns is None or best_ns <= self._overall_ns:
            return PURPLE
        before_ns = None if driver.entry is None else driver.entry.best_ns
        return GREEN if before_ns is None or best_ns <= before_ns else AMBER


def sectors_of_view(lap: Lap) -> tuple[Sector, ...]:
    """Return the lap's sectors as published, the last one up to the line."""
    passed = [(sector.gate, sector.elapsed_ns) for sector in lap.sectors]
    return sectors_of(lap.measured_ns or lap.lap_ns, passed)
