"""Passings on their way to trackside: sent in order, again and again, until it says that they are durable.

Kept in memory only; the raw log is what survives, and trackside counts a repeat once."""

from __future__ import annotations

import asyncio
import logging
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Sequence

from pitboard.errors import PassingsRefused, PeerLost
from pitboard.unit_api.program_calls import Passing
from pitboard.unit_api.unit_client import TracksideClient

REQUEST_MAX_COUNT = 200
# A week of racing. Beyond, the oldest wait in the raw log for the next start of the bridge.
WAITING_MAX_COUNT = 100_000
RETRY_MIN_MS = 250
RETRY_MAX_MS = 2_000

log = logging.getLogger(__name__)


class BackOff:
    """Waits of doubling length."""

    def __init__(self) -> None:
        self._next_ms = RETRY_MIN_MS

    async def wait(self) -> None:
        await asyncio.sleep(self._next_ms / 1000)
        self._next_ms = min(self._next_ms * 2, RETRY_MAX_MS)

    def reset(self) -> None:
        self._next_ms = RETRY_MIN_MS


class Outbox:
    """Filled by the readers, emptied by `run`."""

    def __init__(self, *, trackside: TracksideClient, rebuilt: Sequence[Passing]) -> None:
        self.refused_count = 0
        self._trackside = trackside
        self._rebuilt = rebuilt
        self._waiting: deque[Passing] = deque()
        self._news = asyncio.Event()

    def put(self, passings: Iterable[Passing]) -> None:
        self._waiting.extend(passings)
        while len(self._waiting) > WAITING_MAX_COUNT:
            self._waiting.popleft()
            log.error("outbox full: the oldest passing now waits in the raw log for the next start")
        self._news.set()

    async def run(self) -> None:
        """Send for ever; first what the raw log has and trackside lacks."""
        self._waiting.extendleft(reversed(await self._missing(self._rebuilt)))
        self._rebuilt = ()
        while True:
            if not self._waiting:
                self._news.clear()
                await self._news.wait()
            count = min(len(self._waiting), REQUEST_MAX_COUNT)
            await self._send([self._waiting.popleft() for _ in range(count)])

    async def put_missing(self, passings: Sequence[Passing]) -> None:
        """Take those of the passings that trackside lacks; wait until it has said which."""
        self.put(await self._missing(passings))

    async def _missing(self, passings: Sequence[Passing]) -> list[Passing]:
        missing: list[Passing] = []
        for sensor, boot in dict.fromkeys((passing.sensor, passing.sensor_boot) for passing in passings):
            known = sorted(await self._fetch_known(sensor, boot))
            firsts = [first for first, _ in known]
            missing += [
                passing
                for passing in passings
                if (passing.sensor, passing.sensor_boot) == (sensor, boot)
                and not ((at := bisect_right(firsts, passing.seq)) and passing.seq <= known[at - 1][1])
            ]
        if missing:
            log.info("trackside lacks %d of %d passings in the raw log", len(missing), len(passings))
        return missing

    async def _fetch_known(self, sensor: str, boot: str) -> list[tuple[int, int]]:
        back_off = BackOff()
        while True:
            try:
                return await self._trackside.fetch_known(sensor=sensor, sensor_boot=boot)
            except PassingsRefused:
                return []  # then all are sent, and those it has count once
            except PeerLost:
                await back_off.wait()

    async def _send(self, batch: Sequence[Passing]) -> None:
        """Return once each is durable there or refused for good."""
        back_off = BackOff()
        is_lost = False
        while True:
            try:
                await self._trackside.send_passings(batch)
            except PeerLost as lost:
                if not is_lost:
                    log.warning("passings wait: count=%d %s", len(batch) + len(self._waiting), lost)
                is_lost = True
                await back_off.wait()
            except PassingsRefused as refused:
                await self._send_singly(batch, refused)
                return
            else:
                if is_lost:
                    log.info("trackside takes passings again")
                return

    async def _send_singly(self, batch: Sequence[Passing], refused: PassingsRefused) -> None:
        """One bad passing must not hold up the others; it stays in the raw log."""
        if len(batch) > 1:
            for passing in batch:
                await self._send([passing])
            return
        self.refused_count += 1
        log.error(
            "%s: sensor=%s boot=%s seq=%d", refused, batch[0].sensor, batch[0].sensor_boot, batch[0].seq
        )
