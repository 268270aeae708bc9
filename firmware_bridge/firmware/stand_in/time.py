"""MicroPython's `time`, with the stand-in board's counter."""

from board import ticks_us

__all__ = ["ticks_us"]
