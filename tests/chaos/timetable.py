"""What goes wrong and when, drawn from the seed: each kind of mishap once in random order, then at random.

A mishap holds what it breaks, so that no two break one thing at the same time; different things do break
together."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from random import Random

from tests.chaos.cast import programs_of
from tests.chaos.chaos_venue import DISPLAYS, REPLICAS, SMALL_DISK_NODE
from tests.chaos.network import CABLES

GAP_MEAN_MAX_S = 1.5
FIRST_ROUND_PERCENT = 70
REST_AFTER_S = 3.0  # a restarted program gets so long before the next blow
CLOCK_STEP_MAX_S = 40 * 86_400

_UNITS = ("unit-a", "unit-b")
_UNIT_PROGRAMS = tuple(member for unit in _UNITS for member in programs_of(unit))
PROGRAMS = (*_UNIT_PROGRAMS, *DISPLAYS, "central")
_WITH_DISK = ("trackside-a", "trackside-b", "bridge-a", "bridge-b", *DISPLAYS, "central")
MOODS = ("slow", "cut", "stall", "refuse")

# kind -> (victims, shortest and longest in seconds)
KINDS: dict[str, tuple[tuple[str, ...], float, float]] = {
    "kill": (PROGRAMS, 0.5, 0.5),
    "freeze": (PROGRAMS, 0.3, 8.0),
    "power-off": (_UNITS, 1.0, 8.0),
    "cable": (CABLES, 0.5, 15.0),
    "proxy": (("proxy",), 2.0, 15.0),
    "disk-full": ((SMALL_DISK_NODE,), 4.0, 15.0),
    "disk-error": (_WITH_DISK, 2.0, 8.0),
    "clock": (REPLICAS, 0.0, 0.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mishap:
    """From `at_s` for `lasts_s`, `kind` befalls `victim`; `detail` is a mood or a step of the clock."""

    at_s: float
    lasts_s: float
    kind: str
    victim: str
    detail: str = ""

    @property
    def holds(self) -> Collection[str]:
        """What nothing else may break meanwhile."""
        match self.kind:
            case "power-off":
                return programs_of(self.victim)
            case "cable" | "clock" | "disk-full":
                return (f"{self.kind} {self.victim}",)
            case _:
                return (self.victim,)


def draw_timetable(seed: int, seconds: float, kinds: Collection[str]) -> list[Mishap]:
    """Return the mishaps of one run in order of time; all are over after `seconds`."""
    random = Random(f"timetable {seed}")
    waiting = sorted(kinds)
    random.shuffle(waiting)
    gap_mean_s = min(GAP_MEAN_MAX_S, seconds * FIRST_ROUND_PERCENT / 100 / len(waiting))
    timetable: list[Mishap] = []
    free_from_s: dict[str, float] = {}
    at_s = 0.0
    while True:
        at_s += random.uniform(0.2, 1.8) * gap_mean_s
        kind = waiting[0] if waiting else random.choice(sorted(kinds))
        mishap = _draw(random, kind, at_s, lasts_max_s=seconds / len(kinds))
        if mishap.at_s + mishap.lasts_s > seconds:
            if at_s > seconds:
                return timetable
            continue
        if any(free_from_s.get(thing, 0.0) > at_s for thing in mishap.holds):
            continue
        for thing in mishap.holds:
            free_from_s[thing] = at_s + mishap.lasts_s + REST_AFTER_S
        waiting = [kind for kind in waiting if kind != mishap.kind]
        timetable.append(mishap)


def _draw(random: Random, kind: str, at_s: float, *, lasts_max_s: float) -> Mishap:
    victims, shortest_s, longest_s = KINDS[kind]
    lasts_s = min(random.uniform(shortest_s, longest_s), lasts_max_s)
    victim, detail = random.choice(victims), ""
    if kind == "proxy":
        mood = random.choice(MOODS)
        amount = {"slow": random.randint(20, 400), "cut": random.randint(200, 60_000)}.get(mood, 0)
        detail = f"{mood} {amount}"
    elif kind == "clock":
        detail = f"{random.randint(-CLOCK_STEP_MAX_S, CLOCK_STEP_MAX_S):+d}"
    return Mishap(at_s=round(at_s, 2), lasts_s=round(lasts_s, 2), kind=kind, victim=victim, detail=detail)
