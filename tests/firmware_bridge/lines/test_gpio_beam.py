"""Pins through gpiozero and through libgpiod: stamps are the kernel's, and trouble is one sentence."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from firmware_bridge.lines.chunk_queue import WAITING_MAX_COUNT
from firmware_bridge.lines.gpio_beam import UNSTAMPED_UNCERTAINTY_NS, open_gpiozero_edges
from firmware_bridge.lines.gpio_edge import KERNEL_UNCERTAINTY_NS, Edge, EdgeSource, GpioSetting, find_chip
from firmware_bridge.lines.gpio_line import GpioLine
from firmware_bridge.lines.gpiod_edges import GpiodEdges, open_gpiod_edges
from firmware_bridge.makers.gpio_maker import GpioMaker
from firmware_bridge.makers.reading import HoldOff
from pitboard.clock import ScriptedClock
from pitboard.errors import BeamLost
from tests.firmware_bridge.lines.ticking_pins import ticking_factory

NOW = 90 * 24 * 3_600 * 1_000_000_000 + 123_456_789
SETTING = GpioSetting(pins=(17, 27), pull="down", backend="gpiozero")


def test_the_stamp_is_the_kernels_tick_to_the_nanosecond_after_ninety_days() -> None:
    edges = drive([(17, True, NOW - 5_000_001), (17, False, NOW - 4_000_007), (27, True, NOW - 3)])
    assert [(edge.channel, edge.is_high) for edge in edges] == [(1, True), (1, False), (2, True)]
    assert [edge.mono_ns for edge in edges] == pytest.approx(
        [NOW - 5_000_001, NOW - 4_000_007, NOW - 3], rel=0, abs=1
    )
    assert {edge.uncertainty_ns for edge in edges} == {KERNEL_UNCERTAINTY_NS}


def test_ticks_of_another_clock_are_not_believed(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        edges = drive([(17, True, 1_700_000_000_000_000_000), (17, False, NOW + 9_000_000_000)])
    assert [(edge.mono_ns, edge.uncertainty_ns) for edge in edges] == [(NOW, UNSTAMPED_UNCERTAINTY_NS)] * 2
    assert len(caplog.records) == 1


def test_only_the_wanted_edge_is_heard_and_bounce_time_is_never_set() -> None:
    factory = ticking_factory()
    edges = drive(
        [(17, True, NOW - 9), (17, False, NOW - 8), (17, True, NOW - 7)],
        setting=GpioSetting(pins=(17,), pull="down", edge="rising"),
        factory=factory,
    )
    assert [edge.is_high for edge in edges] == [True, True]
    assert factory.pin("GPIO17").bounce is None


def test_pins_that_gpiozero_refuses_are_one_sentence() -> None:
    with pytest.raises(BeamLost, match=r"gpiozero does not give us the pins: .*pull"):
        drive([], setting=GpioSetting(pins=(2,), pull="down"))


def test_a_line_of_pins_becomes_passings_with_the_kernels_stamps() -> None:
    assert asyncio.run(race_on_pins()) == [NOW - 800, NOW - 400]


async def race_on_pins() -> list[int]:
    clock = ScriptedClock(now_mono_ns=NOW)
    factory = ticking_factory()
    setting = GpioSetting(pins=(17,), pull="down", clear_ms=0)

    open_edges = partial(open_gpiozero_edges, clock=clock, factory=factory)
    maker = GpioMaker(sensor="gpio-1", hold_off=HoldOff(hold_off_ms=0))
    stamps = []
    async with GpioLine.open(setting, clock=clock, open_edges=open_edges) as line:
        pin = factory.pin("GPIO17")
        for at in (-800, -400):
            pin.drive(True, mono_ns=NOW + at)
            pin.drive(False, mono_ns=NOW + at + 100)
        await asyncio.sleep(0.01)
        for chunk in await line.read():
            reading = maker.feed(chunk.data, received_mono_ns=chunk.received_mono_ns, boot_id="boot")
            stamps += [passing.mono_ns for passing in reading.passings]
    assert maker.counters.lines_good == 5  # with the levels at the start
    return stamps


def test_a_pin_that_chatters_without_end_fills_no_memory() -> None:
    async def chatter() -> tuple[int, int]:
        clock = ScriptedClock(now_mono_ns=NOW)
        factory = ticking_factory()
        maker = GpioMaker(sensor="gpio-1", hold_off=HoldOff(hold_off_ms=0))
        open_edges = partial(open_gpiozero_edges, clock=clock, factory=factory)
        async with GpioLine.open(SETTING, clock=clock, open_edges=open_edges) as line:
            pin = factory.pin("GPIO17")
            for number in range(5_000):
                pin.drive(number % 2 == 0, mono_ns=NOW - 9_000 + number)
            await asyncio.sleep(0.01)
            chunks = await line.read()
            pin.drive(True, mono_ns=NOW)
            await asyncio.sleep(0.01)
            for chunk in chunks + await line.read():
                maker.feed(chunk.data, received_mono_ns=chunk.received_mono_ns, boot_id="boot")
        return len(chunks), maker.counters.overruns

    waiting_count, lost_count = asyncio.run(chatter())
    assert waiting_count == WAITING_MAX_COUNT
    assert lost_count == 5_000 - (WAITING_MAX_COUNT - 1)


def test_pins_that_go_away_lose_the_line() -> None:
    async def lose() -> None:
        async with GpioLine.open(SETTING, clock=ScriptedClock(), open_edges=dead_pins) as line:
            with pytest.raises(BeamLost, match="cannot be read any more"):
                await line.read()

    asyncio.run(lose())


def test_the_chip_is_found_by_its_label_whatever_its_number(tmp_path: Path) -> None:
    labels = {"gpiochip0": "raspberrypi-exp-gpio", "gpiochip4": "gpio-brcmstb", "gpiochip11": "pinctrl-rp1"}
    for name in labels:
        (tmp_path / name).touch()
    label_of = lambda path: labels[path.name]  # noqa: E731
    assert find_chip(devices=tmp_path, label_of=label_of).name == "gpiochip11"
    assert find_chip("gpio-brcmstb", devices=tmp_path, label_of=label_of).name == "gpiochip4"
    with pytest.raises(BeamLost, match=r"no GPIO chip my-chip is here, only raspberrypi-exp-gpio, .*"):
        find_chip("my-chip", devices=tmp_path, label_of=label_of)


def test_a_chip_that_is_not_ours_to_open_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "gpiochip0").touch()

    def refuse(path: Path) -> str:
        raise PermissionError

    with pytest.raises(BeamLost, match="group 'gpio'"):
        find_chip(devices=tmp_path, label_of=refuse)


def test_without_a_chip_gpiozero_says_so_and_we_stay_in_our_folder(tmp_path: Path) -> None:
    program = (
        "import os\n"
        "from firmware_bridge.lines.gpio_beam import open_pin_factory\n"
        "try:\n"
        "    open_pin_factory(77)\n"
        "except Exception as lost:\n"
        "    print(lost)\n"
        "print(os.getcwd())\n"
    )
    # lgpio makes a pipe where it is imported; /proc takes none, as a service's folder under systemd.
    environment = {
        **os.environ,
        "PYTHONPATH": str(Path(__file__).parents[3]),
        "RUNTIME_DIRECTORY": str(tmp_path),
    }
    said = subprocess.run(
        [sys.executable, "-c", program],
        cwd="/proc",
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    # Without the Pi's own library it says how to get it; with it, that there is no chip.
    assert re.search(
        "the Python package 'lgpio' is missing|gpiozero does not give us the pins: ", said.stdout
    )
    assert said.stdout.endswith("/proc\n")


def test_libgpiod_gives_the_kernels_stamp_and_its_own_count() -> None:
    heard: list[Edge] = []
    request = FakeRequest([FakeEvent(27, "rising", NOW, 5), FakeEvent(17, "falling", NOW + 1, 9)])
    edges = GpiodEdges(request=request, pins=(17, 27), rising="rising", on_edge=heard.append)
    edges.on_readable()
    assert heard == [
        Edge(channel=2, is_high=True, mono_ns=NOW, kernel_seq=5),
        Edge(channel=1, is_high=False, mono_ns=NOW + 1, kernel_seq=9),
    ]
    assert edges.levels() == [True, False]


def test_a_chip_that_goes_away_is_told_once_and_does_not_spin() -> None:
    async def go_away() -> None:
        request = FakeRequest(is_gone=True)
        edges = GpiodEdges(request=request, pins=(17,), rising="rising", on_edge=lambda edge: None)
        asyncio.get_running_loop().add_reader(request.fd, edges.on_readable)
        os.write(request.other_fd, b"!")
        await asyncio.sleep(0.01)
        assert request.reads_count == 1
        with pytest.raises(OSError, match="gone"):
            edges.levels()
        os.close(request.fd)
        os.close(request.other_fd)

    asyncio.run(go_away())


def test_without_libgpiod_or_without_a_chip_there_is_one_sentence() -> None:
    with (
        pytest.raises(BeamLost, match=r"'gpiod' is missing|no GPIO chip|group 'gpio'"),
        open_gpiod_edges(GpioSetting(pins=(17,), chip="a-chip-that-nobody-has"), lambda edge: None),
    ):
        pass


@dataclass
class FakeEvent:
    line_offset: int
    event_type: str
    timestamp_ns: int
    line_seqno: int


@dataclass
class FakeRequest:
    events: list[FakeEvent] = field(default_factory=list)
    is_gone: bool = False
    reads_count: int = 0
    fd: int = -1
    other_fd: int = -1

    def __post_init__(self) -> None:
        if self.is_gone:
            self.fd, self.other_fd = os.pipe()

    def read_edge_events(self) -> list[FakeEvent]:
        self.reads_count += 1
        if self.is_gone:
            raise OSError("the chip is gone")
        return self.events

    def get_values(self, pins: Sequence[int]) -> list[int]:
        return [1 if pin == 17 else 0 for pin in pins]


class DeadPins:
    def levels(self) -> Sequence[bool]:
        raise OSError("the chip is gone")


@contextmanager
def dead_pins(setting: GpioSetting, on_edge: Callable[[Edge], None]) -> Iterator[EdgeSource]:
    yield DeadPins()


def drive(
    steps: list[tuple[int, bool, int]], *, setting: GpioSetting = SETTING, factory: Any = None
) -> list[Edge]:
    """Drive the pins as told, pin, level and stamp, and return what was heard."""
    pins = factory or ticking_factory()

    async def run() -> list[Edge]:
        heard: list[Edge] = []
        clock = ScriptedClock(now_mono_ns=NOW)
        with open_gpiozero_edges(setting, heard.append, clock=clock, factory=pins):
            for number, is_high, mono_ns in steps:
                pins.pin(f"GPIO{number}").drive(is_high, mono_ns=mono_ns)
            await asyncio.sleep(0.01)
        return heard

    return asyncio.run(run())
