"""What goes wrong on a real line, seeded: noise on the wire, silences, restarts.

Noise damages single sendings only: the device's ring holds a trip until the host has it."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

FLIPPED_PERMILLE = 15
CUT_PERMILLE = 10
GARBAGE_PERMILLE = 25
GARBAGE_MAX_BYTES = 40
SILENCE_NS = 2_000_000_000
SILENCE_EVERY_MIN_NS = 20_000_000_000
SILENCE_EVERY_MAX_NS = 60_000_000_000
RESTART_EVERY_MIN_NS = 25_000_000_000
RESTART_EVERY_MAX_NS = 90_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class WireBytes:
    """What arrives of a line, and whether the line itself is whole."""

    data: bytes
    is_intact: bool


class NoisyWire:
    """Damages some of the lines that pass."""

    def __init__(self, *, random: Random) -> None:
        self._random = random

    def carry(self, line: bytes) -> WireBytes:
        draw = self._random.randrange(1000)
        if draw < FLIPPED_PERMILLE:
            damaged = bytearray(line)
            for _ in range(self._random.randint(1, 3)):
                damaged[self._random.randrange(len(line))] ^= 1 << self._random.randrange(8)
            return WireBytes(data=bytes(damaged), is_intact=bytes(damaged) == line)
        draw -= FLIPPED_PERMILLE
        if draw < CUT_PERMILLE:
            return WireBytes(data=line[: self._random.randrange(len(line))], is_intact=False)
        draw -= CUT_PERMILLE
        if draw < GARBAGE_PERMILLE:
            garbage = self._random.randbytes(self._random.randint(1, GARBAGE_MAX_BYTES))
            return WireBytes(data=garbage + line, is_intact=True)
        return WireBytes(data=line, is_intact=True)


class FaultPlan:
    """When the next silence and the next restart are wished for."""

    def __init__(self, *, random: Random, started_mono_ns: int) -> None:
        self._random = random
        self._silence_mono_ns = started_mono_ns
        self._restart_mono_ns = started_mono_ns
        self.plan_silence()
        self.plan_restart()

    @property
    def silence_mono_ns(self) -> int:
        return self._silence_mono_ns

    @property
    def restart_mono_ns(self) -> int:
        return self._restart_mono_ns

    def plan_silence(self) -> None:
        self._silence_mono_ns += self._random.randint(SILENCE_EVERY_MIN_NS, SILENCE_EVERY_MAX_NS)

    def plan_restart(self) -> None:
        self._restart_mono_ns += self._random.randint(RESTART_EVERY_MIN_NS, RESTART_EVERY_MAX_NS)
