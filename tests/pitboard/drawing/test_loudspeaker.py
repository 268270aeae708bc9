"""Tones through SDL's own device that writes a file; and a machine where nothing can be heard."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty

import pygame
import pytest

from pitboard.drawing import loudspeaker
from pitboard.drawing.loudspeaker import RATE_HZ, Loudspeaker, sound_cards

SHORT = {"tick": ((1_000, 40),), "tock": ((500, 40),)}


@pytest.fixture
def no_mixer() -> Iterator[None]:
    pygame.mixer.quit()
    yield
    pygame.mixer.quit()


def until(holds: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def test_what_is_played_reaches_the_device(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_mixer: None
) -> None:
    heard = tmp_path / "heard.raw"
    monkeypatch.setenv("SDL_AUDIODRIVER", "disk")
    monkeypatch.setenv("SDL_DISKAUDIOFILE", str(heard))
    speaker = Loudspeaker(SHORT, volume_percent=50)
    speaker.play("nothing of ours")
    assert not heard.exists()
    speaker.play("tick")
    until(lambda: heard.exists() and any(heard.read_bytes()))
    assert len(heard.read_bytes()) < 10 * 2 * RATE_HZ


def test_where_nothing_can_be_heard_it_is_said_once_and_tried_again_later(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, no_mixer: None
) -> None:
    """A television that is switched on later has its sound then."""
    tries: list[int] = []

    def refuse(**_: object) -> None:
        tries.append(1)
        raise pygame.error("no such device")

    monkeypatch.setattr(loudspeaker, "RETRY_S", 0.02)
    monkeypatch.setattr(pygame.mixer, "init", refuse)
    speaker = Loudspeaker(SHORT, volume_percent=50)
    with caplog.at_level(logging.INFO):

        def tried_three_times() -> bool:
            speaker.play("tick")
            return len(tries) >= 3

        until(tried_three_times)
    assert caplog.messages == ["no sound: reason=no such device"]
    monkeypatch.setattr(pygame.mixer, "init", lambda **_: tries.append(9))
    monkeypatch.setattr(pygame.mixer, "Sound", lambda **_: type("Mute", (), {"play": lambda self: None})())

    def is_open() -> bool:
        speaker.play("tock")
        return 9 in tries

    until(is_open)


def test_where_nothing_changes_it_is_tried_ever_more_rarely(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_mixer: None
) -> None:
    """Each try holds the whole program up for a tenth of a second, where there is no card too."""
    (tmp_path / "card0").mkdir()
    rests_before: list[int] = []
    rests: list[float] = []
    speaker = Loudspeaker(SHORT, volume_percent=50)

    class Rest:
        def wait(self, seconds: float) -> None:
            rests.append(seconds)
            if len(rests_before) == 4 and len(rests) == 2:
                (tmp_path / "card0" / "eld#0.0").write_text("a television")
            if len(rests_before) == 5:
                raise SystemExit

    class AlwaysAsked:
        def get_nowait(self) -> str:
            raise Empty

        def get(self) -> str:
            return "tick"

    def refuse(**_: object) -> None:
        rests_before.append(len(rests))
        rests.clear()
        raise pygame.error("no such device")

    monkeypatch.setattr(pygame.mixer, "init", refuse)
    monkeypatch.setattr(loudspeaker, "sound_cards", lambda: sound_cards(tmp_path))
    monkeypatch.setattr(speaker, "_resting", Rest())
    monkeypatch.setattr(speaker, "_waiting", AlwaysAsked())
    with pytest.raises(SystemExit):
        speaker._run()
    assert rests_before == [0, 1, 2, 4, 2]  # half a minute, one, two; the next as soon as one is switched on


def test_no_sound_waits_for_a_device_that_refused_before(
    monkeypatch: pytest.MonkeyPatch, no_mixer: None
) -> None:
    """A try holds the whole program up, and a sound is played because a lap came just now."""
    tries: list[int] = []
    speaker = Loudspeaker(SHORT, volume_percent=50)

    class NothingIsPlayed:
        def get_nowait(self) -> str:
            raise Empty

        def get(self) -> str:
            raise AssertionError("the next try waits for a sound")

    class Rest:
        def wait(self, seconds: float) -> None:
            pass

    def refuse(**_: object) -> None:
        tries.append(1)
        if len(tries) == 3:
            raise SystemExit
        raise pygame.error("no such device")

    monkeypatch.setattr(pygame.mixer, "init", refuse)
    monkeypatch.setattr(speaker, "_resting", Rest())
    monkeypatch.setattr(speaker, "_waiting", NothingIsPlayed())
    with pytest.raises(SystemExit):
        speaker._run()
    assert len(tries) == 3
