"""Short tones for what happens: made by arithmetic, played by a thread of their own, so that none can block.

A machine without a loudspeaker, or one whose sound hangs, is silent; that is said once in the log."""

from __future__ import annotations

import array
import functools
import logging
import math
import threading
from collections.abc import Collection
from queue import SimpleQueue
from typing import Literal, get_args

from pitboard.unit_api.unit_calls import Run, ScreenState

log = logging.getLogger(__name__)

Sound = Literal["lap", "best", "time-up", "sensor-lost", "refused"]
SOUNDS: tuple[Sound, ...] = get_args(Sound)
RATE_HZ = 22_050
BUFFER_SAMPLES = 1_024
"""Silence is played too, so often does it wake the machine; a sound is late by as much, 46 ms."""
WAITING_MAX_COUNT = 4
_FADE_MS = 5
_TONES: dict[Sound, tuple[tuple[int, int], ...]] = {  # (hertz, milliseconds) one after the other
    "lap": ((880, 90),),
    "best": ((880, 90), (1_175, 90), (1_568, 160)),
    "time-up": ((660, 250), (0, 80), (660, 250)),
    "sensor-lost": ((330, 200), (220, 400)),
    "refused": ((220, 180),),
}


def sounds_between(before: ScreenState | None, now: ScreenState) -> list[Sound]:
    """Return what has happened from one state of the unit to the next, as sounds."""
    if before is None:
        return []
    heard: list[Sound] = []
    run, former = now.run, before.run
    if run is not None and former is not None and run.run_id == former.run_id:
        if _lap_count(run) > _lap_count(former):
            is_best = run.best_ns is not None and (former.best_ns is None or run.best_ns < former.best_ns)
            heard.append("best" if is_best else "lap")
        if now.phase == "time-up" and before.phase != "time-up":
            heard.append("time-up")
    if _sees(before) and not _sees(now):
        heard.append("sensor-lost")
    return heard


def _lap_count(run: Run) -> int:
    return sum(len(place.laps) for place in run.places) or len(run.laps)


def _sees(screen: ScreenState) -> bool:
    return any(light.light == "sensor" and light.state != "bad" for light in screen.lights)


class Sounds:
    """Plays what is not muted.

    `prepare` opens the sound device: pygame holds up the whole program meanwhile, a tenth of a second on some
    machines, and a lap must not wait for that. Without it the first sound does.
    """

    def __init__(self, *, muted: Collection[Sound] = (), volume_percent: int = 60) -> None:
        self._heard = frozenset(SOUNDS) - frozenset(muted)
        self.volume_percent = volume_percent
        self._waiting: SimpleQueue[Sound] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def set_volume(self, percent: int) -> None:
        self.volume_percent = percent

    def prepare(self) -> None:
        """Be ready to play at once; where all is silent, no device is opened."""
        if self._heard and self.volume_percent:
            self._begin()

    def play(self, sound: Sound) -> None:
        """Let it be heard soon; dropped where it is muted, or where others still wait."""
        if sound not in self._heard or not self.volume_percent or self._waiting.qsize() >= WAITING_MAX_COUNT:
            return
        self._waiting.put(sound)
        self._begin()

    def _begin(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="sounds", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        import pygame

        try:
            pygame.mixer.init(frequency=RATE_HZ, size=-16, channels=1, buffer=BUFFER_SAMPLES)
        except pygame.error as error:
            log.info("no sound: reason=%s", error)
            self._heard = frozenset()
            return
        for sound in self._heard:
            wave(sound, self.volume_percent)
        while True:
            tone = pygame.mixer.Sound(buffer=wave(self._waiting.get(), self.volume_percent))
            playing = tone.play()
            while playing is not None and playing.get_busy():
                pygame.time.wait(10)


@functools.lru_cache(maxsize=4 * len(SOUNDS))
def wave(sound: Sound, volume_percent: int) -> bytes:
    """Return the sound as signed 16-bit samples, its tones faded in and out so that nothing clicks."""
    samples = array.array("h")
    fade = RATE_HZ * _FADE_MS // 1_000
    for hertz, length_ms in _TONES[sound]:
        count = RATE_HZ * length_ms // 1_000
        for index in range(count):
            edge = min(index, count - index, fade)
            level = 32_767 * volume_percent * edge // (100 * fade)
            samples.append(int(level * math.sin(2 * math.pi * hertz * index / RATE_HZ)))
    return samples.tobytes()
