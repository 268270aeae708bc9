"""A board that is not there: pins that follow a script, and a microsecond counter that wraps soon.

Interrupts come when the firmware reads the counter, at the scripted tick, and with the heap locked: what
allocates within an interrupt fails here as it does on the board."""

import os

import micropython
import utime

SPAN_US = 1 << 30
MASK = SPAN_US - 1
START_US = int(os.getenv("BOARD_START_US") or 0)
_T0_US = utime.ticks_us()
_pins = {}
_script = []
_irq_is_off = False
_latched_us = -1


def _load(path):
    """Each line: microseconds since the start, pin, level."""
    with open(path) as file:
        for line in file:
            at_us, number, level = line.split()
            _script.append((int(at_us), int(number), int(level)))
    _script.sort()
    _script.reverse()


def ticks_us():
    """Return the counter; within an interrupt, what it was at the edge."""
    if _latched_us >= 0:
        return _latched_us
    since_us = utime.ticks_diff(utime.ticks_us(), _T0_US)
    while _script and not _irq_is_off and _script[-1][0] <= since_us:
        at_us, number, level = _script.pop()
        _change(at_us, number, level)
    return (START_US + since_us) & MASK


def _change(at_us, number, level):
    global _latched_us
    pin = _pins.get(number)
    if pin is None or pin.level == level:
        return
    pin.level = level
    edge = Pin.IRQ_RISING if level else Pin.IRQ_FALLING
    if pin.handler and pin.trigger & edge:
        pin.flags_seen = edge
        _latched_us = (START_US + at_us) & MASK
        micropython.heap_lock()
        try:
            pin.handler(pin)
        finally:
            micropython.heap_unlock()
            _latched_us = -1


def disable_irq():
    global _irq_is_off
    was_off, _irq_is_off = _irq_is_off, True
    return was_off


def enable_irq(was_off):
    global _irq_is_off
    _irq_is_off = was_off
    if not was_off and _latched_us < 0:
        ticks_us()


def unique_id():
    return b"\xe6\x61\x4c\x31\x1b\x4c\x2a\x31"


class PinIrq:
    def __init__(self, pin):
        self._pin = pin

    def flags(self):
        return self._pin.flags_seen


class Pin:
    IN = 0
    PULL_UP = 1
    PULL_DOWN = 2
    IRQ_FALLING = 4
    IRQ_RISING = 8

    def __init__(self, number, mode=IN, pull=None):
        self.level = 0 if number in (2, 3) else 1
        self.flags_seen = 0
        self.handler = None
        self.trigger = 0
        self._irq = PinIrq(self)
        _pins[number] = self

    def __call__(self):
        return self.level

    def irq(self, handler=None, trigger=0, hard=False):
        if handler is not None:
            assert hard, "a soft interrupt would stamp late"
            self.handler, self.trigger = handler, trigger
        return self._irq


class WDT:
    def __init__(self, *, timeout):
        self._timeout_ms = timeout

    def feed(self):
        pass


_load(os.getenv("BOARD_SCRIPT"))
