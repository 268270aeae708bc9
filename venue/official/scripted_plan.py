"""What the scripted official means to do with a run, and what it writes down about it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import msgspec


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the log: what the official decided and saw saved."""

    run: str | None
    name: str
    decision: str
    voided: list[str]
    mono_ns: int


@dataclass(slots=True, kw_only=True)
class RunPlan:
    """What the official means to do with one run."""

    run: str | None
    name: str = ""
    stop_after_laps: int | None  # None: let the time run out
    judges_at_once: bool
    voids_one: bool
    discards: bool
    voided: set[str] = field(default_factory=set)
    laps: set[str] = field(default_factory=set)
    decision: str | None = None  # tapped, not yet seen to be saved
    decided_mono_ns: int = 0

    @classmethod
    def drawn(cls, dice: random.Random, *, run: str | None) -> RunPlan:
        return cls(
            run=run,
            stop_after_laps=dice.randint(3, 7) if dice.random() < 0.75 else None,
            judges_at_once=dice.random() < 0.5,
            voids_one=dice.random() < 0.25,
            discards=dice.random() < 0.12,
        )


@dataclass(slots=True, kw_only=True)
class Wish:
    """Who shall drive next."""

    name: str | None  # None: anybody on the list
    pages_down: int = 0
