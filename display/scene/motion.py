"""Motion in whole numbers: where something is at an instant on its way from one place to another.

It starts fast, slows down, ends exactly where it shall be, and then nothing moves."""

from __future__ import annotations

FRAME_NS = 16_666_667
_ONE = 1_000_000


def progress_ppm(since_ns: int, duration_ns: int) -> int:
    """Return how far the way is done, from 0 to a million: a cubic that comes to rest at its end."""
    if since_ns <= 0:
        return 0
    if since_ns >= duration_ns:
        return _ONE
    left = _ONE - since_ns * _ONE // duration_ns
    return _ONE - left * left // _ONE * left // _ONE


def between(start: int, end: int, ppm: int) -> int:
    """Return the value so far on the way from `start` to `end`."""
    return start + (end - start) * ppm // _ONE
