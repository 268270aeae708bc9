"""The podium: equal ranks are equal in colour and height."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest

from display.scene.blocks import Fill
from display.scene.lists import lay_out_podium
from display.scene.show import Canvas, Moment
from pitboard.drawing.palette import BRONZE, GOLD, SILVER, Colour
from tests.display.example_boards import board, show_of


@pytest.mark.parametrize(
    ("ranks", "colours"),
    [
        ((1, 2, 3), [GOLD, SILVER, BRONZE]),
        ((1, 2, 2), [GOLD, SILVER, SILVER]),
        ((1, 1, 3), [GOLD, GOLD, BRONZE]),
    ],
)
def test_who_shares_a_rank_stands_on_an_equal_step(ranks: tuple[int, ...], colours: list[Colour]) -> None:
    view = board(3)
    entries = [
        msgspec.structs.replace(entry, rank=rank) for entry, rank in zip(view.entries, ranks, strict=True)
    ]
    view = msgspec.structs.replace(view, entries=entries)
    scene = lay_out_podium(show_of(view), Moment(0), Canvas(size=(1920, 1080))).scene
    steps = {
        block.name: next(mark for mark in block.marks if isinstance(mark, Fill))
        for block in scene.blocks
        if block.name.startswith("podium")
    }
    shown = [steps[f"podium {index}"] for index in range(3)]
    assert [step.colour for step in shown] == colours
    heights = [step.area.height for step in shown]
    assert [one == other for one, other in pairwise(heights)] == [
        one == other for one, other in pairwise(ranks)
    ]
