"""Edges through gpiozero: kernel ticks by `pin.when_changed`, which keeps them, and never `bounce_time`.

gpiozero holds the callback weakly, so it must be a bound method of something that we keep."""

from __future__ import annotations

import asyncio
import logging
import os
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from firmware_bridge.lines.gpio_edge import KERNEL_UNCERTAINTY_NS, Edge, EdgeSource, GpioSetting, find_chip
from pitboard.clock import Clock
from pitboard.errors import BeamLost, PortCode, PortTrouble

# Older than this, or of the future, and the ticks are not of our clock.
AGE_MAX_NS = 60_000_000_000
AHEAD_MAX_NS = 1_000_000
# What a busy host may take until it looks, where the ticks cannot be used.
UNSTAMPED_UNCERTAINTY_NS = 100_000_000

log = logging.getLogger(__name__)


class GpioBeam:
    """One pin of gpiozero. Called in a thread of lgpio; hands its edges to the loop."""

    def __init__(
        self,
        *,
        pin: Any,
        channel: int,
        clock: Clock,
        loop: asyncio.AbstractEventLoop,
        on_edge: Callable[[Edge], None],
    ) -> None:
        self._pin = pin
        self._channel = channel
        self._clock = clock
        self._loop = loop
        self._on_edge = on_edge
        self._is_warned = False

    def listen(self, setting: GpioSetting) -> None:
        self._pin.input_with_pull("floating" if setting.pull == "none" else setting.pull)
        self._pin.edges = setting.edge
        self._pin.when_changed = self.on_change

    def is_high(self) -> bool:
        return bool(self._pin.state)

    def on_change(self, ticks: float, state: float) -> None:
        """`ticks` are seconds of CLOCK_MONOTONIC, made by gpiozero of the kernel's 64-bit nanoseconds."""
        now_mono_ns = self._clock.mono_ns()
        # A double holds these seconds to 1 ns for 97 days of up-time, to 2 ns for 194.
        mono_ns, uncertainty_ns = round(ticks * 1_000_000_000), KERNEL_UNCERTAINTY_NS
        if not -AHEAD_MAX_NS <= now_mono_ns - mono_ns <= AGE_MAX_NS:
            # Kernels before 5.7 stamped with the wall clock, from which no time may come.
            if not self._is_warned:
                log.warning(
                    "ticks of %s are of another clock: edges are stamped when we hear of them", self._pin
                )
            self._is_warned = True
            mono_ns, uncertainty_ns = now_mono_ns, UNSTAMPED_UNCERTAINTY_NS
        edge = Edge(
            channel=self._channel, is_high=bool(state), mono_ns=mono_ns, uncertainty_ns=uncertainty_ns
        )
        # The loop may be closing while lgpio's thread still calls.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._on_edge, edge)

    def close(self) -> None:
        self._pin.when_changed = None
        self._pin.close()


class GpioBeams:
    """All pins of one sensor."""

    def __init__(self, beams: Sequence[GpioBeam]) -> None:
        self._beams = beams

    def levels(self) -> Sequence[bool]:
        return [beam.is_high() for beam in self._beams]


@contextmanager
def open_gpiozero_edges(
    setting: GpioSetting, on_edge: Callable[[Edge], None], *, clock: Clock, factory: Any = None
) -> Iterator[EdgeSource]:
    """Open the pins within a running loop, by default through lgpio. Raises BeamLost with one sentence."""
    name = f"GPIO {', '.join(map(str, setting.pins))}"
    is_ours = factory is None
    if is_ours:
        factory = open_pin_factory(int(find_chip(setting.chip).name.removeprefix("gpiochip")))
    beams: list[GpioBeam] = []
    try:
        try:
            for channel, number in enumerate(setting.pins, 1):
                beam = GpioBeam(
                    pin=factory.pin(f"GPIO{number}"),
                    channel=channel,
                    clock=clock,
                    loop=asyncio.get_running_loop(),
                    on_edge=on_edge,
                )
                beams.append(beam)
                beam.listen(setting)
        # Their errors share no root, and gpiozero passes on whatever its factory raises, a TypeError too.
        except Exception as error:
            raise BeamLost(port=name, trouble=_refused(error)) from error
        yield GpioBeams(beams)
    finally:
        for beam in beams:
            with suppress(Exception):  # of pins that are gone; the other beams' are closed all the same
                beam.close()
        if is_ours:
            factory.close()


def open_pin_factory(chip_number: int) -> Any:
    """Return gpiozero's pin factory on lgpio. Raises BeamLost where there is none."""
    try:
        _import_lgpio()
        from gpiozero.pins.lgpio import LGPIOFactory

        factory = LGPIOFactory(chip=chip_number)
        # gpiozero shares these among all factories, and closing one would close the pins of the others.
        factory.pins, factory._reservations = {}, defaultdict(list)
        return factory
    except ImportError as error:
        trouble = PortTrouble(PortCode.PACKAGE_MISSING, {"package": "lgpio"})
        raise BeamLost(port="GPIO", trouble=trouble) from error
    except Exception as error:  # lgpio's error is an Exception and nothing else
        raise BeamLost(port="GPIO", trouble=_refused(error)) from error


def _refused(error: Exception) -> PortTrouble:
    # lgpio puts quotes around what it says.
    return PortTrouble(PortCode.PINS_REFUSED, {"giver": "gpiozero", "text": str(error).strip("'")})


def _import_lgpio() -> None:
    """Import lgpio where it can make its pipe, and stay where we are.

    On import it changes the working directory of the process to LG_WD and makes a named pipe there; in a
    directory that is read-only, as under systemd, the import fails.
    """
    runtime_folder = os.environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
    os.environ.setdefault("LG_WD", runtime_folder or tempfile.gettempdir())
    here = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        import lgpio  # noqa: F401
    finally:
        os.fchdir(here)
        os.close(here)
