"""How much a source, and all strangers together, may ask of a door; who proved itself has room of its own.

What comes from a trusted proxy counts as what the proxy says it is, and in all only where it says nothing. An
IPv6 source is its /64 network, for a host there has as many addresses as it likes."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Address, ip_address

SOURCES_MAX_COUNT = 4_096
_SECOND_NS = 1_000_000_000
_ALL = ""
_RESERVE = "reserve"
QUIET_SHARE = 0.75
"""Of its burst that a source still has, to be served from the reserve."""


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
    """Counts calls by source and in all.

    `reserve` is kept for sources that ask little: when a few have used up what all may ask, the others go on.
    """

    of_source: Rate
    of_all: Rate
    reserve: Rate | None = None
    _buckets: OrderedDict[str, _Bucket] = field(default_factory=OrderedDict)
    _all: OrderedDict[str, _Bucket] = field(default_factory=OrderedDict)

    def take(self, source: str | None, *, now_mono_ns: int, cost: float = 1) -> int | None:
        """Return None if the source may go on, else in how many milliseconds it may try again.

        A source of None is counted with all only. One that is refused takes nothing from the others.
        """
        buckets = self._of(source, now_mono_ns)
        if any(bucket.level < min(cost, rate.burst) for bucket, rate in buckets):
            if self._takes_of_reserve(source, now_mono_ns, cost):
                return None
            return max(_wait_ms(bucket, rate, min(cost, rate.burst)) for bucket, rate in buckets)
        for bucket, _ in buckets:
            bucket.level -= cost
        return None

    def _takes_of_reserve(self, source: str | None, now_mono_ns: int, cost: float) -> bool:
        if self.reserve is None or source is None:
            return False
        own = _filled(self._buckets, source, self.of_source, now_mono_ns)
        kept = _filled(self._all, _RESERVE, self.reserve, now_mono_ns)
        if own.level < QUIET_SHARE * self.of_source.burst or kept.level < cost:
            return False
        own.level -= cost
        kept.level -= cost
        return True

    def wait_ms(self, source: str | None, *, now_mono_ns: int) -> int | None:
        """Return what `take` would, and take nothing."""
        buckets = self._of(source, now_mono_ns)
        waits_ms = [_wait_ms(bucket, rate, 1) for bucket, rate in buckets if bucket.level < 1]
        return max(waits_ms, default=None)

    def charge(self, source: str | None, *, now_mono_ns: int, cost: float) -> None:
        """Take what a call turned out to cost, even where the source goes into debt by it; a little debt."""
        for bucket, rate in self._of(source, now_mono_ns):
            bucket.level = max(bucket.level - cost, -rate.per_s)

    def _of(self, source: str | None, now_mono_ns: int) -> list[tuple[_Bucket, Rate]]:
        buckets = [(_filled(self._all, _ALL, self.of_all, now_mono_ns), self.of_all)]
        if source is not None:
            buckets.append((_filled(self._buckets, source, self.of_source, now_mono_ns), self.of_source))
        return buckets


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


def _wait_ms(bucket: _Bucket, rate: Rate, cost: float) -> int:
    return max(0, round((cost - bucket.level) / rate.per_s * 1_000) + 1) if bucket.level < cost else 0


_CALLS_OF_SOURCE = Rate(per_s=100, burst=2_000)
_CALLS_OF_ALL = Rate(per_s=500, burst=2_000)
_CALLS_OF_QUIET = Rate(per_s=100, burst=500)
_CALLS_OF_KEY = Rate(per_s=500, burst=5_000)
_CALLS_OF_KEYS = Rate(per_s=5_000, burst=50_000)
_HANDSHAKES_OF_SOURCE = Rate(per_s=20, burst=100)
_HANDSHAKES_OF_ALL = Rate(per_s=200, burst=400)
_HANDSHAKES_OF_QUIET = Rate(per_s=50, burst=100)
_HANDSHAKES_OF_KNOWN = Rate(per_s=50, burst=200)
_HANDSHAKES_OF_ALL_KNOWN = Rate(per_s=100, burst=400)
REFUSAL_AFTER_S = 0.5
"""Before who calls too often is told so: told at once he calls again at once, and each refusal costs too."""
LOCAL_PROXIES = ("127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorLimits:
    """Bounds of one door.

    `connections_max_count`, the handshakes, `calls_of_source` and `calls_of_all` are what strangers share;
    nodes that proved themselves have `proven_max_count` connections and `calls_of_key` of their own, and the
    hosts where they did have `handshakes_of_known` each, for strangers may stand behind the same address.

    A call costs one, and one more for each 4 KiB in or out and for each record to check.
    """

    connections_max_count: int = 256
    proven_max_count: int = 128
    handshakes_of_source: Rate = _HANDSHAKES_OF_SOURCE
    handshakes_of_all: Rate = _HANDSHAKES_OF_ALL
    handshakes_of_quiet: Rate = _HANDSHAKES_OF_QUIET
    handshakes_of_known: Rate = _HANDSHAKES_OF_KNOWN
    handshakes_of_all_known: Rate = _HANDSHAKES_OF_ALL_KNOWN
    calls_of_source: Rate = _CALLS_OF_SOURCE
    calls_of_all: Rate = _CALLS_OF_ALL
    calls_of_quiet: Rate = _CALLS_OF_QUIET
    calls_of_key: Rate = _CALLS_OF_KEY
    calls_of_keys: Rate = _CALLS_OF_KEYS
    bodies_max_bytes: int = 2 * 1_024 * 1_024
    untaken_max_bytes: int = 4 * 1_024 * 1_024
    trusted_proxies: tuple[str, ...] = LOCAL_PROXIES

    def source_of(self, host: str, forwarded: str | None = None) -> str | None:
        """Return by what to count this host, None for one that is bounded only in all.

        `forwarded` is what X-Forwarded-For says; only a trusted proxy's last word in it is heard.
        """
        if host in self.trusted_proxies:
            host = "" if forwarded is None else forwarded.rpartition(",")[2].strip()
            if not host or host in self.trusted_proxies:
                return None
        return _source(host)


@lru_cache(SOURCES_MAX_COUNT)
def _source(host: str) -> str:
    try:
        address = ip_address(host)
    except ValueError:
        return host[:64]
    if isinstance(address, IPv4Address):
        return host
    mapped = address.ipv4_mapped
    return address.exploded[:19] if mapped is None else str(mapped)
