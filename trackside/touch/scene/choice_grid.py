"""Choices as large buttons, side by side as the screen has room."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from trackside.touch.widgets.buttons import button
from trackside.touch.widgets.view import Intent, View
from trackside.touch.widgets.widgets import Icon, Measures, Rect, Tone, Widget

_ROWS_LEAST = 4


class Choice(NamedTuple):
    name: str
    label: str
    intent: Intent
    note: str = ""
    icon: Icon = ""
    tone: Tone = Tone.PLAIN


def lay_grid(choices: Sequence[Choice], view: View, measures: Measures) -> Iterator[Widget]:
    """Yield a button for each choice; a few do not become as large as the page."""
    rows_max = max(1, (measures.body.h + measures.gap) // (measures.button + measures.gap))
    columns = max(2 if measures.is_portrait else 3, -(-len(choices) // rows_max))
    fitting = max(-(-len(choices) // columns), _ROWS_LEAST)
    cells: list[Rect] = [
        cell
        for row in measures.body.rows(fitting, measures.gap)
        for cell in row.columns(columns, measures.gap)
    ]
    for cell, choice in zip(cells, choices, strict=False):
        yield button(
            choice.name,
            cell,
            choice.label,
            choice.intent,
            view,
            size_px=measures.text(34),
            note=choice.note,
            note_lines_max=2,
            lines_max=2 if measures.is_portrait else 1,
            icon=choice.icon,
            tone=choice.tone,
        )
