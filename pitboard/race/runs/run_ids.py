"""A run's id names the unit that may arm it: it ends with a hash of the unit's key and what stands before it.

So whoever has another unit's key cannot arm the run anew, whatever stamp he writes. An id of a former version
names nobody: there the first arming said stands."""

from __future__ import annotations

import hashlib
import re

_TIED = re.compile(r"(.+)\.([0-9a-f]{16})\Z", re.DOTALL)


def run_id_of(unit: str, number: str) -> str:
    """Return the id of the unit's run of this number, which it gives out once."""
    return f"{number}.{_tie(unit, number)}"


def may_arm(run_id: str, unit: str) -> bool:
    """Return whether the run can be this writer's."""
    tied = _TIED.match(run_id)
    return tied is None or tied[2] == _tie(unit, tied[1])


def _tie(unit: str, number: str) -> str:
    return hashlib.sha256(f"pitboard run\n{unit}\n{number}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
