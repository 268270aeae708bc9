"""A line with two systems, A and B, beside a unit's track: each now and then misses a car, flickers, loses an
edge or shares its port with another reader. The real makers read both, and the real watch looks on.

No run is timed by it. What happened to each car is noted, and the judge holds journal and watch to it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Literal

import msgspec

from firmware_bridge.decoders.amb_text import AmbTextPassing, encode_passing
from firmware_bridge.lines.gpio_edge import Edge, GpioSetting, encode_edge
from firmware_bridge.makers.device_kinds import Kind, make_maker
from firmware_bridge.makers.reading import HoldOff
from firmware_bridge.watch.systems_watch import GateSystems
from pitboard.race.passings.two_systems import MISSED_AFTER_NS, PAIR_WITHIN_NS
from pitboard.unit_api.program_calls import Delivery, Passing
from trackside.timing.passing_intake import PassingIntake
from venue.simulator.world.virtual_loop import MachineClock
from venue.simulator.world.world import World

PAIR_TRACK = "pair"
GATE = "finish"
HOLD_OFF_MS = 300
MISSES_ONE_IN = 50
MS = 1_000_000
DELIVERY_MAX_COUNT = 50
PULSE_NS = 30 * MS
FLICKER_NS = 20 * MS
FLICKER_EDGES = range(-50, 15)
"""Stray light that begins 1 s before the car: what passes for cars until it is known is no pair of it."""
FLICKERS_AFTER_MIN_S = 1.6
"""So far behind the car before is one with stray light: no pair of that one either, of A or of B."""
NOTICED_AFTER_NS = MISSED_AFTER_NS + 2 * PAIR_WITHIN_NS

System = Literal["A", "B"]
Mishap = Literal["", "missed", "edge-lost", "flickers", "second-reader"]
UNSEEN_FLAGS = {"edge-lost": "edge-lost", "flickers": "flickered", "second-reader": "passing-lost"}


@dataclass(slots=True)
class Car:
    """It crossed the line then, on the unit's clock of that boot; `mishaps` says what befell which system."""

    mono_ns: int
    boot_id: str
    mishaps: dict[System, Mishap]


@dataclass(slots=True)
class TwoSystems:
    """What stands at the line, and all that truly happened there."""

    chance: Random
    often: int = 1
    """How many times as often as on a long day something befalls a car."""
    pin_mishaps: tuple[Mishap, ...] = ("edge-lost", "flickers")
    kinds: dict[System, Kind] = field(default_factory=dict)
    offset_ns: int = 0
    """How much later B sees a car than A."""
    cars: list[Car] = field(default_factory=list)
    car_of: dict[tuple[str, str], int] = field(default_factory=dict)
    """(boot, passing id) -> which car it was, by its number in `cars`."""

    def __post_init__(self) -> None:
        kinds: tuple[Kind, ...] = ("gpio", "amb-text")
        self.kinds = {"A": self.chance.choice(kinds), "B": self.chance.choice(kinds)}
        if self.often > 1:  # a beam that flickers hides for seconds whatever else befalls it
            self.pin_mishaps = self.chance.choice((("edge-lost",), ("edge-lost",), ("flickers",)))
        self.offset_ns = self.chance.choice((-1, 1)) * self.chance.randint(20, 60) * MS

    def mishap(self, system: System) -> Mishap:
        """Return what befalls the next car at this system."""
        if self.chance.randrange(MISSES_ONE_IN // self.often) == 0:
            return "missed"
        if self.kinds[system] == "gpio":
            return self.chance.choice(self.pin_mishaps) if self.chance.random() < 0.04 * self.often else ""
        return "second-reader" if self.chance.random() < 0.03 * self.often else ""


class PairBridge:
    """One process, from the opening of both sensors until it is killed."""

    def __init__(self, world: World, clock: MachineClock, line: TwoSystems) -> None:
        self._world = world
        self._clock = clock
        self._line = line
        boot = f"{line.chance.getrandbits(32):08x}"
        self._pins = {system: _Pin(boot) for system in line.kinds}
        self._makers = {
            system: make_maker(kind, sensor=f"pair-{system}", hold_off=HoldOff(hold_off_ms=HOLD_OFF_MS))
            for system, kind in line.kinds.items()
        }
        self._watch = GateSystems(GATE)
        self._awaited: list[Car] = []
        self._missed: dict[System, int] = {"A": 0, "B": 0}

    async def run(self, intake: PassingIntake) -> None:
        waiting: list[Passing] = []
        line, chance = self._line, self._line.chance
        while True:
            mishaps: dict[System, Mishap] = {"A": line.mishap("A"), "B": line.mishap("B")}
            if all(mishaps.values()):
                mishaps["B"] = ""  # what neither saw nobody can know
            await asyncio.sleep(next_car_s(chance, mishaps))
            car = Car(self._clock.mono_ns(), self._clock.boot_id, mishaps)
            line.cars.append(car)
            for system, mishap in mishaps.items():
                offset_ns = line.offset_ns if system == "B" else 0
                waiting += self.see(system, car.mono_ns + offset_ns + chance.randint(0, MS // 10), mishap)
            self._look(car)
            waiting = await self._deliver(intake, waiting)

    def see(self, system: System, at_ns: int, mishap: Mishap) -> list[Passing]:
        """Return the passings that the system makes of a car that it should see then."""
        chance = self._line.chance
        pin = self._pins[system]
        lines: list[tuple[int, bytes]] = []
        if mishap == "missed":
            return []
        if self._line.kinds[system] == "gpio":
            edges = [(at_ns, True), (at_ns + PULSE_NS, False)]
            if mishap == "edge-lost":
                del edges[0]
            elif mishap == "flickers":
                edges = [(at_ns + at * FLICKER_NS, at % 2 == 0) for at in FLICKER_EDGES]
            lines = [(stamp_ns, pin.edge(stamp_ns, is_high=is_high)) for stamp_ns, is_high in edges]
        else:
            pin.number += 1
            data = encode_passing(
                AmbTextPassing(
                    seq=pin.number, transponder=7, time_us=at_ns // 1_000, hits=9, strength=9, status=2
                )
            )
            jitter_ns = min(int(chance.expovariate(1 / MS)), 10 * MS)
            if mishap != "second-reader":  # which took the whole line
                lines.append((at_ns + jitter_ns, data))
        made: list[Passing] = []
        for received_ns, data in lines:
            reading = self._makers[system].feed(
                data, received_mono_ns=max(0, received_ns), boot_id=self._clock.boot_id
            )
            made += [_placed(passing, system) for passing in reading.passings]
        for passing in made:
            if abs(passing.mono_ns - at_ns) < PULSE_NS:
                name = f"{passing.sensor}/{passing.sensor_boot}/{passing.seq}"
                self._line.car_of[passing.boot_id, name] = len(self._line.cars) - 1
            self._watch.take(passing)
        return made

    def _look(self, car: Car) -> None:
        """Hold what the watch counted against what was missed for long enough."""
        now_ns = self._clock.mono_ns()
        self._awaited.append(car)
        while self._awaited and now_ns - self._awaited[0].mono_ns > NOTICED_AFTER_NS:
            for system, mishap in self._awaited.pop(0).mishaps.items():
                self._missed[system] += bool(mishap)
        self._watch.settle(now_ns)
        for system, count in self._missed.items():
            if self._watch.missed_counts[system] < count:
                sentence = f"{system} missed {count} cars, {self._watch.missed_counts[system]} are said"
                self._world.truth.violate("a-missed-car-is-never-silent", sentence)

    async def _deliver(self, intake: PassingIntake, waiting: list[Passing]) -> list[Passing]:
        """Return what is still to be delivered: nothing, or all where no answer came in time."""
        if not waiting:
            return []
        try:
            await asyncio.wait_for(intake.take(Delivery(passings=waiting[:DELIVERY_MAX_COUNT])), 2.0)
        except TimeoutError:
            return waiting
        return waiting[DELIVERY_MAX_COUNT:]


def next_car_s(chance: Random, mishaps: Mapping[System, Mishap]) -> float:
    from_s = FLICKERS_AFTER_MIN_S if "flickers" in mishaps.values() else 1.0
    return chance.uniform(from_s, 2.0)


class _Pin:
    """A beam on a pin, or the counter of a decoder."""

    def __init__(self, boot: str) -> None:
        self.number = 0
        self._boot = boot
        self._setting = GpioSetting(pins=(17,))

    def edge(self, at_ns: int, *, is_high: bool) -> bytes:
        self.number += 1
        edge = Edge(channel=1, is_high=is_high, mono_ns=max(0, at_ns), kernel_seq=self.number)
        return encode_edge(edge, boot=self._boot, number=self.number, setting=self._setting)


def _placed(passing: Passing, system: System) -> Passing:
    return msgspec.structs.replace(passing, track=PAIR_TRACK, gate=GATE, system=system)
