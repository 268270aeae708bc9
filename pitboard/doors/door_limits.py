"""How much one source, and all together, may ask of a TCP door.

What comes from this machine is bounded in all only: a proxy in front brings everybody's calls. An IPv6 source
is its /64 network, for a host there has as many addresses as it likes."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from pitboard.doors.door import is_loopback

SOURCES_MAX_COUNT = 4_096
_SECOND_NS = 1_000_000_000
_ALL = ""


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` at once, `per_s` in the long run."""

    per_s: float
    burst: int


@dataclass(slots=True)
class _Bucket:
    level: float
    filled_mono_ns: int


@dataclass(slots=True)
class TokenBuckets:
    """Counts calls by source and in all."""

    of_source: Rate
    of_all: Rate
    _buckets: OrderedDict[str, _Bucket] = field(default_factory=OrderedDict)
    _all: OrderedDict[str, _Bucket] = field(default_factory=OrderedDict)

    def take(self, source: str | None, *, now_mono_ns: int) -> int | None:
        """Return None if the source may go on, else in how many milliseconds it may try again.

        A source of None is counted with all only. One that is refused takes nothing from the others.
        """
        buckets = [(_filled(self._all, _ALL, self.of_all, now_mono_ns), self.of_all)]
        if source is not None:
            buckets.append((_filled(self._buckets, source, self.of_source, now_mono_ns), self.of_source))
        if any(bucket.level < 1 for bucket, _ in buckets):
            return max(_wait_ms(bucket, rate) for bucket, rate in buckets)
        for bucket, _ in buckets:
            bucket.level -= 1
        return None


def _filled(buckets: OrderedDict[str, _Bucket], source: str, rate: Rate, now_mono_ns: int) -> _Bucket:
    """Return the source's bucket with what has run into it since it was last asked."""
    bucket = buckets.get(source)
    if bucket is None:
        if len(buckets) >= SOURCES_MAX_COUNT:
            buckets.popitem(last=False)
        bucket = buckets[source] = _Bucket(float(rate.burst), now_mono_ns)
    buckets.move_to_end(source)
    gained = (now_mono_ns - bucket.filled_mono_ns) / _SECOND_NS * rate.per_s
    bucket.level = min(float(rate.burst), bucket.level + gained)
    bucket.filled_mono_ns = now_mono_ns
    return bucket


def _wait_ms(bucket: _Bucket, rate: Rate) -> int:
    return max(0, round((1 - bucket.level) / rate.per_s * 1_000) + 1) if bucket.level < 1 else 0


_CALLS_OF_SOURCE = Rate(per_s=50, burst=400)
_CALLS_OF_ALL = Rate(per_s=500, burst=2_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorLimits:
    """Bounds of one door; a source beyond one is turned away, the others notice nothing."""

    connections_max_count: int = 256
    source_connections_max_count: int = 48
    calls_of_source: Rate = _CALLS_OF_SOURCE
    calls_of_all: Rate = _CALLS_OF_ALL
    spares_loopback: bool = True

    def source_of(self, host: str) -> str | None:
        """Return by what to count this host, None for one that is bounded only in all."""
        if self.spares_loopback and is_loopback(host):
            return None
        try:
            address = ip_address(host)
        except ValueError:
            return host
        return host if address.version == 4 else address.exploded[:19]


@dataclass(slots=True)
class ConnectionCount:
    """Who holds how many connections."""

    limits: DoorLimits
    total: int = 0
    _of_source: Counter[str] = field(default_factory=Counter)

    def enter(self, host: str) -> bool:
        """Count a new connection, or return False if there is no room for it."""
        source = self.limits.source_of(host)
        if self.total >= self.limits.connections_max_count:
            return False
        if source is not None:
            if self._of_source[source] >= self.limits.source_connections_max_count:
                return False
            self._of_source[source] += 1
        self.total += 1
        return True

    def leave(self, host: str) -> None:
        source = self.limits.source_of(host)
        self.total -= 1
        if source is not None:
            self._of_source[source] -= 1
            if not self._of_source[source]:
                del self._of_source[source]


def limit_calls(limits: DoorLimits, refuse: Callable[[int], web.StreamResponse]) -> Middleware:
    """Return a middleware that answers `refuse(wait_ms)` to a source that calls too often."""
    buckets = TokenBuckets(limits.calls_of_source, limits.calls_of_all)

    @web.middleware
    async def limit(request: web.Request, handler: Handler) -> web.StreamResponse:
        source = limits.source_of(request.remote or "")
        now_mono_ns = round(asyncio.get_running_loop().time() * 1_000_000_000)
        wait_ms = buckets.take(source, now_mono_ns=now_mono_ns)
        return await handler(request) if wait_ms is None else refuse(wait_ms)

    return limit
