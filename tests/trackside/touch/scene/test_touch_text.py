"""Every word on every page stays inside its widget and beside all others; what is cut ends in an ellipsis."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")

import pygame
import pytest

from pitboard.drawing.palette import Colour
from pitboard.drawing.typeface import ELLIPSIS, Align, Area, Typeface, Weight
from pitboard.sentences.language import LANGUAGES, Language, language
from tests.pitboard.sentences.pseudo_language import HEBREW
from tests.trackside.touch.touch_samples import HARD_NAMES, NOW_MONO_NS, scenes
from trackside.touch.paint.widget_painter import Painter
from trackside.touch.scene.screen_layout import lay_out
from trackside.touch.widgets.widgets import Layout, Look, Measures, Rect, Widget, mirrored

CAPITAL_PERCENT = 70
SLACK_PX = 2
PAGES = (
    (Measures(800, 480, (154, 86)), language("en")),
    (Measures(800, 480, (154, 86)), language("de")),
    (Measures(1024, 600, (154, 86)), HEBREW),
    (Measures(1280, 720, (155, 87)), language("de")),
    (Measures(720, 1280, (87, 155)), HEBREW),
    (Measures(720, 1280, (87, 155)), language("de")),
)


OF_PEOPLE = (
    "act:",
    "asks:",
    "found:",
    "pick:",
    "place:",
    "queue:",
    "heat",
    "row:",
    "give:",
    "member:",
    "keyboard:details",
)
"""Widgets that show names; a name may be as long as people like, and is cut."""
OF_DEVICES = ("sensor:", "display:", "machine:", "check:", "detail:")


@dataclass(frozen=True)
class Drawn:
    """A line as it would be drawn: its capitals' box, and whether something of it is left."""

    text: str
    wanted: str
    box: Rect


class MeasuringTypeface(Typeface):
    """Draws nothing and tells where each line would stand."""

    drawn: list[Drawn]

    def draw(
        self,
        target: pygame.Surface,
        text: str,
        area: Area,
        *,
        size_px: int,
        colour: Colour,
        weight: Weight = Weight.BOLD,
        align: Align = "left",
        shrink_to_px: int | None = None,
        ground: Colour | None = None,
    ) -> Area:
        left, top, width, height = area
        size_px = self._shrunk(text, size_px, shrink_to_px or size_px, width, weight)
        fitted = self.fit(text, size_px=size_px, width_px=width, weight=weight)
        drawn_px = self.width(fitted, size_px=size_px, weight=weight)
        spare = width - drawn_px
        x = left + {"left": 0, "centre": spare // 2, "right": spare}[align]
        capital_px = size_px * CAPITAL_PERCENT // 100
        if text:
            box = Rect(x, top + (height - capital_px) // 2, drawn_px, capital_px)
            self.drawn.append(Drawn(fitted, text, box))
        return (x, top, drawn_px, height)


@cache
def typeface() -> MeasuringTypeface:
    plain = Typeface.load()
    measuring = MeasuringTypeface.__new__(MeasuringTypeface)
    measuring.__dict__ = plain.__dict__
    measuring.drawn = []
    return measuring


class WatchedPainter(Painter):
    """Keeps which widget drew which lines."""

    def lines(self, widgets: tuple[Widget, ...]) -> Iterator[tuple[Widget, Drawn]]:
        for widget in widgets:
            typeface().drawn = []
            self._paint_widget(widget)
            yield from ((widget, one) for one in typeface().drawn)


@pytest.mark.parametrize(
    ("measures", "words"), PAGES, ids=lambda one: getattr(one, "code", None) or f"{one.width}x{one.height}"
)
def test_no_word_leaves_its_widget_stands_on_another_or_is_cut(measures: Measures, words: Language) -> None:
    """What people or devices are called may be cut, with an ellipsis; a sentence of ours is drawn smaller
    until it fits, and where that is not enough it wants shorter words."""
    whole = {words.say("touch.sending"), words.say("touch.looking")}
    surface = pygame.Surface((measures.width, measures.height))
    painter = WatchedPainter(surface, typeface(), measures)
    faults = []
    for name, (state, view) in scenes().items():
        layout = lay_out(state, replace(view, language=words), measures, NOW_MONO_NS)
        lines = list(painter.lines(layout.widgets))
        for widget, line in lines:
            if not _inside(line.box, widget.rect):
                faults.append(f"{name}: {widget.name} {line.text!r} leaves its widget")
            if line.text == ELLIPSIS and line.wanted != ELLIPSIS:
                faults.append(f"{name}: {widget.name} nothing is left of {line.wanted!r}")
            if line.text != line.wanted and not line.text.endswith(ELLIPSIS):
                faults.append(f"{name}: {widget.name} {line.wanted!r} is cut without a sign")
            is_cut = line.text.endswith(ELLIPSIS) and line.text not in whole
            if is_cut and words.code in LANGUAGES and _is_ours(widget):
                faults.append(f"{name}: {widget.name} {line.text!r} of {widget.label!r}, {widget.note!r}")
        for (one, above), (other, below) in combinations(lines, 2):
            if above.box.overlaps(below.box):
                faults.append(f"{name}: {one.name} {above.text!r} and {other.name} {below.text!r}")
    assert faults == []


def test_a_word_at_an_edge_keeps_as_far_from_it_in_both_directions_of_writing() -> None:
    measures = PAGES[0][0]
    name = Widget(
        name="x", rect=Rect(10, 10, 600, 90), look=Look.BUTTON, label="Ada", size_px=40, align="left"
    )
    turned = mirrored(Layout(widgets=(name,)), measures).widgets[0]
    painter = WatchedPainter(pygame.Surface((measures.width, measures.height)), typeface(), measures)
    [(_, plain)], [(_, across)] = ([*painter.lines((one,))] for one in (name, turned))
    assert turned.rect.right - across.box.right == plain.box.x - name.rect.x


def _is_ours(widget: Widget) -> bool:
    said = widget.label + widget.note
    return not widget.name.startswith((*OF_PEOPLE, *OF_DEVICES)) and not any(
        one in said for one in HARD_NAMES
    )


def _inside(box: Rect, room: Rect) -> bool:
    grown = Rect(room.x - SLACK_PX, room.y - SLACK_PX, room.w + 2 * SLACK_PX, room.h + 2 * SLACK_PX)
    return grown.covers(box)
