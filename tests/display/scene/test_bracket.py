"""The bracket: whoever drives now is seen, whatever the size of the stage and of the screen."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest

from display.scene.blocks import Block, Scene, Text
from display.scene.bracket import PAGE_NS, lay_out_bracket, rounds_of, stage_shown
from display.scene.playlist import chosen
from display.scene.show import Canvas, Moment, Show
from pitboard.drawing.palette import BLUE, GREEN
from pitboard.journal.views.stage_view import StageView
from tests.display.contact_sheet import knockout_view
from tests.display.example_boards import LIVE, SIZES, board


def show_of(*stages: StageView) -> Show:
    return Show(board=board(12), badge=LIVE, stages=stages)


def words(blocks: list[Block]) -> set[str]:
    return {mark.text for block in blocks for mark in block.marks if isinstance(mark, Text)}


def heats(scene: Scene) -> list[Block]:
    return [block for block in scene.blocks if block.name.startswith("heat ")]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("count", [2, 3, 5, 8, 11, 16, 32, 64])
def test_the_heats_that_are_next_are_always_seen_and_nothing_overlaps(
    count: int, size: tuple[int, int]
) -> None:
    canvas = Canvas(size=size)
    for driven in {0, 1, count // 2, count - 2, count - 1, 99}:
        view = knockout_view(count, driven)
        seen: set[str] = set()
        moment, pages = Moment(0), 0
        while pages < 8:
            frame = lay_out_bracket(show_of(view), moment, canvas)
            for one, other in combinations(frame.scene.blocks, 2):
                assert not one.area.meets(other.area), (one.name, other.name)
            for block in frame.scene.blocks:
                assert all(block.area.holds(mark.area) for mark in block.marks), block.name
                assert block.area.bottom <= size[1]
            seen |= words(heats(frame.scene))
            pages += 1
            if frame.changes_mono_ns is None:
                break
            moment = Moment(frame.changes_mono_ns)
        ready = {slot.name for heat in view.heats if heat.phase == "ready" for slot in heat.slots}
        assert ready <= seen
        if all(heat.phase != "ready" for heat in view.heats):
            assert {one.name for heat in view.heats if heat.heat == "final" for one in heat.slots} <= seen


def test_the_winners_and_what_is_next_stand_out() -> None:
    view = knockout_view(8, 5)
    scene = lay_out_bracket(show_of(view), Moment(0), Canvas(size=SIZES[0])).scene
    colours = {block.name: {mark.colour for mark in block.marks} for block in heats(scene)}  # type: ignore[union-attr]
    assert BLUE in colours["heat r2-2"]
    assert BLUE not in colours["heat r1-1"]
    assert not any(GREEN in found for found in colours.values())


def test_at_the_end_the_first_three_stand_on_their_metals() -> None:
    scene = lay_out_bracket(show_of(knockout_view(8, 99)), Moment(0), Canvas(size=SIZES[0])).scene
    podium = next(block for block in scene.blocks if block.name == "podium")
    assert [mark.text for mark in podium.marks if isinstance(mark, Text)] == [
        *("1", "Anna Berg 1"),
        *("2", "日本語の名前 2"),
        *("3", "Bo 3"),
    ]


def test_a_round_too_large_for_the_screen_comes_by_pages() -> None:
    view = knockout_view(128, 0)
    pages = [
        lay_out_bracket(show_of(view), Moment(page * PAGE_NS), Canvas(size=(1280, 720))).scene
        for page in range(4)
    ]
    names = [block.name for scene in pages for block in heats(scene)]
    assert {f"heat {heat.heat}" for heat in rounds_of(view)[0]} <= set(names)
    assert pages[0].blocks != pages[1].blocks


def test_the_stage_that_goes_on_is_shown_before_one_that_is_over() -> None:
    over, going = knockout_view(4, 99), replace_id(knockout_view(4, 1), "later")
    assert stage_shown((over, going)) is going
    assert stage_shown((over,)) is over
    assert stage_shown(()) is None
    assert chosen(replace(show_of(), since_mono_ns=0), Moment(41 * 10**9))[0] == "leaderboard"
    assert chosen(replace(show_of(going), since_mono_ns=0), Moment(41 * 10**9))[0] == "bracket"


def replace_id(view: StageView, stage_id: str) -> StageView:
    return StageView(
        stage_id=stage_id,
        name=view.name,
        kind=view.kind,
        race_class="",
        format="",
        heats=view.heats,
        podium=view.podium,
    )
