"""A lap time as a person types it: `12.345`, `12,345`, `1:02.345`."""

from __future__ import annotations

import re

from pitboard.errors import ActRefused

_SECOND_NS = 1_000_000_000
_TIME = re.compile(r"(?:(\d{1,3}):(?=[0-5]\d(?:[.,]|$)))?(\d{1,5})(?:[.,](\d{1,9}))?", re.ASCII)


def parse_lap_time(text: str) -> int:
    """Return the nanoseconds of what was typed; raises ActRefused where it is not a time above zero."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise ActRefused(
            code="bad-time", reason=f"'{text}' is not a lap time; type it like 12.345 or 1:02.345."
        )
    minutes, seconds, decimals = match.groups()
    lap_ns = (int(minutes or 0) * 60 + int(seconds)) * _SECOND_NS + int((decimals or "").ljust(9, "0"))
    if lap_ns == 0:
        raise ActRefused(code="bad-time", reason="A lap takes longer than zero; type its time like 12.345.")
    return lap_ns
