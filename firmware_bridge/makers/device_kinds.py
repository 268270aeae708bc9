"""What the bridge must know of a device beside its protocol: how it is plugged in, and how quiet it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from firmware_bridge.makers.beamline_maker import PassingMaker
from firmware_bridge.makers.gpio_maker import GpioMaker
from firmware_bridge.makers.mylaps_makers import AmbTextMaker, P3Maker, TnsMaker
from firmware_bridge.makers.reading import HoldOff, PassingSource
from firmware_bridge.makers.timer_makers import AlgeMaker, ChampMaker, FastTrackMaker

Kind = Literal["beamline", "p3", "amb-text", "alge", "fasttrack", "champ", "tns", "gpio"]

LANE_TIMERS: tuple[Kind, ...] = ("fasttrack", "champ")


class MakerOf(Protocol):
    def __call__(self, *, sensor: str, hold_off: HoldOff, accept_unchecked: bool) -> PassingSource: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceKind:
    """`silent_max_ms` is None where a device that has nothing to say says nothing.

    `may_begin_anywhere`: each line tells which start of the device it is of, so its log may be read from
    any line on. `knows_its_gates`: the device itself tells start from finish.
    """

    make: MakerOf
    baud: int
    silent_max_ms: int | None
    tcp_port: int | None = None
    asks: bool = False
    dials_us: bool = False
    may_begin_anywhere: bool = False
    knows_its_gates: bool = False


def _beamline(*, sensor: str, hold_off: HoldOff, accept_unchecked: bool) -> PassingSource:
    return PassingMaker(sensor=sensor, hold_off=hold_off)


def _gpio(*, sensor: str, hold_off: HoldOff, accept_unchecked: bool) -> PassingSource:
    return GpioMaker(sensor=sensor, hold_off=hold_off)


KINDS: dict[str, DeviceKind] = {
    "beamline": DeviceKind(make=_beamline, baud=115_200, silent_max_ms=2_500, may_begin_anywhere=True),
    # Status comes each 5 s. No source gives the speed of serial P3 and AMB text: see the device's menu.
    "p3": DeviceKind(make=P3Maker, baud=115_200, silent_max_ms=10_000, tcp_port=5403, asks=True),
    "amb-text": DeviceKind(make=AmbTextMaker, baud=115_200, silent_max_ms=10_000, tcp_port=5100),
    "alge": DeviceKind(make=AlgeMaker, baud=9_600, silent_max_ms=None, knows_its_gates=True),
    "fasttrack": DeviceKind(
        make=FastTrackMaker, baud=9_600, silent_max_ms=2_500, asks=True, knows_its_gates=True
    ),
    "champ": DeviceKind(make=ChampMaker, baud=9_600, silent_max_ms=2_500, asks=True, knows_its_gates=True),
    # A ping comes about each 10 s.
    "tns": DeviceKind(make=TnsMaker, baud=9_600, silent_max_ms=25_000, tcp_port=3097, dials_us=True),
    # We tell the levels of the pins ourselves, each second.
    "gpio": DeviceKind(make=_gpio, baud=0, silent_max_ms=2_500, may_begin_anywhere=True),
}


def make_maker(kind: str, *, sensor: str, hold_off: HoldOff, accept_unchecked: bool = False) -> PassingSource:
    """Return what turns the bytes of a sensor of this kind into passings."""
    return KINDS[kind].make(sensor=sensor, hold_off=hold_off, accept_unchecked=accept_unchecked)
