"""When the bridge reports: on each change, else each second; the file is written for what is new in it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import cast

import msgspec
import pytest

from firmware_bridge.watch.bridge_reporter import BridgeReporter, SensorView, read_bridge_status
from pitboard.errors import LossCode, PeerLost
from pitboard.unit_api.unit_client import TracksideClient
from pitboard.unit_api.unit_status import SensorNote, SensorState, SensorStatus, SystemsStatus
from venue.simulator.world.virtual_loop import MachineClock, VirtualLoop, run_virtual

MS = 1_000_000


class Stage:
    """One sensor that says what the test wants, a trackside that counts what it is told, and the file."""

    def __init__(self, clock: MachineClock, folder: Path) -> None:
        self.clock = clock
        self.path = folder / "status.json"
        self.told_ms: list[int] = []
        self.is_away = False
        self.lines = 0
        self.state = SensorState.OK
        self.last_edge_mono_ns: int | None = None
        self.silent_at_mono_ns: int | None = None
        self._start_ns = clock.mono_ns()
        self.reporter = BridgeReporter(
            trackside=cast(TracksideClient, self),
            socket=folder / "no.sock",
            status_path=self.path,
            clock=clock,
        )

    async def send_status(
        self, sensors: Sequence[SensorStatus], *, note: SensorNote | None, systems: Sequence[SystemsStatus]
    ) -> None:
        self.told_ms.append(self.now_ms)
        if self.is_away:
            raise PeerLost(peer="trackside", code=LossCode.NO_ANSWER)

    def status(self) -> SensorStatus:
        self.lines += 1
        return SensorStatus(sensor="beam-1", state=self.state, counters={"lines_good": self.lines})

    def view(self, status: SensorStatus) -> SensorView:
        return SensorView(
            **msgspec.structs.asdict(status) | {"kind": "beamline", "gate": "finish"},
            place="/dev/ttyACM0",
            last_edge_mono_ns=self.last_edge_mono_ns,
        )

    @property
    def now_ms(self) -> int:
        return (self.clock.mono_ns() - self._start_ns) // MS

    async def written_ms(self, until_ms: int) -> list[int]:
        """Return when the file was written, up to then."""
        seen = set()
        while self.now_ms < until_ms:
            seen.add((read_bridge_status(self.path).mono_ns - self._start_ns) // MS)
            await asyncio.sleep(0.01)
        return sorted(seen)


def staged(folder: Path, story: Callable[[Stage], Awaitable[None]]) -> None:
    async def play(loop: VirtualLoop) -> None:
        stage = Stage(MachineClock(loop, "boot"), folder)
        running = asyncio.create_task(stage.reporter.run([stage]), name="reporter")
        await asyncio.sleep(0)
        await story(stage)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        assert not stage.path.exists()

    run_virtual(play)


def test_a_second_without_news_is_told_and_the_file_waits_for_the_next(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        assert await stage.written_ms(7_500) == [0, 2_000, 4_000, 6_000]
        assert stage.told_ms == [0, 1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000]
        # As old as it grows it counts as fresh.
        status = read_bridge_status(stage.path)
        assert status.is_fresh(status.mono_ns + 2_900 * MS, boot_id="boot")

    staged(tmp_path, story)


@pytest.mark.parametrize("news", ["edge", "state", "note"])
def test_what_is_new_stands_in_the_file_with_the_next_report(tmp_path: Path, news: str) -> None:
    async def story(stage: Stage) -> None:
        await asyncio.sleep(0.5)
        if news == "edge":
            stage.last_edge_mono_ns = stage.clock.mono_ns()
        elif news == "state":
            stage.state = SensorState.FLICKERS
            stage.reporter.note_change()
        else:
            stage.reporter.warn(SensorNote(code="raw-log-full", fields={"used_mb": 95, "max_mb": 100}))
        said_ms = 1_000 if news == "edge" else 500
        assert await stage.written_ms(1_300) == [0, said_ms]
        assert stage.told_ms[1] == said_ms

    staged(tmp_path, story)


def test_a_flood_of_changes_is_told_twenty_times_a_second(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        while stage.now_ms < 1_000:
            stage.reporter.note_change()
            await asyncio.sleep(0.001)
        assert 19 <= len(stage.told_ms) <= 21

    staged(tmp_path, story)


def test_a_door_that_is_shut_is_knocked_at_once_a_second(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        stage.is_away = True
        while stage.now_ms < 4_500:
            stage.reporter.note_change()
            await asyncio.sleep(0.01)
        assert len(stage.told_ms) <= 6

    staged(tmp_path, story)


def test_a_sensor_that_counts_as_silent_is_told_at_that_moment(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        stage.silent_at_mono_ns = stage.clock.mono_ns() + 1_400 * MS
        await asyncio.sleep(1.6)
        assert stage.told_ms == [0, 1_000, 1_401]

    staged(tmp_path, story)
