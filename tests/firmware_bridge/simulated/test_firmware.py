"""The very files that go onto the board, under MicroPython, spoken to over a real pseudo-terminal."""

from __future__ import annotations

import asyncio
import os
import select
import time
import tty
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from random import Random

from firmware_bridge.config import BridgeConfig
from firmware_bridge.decoders.beamline import (
    IDENTIFY,
    Acknowledgement,
    BeamlineDecoder,
    BeamPassing,
    Heartbeat,
    Hello,
    encode_acknowledgement,
    frame,
)
from firmware_bridge.decoders.decoder import Event
from firmware_bridge.lines.flicker import FlickerWatch
from firmware_bridge.simulated.pseudo_terminal import PseudoTerminal
from tests.firmware_bridge.fake_trackside import FakeTrackside
from tests.firmware_bridge.simulated.firmware_process import (
    COUNTER_SPAN_US,
    TruePassing,
    running_firmware,
    script_of,
)
from tests.firmware_bridge.test_bridge_process import running_bridge, until

START_US = COUNTER_SPAN_US - 1_500_000
CONFIG = """
spool_folder = "spool"
[api]
socket = "trackside.sock"
[[sensor]]
name = "beam-1"
port = "beam-1"
[[gate]]
name = "beam-1"
hold_off_ms = 1
"""


def test_the_bridge_gets_each_passing_once_with_the_tick_of_its_edge_across_the_wrap(tmp_path: Path) -> None:
    asyncio.run(race(tmp_path))


async def race(folder: Path) -> None:
    true_passings = [
        TruePassing(at_us=800_000 + 130_001 * number, channel=1 + number % 2, blocked_us=15_000)
        for number in range(24)
    ]
    (folder / "bridge.toml").write_text(CONFIG)
    async with FakeTrackside.open(folder / "trackside.sock") as trackside:
        with (
            PseudoTerminal.open(folder / "beam-1") as terminal,
            running_firmware(terminal, folder, script_of(true_passings, chatter_us=300)),
        ):
            async with running_bridge(BridgeConfig.load(folder / "bridge.toml")):
                await until(lambda: len(trackside.passings) >= len(true_passings), within_ms=10_000)
                await asyncio.sleep(0.1)
    passings = sorted(trackside.passings.values(), key=lambda passing: int(passing["seq"]))
    assert [passing["tick_us"] for passing in passings] == [
        START_US + true_passing.at_us for true_passing in true_passings
    ]
    assert [passing["channel"] for passing in passings] == [
        true_passing.channel for true_passing in true_passings
    ]
    assert len({passing["sensor_boot"] for passing in passings}) == 1
    # The host's stamps keep the ticks' distances; how late each line came does not show.
    late_ns = [passing["mono_ns"] - passing["tick_us"] * 1000 for passing in passings]
    assert max(late_ns) - min(late_ns) < 20_000_000


def test_a_host_that_does_not_read_delays_no_interrupt_and_loses_no_passing(tmp_path: Path) -> None:
    true_passings = [TruePassing(at_us=100_000 + 20_000 * number, blocked_us=5_000) for number in range(60)]
    with (
        PseudoTerminal.open() as terminal,
        running_firmware(terminal, tmp_path, script_of(true_passings)),
        Host(terminal) as host,
    ):
        time.sleep(1.8)
        host.read_until(lambda: len(host.ticks) == len(true_passings))
    assert host.ticks == {
        number: START_US + true_passing.at_us for number, true_passing in enumerate(true_passings, 1)
    }
    # At most the line that was stuck, and what the pseudo-terminal itself cut.
    assert host.decoder.counters.frames_damaged <= 2


def test_a_passing_comes_again_with_its_blocked_time_until_the_right_start_is_acknowledged(
    tmp_path: Path,
) -> None:
    with (
        PseudoTerminal.open() as terminal,
        running_firmware(terminal, tmp_path, script_of([TruePassing(at_us=100_000, blocked_us=12_000)])),
        Host(terminal) as host,
    ):
        host.read_until(lambda: len(host.passings) >= 2)
        assert [passing.blocked_us for passing in host.passings[:2]] == [0, 12_000]
        boot = host.passings[0].boot
        host.write(encode_acknowledgement(Acknowledgement(boot="00000000", seq=1)))
        host.write(b"A," + boot.encode() + b",1*0000\n")
        host.write(b"A" * 300 + frame(f"A,{boot},7".encode()))
        heard = len(host.passings)
        host.read_until(lambda: len(host.passings) > heard)
        host.write(encode_acknowledgement(Acknowledgement(boot=boot, seq=1)) + IDENTIFY)
        host.read_until(lambda: host.heartbeats[-1:] != [] and host.heartbeats[-1].oldest_seq == 2)
        heard = len(host.passings)
        host.read_for(ms=700)
        assert len(host.passings) == heard
    assert [(hello.protocol, hello.firmware, hello.device) for hello in host.hellos] == [
        (1, "pitboard-1.0", "E6614C311B4C2A31")
    ] * len(host.hellos)


def test_nonsense_from_the_host_does_no_harm(tmp_path: Path) -> None:
    random = Random(7)
    with (
        PseudoTerminal.open() as terminal,
        running_firmware(terminal, tmp_path, script_of([TruePassing(at_us=50_000)])),
        Host(terminal) as host,
    ):
        host.read_until(lambda: host.passings != [])
        for _ in range(40):
            host.write(random.randbytes(200) + b"\n,,*\x03A,,,\n*0000\n")
            host.read_for(ms=10)
        host.write(b"\n" + IDENTIFY)
        hellos_count = len(host.hellos)
        host.read_until(lambda: len(host.hellos) > hellos_count and host.heartbeats[-1].last_seq == 1)
    assert host.decoder.counters.frames_damaged == 0


def test_a_full_ring_gives_up_the_oldest_and_says_how_many(tmp_path: Path) -> None:
    true_passings = [TruePassing(at_us=50_000 + 5_000 * number, blocked_us=1_000) for number in range(300)]
    with (
        PseudoTerminal.open() as terminal,
        running_firmware(terminal, tmp_path, script_of(true_passings)),
        Host(terminal) as host,
    ):
        time.sleep(1.8)
        host.write(IDENTIFY)
        host.read_until(lambda: host.heartbeats[-1:] != [] and host.heartbeats[-1].overruns == 44)
        assert (host.heartbeats[-1].last_seq, host.heartbeats[-1].oldest_seq) == (300, 45)
        host.read_until(lambda: set(host.ticks) >= set(range(45, 301)))
    assert all(host.ticks[seq] == START_US + true_passings[seq - 1].at_us for seq in range(45, 301))


def test_the_heartbeat_tells_which_beam_is_blocked(tmp_path: Path) -> None:
    with (
        PseudoTerminal.open() as terminal,
        running_firmware(
            terminal, tmp_path, script_of([TruePassing(at_us=50_000, channel=2, blocked_us=5_000_000)])
        ),
        Host(terminal) as host,
    ):
        host.read_until(lambda: host.passings != [])
        host.write(IDENTIFY)
        host.read_until(lambda: host.heartbeats[-1:] != [] and host.heartbeats[-1].levels == 0b100)


def test_a_beam_that_flickers_too_fast_for_passings_is_still_seen_to_flicker(tmp_path: Path) -> None:
    """Lamps flicker at hundreds of hertz: a passage that never ends must not look like no cars."""
    true_passings = [TruePassing(at_us=50_000 + 2_000 * number, blocked_us=1_000) for number in range(500)]
    watch = FlickerWatch()
    with (
        PseudoTerminal.open() as terminal,
        running_firmware(terminal, tmp_path, script_of(true_passings)),
        Host(terminal) as host,
    ):
        host.read_until(lambda: len(host.ticks) >= 20)
    ticks = sorted(host.ticks.values())
    assert all(later - earlier >= 30_000 for earlier, later in pairwise(ticks[1:]))
    assert any(watch.interrupted(tick_us * 1_000) for tick_us in ticks)


class Host:
    """Somebody at the other end of the line who keeps what comes."""

    def __init__(self, terminal: PseudoTerminal) -> None:
        self.decoder = BeamlineDecoder()
        self.passings: list[BeamPassing] = []
        self.heartbeats: list[Heartbeat] = []
        self.hellos: list[Hello] = []
        self.ticks: dict[int, int] = {}
        self._path = terminal.path
        self._fd = -1
        self._rest = b""

    def __enter__(self) -> Host:
        self._fd = os.open(self._path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self._fd)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)

    def write(self, data: bytes) -> None:
        os.write(self._fd, data)

    def read_until(self, is_so: Callable[[], bool], *, within_ms: int = 8_000) -> None:
        deadline = time.monotonic() + within_ms / 1000
        while not is_so():
            assert time.monotonic() < deadline, self.decoder.counters
            self._read(100)

    def read_for(self, *, ms: int) -> None:
        deadline = time.monotonic() + ms / 1000
        while time.monotonic() < deadline:
            self._read(20)

    def _read(self, wait_ms: int) -> None:
        if select.select([self._fd], [], [], wait_ms / 1000)[0]:
            data = os.read(self._fd, 65_536)
            for event in self.decoder.feed(data):
                self._note(event)
            self._note_passings(data)

    def _note_passings(self, data: bytes) -> None:
        # One decoder for all would swallow the repeats.
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            for event in BeamlineDecoder().feed(line + b"\n"):
                if isinstance(event, BeamPassing):
                    self.passings.append(event)
                    self.ticks.setdefault(event.seq, event.unwrapped_us)

    def _note(self, event: Event) -> None:
        if isinstance(event, Heartbeat):
            self.heartbeats.append(event)
        elif isinstance(event, Hello):
            self.hellos.append(event)
