"""What the hall hears, and what it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from display.scene.show import Show
from display.scene.story import Story
from display.screen.hall_sounds import TONES, HallSounds, sounds_between
from pitboard.journal.views.run_views import RunView
from pitboard.race.scene_names import HALL_SOUNDS
from tests.display.example_boards import board, lap_view, run_view
from tests.display.example_boards import show_of as show_of_board


def show_of(*runs: RunView, story: Story | None = None) -> Show:
    return replace(show_of_board(board(3, on_track=list(runs))), story=story or Story())


BEFORE = show_of(run_view(laps=[lap_view(1, ms=9_000)]))
LAP = show_of(run_view(laps=[lap_view(1, ms=9_000), lap_view(2, ms=9_100)]))
UP = show_of(run_view(laps=[lap_view(1, ms=9_000)], phase="time-up"))


def test_a_lap_a_new_leader_and_the_end_of_the_time_are_heard_once() -> None:
    assert sounds_between(BEFORE, LAP) == ["lap"]
    assert sounds_between(BEFORE, UP) == ["time-up"]
    assert sounds_between(UP, UP) == sounds_between(LAP, LAP) == []
    led = replace(LAP, story=Story(newest="c1", at_mono_ns=1, is_new_leader=True))
    assert sounds_between(LAP, led) == ["new-leader"]
    assert sounds_between(led, replace(led, messages=("Lunch",))) == []
    assert sounds_between(LAP, replace(LAP, story=Story(newest="c1", at_mono_ns=1))) == []


def test_a_run_that_is_new_here_has_nothing_new_in_it() -> None:
    assert sounds_between(show_of(), LAP) == []
    assert sounds_between(LAP, show_of()) == []


@pytest.mark.parametrize("is_live", [True, False])
def test_only_what_happens_now_is_heard_and_only_what_was_asked_for(
    is_live: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(HallSounds, "_run", lambda self: None)  # a sound card that hangs
    sounds = HallSounds(["time-up"], volume_percent=50)
    sounds.hear(BEFORE, UP, is_live=is_live)
    sounds.hear(BEFORE, LAP, is_live=is_live)
    assert sounds._waiting.qsize() == is_live


def test_what_nobody_asked_for_opens_no_device() -> None:
    silent = HallSounds([], volume_percent=60)
    for sound in HALL_SOUNDS:
        silent.play(sound)
    assert silent._thread is None
    assert set(TONES) == set(HALL_SOUNDS)
