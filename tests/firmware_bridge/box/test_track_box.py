"""The start light, the buzzer and the racer's clock, on gpiozero's mock pins and on time that jumps."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from gpiozero.pins.mock import MockFactory

from firmware_bridge.box.racer_clock import RacerClock, digits_of, shown_s
from firmware_bridge.box.start_light import GO_BEEP_MS, TIME_UP_BEEP_MS
from firmware_bridge.box.track_box import OPEN_AGAIN_S, TrackBox
from firmware_bridge.config import BoxConfig, BridgeConfig
from pitboard.clock import ScriptedClock
from pitboard.errors import BeamLost, ConfigRefused, LossCode, PeerLost, PortCode, PortTrouble
from pitboard.unit_api.official_acts import Arm
from pitboard.unit_api.program_calls import Passing
from pitboard.unit_api.screen_state import Phase, TrackSigns
from tests.trackside.unit_story import Unit, with_unit
from venue.simulator.world.virtual_loop import VirtualLoop, run_virtual

SECOND_NS = 1_000_000_000
NO_CHIP = PortTrouble(PortCode.NO_CHIP, {"wanted": "chip"})
CONFIG = BoxConfig(armed_pin=5, go_pin=6, time_up_pin=13, fault_pin=19, buzzer_pin=26, clock_pins=(20, 21))
LAMPS = {5: "armed", 6: "go", 13: "time-up", 19: "fault"}


def signs(phase: Phase, version: int = 1, **more: Any) -> TrackSigns:
    return TrackSigns(version=version, phase=phase, mono_ns=0, **more)


class ScriptedUnit:
    """Answers what the test puts in; None is a unit that does not answer."""

    def __init__(self) -> None:
        self.said: asyncio.Queue[TrackSigns | None] = asyncio.Queue()

    async def track_signs(self, *, after: int | None, wait_ms: int) -> TrackSigns:
        said = await self.said.get()
        if said is None:
            raise PeerLost(peer="trackside", code=LossCode.NO_ANSWER)
        return said


class Box:
    def __init__(self) -> None:
        self.factory = MockFactory()
        self.unit = ScriptedUnit()
        self.box = TrackBox(CONFIG, self.unit, ScriptedClock(), open_factory=lambda: self.factory)

    @property
    def lit(self) -> set[str]:
        return {name for pin, name in LAMPS.items() if self.factory.pin(f"GPIO{pin}").state}

    @property
    def is_loud(self) -> bool:
        return bool(self.factory.pin("GPIO26").state)

    async def say(self, said: TrackSigns | None) -> None:
        self.unit.said.put_nowait(said)
        await asyncio.sleep(0.01)


def beside_the_track(story: Callable[[Box], Awaitable[None]]) -> None:
    async def play(loop: VirtualLoop) -> None:
        box = Box()
        running = asyncio.create_task(box.box.run(), name="box")
        await asyncio.sleep(0.01)
        try:
            await story(box)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        assert (box.lit, box.is_loud) == (set(), False)  # whoever ends it leaves nothing on

    run_virtual(play)


def test_each_phase_has_its_lamp_and_a_fault_is_lit_beside_it() -> None:
    async def story(box: Box) -> None:
        assert box.lit == {"fault"}  # nobody has answered yet
        for phase, lit in (
            ("idle", set()),
            ("armed", {"armed"}),
            ("running", {"go"}),
            ("paused", {"armed"}),
            ("time-up", {"time-up"}),
            ("review", set()),
        ):
            await box.say(signs(phase))  # type: ignore[arg-type]
            assert box.lit == lit, phase
        await box.say(signs("armed", is_fault=True))
        assert box.lit == {"armed", "fault"}
        await box.say(None)
        assert box.lit == {"fault"}
        await asyncio.sleep(1)
        await box.say(signs("idle"))
        assert box.lit == set()

    beside_the_track(story)


def test_the_buzzer_is_short_at_the_start_and_long_when_the_time_is_up() -> None:
    async def story(box: Box) -> None:
        await box.say(signs("armed"))
        assert not box.is_loud
        for phase, length_ms in (("running", GO_BEEP_MS), ("time-up", TIME_UP_BEEP_MS)):
            await box.say(signs(phase))  # type: ignore[arg-type]
            await asyncio.sleep(length_ms / 1_000 - 0.05)
            assert box.is_loud
            await asyncio.sleep(0.1)
            assert not box.is_loud
        await box.say(signs("time-up", version=2))  # the same phase again is no news
        await box.say(signs("review"))
        await box.say(None)
        assert not box.is_loud
        await asyncio.sleep(1)
        await box.say(signs("running"))  # the unit is back: this is no start
        assert not box.is_loud

    beside_the_track(story)


def test_pins_that_are_not_to_be_had_are_said_once_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    opened: list[MockFactory] = []

    def open_factory() -> MockFactory:
        opened.append(MockFactory())
        if len(opened) < 4:
            raise BeamLost(port="GPIO", trouble=NO_CHIP)
        return opened[-1]

    async def story(loop: VirtualLoop) -> None:
        unit = ScriptedUnit()
        box = TrackBox(CONFIG, unit, ScriptedClock(), open_factory=open_factory)
        running = asyncio.create_task(box.run(), name="box")
        unit.said.put_nowait(signs("armed"))
        await asyncio.sleep(3 * OPEN_AGAIN_S + 1)
        assert opened[-1].pin("GPIO5").state
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    with caplog.at_level(logging.WARNING):
        run_virtual(story)
    assert [one.getMessage() for one in caplog.records] == [
        f"nothing beside the track is driven: {NO_CHIP.reason}"
    ]


class PulledLamp:
    """A lamp whose pin is no longer to be had."""

    @property
    def value(self) -> int:
        return 0

    @value.setter
    def value(self, value: int) -> None:
        raise OSError("GPIO line is gone")


def test_pins_that_are_lost_while_they_are_driven_end_nothing_and_are_opened_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    opened: list[MockFactory] = []

    def open_factory() -> MockFactory:
        opened.append(MockFactory())
        return opened[-1]

    async def story(loop: VirtualLoop) -> None:
        unit = ScriptedUnit()
        box = TrackBox(CONFIG, unit, ScriptedClock(), open_factory=open_factory)
        running = asyncio.create_task(box.run(), name="box")
        await asyncio.sleep(1)
        box._lamps["armed"] = PulledLamp()
        unit.said.put_nowait(signs("armed"))
        await asyncio.sleep(1)
        assert not running.done()
        await asyncio.sleep(OPEN_AGAIN_S)
        assert len(opened) == 2
        assert opened[-1].pin("GPIO5").state  # and it shows what it missed
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    with caplog.at_level(logging.WARNING):
        run_virtual(story)
    assert [one.getMessage() for one in caplog.records] == [
        "nothing beside the track is driven: the pins fail (GPIO line is gone)"
    ]


class Tm1637:
    """The chip at the other end of the two wires, as its data sheet tells it."""

    def __init__(self) -> None:
        self.is_clock = self.is_data = False
        self.sent: list[list[int]] = []
        self._bits: list[int] | None = None

    def set_clock(self, is_high: bool) -> None:
        if is_high and not self.is_clock and self._bits is not None:
            self._bits.append(int(self.is_data))
        self.is_clock = is_high

    def set_data(self, is_high: bool) -> None:
        if self.is_clock and is_high != self.is_data:
            if is_high and self._bits is not None:  # stop
                bits = self._bits[: len(self._bits) // 9 * 9]
                rows = [bits[at : at + 8] for at in range(0, len(bits), 9)]
                self.sent.append([sum(bit << at for at, bit in enumerate(row)) for row in rows])
                self._bits = None
            elif not is_high:
                self._bits = []
        self.is_data = is_high


class ChipWire:
    def __init__(self, change: Callable[[bool], None]) -> None:
        self._change = change

    def on(self) -> None:
        self._change(True)

    def off(self) -> None:
        self._change(False)


def test_the_racers_clock_speaks_as_the_chip_understands_and_says_nothing_twice() -> None:
    chip = Tm1637()
    clock = RacerClock(ChipWire(chip.set_clock), ChipWire(chip.set_data))
    clock.show(digits_of(125))
    assert chip.sent == [[0x40], [0xC0, 0x00, 0x5B | 0x80, 0x3F, 0x6D], [0x8F]]  # 2:05
    clock.show(digits_of(125))
    assert len(chip.sent) == 3
    clock.show(digits_of(None))
    assert chip.sent[4] == [0xC0, 0x40, 0x40, 0x40, 0x40]


@pytest.mark.parametrize(
    ("said", "now_s", "shown"),
    [
        (None, 5, None),
        (signs("idle"), 5, None),
        (signs("armed", clock_ns=180 * SECOND_NS), 5, 180),
        (signs("running", clock_ns=180 * SECOND_NS, is_ticking=True), 5, 175),
        (signs("running", clock_ns=180 * SECOND_NS + 1, is_ticking=True), 5, 176),
        (signs("running", clock_ns=3 * SECOND_NS, is_ticking=True), 5, 0),
        (signs("paused", clock_ns=90 * SECOND_NS), 5, 90),
        (signs("running", clock_ns=SECOND_NS, counts_down=False, is_ticking=True), 5, 6),
        (signs("running", clock_ns=10**14, counts_down=False), 5, 5_999),
    ],
)
def test_the_racer_sees_the_time_left_or_used(said: TrackSigns | None, now_s: int, shown: int | None) -> None:
    assert shown_s(said, now_s * SECOND_NS) == shown


def test_a_finger_on_a_pin_is_as_unsure_as_a_finger(tmp_path: Path) -> None:
    config = written(tmp_path, 'system = "hand"')
    pressed = Passing(
        sensor="button",
        sensor_boot="b",
        seq=1,
        channel=1,
        boot_id="boot",
        mono_ns=7,
        uncertainty_ns=50_000,
        received_mono_ns=8,
    )
    placed = config.sensors[0].placed(pressed)
    assert (placed.mono_ns, placed.uncertainty_ns, placed.system) == (7, 100_000_000, "hand")
    assert written(tmp_path, "").sensors[0].placed(pressed).uncertainty_ns == 50_000


def test_a_pin_that_is_named_twice_stops_the_start(tmp_path: Path) -> None:
    assert written(tmp_path, "", "[box]\ngo_pin = 6\nfault_pin = 19").box == BoxConfig(go_pin=6, fault_pin=19)
    for box in ("go_pin = 6\nfault_pin = 6", "go_pin = 16", "clock_pins = [20, 20]"):
        with pytest.raises(ConfigRefused, match="named twice"):
            written(tmp_path, "", f"[box]\n{box}")


def written(folder: Path, sensor: str, rest: str = "") -> BridgeConfig:
    path = folder / "bridge.toml"
    path.write_text(
        f'spool_folder = "raw"\n[api]\nsocket = "a.sock"\n[[sensor]]\nname = "button"\nkind = "gpio"\n'
        f"pins = [16]\n{sensor}\n{rest}\n"
    )
    return BridgeConfig.load(path)


def test_the_unit_tells_what_the_box_shows(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        async def now() -> TrackSigns:
            return await unit.feed.signs(0, 0)

        said = await now()
        assert (said.phase, said.clock_ns, said.is_fault) == ("idle", None, True)  # no bridge has answered
        driver = await unit.acting.register("Ann")
        await unit.run_control.carry_out(Arm(competitor_id=driver))
        said = await now()
        assert (said.phase, said.clock_ns, said.is_ticking) == ("armed", 180 * SECOND_NS, False)
        await unit.cross(1)
        unit.clock.advance(ms=5_000)
        said = await now()
        assert (said.phase, said.clock_ns, said.is_ticking) == ("running", 175 * SECOND_NS, True)
        assert said.mono_ns == unit.clock.now_mono_ns

    with_unit(tmp_path, story)
