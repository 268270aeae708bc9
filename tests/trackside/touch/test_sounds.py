"""What is heard when, and that nothing waits for it."""

from __future__ import annotations

import array

import msgspec
import pytest

from pitboard.drawing.loudspeaker import RATE_HZ, WAITING_MAX_COUNT, wave
from tests.trackside.touch.touch_samples import SOME_LAPS, lap, replace_lights, run, screen
from trackside.touch.sounds import SOUNDS, TONES, Sound, Sounds, sounds_between


def test_a_lap_is_heard_and_a_best_one_otherwise() -> None:
    before = screen("running", run(lap(1, 9_000)))
    assert sounds_between(before, screen("running", run(lap(1, 9_000), lap(2, 9_500)))) == ["lap"]
    assert sounds_between(before, screen("running", run(lap(1, 9_000), lap(2, 8_500)))) == ["best"]
    assert sounds_between(before, before) == []
    assert sounds_between(None, before) == []


def test_another_runs_laps_are_not_news() -> None:
    other = msgspec.structs.replace(run(*SOME_LAPS), run_id="r2")
    assert sounds_between(screen("review", run(lap(1, 9_000))), screen("running", other)) == []


def test_time_up_and_a_lost_sensor_are_heard_once() -> None:
    running, up = screen("running", run(*SOME_LAPS)), screen("time-up", run(*SOME_LAPS))
    assert sounds_between(running, up) == ["time-up"]
    assert sounds_between(up, up) == []
    assert sounds_between(up, replace_lights(up)) == ["sensor-lost"]
    assert sounds_between(replace_lights(up), replace_lights(up)) == []


def test_what_is_muted_or_too_much_is_dropped_and_play_never_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sounds, "_run", lambda self: None)  # a sound card that hangs
    muted: list[Sound] = ["lap"]
    sounds = Sounds(muted=muted)
    for _ in range(20):
        sounds.play("lap")
        sounds.play("best")
    assert sounds._waiting.qsize() == WAITING_MAX_COUNT
    silent = Sounds(volume_percent=0)
    silent.play("best")
    assert silent._thread is None


def test_the_device_is_opened_before_the_first_sound_and_never_where_all_is_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    opened: list[Sounds] = []
    monkeypatch.setattr(Sounds, "_run", lambda self: opened.append(self))
    for silent in (Sounds(volume_percent=0), Sounds(muted=SOUNDS)):
        silent.prepare()
        assert silent._thread is None
    sounds = Sounds()
    sounds.prepare()
    sounds.play("lap")
    assert sounds._thread is not None
    sounds._thread.join()
    assert opened == [sounds]


def test_every_sound_is_short_and_never_louder_than_wanted() -> None:
    for sound in SOUNDS:
        samples = array.array("h", wave(TONES[sound], 50))
        assert RATE_HZ // 20 < len(samples) < RATE_HZ
        assert 10_000 < max(samples) <= 16_384
