"""Read printed times as whole microseconds, never through a float.

Any number of decimals is read, and any number of digits up to a thousand a field; what is finer than a
microsecond is cut, never rounded."""

import re

DAY_US = 86_400_000_000

_SECONDS = re.compile(rb"(\d{1,1000})(?:\.(\d*))?")
_CLOCK = re.compile(rb"(?:(?:(\d{1,1000}):)?(\d{1,1000}):)?(\d{1,1000})(?:[.,](\d*))?")


def seconds_us(text: bytes) -> int | None:
    """Return `688.41` as 688410000, or None where the text is no decimal number."""
    match = _SECONDS.fullmatch(text)
    if match is None:
        return None
    whole, fraction = match.groups()
    return int(whole) * 1_000_000 + fraction_us(fraction)


def clock_us(text: bytes) -> int | None:
    """Return `[[HH:]MM:]SS[.fraction]` in microseconds, or None where the text is none.

    The last field may have any number of digits: `00:00:100.5` is a hundred seconds and a half."""
    match = _CLOCK.fullmatch(text)
    if match is None:
        return None
    hours, minutes, whole, fraction = match.groups()
    seconds = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(whole)
    return seconds * 1_000_000 + fraction_us(fraction)


def fraction_us(digits: bytes | None) -> int:
    return int((digits or b"")[:6].ljust(6, b"0"))


def format_seconds(duration_us: int, *, decimals: int) -> str:
    """Return `12.345`; decimals beyond those asked for are cut."""
    seconds, fraction = divmod(duration_us, 1_000_000)
    return f"{seconds}.{fraction:06d}"[: len(str(seconds)) + 1 + decimals]


def format_clock(instant_us: int, *, decimals: int) -> str:
    """Return `HH:MM:SS.ffff`; decimals beyond those asked for are cut."""
    minutes, rest_us = divmod(instant_us, 60_000_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:" + format_seconds(rest_us, decimals=decimals).zfill(3 + decimals)
