"""Short tones for what happens: made by arithmetic, played by a thread of their own, so that none can block.

A machine without a loudspeaker, or one whose sound hangs, is silent; that is said once in the log. A
loudspeaker that comes later, as a television does that is switched on, is heard half a minute after it. Where
nothing changes it is tried ever more rarely: each try holds the program up, so a lap may wait for it."""

from __future__ import annotations

import array
import contextlib
import functools
import logging
import math
import threading
from collections.abc import Collection, Mapping
from pathlib import Path
from queue import Empty, SimpleQueue

log = logging.getLogger(__name__)

Tones = tuple[tuple[int, int], ...]
"""(hertz, milliseconds) one after the other; a tone of 0 hertz is a pause."""
RATE_HZ = 22_050
BUFFER_SAMPLES = 1_024
"""Silence is played too, so often does it wake the machine; a sound is late by as much, 46 ms."""
WAITING_MAX_COUNT = 4
RETRY_S = 30.0
RETRY_MAX_S = 3_600.0
_CARDS = Path("/proc/asound")
_FADE_MS = 5


class Loudspeaker:
    """Plays those of the `tones` that are not muted.

    `prepare` opens the sound device: pygame holds up the whole program meanwhile, a tenth of a second on some
    machines, and a lap must not wait for that. Without it the first sound does.
    """

    def __init__(
        self, tones: Mapping[str, Tones], *, muted: Collection[str] = (), volume_percent: int
    ) -> None:
        self._tones = {name: tone for name, tone in tones.items() if name not in muted}
        self.volume_percent = volume_percent
        self._waiting: SimpleQueue[str] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._resting = threading.Event()
        self._said = ""
        self._rest_s = 0.0

    def set_volume(self, percent: int) -> None:
        self.volume_percent = percent

    def prepare(self) -> None:
        """Be ready to play at once; where all is silent, no device is opened."""
        if self._tones and self.volume_percent:
            self._begin()

    def play(self, name: str) -> None:
        """Let it be heard soon; dropped where it is muted, or where others still wait."""
        if name not in self._tones or not self.volume_percent or self._waiting.qsize() >= WAITING_MAX_COUNT:
            return
        self._waiting.put(name)
        self._begin()

    def _begin(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="sounds", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            reason = self._play_until_it_fails()
            if reason != self._said:
                self._said = reason
                log.info("no sound: reason=%s", reason)
            self._rest()
            while True:  # what happened meanwhile is old
                try:
                    self._waiting.get_nowait()
                except Empty:
                    break
            # Tried again now, not with the next sound: that is a lap's, which would wait for the device.

    def _rest(self) -> None:
        """Wait twice as long as the last time, or until the machine's sound cards are others."""
        self._rest_s = min(max(RETRY_S, 2 * self._rest_s), RETRY_MAX_S)
        cards, rested_s = sound_cards(), 0.0
        while rested_s < self._rest_s:
            self._resting.wait(RETRY_S)
            rested_s += RETRY_S
            if sound_cards() != cards:
                self._rest_s = 0.0

    def _play_until_it_fails(self) -> str:
        """Open the device and play what comes; return why no more can be, as without a mixer."""
        import pygame

        try:
            pygame.mixer.init(frequency=RATE_HZ, size=-16, channels=1, buffer=BUFFER_SAMPLES)
            self._rest_s = 0.0
            for tones in self._tones.values():
                wave(tones, self.volume_percent)
            while True:
                tones = self._tones[self._waiting.get()]
                playing = pygame.mixer.Sound(buffer=wave(tones, self.volume_percent)).play()
                while playing is not None and playing.get_busy():
                    pygame.time.wait(10)
        except (pygame.error, OSError, ImportError, AttributeError, NotImplementedError) as error:
            return str(error)


def sound_cards(folder: Path = _CARDS) -> list[bytes]:
    """Return what Linux says of the sound cards, and of the televisions behind them (their `eld` files)."""
    said = []
    for path in [folder / "cards", *sorted(folder.glob("card*/eld*"))]:
        with contextlib.suppress(OSError):
            said.append(path.read_bytes())
    return said


@functools.lru_cache(maxsize=32)
def wave(tones: Tones, volume_percent: int) -> bytes:
    """Return the tones as signed 16-bit samples, each faded in and out so that nothing clicks."""
    samples = array.array("h")
    fade = RATE_HZ * _FADE_MS // 1_000
    for hertz, length_ms in tones:
        count = RATE_HZ * length_ms // 1_000
        for index in range(count):
            edge = min(index, count - index, fade)
            level = 32_767 * volume_percent * edge // (100 * fade)
            samples.append(int(level * math.sin(2 * math.pi * hertz * index / RATE_HZ)))
    return samples.tobytes()
