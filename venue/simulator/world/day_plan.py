"""What a day has: how long things go wrong, who is there, and what happens to them.

A long day may have everything. A short one has a few things, drawn by its seed, and has them often: two that
seldom meet on long days meet on some short one, and what has nothing to do with them costs no time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Literal

DaysWanted = Literal["mixed", "long", "short"]
DayLength = Literal["long", "short"]

ONE_LONG_OF = 20
"""Of the mixed days: the seeds that this divides are long days."""
KINDS_OF_RUN = ("any",) * 3 + ("lanes", "cars", "ski", "laps") + ("heat",) * 2 + ("day",) * 4
MISHAPS = {
    "kill": 6,
    "cut power": 4,
    "kill bridge": 3,
    "weather": 5,
    "partition": 4,
    "step clock": 4,
    "disk": 3,
    "back up": 4,
    "restore": 3,
    "empty card": 1,
    "clone": 1,
    "roster": 1,
}
"""What goes wrong, each with how often beside the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """How likely a day, a unit or a display has each of these."""

    friends: float = 0.4
    thief: float = 0.4
    countersigning: float = 0.5
    second_screens: float = 0.3
    two_systems: float = 0.3
    older_display: float = 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPlan:
    """By default that of a long day."""

    length: DayLength = "long"
    subject: str = ""
    storm_s: tuple[float, float] = (10.0, 24.0)
    pace: float = 1.0
    """What a pause of a person is multiplied by."""
    car_pace: float = 1.0
    """The same of cars."""
    noticed_s: tuple[float, float] = (4.0, 14.0)
    """When somebody notices a thief."""
    strike_pauses_s: tuple[float, ...] = (1.5, 3.0, 6.0)
    units: tuple[int, ...] = (1, 2, 2, 3)
    displays: tuple[int, ...] = (1, 1, 2)
    run_ms: int = 6_000
    gap_ms: int = 6_000
    lap_min_ms: int = 900
    runs: tuple[str, ...] = KINDS_OF_RUN
    mishaps: Mapping[str, int] = field(default_factory=lambda: MISHAPS)
    shares: Shares = Shares()
    trouble: int = 1
    """How many times as often something befalls devices whose clocks are set, and lines with two systems."""
    gates: tuple[str, ...] = ("finish",) * 6 + ("start", "split")
    lanes: tuple[int | None, ...] = (None, 1, 2)
    transponders: tuple[int | None, ...] = (None, None, None, 7, 7, 8)
    teams: tuple[str, ...] = ("", "Red", "Blue")
    judged_share: float = 0.08
    """Of the laps: those that an official judges though nothing asks for it."""
    has_set_clock: bool = True
    has_strangers: bool = True
    has_forger: bool = True
    has_admin: bool = True
    has_fail_over: bool = True


LONG = DayPlan()


def plan_of(seed: int, days: DaysWanted) -> DayPlan:
    """Return the plan of this seed's day; of the mixed days one is long now and then."""
    if days == "long" or (days == "mixed" and seed % ONE_LONG_OF == 0):
        return LONG
    return short_plan(seed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a short day is about: who is there for it, for how long, and what surely happens."""

    units: tuple[int, ...] = (1, 1, 1, 1, 2)
    displays: tuple[int, ...] = (1, 1, 1, 1, 2)
    storm_s: tuple[float, float] = (4.0, 8.0)
    paces: tuple[float, ...] = (0.4, 0.6)
    runs: tuple[str, ...] = ("any", "lanes", "cars", "ski", "laps", "heat", "day")
    runs_counts: tuple[int, ...] = (1, 2)
    """How many kinds of run are drawn of `runs`."""
    mishaps: tuple[str, ...] = ()
    more_mishaps: tuple[int, ...] = (1, 2, 3)
    """How many are drawn of all beside them."""
    strike_pauses_s: tuple[float, ...] = (1.0, 2.0, 4.0)


SUBJECTS = {
    "runs": Subject(units=(1, 1, 1, 1, 1, 2), storm_s=(5.0, 9.0)),
    "programme": Subject(
        units=(1,),
        displays=(1,),
        storm_s=(6.0, 10.0),
        paces=(0.4,),
        runs=("heat", "day", "day"),
        runs_counts=(2,),
        strike_pauses_s=(2.0, 6.0),
    ),
    "two systems": Subject(
        units=(1,), displays=(1,), storm_s=(8.0, 13.0), paces=(1.2,), strike_pauses_s=(3.0, 6.0)
    ),
    "set clock": Subject(
        units=(1,), displays=(1,), storm_s=(7.0, 11.0), paces=(1.2,), strike_pauses_s=(3.0, 6.0)
    ),
    "thief": Subject(units=(1, 2, 2), storm_s=(3.5, 6.0), mishaps=("weather", "partition")),
    "boxes": Subject(
        units=(1,),
        displays=(1, 2),
        storm_s=(7.0, 12.0),
        paces=(1.2,),
        mishaps=("kill", "partition"),
        strike_pauses_s=(1.0, 3.0),
    ),
    "machines": Subject(
        units=(1, 2, 2, 3),
        storm_s=(2.0, 5.0),
        strike_pauses_s=(0.5, 1.0, 2.0),
    ),
    "wrong clocks": Subject(
        units=(1,),
        displays=(1,),
        storm_s=(6.0, 9.0),
        paces=(0.4,),
        mishaps=("cut power", "step clock", "kill"),
        more_mishaps=(0, 0, 1),
        strike_pauses_s=(0.5, 1.0),
    ),
}
DRAWN = (*SUBJECTS, "runs", "two systems", "thief", "wrong clocks")
"""Some are drawn twice as often: more happens in them that nothing else has."""


def short_plan(seed: int) -> DayPlan:
    """Draw a few things of all for the short day of this seed: one subject, and some others beside it."""
    chance = Random(f"short day {seed}")
    name = chance.choice(DRAWN)
    subject = SUBJECTS[name]

    def drawn(share: float, *, of: str = "") -> bool:
        return chance.random() < (0.9 if name == of else share)

    mishaps = dict.fromkeys(
        [*subject.mishaps, *chance.sample(sorted(MISHAPS), chance.choice(subject.more_mishaps))]
    )
    if "restore" in mishaps:
        mishaps["back up"] = None
    pace = chance.choice(subject.paces)
    car_pace = 0.7 * pace
    return DayPlan(
        length="short",
        subject=name,
        storm_s=subject.storm_s,
        pace=pace,
        car_pace=car_pace,
        noticed_s=(1.0, 4.0),
        strike_pauses_s=subject.strike_pauses_s,
        units=(chance.choice(subject.units),),
        displays=(chance.choice(subject.displays),),
        run_ms=round(6_000 * pace),
        gap_ms=round(3_000 * pace),
        lap_min_ms=round(900 * car_pace),
        runs=tuple(chance.sample(subject.runs, chance.choice(subject.runs_counts))),
        mishaps={name: MISHAPS[name] for name in mishaps},
        trouble=6,
        gates=chance.choice((LONG.gates, ("finish",), ("finish", "split"), ("finish", "start", "split"))),
        lanes=chance.choice((LONG.lanes, (None,), (1, 2))),
        transponders=chance.choice((LONG.transponders, (None,), (7, 8))),
        teams=chance.choice((LONG.teams, ("Red",))),
        judged_share=chance.choice((0.08, 0.3)),
        shares=Shares(
            friends=float(drawn(0.3)),
            thief=float(drawn(0.05, of="thief")),
            countersigning=float(drawn(0.4)),
            second_screens=float(drawn(0.2)),
            two_systems=float(drawn(0.02, of="two systems")),
            older_display=float(drawn(0.1)),
        ),
        has_set_clock=drawn(0.05, of="set clock"),
        has_strangers=drawn(0.6, of="boxes"),
        has_forger=drawn(0.5, of="machines"),
        has_admin=drawn(0.7, of="runs"),
        has_fail_over=drawn(0.2, of="boxes"),
    )
