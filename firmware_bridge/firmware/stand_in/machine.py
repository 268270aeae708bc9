"""MicroPython's `machine` as far as the firmware uses it."""

from board import WDT, Pin, disable_irq, enable_irq, unique_id

__all__ = ["WDT", "Pin", "disable_irq", "enable_irq", "unique_id"]
