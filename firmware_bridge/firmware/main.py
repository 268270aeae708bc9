"""Pitboard's beam sensor for RP2040 under MicroPython; what it says is in docs/beamline.md.

The interrupts latch, this loop talks. Whatever the host does, no stamp is late."""

import os
import sys
from time import ticks_us

import micropython
import settings
from beam import Beam
from host_lines import HostLines
from machine import WDT, Pin, unique_id
from passing_ring import PassingRing
from sensor import Sensor
from tick_counter import TickCounter
from usb_line import UsbLine

# Bytes of the host between two looks at what must be said.
READ_MAX_COUNT = 64


def start():
    if hasattr(micropython, "alloc_emergency_exception_buf"):
        micropython.alloc_emergency_exception_buf(100)
    # A stray Ctrl-C on the line must not end the timing; the service pin does.
    micropython.kbd_intr(-1)
    boot = "".join(f"{byte:02x}" for byte in os.urandom(4))
    device = "".join(f"{byte:02X}" for byte in unique_id())
    counter = TickCounter(ticks_us())
    ring = PassingRing()
    pull = {"up": Pin.PULL_UP, "down": Pin.PULL_DOWN, None: None}[settings.PULL]
    beams = [
        Beam(
            pin=Pin(number, Pin.IN, pull),
            channel=channel,
            interrupted_level=settings.INTERRUPTED_LEVEL,
            clear_us=settings.CLEAR_US,
            ring=ring,
        )
        for channel, number in enumerate(settings.PINS, 1)
    ]
    sensor = Sensor(boot=boot, device=device, counter=counter, ring=ring, beams=beams)
    usb = UsbLine(sys.stdin.buffer, sys.stdout.buffer)
    run(counter=counter, beams=beams, sensor=sensor, usb=usb, host_lines=HostLines(boot))


def run(*, counter, beams, sensor, usb, host_lines):
    watchdog = WDT(timeout=settings.WATCHDOG_MS)
    while True:
        watchdog.feed()
        counter.advance(ticks_us())
        now_ms = counter.now_us // 1000
        for beam in beams:
            beam.settle(ticks_us())
        is_idle = usb.is_free
        if is_idle and (line := sensor.next_line(ticks_us)):
            usb.send(line, now_ms)
            is_idle = False
        usb.pump(now_ms)
        listen(sensor, usb, host_lines, wait_ms=1 if is_idle or not usb.is_free else 0)


def listen(sensor, usb, host_lines, *, wait_ms):
    for _ in range(READ_MAX_COUNT):
        byte = usb.read(wait_ms)
        if byte is None:
            return
        request = host_lines.take(byte)
        if request is not None:
            sensor.obey(request)
        wait_ms = 0


if Pin(settings.SERVICE_PIN, Pin.IN, Pin.PULL_UP)():
    start()
