"""Choose which node to follow: any unit before central, and none again too soon after it failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

REST_FIRST_NS = 250_000_000
REST_MAX_NS = 2_000_000_000


class Rank(IntEnum):
    """Whom to follow first; a smaller one is better."""

    UNIT = 0
    CENTRAL = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A node that may be followed, and what people call it."""

    url: str
    name: str
    rank: Rank = Rank.UNIT


@dataclass(frozen=True, slots=True)
class _Rest:
    until_mono_ns: int
    pause_ns: int


@dataclass(slots=True)
class SourceChoice:
    """Remembers who failed; each failure in a row doubles that node's rest, up to two seconds."""

    _rests: dict[str, _Rest] = field(default_factory=dict)
    _promises: dict[str, Mapping[str, int]] = field(default_factory=dict)

    def take_failure(self, url: str, *, now_mono_ns: int) -> None:
        former = self._rests.get(url)
        pause_ns = REST_FIRST_NS if former is None else min(former.pause_ns * 2, REST_MAX_NS)
        self._rests[url] = _Rest(now_mono_ns + pause_ns, pause_ns)

    def take_success(self, url: str) -> None:
        self._rests.pop(url, None)

    def choose(self, candidates: Sequence[Candidate], *, now_mono_ns: int) -> Candidate | None:
        """Return the best candidate that is not resting: by rank, then fewest failures, then as listed."""
        ready = [one for one in candidates if not self._rests_at(one.url, now_mono_ns)]
        return min(ready, key=lambda one: (one.rank, self._pause_ns(one.url)), default=None)

    def next_ready_mono_ns(self, candidates: Sequence[Candidate]) -> int | None:
        """Return when the first resting candidate may be tried; None without candidates."""
        known = (self._rests.get(one.url) for one in candidates)
        return min((0 if rest is None else rest.until_mono_ns for rest in known), default=None)

    def is_better(
        self, other: Candidate, than: Candidate, *, others_have: Mapping[str, int], have: Mapping[str, int]
    ) -> bool:
        """Return whether to leave a working source for one that answered too.

        A better rank is reason enough; among equals, records that we lack and were not promised before.
        """
        if other.rank != than.rank:
            return other.rank < than.rank
        promise = {stream: head for stream, head in others_have.items() if head > have.get(stream, 0)}
        if not promise or self._promises.get(other.url) == promise:
            return False
        self._promises[other.url] = promise
        return True

    def _rests_at(self, url: str, now_mono_ns: int) -> bool:
        rest = self._rests.get(url)
        return rest is not None and now_mono_ns < rest.until_mono_ns

    def _pause_ns(self, url: str) -> int:
        rest = self._rests.get(url)
        return 0 if rest is None else rest.pause_ns
