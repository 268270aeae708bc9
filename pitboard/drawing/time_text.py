"""Durations as text: `12.345`, `1:02.345`, `1:02:34.567`; cut to the resolution, not rounded."""

from __future__ import annotations

import re

from pitboard.errors import ActRefused

NO_TIME = "–"
_MILLISECOND_NS = 1_000_000
_SECOND_NS = 1_000_000_000


def format_lap_ns(lap_ns: int | None, *, resolution_ns: int = _MILLISECOND_NS) -> str:
    """Return `s.mmm` under a minute, `m:ss.mmm` under an hour, else `h:mm:ss.mmm`, with the decimals of the
    resolution; `–` for None."""
    if lap_ns is None:
        return NO_TIME
    decimal_count = decimal_count_of(resolution_ns)
    minutes, rest_ns = divmod(abs(lap_ns), 60 * _SECOND_NS)
    seconds, rest_ns = divmod(rest_ns, _SECOND_NS)
    hours, minutes = divmod(minutes, 60)
    whole = f"{minutes}:{seconds:02d}" if hours or minutes else f"{seconds}"
    if hours:
        whole = f"{hours}:{whole:0>5}"
    sign = "-" if lap_ns < 0 else ""
    return sign + whole + (f".{rest_ns:09d}"[: decimal_count + 1] if decimal_count else "")


def format_gap_ns(gap_ns: int | None, *, resolution_ns: int = _MILLISECOND_NS) -> str:
    """Return a gap to the leader as `+s.mmm`; nothing for None."""
    return "" if gap_ns is None else "+" + format_lap_ns(gap_ns, resolution_ns=resolution_ns)


def format_countdown_ms(remaining_ms: int, *, with_tenths: bool = False) -> str:
    """Return the time left as `m:ss` or `m:ss.t`, rounded up: only 0:00 means that none is left."""
    remaining_ms = max(0, remaining_ms)
    if with_tenths:
        seconds, tenths = divmod(-(-remaining_ms // 100), 10)
        minutes, seconds = divmod(seconds, 60)
        return f"{minutes}:{seconds:02d}.{tenths}"
    minutes, seconds = divmod(-(-remaining_ms // 1_000), 60)
    return f"{minutes}:{seconds:02d}"


def decimal_count_of(resolution_ns: int) -> int:
    """Return how many decimals of a second a multiple of the resolution can need, from 0 to 9."""
    for count in range(9):
        if resolution_ns % 10 ** (9 - count) == 0:
            return count
    return 9


_TIME = re.compile(
    r"(?:(?:(\d{1,2}):(?=[0-5]\d:))?(\d{1,3}):(?=[0-5]\d(?:[.,]|\Z)))?(\d{1,5})(?:[.,](\d{1,9}))?", re.ASCII
)


def parse_lap_time(text: str) -> int:
    """Return the nanoseconds of what was typed; raises ActRefused where it is not a time above zero."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise ActRefused(
            code="bad-time", reason=f"'{text}' is not a lap time; type it like 12.345 or 1:02.345."
        )
    hours, minutes, seconds, decimals = match.groups()
    whole_s = (int(hours or 0) * 60 + int(minutes or 0)) * 60 + int(seconds)
    lap_ns = whole_s * _SECOND_NS + int((decimals or "").ljust(9, "0"))
    if lap_ns == 0:
        raise ActRefused(code="bad-time", reason="A lap takes longer than zero; type its time like 12.345.")
    return lap_ns
