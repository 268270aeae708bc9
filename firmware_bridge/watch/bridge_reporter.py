"""Tells trackside and `pitboard sensors` how the sensors are: on each change, and each second."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from firmware_bridge.watch.bridge_status import BridgeStatus, SensorView, write_bridge_status
from pitboard.clock import Clock
from pitboard.errors import PeerLost
from pitboard.unit_api.trackside_client import PassingsRefused, SensorStatus, TracksideClient

STATUS_EVERY_MS = 1_000
# A beam that flickers must not become a flood of reports.
PAUSE_MS = 50
DETAIL_MAX_LENGTH = 300

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

    def __init__(self, *, trackside: TracksideClient, status_path: Path, clock: Clock) -> None:
        self._trackside = trackside
        self._status_path = status_path
        self._clock = clock
        self._changed = asyncio.Event()
        self._warning = ""
        self._is_trackside_lost = False
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
                [_short(sensor.status()) for sensor in sensors], warning=self._warning
            )
        except (PeerLost, PassingsRefused) as lost:
            if not self._is_trackside_lost:
                log.warning("status not delivered: %s", lost)
            self._is_trackside_lost = True
            return False
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
        )
        trouble = None
        try:
            write_bridge_status(self._status_path, status)
        except OSError as error:
            trouble = error.strerror or str(error)
            if trouble != self._file_trouble:
                log.warning("no status for `pitboard sensors`: %s: %s", self._status_path, trouble)
        self._file_trouble = trouble


def _short(status: SensorStatus) -> SensorStatus:
    """Trackside takes so many characters of a sentence and no more."""
    if len(status.detail) <= DETAIL_MAX_LENGTH:
        return status
    return SensorStatus(
        sensor=status.sensor,
        state=status.state,
        detail=status.detail[: DETAIL_MAX_LENGTH - 1] + "…",
        counters=status.counters,
    )
