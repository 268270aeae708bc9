"""Whose turn it is on a display."""

from __future__ import annotations

from dataclasses import replace

import pytest

from display.scene.blocks import Text
from display.scene.cards import lay_out_identify
from display.scene.playlist import SCENES, chosen, lay_out
from display.scene.show import Canvas, Moment, Queued, Show
from display.scene.story import CELEBRATED_FROM_NS, CELEBRATED_TO_NS, Story
from pitboard.drawing.font_files import packaged_folders
from pitboard.drawing.typeface import Typeface
from pitboard.race.bodies.display_bodies import PlaylistItem
from pitboard.race.scene_names import SCENE_NAMES
from tests.display.example_boards import NEWS_AT_NS, SIZES, board, run_view, show_of

SECOND_NS = 1_000_000_000
WAITING = (Queued(track="A", name="Bo", number="", is_called=False),)


def at(show: Show, seconds: int) -> str:
    return chosen(show, Moment(NEWS_AT_NS + seconds * SECOND_NS))[0]


def turns(show: Show, seconds: int) -> list[str]:
    """Return the scenes in the order shown, followed by their own ends."""
    found, moment = [], NEWS_AT_NS
    while moment < NEWS_AT_NS + seconds * SECOND_NS:
        name, ends = chosen(show, Moment(moment))
        found.append(name)
        if ends is None:
            break
        assert ends > moment
        moment = ends
    return found


def test_the_usual_round_leaves_out_what_has_nothing_to_show() -> None:
    assert turns(show_of(board(3)), 100) == ["leaderboard"]
    show = replace(show_of(board(3)), queue=WAITING)
    assert turns(show, 100) == ["leaderboard", "next-up", "leaderboard", "next-up"]
    assert [at(show, second) for second in (0, 39, 40, 49, 50)] == [
        "leaderboard",
        "leaderboard",
        "next-up",
        "next-up",
        "leaderboard",
    ]


def test_a_run_under_way_has_the_screen_to_itself() -> None:
    for phase, name in (("armed", "on-track"), ("running", "on-track"), ("review", "leaderboard")):
        run = run_view(phase=phase)  # type: ignore[arg-type]
        show = replace(show_of(board(3, on_track=[run])), queue=WAITING)
        assert at(show, 5) == name
        assert lay_out(show, Moment(NEWS_AT_NS), Canvas(size=(1280, 720))).scene.runs_drawn == (run.run_id,)


def test_what_somebody_assigned_is_shown_and_a_scene_of_a_newer_version_is_left_out() -> None:
    items = (
        PlaylistItem(scene="from-the-future", seconds=5),
        PlaylistItem(scene="podium", seconds=3),
        PlaylistItem(scene="leaderboard", seconds=7),
    )
    show = replace(show_of(board(3, on_track=[run_view()])), playlist=items)
    assert turns(show, 20) == ["podium", "leaderboard", "podium", "leaderboard"]
    assert at(replace(show, playlist=items[:1]), 5) == "leaderboard"
    only_board = (PlaylistItem(scene="leaderboard"),)
    assert turns(replace(show, playlist=only_board), 20) == ["leaderboard"]


def test_identify_is_shown_once_and_then_the_rest() -> None:
    show = replace(show_of(board(3)), playlist=(PlaylistItem(scene="identify", seconds=10),))
    assert [at(show, second) for second in (0, 9, 10, 60, 600)] == [
        "identify",
        "identify",
        *["leaderboard"] * 3,
    ]


def test_a_new_leader_is_celebrated_while_nobody_drives() -> None:
    story = Story(newest="c0", at_mono_ns=NEWS_AT_NS, is_new_leader=True)
    show = show_of(board(3, newest=0), story=story)
    assert turns(show, 20)[:3] == ["leaderboard", "celebration", "leaderboard"]
    seconds = (CELEBRATED_FROM_NS // SECOND_NS, CELEBRATED_TO_NS // SECOND_NS)
    assert [at(show, second) for second in seconds] == ["celebration", "leaderboard"]
    busy = show_of(board(3, newest=0, on_track=[run_view()]), story=story)
    assert at(busy, seconds[0]) == "on-track"


def test_every_scene_is_laid_out_from_a_show_that_has_nothing() -> None:
    for name, lay in SCENES.items():
        for size in ((1920, 1080), (1080, 1920)):
            scene = lay(show_of(board(0)), Moment(NEWS_AT_NS), Canvas(size=size)).scene
            assert scene.name == name


def test_the_scenes_that_one_can_ask_for_are_those_there_are() -> None:
    assert set(SCENE_NAMES) == set(SCENES)


@pytest.mark.parametrize("size", SIZES)
def test_a_displays_own_name_is_whole_on_every_screen(size: tuple[int, int]) -> None:
    typeface = Typeface.load(folders=packaged_folders())
    for name in ("Grandstand", "Timing container north"):
        show = replace(show_of(board(3)), display_name=name)
        scene = lay_out_identify(show, Moment(0), Canvas(size=size)).scene
        texts = [mark for mark in scene.blocks[-1].marks if isinstance(mark, Text)]
        (text,) = [mark for mark in texts if mark.text == name]
        assert typeface.fit(name, size_px=text.least_px, width_px=text.area.width) == name
