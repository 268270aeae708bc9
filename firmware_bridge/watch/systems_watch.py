"""Two systems at each gate, watched as they time: whether they agree, and which of them misses cars.

It finds a flicker, a lost edge, a second reader and a clock that was set without knowing of any of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from pitboard.race.passings.two_systems import (
    MISSED_AFTER_NS,
    PAIR_WITHIN_NS,
    Agreement,
    Arrival,
    Pair,
    Sighting,
    agreement,
    pair,
    which_parted,
)
from pitboard.unit_api.program_calls import Passing
from pitboard.unit_api.unit_status import SensorNote, SystemsStatus

KEPT_PAIRS_MAX_COUNT = 30
WAITING_MAX_COUNT = 64
ARRIVALS_MAX_COUNT = 2 * (KEPT_PAIRS_MAX_COUNT + WAITING_MAX_COUNT)
# How long a miss that stays alone is shown.
MISS_SHOWN_NS = 120_000_000_000


class GateSystems:
    """The two systems of one gate. Only passings of one boot of this machine are compared."""

    def __init__(self, gate: str) -> None:
        self.gate = gate
        self.missed_counts = {"A": 0, "B": 0}
        self._pairs: deque[Pair] = deque(maxlen=KEPT_PAIRS_MAX_COUNT)
        self._pairs_count = 0
        self._waiting: dict[str, deque[Sighting]] = {
            system: deque(maxlen=WAITING_MAX_COUNT) for system in ("A", "B")
        }
        self._missed_mono_ns: dict[str, int] = {}
        self._arrivals: dict[str, Arrival] = {}
        self._boot_id = ""

    def take(self, passing: Passing) -> None:
        """Take a passing of this gate; one of a hand is of neither system."""
        if passing.system not in self._waiting:
            return
        if passing.boot_id != self._boot_id:
            self._boot_id = passing.boot_id
            self._pairs.clear()
            for waiting in self._waiting.values():
                waiting.clear()
        name = f"{passing.sensor}/{passing.sensor_boot}/{passing.seq}"
        self._note_arrival(name, passing)
        self._waiting[passing.system].append(
            Sighting(passing_id=name, mono_ns=passing.mono_ns, uncertainty_ns=passing.uncertainty_ns)
        )

    def settle(self, now_mono_ns: int) -> None:
        """Pair what has waited long enough; what still stands alone the other system has missed."""
        ripe_ns = now_mono_ns - MISSED_AFTER_NS
        if not any(waiting and waiting[0].mono_ns <= ripe_ns for waiting in self._waiting.values()):
            return
        a, b = self._waiting["A"], self._waiting["B"]
        pairing = pair(list(a), list(b))
        for one in pairing.pairs:
            if min(one.a.mono_ns, one.b.mono_ns) <= ripe_ns:
                a.remove(one.a)
                b.remove(one.b)
                self._pairs.append(one)
                self._pairs_count += 1
        for system, alone, waiting in (("B", pairing.only_a, a), ("A", pairing.only_b, b)):
            for sighting in alone:
                if sighting.mono_ns <= ripe_ns - PAIR_WITHIN_NS:
                    waiting.remove(sighting)
                    self.missed_counts[system] += 1
                    self._missed_mono_ns[system] = now_mono_ns

    def _note_arrival(self, name: str, passing: Passing) -> None:
        if len(self._arrivals) >= ARRIVALS_MAX_COUNT:
            del self._arrivals[next(iter(self._arrivals))]
        self._arrivals[name] = Arrival(
            delay_ns=passing.received_mono_ns - passing.mono_ns,
            clock=passing.clock,
            is_doubted=passing.flag is not None and passing.flag.startswith("clock-"),
        )

    def _parted_system(self, parted_by_ns: int) -> str:
        names = {
            "A": [one.a.passing_id for one in self._pairs],
            "B": [one.b.passing_id for one in self._pairs],
        }
        arrivals = {
            system: [self._arrivals[name] for name in own if name in self._arrivals]
            for system, own in names.items()
        }
        return which_parted(parted_by_ns, arrivals)

    def agreement(self) -> Agreement | None:
        return agreement([one.b_minus_a_ns for one in self._pairs])

    def notes(self, system: str, now_mono_ns: int) -> list[SensorNote]:
        """Return what is to be said beside the sensors of this system."""
        self.settle(now_mono_ns)
        notes = []
        agreed = self.agreement()
        if agreed is not None and agreed.are_parted:
            fields: dict[str, int | str] = {"gate": self.gate, "parted_ms": _ms(agreed.parted_by_ns)}
            if moved := self._parted_system(agreed.parted_by_ns):
                notes.append(SensorNote(code="system-moved", fields={**fields, "system": moved}))
            else:
                notes.append(SensorNote(code="systems-part", fields=fields))
        if now_mono_ns - self._missed_mono_ns.get(system, -(2**62)) <= MISS_SHOWN_NS:
            missed: dict[str, int | str] = {
                "gate": self.gate,
                "system": system,
                "other": "B" if system == "A" else "A",
                "count": self.missed_counts[system],
            }
            notes.append(SensorNote(code="system-missed", fields=missed))
        if agreed is not None:
            said: dict[str, int | str] = {
                "pairs": self._pairs_count,
                "median_ms": _ms(agreed.median_ns),
                "spread_ms": _ms(agreed.spread_ns),
            }
            code = "systems-pairs" if agreed.are_parted else "systems-agree"
            notes.append(SensorNote(code=code, fields=said))
        return notes

    def view(self, track: str = "") -> SystemsStatus:
        """Return the figures for people and for the synchronisation check."""
        agreed = self.agreement()
        latest = self._pairs[-1] if self._pairs else None
        return SystemsStatus(
            gate=self.gate,
            track=track,
            pairs=self._pairs_count,
            median_ns=0 if agreed is None else agreed.median_ns,
            spread_ns=0 if agreed is None else agreed.spread_ns,
            missed_by_a=self.missed_counts["A"],
            missed_by_b=self.missed_counts["B"],
            latest_a_mono_ns=0 if latest is None else latest.a.mono_ns,
            latest_b_mono_ns=0 if latest is None else latest.b.mono_ns,
        )


class SystemsWatch:
    """All lines (track, gate) that have two systems; a line with one is not watched."""

    def __init__(self, lines: Sequence[tuple[str, str, str]]) -> None:
        systems: dict[tuple[str, str], set[str]] = {}
        for track, gate, system in lines:
            systems.setdefault((track, gate), set()).add(system)
        self._gates = {line: GateSystems(line[1]) for line, both in systems.items() if {"A", "B"} <= both}

    def take(self, passings: Sequence[Passing]) -> None:
        for passing in passings:
            gate = self._gates.get((passing.track or "", passing.gate))
            if gate is not None:
                gate.take(passing)

    def notes(self, line: tuple[str, str, str], now_mono_ns: int) -> list[SensorNote]:
        """Return what is to be said beside a sensor of this track, gate and system."""
        track, gate, system = line
        systems = self._gates.get((track, gate))
        return [] if systems is None else systems.notes(system, now_mono_ns)

    def views(self) -> list[SystemsStatus]:
        return [systems.view(track) for (track, _), systems in self._gates.items()]


def _ms(duration_ns: int) -> str:
    return f"{duration_ns / 1_000_000:.3f}"
