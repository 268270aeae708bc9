"""How often a source may knock: a bucket for each that fills steadily, and one for all together.

Pure: the caller says what time it is. The number of sources remembered is bounded; the one not heard of for
longest is forgotten first, which only gives it a full bucket again."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

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
