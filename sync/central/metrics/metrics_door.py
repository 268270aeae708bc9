"""Central's own door for Prometheus and health checks, on loopback where the config says no other.

`/healthz` answers 200 while the loop comes round and the journal follows, `/metrics` all that is told."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterator
from typing import NoReturn

from aiohttp import web

from pitboard.clock import Clock
from pitboard.doors.door import bound_tcp
from pitboard.doors.door_limits import DoorLimits, Rate
from pitboard.doors.http_api import json_response, new_app, serve_bound_tcp
from pitboard.journal.replica import Replica
from pitboard.tasks import beside
from sync.central.config import DOORS, CentralConfig, Door
from sync.central.metrics.call_meter import CallMeter, of_calls
from sync.central.metrics.exposition import CONTENT_TYPE, Family, family, text_of
from sync.central.metrics.race_metrics import RaceMetrics, Source

log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.25


class Metrics:
    """Collects what the doors of one process tell; each door adds its meter and its own families."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._meters: list[CallMeter] = []
        self._sources: list[Source] = []
        self._late_max_ns = 0

    def meter(self, app: web.Application, door: Door | str) -> None:
        """Count the calls of the app."""
        meter = CallMeter(door, self._clock)
        meter.add_to(app)
        self._meters.append(meter)

    def add(self, source: Source) -> None:
        self._sources.append(source)

    def families(self) -> Iterator[Family]:
        for source in self._sources:
            yield from source()
        yield from of_calls(self._meters)
        late_ns, self._late_max_ns = self._late_max_ns, 0
        yield family(
            "pitboard_loop_late_seconds",
            "gauge",
            "The longest that the program kept everybody waiting since the last look.",
            late_ns / 1e9,
        )

    async def watch_loop(self) -> NoReturn:
        """Note how late a short sleep ends, until cancelled."""
        while True:
            began_ns = self._clock.mono_ns()
            await asyncio.sleep(LOOK_EVERY_S)
            late_ns = self._clock.mono_ns() - began_ns - int(LOOK_EVERY_S * 1e9)
            self._late_max_ns = max(self._late_max_ns, late_ns)


METRICS_LIMITS = DoorLimits(
    connections_max_count=32,
    calls_of_source=Rate(per_s=5, burst=100),
    calls_of_all=Rate(per_s=20, burst=200),
    calls_of_quiet=Rate(per_s=5, burst=50),
    trusted_proxies=(),  # who asks from this machine is counted like anybody
)
"""Each answer is made anew of the whole race."""


@contextlib.asynccontextmanager
async def serve_metrics(
    config: CentralConfig, metrics: Metrics, replica: Replica, door: Door | None
) -> AsyncIterator[int | None]:
    """Serve the metrics where the config names a port; of several processes each takes the next one."""
    if config.metrics is None:
        yield None
        return
    metrics.add(RaceMetrics(replica).families)
    app = new_app(METRICS_LIMITS)

    async def tell(request: web.Request) -> web.Response:
        return web.Response(body=text_of(metrics.families()).encode(), headers={"Content-Type": CONTENT_TYPE})

    async def health(request: web.Request) -> web.Response:
        alarms = len(replica.alarms)
        return json_response({"status": "alarm" if alarms else "ok", "alarms": alarms, "door": door or "all"})

    app.router.add_get("/metrics", tell)
    app.router.add_get("/healthz", health)
    port = config.metrics.port
    if port and door is not None:
        port += DOORS.index(door)
    with bound_tcp(config.metrics.host, port) as listener:
        async with serve_bound_tcp(app, listener) as served, beside(metrics.watch_loop(), name="loop watch"):
            log.info("metrics served: port=%d", served)
            yield served
