"""The band below the rows: who is on track, or the latest result while nobody is.

Each passing changes the band, even one that closes no lap: its lamp is lit on every second one."""

from __future__ import annotations

from typing import NamedTuple

from display.scene.blocks import Area, Block, Fill, Measures, Text
from display.scene.result_text import (
    best_lap_text,
    caption_of,
    columns_of,
    first_text,
    gap_text,
    lap_text,
)
from pitboard.drawing.palette import (
    AMBER,
    BLUE,
    GREEN,
    PANEL,
    PANEL_PRESSED,
    PANEL_RAISED,
    TEXT,
    TEXT_DARK,
    TEXT_MUTED,
    Colour,
)
from pitboard.drawing.time_text import NO_TIME
from pitboard.drawing.typeface import Weight
from pitboard.journal.views.run_views import RunView
from pitboard.journal.views.views import EntryView
from pitboard.race.runs.phases import Phase
from pitboard.race.runs.run_parts import Lap
from pitboard.sentences.language import Language

PHASE_COLOURS: dict[Phase, Colour] = {"running": GREEN, "paused": AMBER, "time-up": AMBER}


class Value(NamedTuple):
    """A caption over a figure; `share` is its part of the width beside the name."""

    caption: str
    figure: str
    share: int
    colour: Colour = TEXT


def run_band(run: RunView, area: Area, measures: Measures, words: Language, *, resolution_ns: int) -> Block:
    """Return the band of a run on track."""
    last = run.laps[-1] if run.laps else None
    values = (
        Value(words.say("display.column.laps"), str(len(run.laps)) if run.passings else NO_TIME, 3),
        Value(
            last_lap_caption(last, words),
            lap_text(last, resolution_ns=resolution_ns),
            7,
            TEXT if last is None or last.counts else TEXT_MUTED,
        ),
        Value(
            words.say("display.best" if run.best_ns is None else "display.best-provisional"),
            best_lap_text(run.best_ns, run.laps, resolution_ns=resolution_ns),
            7,
        ),
    )
    return _band(
        f"run {run.run_id}",
        area,
        measures,
        tag=words.say(f"display.phase.{run.phase}"),
        tag_colour=PHASE_COLOURS.get(run.phase, PANEL_PRESSED),
        lamp_is_lit=run.passings % 2 == 1,
        place=run.track,
        name=run.name,
        values=values,
        ground=PANEL_RAISED,
    )


def result_band(
    entry: EntryView, area: Area, measures: Measures, words: Language, *, resolution_ns: int
) -> Block:
    """Return the band of the latest confirmed result, shown while nobody is on track."""
    first = columns_of(entry)[0]
    values = (
        Value(words.say("display.rank"), NO_TIME if entry.rank is None else str(entry.rank), 3),
        Value(caption_of(first.code, words), first_text(entry, words, resolution_ns=resolution_ns), 7),
        Value(words.say("display.gap"), gap_text(entry, resolution_ns=resolution_ns) or NO_TIME, 7),
    )
    return _band(
        "result",
        area,
        measures,
        tag=words.say("display.latest-result"),
        tag_colour=BLUE,
        lamp_is_lit=None,
        place="",
        name=entry.name,
        values=values,
        ground=PANEL,
    )


def last_lap_caption(lap: Lap | None, words: Language) -> str:
    if lap is not None and lap.verdict == "void":
        return words.say("display.lap-void", number=lap.number)
    if lap is not None and lap.is_short and lap.verdict is None:
        return words.say("display.lap-short", number=lap.number)
    return words.say("display.last-lap")


def _band(
    block_name: str,
    area: Area,
    measures: Measures,
    *,
    tag: str,
    tag_colour: Colour,
    lamp_is_lit: bool | None,
    place: str,
    name: str,
    values: tuple[Value, ...],
    ground: Colour,
) -> Block:
    px = measures.px
    radius = px(10)
    accent = Area(area.left, area.top, px(14), area.height)
    inside = Area(area.left + px(34), area.top + px(12), area.width - px(34 + 26), area.height - px(20))
    if measures.is_portrait:
        upper = Area(inside.left, inside.top, inside.width, inside.height // 2)
        lower = Area(inside.left, upper.bottom + px(2), inside.width, inside.height - upper.height - px(2))
    else:
        values_width = inside.width * 48 // 100
        upper = Area(inside.left, inside.top, inside.width - values_width - px(20), inside.height)
        lower = Area(inside.right - values_width, inside.top, values_width, inside.height)
    return Block(
        name=block_name,
        area=area,
        marks=(
            Fill(area=area, colour=ground, radius_px=radius),
            Fill(area=accent, colour=tag_colour, radius_px=px(7)),
            *_who(upper, measures, tag, tag_colour, lamp_is_lit, place, name),
            *_figures(lower, measures, values),
        ),
    )


def _who(
    area: Area,
    measures: Measures,
    tag: str,
    tag_colour: Colour,
    lamp_is_lit: bool | None,
    place: str,
    name: str,
) -> list[Fill | Text]:
    """Return the tag with its lamp, the track and the name beneath."""
    px = measures.px
    line = Area(area.left, area.top, area.width, px(44))
    lamp_px = 0 if lamp_is_lit is None else px(42)
    size = px(30)
    tag_width = min(line.width, lamp_px + len(tag) * size * 68 // 100 + px(36))
    pill = Area(line.left, line.top, tag_width, line.height)
    marks: list[Fill | Text] = [Fill(area=pill, colour=tag_colour, radius_px=line.height // 2)]
    if lamp_is_lit is not None:
        lamp = Area(pill.left + px(16), pill.top + px(11), px(22), px(22))
        lit = BLUE if tag_colour == PANEL_PRESSED else TEXT
        marks.append(Fill(area=lamp, colour=lit if lamp_is_lit else TEXT_DARK, radius_px=lamp.height // 2))
    words = Area(pill.left + px(14) + lamp_px, pill.top, pill.width - px(28) - lamp_px, pill.height)
    marks.append(Text(text=tag, area=words, size_px=size, least_px=px(20), colour=TEXT_DARK, align="centre"))
    left = pill.right + px(20)
    if place and line.right - left > px(80):
        where = Area(left, line.top, line.right - left, line.height)
        marks.append(
            Text(
                text=place,
                area=where,
                size_px=px(32),
                least_px=px(26),
                colour=TEXT_MUTED,
                weight=Weight.REGULAR,
            )
        )
    who = Area(area.left, line.bottom, area.width, area.bottom - line.bottom)
    marks.append(Text(text=name, area=who, size_px=min(px(66), who.height * 9 // 10), least_px=px(36)))
    return marks


def _figures(area: Area, measures: Measures, values: tuple[Value, ...]) -> list[Fill | Text]:
    px = measures.px
    marks: list[Fill | Text] = []
    shares = sum(value.share for value in values)
    left = area.left
    for value in values:
        width = area.width * value.share // shares
        caption = Area(left, area.top, width, px(44))
        figure = Area(left, caption.bottom, width, area.bottom - caption.bottom)
        marks.append(
            Text(
                text=value.caption,
                area=caption,
                size_px=px(28),
                least_px=px(20),
                colour=TEXT_MUTED,
                align="right",
            )
        )
        marks.append(
            Text(
                text=value.figure,
                area=figure,
                size_px=min(px(68), figure.height * 9 // 10),
                least_px=px(36),
                colour=value.colour,
                align="right",
            )
        )
        left += width
    return marks
