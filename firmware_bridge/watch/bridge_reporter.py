"""Tells trackside and `pitboard sensors` how the sensors are: on each change, and each second."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from firmware_bridge.watch.systems_watch import SystemsWatch
from pitboard.clock import Clock
from pitboard.errors import BridgeStatusLost, PassingsRefused, PeerLost
from pitboard.program.service import SERVICE
from pitboard.unit_api.socket_watch import SocketWatch
from pitboard.unit_api.unit_client import TracksideClient
from pitboard.unit_api.unit_status import SensorStatus, SystemsStatus

STATUS_FRESH_MAX_NS = 3_000_000_000


class SensorView(SensorStatus, frozen=True, kw_only=True):
    """One sensor now, for the technician.

    `rate_ppb` is how much longer a host second is than the device's; `signs` are what the last records told.
    """

    kind: str
    place: str
    gate: str
    last_edge_mono_ns: int | None = None
    rate_ppb: int | None = None
    signs: dict[str, int | str] = msgspec.field(default_factory=dict)


class BridgeStatus(msgspec.Struct, frozen=True, kw_only=True):
    boot_id: str
    mono_ns: int
    sensors: list[SensorView]
    warning: str = ""
    systems: list[SystemsStatus] = []

    def is_fresh(self, now_mono_ns: int, *, boot_id: str) -> bool:
        return boot_id == self.boot_id and 0 <= now_mono_ns - self.mono_ns <= STATUS_FRESH_MAX_NS


def write_bridge_status(path: Path, status: BridgeStatus) -> None:
    """Replace the file in one step. Raises OSError."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_bytes(msgspec.json.encode(status))
    os.replace(fresh, path)


def read_bridge_status(path: Path) -> BridgeStatus:
    """Return what the bridge said last, however long ago. Raises BridgeStatusLost."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=BridgeStatus)
    except OSError as error:
        raise BridgeStatusLost(path=path, reason=error.strerror or str(error)) from error
    except msgspec.DecodeError as error:
        raise BridgeStatusLost(path=path, reason=f"it makes no sense ({error})") from error


STATUS_EVERY_MS = 1_000
# A beam that flickers must not become a flood of reports.
PAUSE_MS = 50

log = logging.getLogger(__name__)


class Watched(Protocol):
    """A sensor that can say how it is."""

    @property
    def silent_at_mono_ns(self) -> int | None:
        """When it counts as silent if nothing more is heard; None where that changes nothing."""
        ...

    def status(self) -> SensorStatus: ...

    def view(self) -> SensorView: ...


class BridgeReporter:
    """One program's reports."""

    def __init__(self, *, trackside: TracksideClient, socket: Path, status_path: Path, clock: Clock) -> None:
        self.systems = SystemsWatch(())
        self._trackside = trackside
        self._status_path = status_path
        self._clock = clock
        self._changed = asyncio.Event()
        self._warning = ""
        self._is_trackside_lost = False
        self._watch = SocketWatch("bridge", socket, key="[api] socket in bridge.toml", clock=clock)
        self._file_trouble: str | None = None

    def note_change(self) -> None:
        self._changed.set()

    def warn(self, warning: str) -> None:
        """Show this sentence until another one, or none, takes its place."""
        if warning != self._warning:
            self._warning = warning
            self._changed.set()

    async def run(self, sensors: Sequence[Watched]) -> None:
        """Report for ever."""
        try:
            while True:
                self._changed.clear()
                self._write_file(sensors)
                SERVICE.beat()
                is_told = await self._tell_trackside(sensors)
                # A change must not make us knock without pause at a door that is shut.
                await asyncio.sleep((PAUSE_MS if is_told else STATUS_EVERY_MS) / 1000)
                if is_told:
                    await self._wait(sensors)
        finally:
            self._status_path.unlink(missing_ok=True)

    async def _wait(self, sensors: Sequence[Watched]) -> None:
        """Return after a change, a second, or when a sensor counts as silent."""
        now = self._clock.mono_ns()
        waits = [
            (silent_at - now) // 1_000_000 + 1
            for sensor in sensors
            if (silent_at := sensor.silent_at_mono_ns) is not None and silent_at > now
        ]
        try:
            async with asyncio.timeout(min([STATUS_EVERY_MS, *waits]) / 1000):
                await self._changed.wait()
        except TimeoutError:
            pass

    async def _tell_trackside(self, sensors: Sequence[Watched]) -> bool:
        try:
            await self._trackside.send_status(
                [sensor.status() for sensor in sensors], warning=self._warning, systems=self.systems.views()
            )
        except (PeerLost, PassingsRefused) as lost:
            if not self._is_trackside_lost:
                log.warning("status not delivered: %s", lost)
            self._is_trackside_lost = True
            if isinstance(lost, PeerLost):
                self._watch.failed(lost)
            return False
        self._watch.answered()
        if self._is_trackside_lost:
            log.info("trackside answers again")
        self._is_trackside_lost = False
        return True

    def _write_file(self, sensors: Sequence[Watched]) -> None:
        status = BridgeStatus(
            boot_id=self._clock.boot_id,
            mono_ns=self._clock.mono_ns(),
            sensors=[sensor.view() for sensor in sensors],
            warning=self._warning,
            systems=self.systems.views(),
        )
        trouble = None
        try:
            write_bridge_status(self._status_path, status)
        except OSError as error:
            trouble = error.strerror or str(error)
            if trouble != self._file_trouble:
                log.warning("no status for `pitboard sensors`: %s: %s", self._status_path, trouble)
        self._file_trouble = trouble
