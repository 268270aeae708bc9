"""What an act is going to write, before anything is written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from pitboard.errors import ActRefused
from pitboard.race.bodies.body import Act, Body
from pitboard.race.runs.phases import ActName, Phase, may
from sync.central.admin.actor import Actor
from sync.central.admin.said import Said


class Plan(NamedTuple):
    """`competitor` is whose entry is compared before and after; `run_id` a run whose result it changes, which
    goes on the board again at once where it was on it as it stood."""

    competitor: str
    said: Said
    bodies: list[Body]
    run_id: str | None = None


def signed(bodies: Iterable[Body], actor: Actor, act_id: str) -> list[Body]:
    """Return the bodies with who says them and where; the first act among them carries the id."""
    named: list[Body] = []
    for body in bodies:
        if isinstance(body, Act):
            body = msgspec.structs.replace(body, by=actor.by, where=actor.where, act_id=act_id)
            act_id = ""
        named.append(body)
    return named


def check_may(act: ActName, phase: Phase, what: str) -> None:
    """Raise ActRefused where an admin may not do this to a run in this phase."""
    if not may(act, phase, "admin"):
        raise ActRefused(code="wrong-phase", reason=f"{what} is {phase}; that cannot be done to it now.")
