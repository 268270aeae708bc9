"""Which lamp of the start light is on, and when the buzzer sounds: from what the unit says, pure."""

from __future__ import annotations

from typing import Literal

from pitboard.unit_api.screen_state import TrackSigns

Lamp = Literal["armed", "go", "time_up", "fault"]
LAMPS: tuple[Lamp, ...] = ("armed", "go", "time_up", "fault")
GO_BEEP_MS = 200
TIME_UP_BEEP_MS = 800

_LAMP_OF: dict[str, Lamp] = {"armed": "armed", "running": "go", "paused": "armed", "time-up": "time_up"}


def lamps_for(signs: TrackSigns | None) -> frozenset[Lamp]:
    """Return the lamps that are on; a unit that does not answer is a fault, and nobody may start."""
    if signs is None:
        return frozenset({"fault"})
    lamp = _LAMP_OF.get(signs.phase)
    lit: set[Lamp] = set() if lamp is None else {lamp}
    if signs.is_fault:
        lit.add("fault")
    return frozenset(lit)


def beep_ms_between(before: TrackSigns | None, now: TrackSigns | None) -> int:
    """Return for how long the buzzer sounds at this change, 0 for not at all."""
    if before is None or now is None or before.phase == now.phase:
        return 0
    if now.phase == "running" and before.phase == "armed":
        return GO_BEEP_MS
    return TIME_UP_BEEP_MS if now.phase == "time-up" else 0
