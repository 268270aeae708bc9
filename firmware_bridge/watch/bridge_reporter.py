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
from pitboard.errors import NOT_UNDERSTOOD, BridgeStatusLost, PassingsRefused, PeerLost
from pitboard.program.service import SERVICE
from pitboard.unit_api.socket_watch import SocketWatch
from pitboard.unit_api.unit_client import TracksideClient
from pitboard.unit_api.unit_status import SensorNote, SensorStatus, SystemsStatus

STATUS_FRESH_MAX_NS = 3_000_000_000
# A file in which only counters moved is written anew so often: to replace one costs as much as all the rest.
FILE_EVERY_NS = 1_500_000_000


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
    note: SensorNote | None = None
    systems: list[SystemsStatus] = []

    def is_fresh(self, now_mono_ns: int, *, boot_id: str) -> bool:
        return boot_id == self.boot_id and 0 <= now_mono_ns - self.mono_ns <= STATUS_FRESH_MAX_NS


def write_bridge_status(path: Path, status: BridgeStatus) -> None:
    """Replace the file in one step. Raises OSError."""
    fresh = path.with_name(f".{path.name}.new")
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        os.write(fd, msgspec.json.encode(status))
    finally:
        os.close(fd)
    os.replace(fresh, path)


def read_bridge_status(path: Path) -> BridgeStatus:
    """Return what the bridge said last, however long ago. Raises BridgeStatusLost."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=BridgeStatus)
    except OSError as error:
        raise BridgeStatusLost(path=path, reason=error.strerror or str(error)) from error
    except NOT_UNDERSTOOD as error:
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

    def view(self, status: SensorStatus) -> SensorView:
        """Return the status with what only the technician looks at."""
        ...


class BridgeReporter:
    """One program's reports."""

    def __init__(self, *, trackside: TracksideClient, socket: Path, status_path: Path, clock: Clock) -> None:
        self.systems = SystemsWatch(())
        self._trackside = trackside
        self._status_path = status_path
        self._clock = clock
        self._changed = asyncio.Event()
        self._note: SensorNote | None = None
        self._is_trackside_lost = False
        self._watch = SocketWatch("bridge", socket, key="[api] socket in bridge.toml", clock=clock)
        self._file_trouble: str | None = None
        self._in_file: object = None
        self._filed_mono_ns = 0

    def note_change(self) -> None:
        self._changed.set()

    def warn(self, note: SensorNote | None) -> None:
        """Show this note until another one, or none, takes its place."""
        if note != self._note:
            self._note = note
            self._changed.set()

    async def run(self, sensors: Sequence[Watched]) -> None:
        """Report for ever."""
        try:
            while True:
                self._changed.clear()
                statuses, systems = [sensor.status() for sensor in sensors], self.systems.views()
                views = [sensor.view(status) for sensor, status in zip(sensors, statuses, strict=True)]
                self._keep_file(views, systems)
                SERVICE.beat()
                is_told = await self._tell_trackside(statuses, systems)
                told_mono_ns = self._clock.mono_ns()
                if is_told:
                    await self._wait(sensors)
                # A change must not make us knock without pause, least of all at a door that is shut.
                pause_ms = PAUSE_MS if is_told else STATUS_EVERY_MS
                waited_ms = (self._clock.mono_ns() - told_mono_ns) // 1_000_000
                if waited_ms < pause_ms:
                    await asyncio.sleep((pause_ms - waited_ms) / 1000)
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

    async def _tell_trackside(
        self, statuses: Sequence[SensorStatus], systems: Sequence[SystemsStatus]
    ) -> bool:
        try:
            await self._trackside.send_status(statuses, note=self._note, systems=systems)
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

    def _keep_file(self, views: list[SensorView], systems: list[SystemsStatus]) -> None:
        """Write the file where it would say something new, or soon count as old."""
        now_mono_ns = self._clock.mono_ns()
        told = [(v.state, v.notes, v.blocked, v.last_edge_mono_ns, dict(v.signs)) for v in views]
        said = told, systems, self._note
        if said == self._in_file and now_mono_ns - self._filed_mono_ns < FILE_EVERY_NS:
            return
        self._in_file, self._filed_mono_ns = said, now_mono_ns
        status = BridgeStatus(
            boot_id=self._clock.boot_id,
            mono_ns=now_mono_ns,
            sensors=views,
            note=self._note,
            systems=systems,
        )
        trouble = None
        try:
            write_bridge_status(self._status_path, status)
        except OSError as error:
            trouble = error.strerror or str(error)
            if trouble != self._file_trouble:
                log.warning("no status for `pitboard sensors`: %s: %s", self._status_path, trouble)
        self._file_trouble = trouble
