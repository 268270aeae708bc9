"""How many calls a door has answered, how, and how long each took of the clock."""

from __future__ import annotations

from bisect import bisect_left

from aiohttp import web
from aiohttp.typedefs import Handler

from pitboard.clock import Clock
from pitboard.doors.caller import DOOR
from sync.central.metrics.exposition import Family, Sample

BOUNDS_MS = (1, 2, 5, 10, 25, 50, 100, 250, 1_000)
_STREAMS = ("/api/v1/live",)
"""Calls that last as long as somebody follows."""


class CallMeter:
    """A middleware that counts; `door` names which door's calls these are."""

    def __init__(self, door: str, clock: Clock) -> None:
        self.door = door
        self._clock = clock
        self._statuses: dict[str, int] = {}
        self._buckets = [0] * (len(BOUNDS_MS) + 1)
        self._sum_ns = 0

    def add_to(self, app: web.Application) -> None:
        app.middlewares.insert(0, self._meter)
        if (door := app.get(DOOR)) is not None:
            door.on_quick_answer = lambda status, took_ns: self._count(f"{status // 100}xx", took_ns)

    @web.middleware
    async def _meter(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        began_ns = self._clock.mono_ns()
        status = "none"
        try:
            response = await handler(request)
            status = f"{response.status // 100}xx"
            return response
        finally:
            is_stream = request.path in _STREAMS
            self._count(status, None if is_stream else self._clock.mono_ns() - began_ns)

    def _count(self, status: str, took_ns: int | None) -> None:
        self._statuses[status] = self._statuses.get(status, 0) + 1
        if took_ns is not None:
            self._buckets[bisect_left(BOUNDS_MS, took_ns / 1_000_000)] += 1
            self._sum_ns += took_ns

    def statuses(self) -> list[Sample]:
        """Return how many calls ended with a status of each hundred; `none` ended without an answer."""
        return [
            Sample(value=count, labels={"door": self.door, "status": status})
            for status, count in sorted(self._statuses.items())
        ]

    def durations(self) -> list[Sample]:
        """Return the samples of a histogram."""
        samples, total = [], 0
        for bound_ms, count in zip((*BOUNDS_MS, None), self._buckets, strict=True):
            total += count
            least = "+Inf" if bound_ms is None else f"{bound_ms / 1_000:g}"
            samples.append(Sample(value=total, labels={"door": self.door, "le": least}, suffix="_bucket"))
        labels = {"door": self.door}
        samples.append(Sample(value=self._sum_ns / 1e9, labels=labels, suffix="_sum"))
        samples.append(Sample(value=total, labels=labels, suffix="_count"))
        return samples


def of_calls(meters: list[CallMeter]) -> list[Family]:
    return [
        Family(
            name="pitboard_calls_total",
            kind="counter",
            says="Calls answered, by door and status.",
            samples=tuple(sample for meter in meters for sample in meter.statuses()),
        ),
        Family(
            name="pitboard_call_seconds",
            kind="histogram",
            says="How long calls took that are no streams.",
            samples=tuple(sample for meter in meters for sample in meter.durations()),
        ),
    ]
