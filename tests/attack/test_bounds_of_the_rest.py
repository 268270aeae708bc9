"""Bounds on what strangers, thieves and sticks bring that need no door, at the real values."""

from __future__ import annotations

import asyncio
import secrets
from functools import partial
from pathlib import Path

from display.screen.show_maker import PICTURES_MAX_COUNT, pictures_in
from pitboard.clock import ScriptedClock
from pitboard.doors.door_limits import Rate, TokenBuckets
from pitboard.doors.fair_room import FairRoom
from pitboard.journal.replica import Replica
from pitboard.journal.streams import quarantine
from pitboard.presence.packet_sieve import PacketBuckets
from pitboard.presence.venue_mdns import label_of
from sync.central.config import PublicConfig
from sync.central.enrolment.enrolment_api import WRONG_OF_SOURCE
from tests.pitboard.journal.streams.test_stranger_fills_the_disk import forged, opened
from tests.race_story import ROOT, UNIT_A, central_enrols

SECOND_NS = 1_000_000_000


def test_after_six_wrong_secrets_a_source_has_one_in_five_seconds() -> None:
    wrong = TokenBuckets(WRONG_OF_SOURCE, Rate(per_s=1e9, burst=10**9))

    def tries(count: int, source: str, now_s: int) -> int:
        may = 0
        for _ in range(count):
            if wrong.wait_ms(source, now_mono_ns=now_s * SECOND_NS) is None:
                may += 1
                wrong.charge(source, now_mono_ns=now_s * SECOND_NS, cost=1)
        return may

    assert tries(10, "192.0.2.1", 0) == 6
    assert tries(10, "192.0.2.1", 4) == 0
    assert tries(10, "192.0.2.1", 5) == 1
    assert tries(10, "192.0.2.2", 5) == 6, "another source has its own"


def test_of_a_stream_four_forks_are_kept_as_evidence(tmp_path: Path) -> None:
    async def story() -> None:
        async with Replica.open(tmp_path / "j.db", root_key=ROOT.key, clock=ScriptedClock()) as replica:
            await replica.accept(central_enrols(UNIT_A).records)
            teller = opened(UNIT_A)
            await replica.accept(teller.records)
            for _ in range(quarantine.STREAM_MAX_COUNT + 2):
                fork = forged(UNIT_A, stream=teller.writer.stream, seq=2, previous=secrets.token_hex(32))
                await replica.accept([fork])
            assert len(await replica.journal.quarantined()) == 4
            assert len(replica.alarms) == 1

    asyncio.run(story())


def test_of_5_000_live_streams_that_two_addresses_hold_the_next_address_gets_one() -> None:
    most = 5_000
    assert PublicConfig().followers_max_count == most
    cut: list[int] = []
    room = FairRoom(most, cuts_own=False)
    for number in range(most):
        assert room.enter(f"192.0.2.{number % 2}", partial(cut.append, number)) is not None
    assert room.enter("192.0.2.0", lambda: None) is None, "its own phones are not cut for one more"
    assert cut == []
    for number in range(2_000):
        assert room.enter(f"198.51.100.{number}", lambda: None) is not None
    assert cut == list(range(2_000)), "of both in turn, the longest idle first"


def test_in_the_long_run_so_many_packets_a_second_are_read() -> None:
    buckets, label = PacketBuckets(), label_of(UNIT_A.key)

    def heard(count: int, now_s: int, *, data: bytes = b"x", source: str | None = None) -> int:
        return sum(
            buckets.lets_in(
                source or f"10.0.{one >> 8}.{one & 255}", data, lambda: [label], now_mono_ns=now_s * SECOND_NS
            )
            for one in range(count)
        )

    assert heard(2_000, 0) == 600 + 200, "of all together, and of those that said little"
    assert heard(2_000, 1) == 120 + 30
    assert heard(200, 1, data=label.encode(), source="192.0.2.7") == 60, "that name a node which counts"
    assert heard(200, 2, data=label.encode(), source="192.0.2.7") == 120 + 20
    assert heard(1_000, 60, data=bytes(9_000), source="192.0.2.8") == 200 // (1 + 9_000 // 1_024)


def test_sixty_pictures_of_sponsors_are_shown_and_no_more(tmp_path: Path) -> None:
    for number in range(PICTURES_MAX_COUNT + 1):
        small = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x10"
        (tmp_path / f"{number:02}.png").write_bytes(small)
    assert [path.name for path in pictures_in(tmp_path)] == [f"{number:02}.png" for number in range(60)]
