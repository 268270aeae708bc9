"""Drives what hangs beside the track, by gpiozero; whatever goes wrong there, the sensors go on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, NoReturn, Protocol

from firmware_bridge.box.racer_clock import RacerClock, digits_of, shown_s
from firmware_bridge.box.start_light import LAMPS, beep_ms_between, lamps_for
from firmware_bridge.config import BoxConfig
from firmware_bridge.lines.gpio_beam import open_pin_factory
from firmware_bridge.lines.gpio_edge import find_chip
from pitboard.clock import Clock
from pitboard.errors import BeamLost, PeerLost, PortCode, PortTrouble
from pitboard.tasks import beside
from pitboard.unit_api.screen_state import TrackSigns

log = logging.getLogger(__name__)

WAIT_MS = 1_000
TICK_MS = 200
"""How often the racer's clock is looked at while it runs."""
RETRY_S = 0.5
OPEN_AGAIN_S = 10.0


class Unit(Protocol):
    async def track_signs(self, *, after: int | None, wait_ms: int) -> TrackSigns: ...


class TrackBox:
    """`run` follows the unit until cancelled; `open_factory` gives gpiozero's pins."""

    def __init__(
        self,
        config: BoxConfig,
        unit: Unit,
        clock: Clock,
        *,
        open_factory: Callable[[], Any] | None = None,
    ) -> None:
        self._config = config
        self._unit = unit
        self._clock = clock
        self._open_factory = open_factory or self._lgpio
        self._lamps: dict[str, Any] = {}
        self._buzzer: Any = None
        self._racer_clock: RacerClock | None = None
        self._quiet_at: asyncio.TimerHandle | None = None
        self._signs: TrackSigns | None = None

    async def run(self) -> NoReturn:
        """Open the pins, again now and then where they are not to be had, and follow the unit."""
        said = ""
        while True:
            try:
                with ExitStack() as pins:
                    self._open(pins)
                    said = ""
                    await self._follow()
            except BeamLost as error:
                if str(error) != said:
                    said = str(error)
                    log.warning("nothing beside the track is driven: %s", error.reason)
                await asyncio.sleep(OPEN_AGAIN_S)

    async def _follow(self) -> NoReturn:
        async with beside(self._tick(), name="racer's clock"):
            after: int | None = None
            while True:
                try:
                    signs = await self._unit.track_signs(after=after, wait_ms=WAIT_MS)
                    after = signs.version
                    self._take(signs)
                except PeerLost:
                    after = None
                    self._take(None)
                    await asyncio.sleep(RETRY_S)
        raise AssertionError("following ends only when it is cancelled")

    async def _tick(self) -> None:
        while True:
            self._show_clock()
            await asyncio.sleep(TICK_MS / 1_000)

    def _take(self, signs: TrackSigns | None) -> None:
        before, self._signs = self._signs, signs
        lit = lamps_for(signs)
        with _driving():
            for name, lamp in self._lamps.items():
                lamp.value = name in lit
        self._beep(beep_ms_between(before, signs))
        self._show_clock()

    def _show_clock(self) -> None:
        if self._racer_clock is None:
            return
        with _driving():
            self._racer_clock.show(digits_of(shown_s(self._signs, self._clock.mono_ns())))

    def _beep(self, length_ms: int) -> None:
        if self._buzzer is None or not length_ms:
            return
        if self._quiet_at is not None:
            self._quiet_at.cancel()
        with _driving():
            self._buzzer.on()
        loop = asyncio.get_running_loop()
        self._quiet_at = loop.call_later(length_ms / 1_000, _quiet, self._buzzer)

    def _open(self, pins: ExitStack) -> None:
        """Open the pins that the config names, all off. Raises BeamLost with one sentence."""
        from gpiozero import DigitalOutputDevice

        factory = self._open_factory()

        def output(number: int) -> Any:
            device = DigitalOutputDevice(number, pin_factory=factory)
            pins.callback(_close, device)
            return device

        numbers = {lamp: getattr(self._config, f"{lamp}_pin") for lamp in LAMPS}
        with _driving():
            self._lamps = {lamp: output(number) for lamp, number in numbers.items() if number is not None}
            self._buzzer = None if self._config.buzzer_pin is None else output(self._config.buzzer_pin)
            self._racer_clock = None
            if self._config.clock_pins is not None:
                self._racer_clock = RacerClock(*(output(number) for number in self._config.clock_pins))
        self._take(self._signs)

    def _lgpio(self) -> Any:
        return open_pin_factory(int(find_chip(self._config.chip).name.removeprefix("gpiochip")))


@contextmanager
def _driving() -> Iterator[None]:
    """Raise BeamLost for whatever goes wrong with the pins, so that it never ends the sensors."""
    try:
        yield
    # Their errors share no root, and with the chip gone lgpio counts with None, a TypeError: no lamp may end
    # the sensors by it.
    except Exception as error:
        text = str(error).strip("'") or type(error).__name__
        trouble = PortTrouble(PortCode.PINS_FAILED, {"text": text})
        raise BeamLost(port="GPIO", trouble=trouble) from error


def _quiet(buzzer: Any) -> None:
    """End the beep; where the pins are gone, the next lamp or figure says so."""
    with suppress(BeamLost), _driving():
        buzzer.off()


def _close(device: Any) -> None:
    """Leave the pin dark; one that is gone already is dark too."""
    with suppress(Exception):
        device.off()
        device.close()
