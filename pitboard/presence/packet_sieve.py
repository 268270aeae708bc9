"""Lets in what mDNS packets this program has time for: some of each source, some of all, the known nodes'.

A packet is large and cheap to send, and reading it takes a good part of a millisecond of the very loop that
saves an official's tap. What is left out comes again: whoever means it says it more than once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from typing import cast

from zeroconf import Zeroconf

from pitboard.clock import Clock, SystemClock
from pitboard.doors.door_limits import Rate, TokenBuckets

PACKETS_OF_SOURCE = Rate(per_s=30, burst=200)
PACKETS_OF_ALL = Rate(per_s=120, burst=600)
PACKETS_OF_QUIET = Rate(per_s=30, burst=200)
"""For sources that said little so far, when some have used up what all may say."""
PACKETS_OF_KNOWN = Rate(per_s=20, burst=60)
"""That name a node whose key counts, beyond all these: strangers can name it too, but no more than this."""

COST_BYTES = 1_024
"""A packet costs one, and one more for each of these: a large one holds hundreds of records."""

REMEMBERED_MAX_BYTES = 256 * 1_024
"""Of packets, that zeroconf remembers; then it forgets all. It would keep 10,000 records of
up to 9 kB each, as long as their writer says. We need none of them: what counts is kept in `HeardNodes`."""

Labels = Callable[[], Collection[str]]


class PacketSieve(asyncio.DatagramProtocol):
    """Stands before the protocol that reads; `labels` gives the names of the nodes that count.

    `forget` is called before more is remembered than we want to hold.
    """

    def __init__(
        self,
        inner: asyncio.DatagramProtocol,
        buckets: PacketBuckets,
        labels: Labels,
        clock: Clock,
        forget: Callable[[], None],
    ) -> None:
        self._forget = forget
        self._inner = inner
        self._buckets = buckets
        self._labels = labels
        self._clock = clock

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self._buckets.lets_in(addr[0], data, self._labels, now_mono_ns=self._clock.mono_ns()):
            if self._buckets.is_full_by(len(data)):
                self._forget()
            self._inner.datagram_received(data, addr)

    def error_received(self, exc: Exception) -> None:
        self._inner.error_received(exc)

    def connection_lost(self, exc: Exception | None) -> None:
        self._inner.connection_lost(exc)


class PacketBuckets:
    """Counts the packets of all sockets of a program together."""

    def __init__(self) -> None:
        self._all = TokenBuckets(PACKETS_OF_SOURCE, PACKETS_OF_ALL, PACKETS_OF_QUIET)
        self._known = TokenBuckets(PACKETS_OF_KNOWN, PACKETS_OF_KNOWN)
        self._remembered_bytes = 0

    def is_full_by(self, size: int) -> bool:
        """Return whether what was let in must be forgotten before so much more is."""
        is_full = self._remembered_bytes + size > REMEMBERED_MAX_BYTES
        self._remembered_bytes = size if is_full else self._remembered_bytes + size
        return is_full

    def lets_in(self, source: str, data: bytes, labels: Labels, *, now_mono_ns: int) -> bool:
        cost = 1 + len(data) // COST_BYTES
        if self._all.take(source, now_mono_ns=now_mono_ns, cost=cost) is None:
            return True
        is_known = any(label.encode() in data for label in labels())
        return is_known and self._known.take(None, now_mono_ns=now_mono_ns, cost=cost) is None


async def sift(zeroconf: Zeroconf, labels: Labels) -> None:
    """Put a sieve before each socket of it."""
    await zeroconf.async_wait_for_start()
    buckets, clock = PacketBuckets(), SystemClock()
    cache = zeroconf.cache

    def forget() -> None:
        cache.async_remove_records([record for store in list(cache.cache.values()) for record in list(store)])

    for reader in zeroconf.engine.readers:
        reading = cast(asyncio.DatagramProtocol, reader.transport.get_protocol())
        reader.transport.set_protocol(PacketSieve(reading, buckets, labels, clock, forget))
