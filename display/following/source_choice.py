"""In which order to ask: who proved itself before comes first, also after its own failure.

Then come those whose advert is signed by a key of the roster, those that only name one or stand in the
config, and last all others, who must wait longer and longer while they prove nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

REST_FIRST_NS = 250_000_000
REST_MAX_NS = 2_000_000_000
STRANGER_REST_MAX_NS = 60_000_000_000
REMEMBERED_MAX_COUNT = 512
"""Nodes whose failures are remembered; beyond that the oldest failure is forgotten."""


class Rank(IntEnum):
    """Whom to follow first; a smaller one is better."""

    UNIT = 0
    CENTRAL = 1
    BROKER = 2


class Claim(IntEnum):
    """How much speaks for a node before it was asked; a smaller one is better."""

    SIGNED = 0  # its advert, by a key of the roster
    NAMED = 1  # in the config, or its advert names a key of the roster
    NONE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A node that may be followed, and what people call it; `key` is the one that it claims or proved."""

    url: str
    name: str
    rank: Rank = Rank.UNIT
    key: str = ""
    claim: Claim = Claim.NONE


@dataclass(frozen=True, slots=True)
class _Rest:
    until_mono_ns: int
    pause_ns: int


@dataclass(slots=True)
class SourceChoice:
    """Remembers who proved itself and who failed; each failure in a row doubles that node's rest."""

    _rests: dict[str, _Rest] = field(default_factory=dict)
    _promises: dict[str, Mapping[str, int]] = field(default_factory=dict)
    _proven: dict[str, None] = field(default_factory=dict)  # url, the last proven one last

    def remember(self, urls: Sequence[str]) -> None:
        """Take as proven what was proven before this process began, the last one last."""
        self._proven |= dict.fromkeys(urls)

    def is_known(self, candidate: Candidate) -> bool:
        """Return whether it proved itself before, or something speaks for it."""
        return candidate.url in self._proven or candidate.claim < Claim.NONE

    def take_failure(self, candidate: Candidate, *, now_mono_ns: int) -> None:
        former = self._rests.pop(candidate.url, None)
        may_rest_long = not self.is_known(candidate) and candidate.rank == Rank.UNIT
        longest_ns = STRANGER_REST_MAX_NS if may_rest_long else REST_MAX_NS
        pause_ns = REST_FIRST_NS if former is None else min(former.pause_ns * 2, longest_ns)
        self._rests[candidate.url] = _Rest(now_mono_ns + pause_ns, pause_ns)
        if len(self._rests) > REMEMBERED_MAX_COUNT:
            del self._rests[next(iter(self._rests))]

    def take_success(self, url: str) -> None:
        self._rests.pop(url, None)
        self._proven.pop(url, None)
        self._proven[url] = None

    def in_order(self, candidates: Sequence[Candidate], *, now_mono_ns: int) -> list[Candidate]:
        """Return those that do not rest, whom to ask first first; of equals, as they are listed."""
        ready = [one for one in candidates if not self._rests_at(one.url, now_mono_ns)]
        return sorted(
            ready,
            key=lambda one: (one.rank, self._standing(one), one.claim, self._pause_ns(one.url)),
        )

    def _standing(self, one: Candidate) -> int:
        """Return how much speaks for it, 0 for most.

        A place that an enrolled key signed comes before one that proved itself and answers no more: a unit
        that moves leaves such places behind.
        """
        if one.url in self._proven and one.url not in self._rests:
            return 0
        if one.claim == Claim.SIGNED:
            return 1
        return 2 if one.url in self._proven else 3

    def next_ready_mono_ns(self, candidates: Sequence[Candidate], *, now_mono_ns: int) -> int | None:
        """Return when the first resting candidate may be tried; None where none rests."""
        rests = [self._rests[one.url].until_mono_ns for one in candidates if one.url in self._rests]
        return min((until for until in rests if until > now_mono_ns), default=None)

    def is_better(
        self, other: Candidate, than: Candidate, *, others_have: Mapping[str, int], have: Mapping[str, int]
    ) -> bool:
        """Return whether to leave a working source for one that proved itself too.

        A better rank is reason enough; among equals, records that we lack and were not promised before.
        """
        if other.rank != than.rank:
            return other.rank < than.rank
        promise = {stream: head for stream, head in others_have.items() if head > have.get(stream, 0)}
        if not promise or self._promises.get(other.url) == promise:
            return False
        self._promises[other.url] = promise
        if len(self._promises) > REMEMBERED_MAX_COUNT:
            del self._promises[next(iter(self._promises))]
        return True

    def _rests_at(self, url: str, now_mono_ns: int) -> bool:
        rest = self._rests.get(url)
        return rest is not None and now_mono_ns < rest.until_mono_ns

    def _pause_ns(self, url: str) -> int:
        rest = self._rests.get(url)
        return 0 if rest is None else rest.pause_ns
