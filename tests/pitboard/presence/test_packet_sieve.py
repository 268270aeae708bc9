"""A flood of mDNS packets costs no more than a venue's own, and keeps nobody who counts from being heard."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from pitboard.clock import ScriptedClock
from pitboard.presence import packet_sieve, venue_addresses
from pitboard.presence.packet_sieve import (
    PACKETS_OF_ALL,
    PACKETS_OF_KNOWN,
    PACKETS_OF_QUIET,
    PACKETS_OF_SOURCE,
    REMEMBERED_MAX_BYTES,
    PacketBuckets,
    PacketSieve,
    sift,
)
from pitboard.presence.venue_addresses import LOOPBACK
from pitboard.presence.venue_mdns import label_of, open_mdns
from tests.attack.mdns_strangers import Stranger
from tests.own_network import ip, tell_in_own_network
from tests.race_story import UNIT_A

LABEL = label_of(UNIT_A.key)


class Reader(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.heard: list[tuple[str, bytes]] = []

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.heard.append((addr[0], data))


def sieve() -> tuple[Reader, PacketSieve, ScriptedClock]:
    reader, clock = Reader(), ScriptedClock()
    return reader, PacketSieve(reader, PacketBuckets(), lambda: [LABEL], clock, lambda: None), clock


def test_zeroconf_remembers_no_more_than_so_many_bytes_of_packets() -> None:
    """It kept 10,000 records, whoever wrote them, for as long as they said: up to 90 MB."""
    forgotten_at: list[int] = []
    reader, clock = Reader(), ScriptedClock()
    guard = PacketSieve(reader, PacketBuckets(), list, clock, lambda: forgotten_at.append(len(reader.heard)))
    for _ in range(3 * (REMEMBERED_MAX_BYTES // 8_192)):
        clock.advance(ms=1_000)
        guard.datagram_received(bytes(8_192), ("192.0.2.66", 5353))
    assert forgotten_at == [32, 64]


def test_one_source_is_heard_so_often_and_others_go_on() -> None:
    reader, guard, clock = sieve()
    for _ in range(5_000):
        guard.datagram_received(b"B00001", ("192.0.2.66", 5353))
    assert len(reader.heard) == PACKETS_OF_SOURCE.burst
    guard.datagram_received(b"honest", ("192.0.2.7", 5353))
    assert reader.heard[-1] == ("192.0.2.7", b"honest")
    clock.advance(ms=1_000)
    for _ in range(5_000):
        guard.datagram_received(b"B00001", ("192.0.2.66", 5353))
    assert len(reader.heard) == PACKETS_OF_SOURCE.burst + 1 + PACKETS_OF_SOURCE.per_s


def test_any_number_of_false_sources_is_bounded_and_a_node_that_counts_is_heard_all_the_same() -> None:
    reader, guard, _ = sieve()
    for number in range(20_000):
        guard.datagram_received(b"B", (f"10.0.{number >> 8}.{number & 255}", 5353))
    assert len(reader.heard) == PACKETS_OF_ALL.burst + PACKETS_OF_QUIET.burst
    guard.datagram_received(b"\x13" + LABEL.encode(), ("192.0.2.7", 5353))
    assert reader.heard[-1][0] == "192.0.2.7"
    before = len(reader.heard)
    for number in range(20_000):  # strangers may say that name too
        guard.datagram_received(LABEL.encode(), (f"10.1.{number >> 8}.{number & 255}", 5353))
    assert len(reader.heard) - before < PACKETS_OF_KNOWN.burst


def test_the_sieve_stands_before_every_socket_of_zeroconf() -> None:
    async def story() -> None:
        async with open_mdns([LOOPBACK]) as mdns:
            assert mdns is not None
            await sift(mdns.zeroconf, lambda: ())
            readers = mdns.zeroconf.engine.readers
            assert readers
            assert all(isinstance(one.transport.get_protocol(), PacketSieve) for one in readers)
            stranger = Stranger()
            for number in range(2_000):
                stranger.announce(f"B{number:05}._pitboard._tcp.local.", {"unit": b"B"})
                if number % 100 == 0:
                    await asyncio.sleep(0.001)
            await asyncio.sleep(0.05)
            stranger.close()
            names = {key for key in mdns.zeroconf.cache.cache if key.startswith("b0")}
            assert 50 < len(names) < 2 * (PACKETS_OF_SOURCE.burst + 100)

    tell_in_own_network(story, within_s=20)


def test_what_zeroconf_remembers_is_emptied_and_heard_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packet_sieve, "REMEMBERED_MAX_BYTES", 8_192)

    async def story() -> None:
        async with open_mdns([LOOPBACK]) as mdns:
            assert mdns is not None
            stranger = Stranger()
            cache = mdns.zeroconf.cache.cache
            most = 0
            for number in range(150):
                stranger.announce(f"B{number:05}._pitboard._tcp.local.", {"unit": bytes(200)})
                await asyncio.sleep(0.001)
                most = max(most, sum(key.startswith("b0") for key in cache))
            stranger.close()
            assert 20 < most < 2 * 8_192 // 200, "two names a packet"

    tell_in_own_network(story, within_s=20)


def test_the_own_interfaces_are_looked_at_once_a_second_however_often_strangers_make_us_ask(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A kernel lock is behind each look: 2,000 new names per second made a tap wait for a second."""
    looks: list[int] = []

    def looked() -> frozenset[str]:
        looks.append(1)
        return frozenset({f"192.0.2.{len(looks)}/24"})

    monkeypatch.setattr(venue_addresses, "own_interfaces", looked)
    own = venue_addresses.OwnInterfaces()
    for now_ms in range(0, 2_500, 5):
        assert own.interfaces(now_mono_ns=now_ms * 1_000_000) == {f"192.0.2.{len(looks)}/24"}
    assert len(looks) == 3


def test_the_own_interfaces_are_looked_at_again_once_the_kernel_tells_of_another_address() -> None:
    """Listing them every second took a quarter of the processor's time of a display at rest."""

    async def story() -> None:
        own = venue_addresses.OwnInterfaces()
        with venue_addresses.AddressNews.open() as own.news:
            second = itertools.count(1)

            def now_has(address: str) -> bool:
                return address in own.addresses(now_mono_ns=next(second) * 1_000_000_000)

            assert not now_has("192.0.2.7")
            looked = own.interfaces(now_mono_ns=next(second) * 1_000_000_000)
            assert own.interfaces(now_mono_ns=next(second) * 1_000_000_000) is looked  # not looked anew
            ip("address", "add", "192.0.2.7/24", "dev", "lo")
            assert now_has("192.0.2.7")
            ip("address", "del", "192.0.2.7/24", "dev", "lo")
            assert not now_has("192.0.2.7")
            still = own.interfaces(now_mono_ns=next(second) * 1_000_000_000)
            later_ns = 100 * 1_000_000_000
            assert own.interfaces(now_mono_ns=later_ns) is not still  # now and then all the same

    tell_in_own_network(story, within_s=20)
