"""A unit is found by its key whatever strangers announce: on real zeroconf, in a network of its own."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence

from pitboard.presence.heard_nodes import KNOWN_MAX_COUNT, NODES_MAX_COUNT, FoundNode
from pitboard.presence.signed_advert import make_advert
from pitboard.presence.venue_addresses import LOOPBACK
from pitboard.presence.venue_mdns import UNIT_SERVICE, VenueBrowser, advertise, label_of, open_mdns
from pitboard.trust.identity import Identity
from tests.attack.mdns_strangers import Stranger, listen_to_all
from tests.own_network import tell_in_own_network
from tests.race_story import ROOT, STRANGER, UNIT_A

EVENT = ROOT.key
TRUE_NAME = f"{label_of(UNIT_A.key)}.{UNIT_SERVICE}"
TRUE_ADDRESSES = ["192.0.2.7", "10.42.0.1"]


@contextlib.asynccontextmanager
async def venue(known: Sequence[Identity] = (UNIT_A,)) -> AsyncIterator[tuple[VenueBrowser, Stranger]]:
    """A browser and a stranger on one network."""
    stranger = Stranger()
    browser = VenueBrowser(UNIT_SERVICE, lambda: None, lambda: [one.key for one in known])
    with contextlib.closing(stranger):
        async with open_mdns([LOOPBACK]) as mdns, browser.running(mdns):
            assert mdns is not None
            yield browser, stranger


@contextlib.asynccontextmanager
async def true_unit() -> AsyncIterator[None]:
    async with (
        open_mdns([LOOPBACK]) as mdns,
        advertise(
            mdns,
            UNIT_SERVICE,
            label=label_of(UNIT_A.key),
            port=8441,
            properties={"event": EVENT, "unit": "Track A"},
            addresses=TRUE_ADDRESSES,
            identity=UNIT_A,
        ),
    ):
        yield


async def found_within(
    browser: VenueBrowser, holds: Callable[[FoundNode], bool], seconds: float
) -> FoundNode:
    async with asyncio.timeout(seconds):
        while True:
            for node in browser.found.values():
                if holds(node):
                    return node
            await asyncio.sleep(0.02)


def is_true(node: FoundNode) -> bool:
    return node.is_signed and node.properties["key"] == UNIT_A.key and node.host in TRUE_ADDRESSES


def true_claims(unit: str = "Track A") -> dict[str, bytes]:
    return {"event": EVENT.encode(), "unit": unit.encode(), "key": UNIT_A.key.encode()}


def test_the_units_own_name_with_another_address_and_cache_flush_hides_no_place_of_it() -> None:
    async def story() -> None:
        async with venue() as (browser, stranger), true_unit():
            for _ in range(30):
                stranger.announce(TRUE_NAME, true_claims())
                lie = {**true_claims(), "at": b"203.0.113.9", "port": b"9", "sig": b"ab" * 64}
                stranger.announce(TRUE_NAME, lie)
                await asyncio.sleep(0.02)
            await found_within(browser, is_true, 2)
            places = [node.host for node in browser.found.values()]
            assert places[:2] == TRUE_ADDRESSES, (
                "what the key itself signed comes first, and all of it is kept"
            )
            assert "203.0.113.9" in places

    tell_in_own_network(story, within_s=9)


def test_a_stranger_who_objects_to_every_name_keeps_no_unit_off() -> None:
    async def story() -> None:
        async with venue() as (browser, stranger):
            listener = listen_to_all()
            loop = asyncio.get_running_loop()

            def object_to_it() -> None:
                listener.recv(9_000)
                stranger.announce(TRUE_NAME, {})

            loop.add_reader(listener, object_to_it)
            try:
                async with true_unit():
                    await found_within(browser, is_true, 2)
                    names = {node.name for node in browser.found.values() if is_true(node)}
                    assert names == {label_of(UNIT_A.key)}
            finally:
                loop.remove_reader(listener)
                listener.close()

    tell_in_own_network(story, within_s=9)


def test_sixteen_adverts_and_a_flood_of_names_push_no_known_unit_out_and_cost_little() -> None:
    async def story() -> None:
        async with venue() as (browser, stranger), true_unit():
            for number in range(16):
                stranger.announce(
                    f"pb-copy{number}.{UNIT_SERVICE}", true_claims(), address=f"203.0.113.{number}"
                )
            began_s = time.thread_time()
            for number in range(20_000):
                name = f"AAA{number:05}.{UNIT_SERVICE}"
                claims = {"event": EVENT.encode(), "unit": b"A" * 150, "key": STRANGER.key.encode()}
                stranger.announce(
                    name, claims, address=f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
                )
                if number % 100 == 0:
                    await asyncio.sleep(0.002)  # as fast as it goes, but others may run
            await found_within(browser, is_true, 3)
            spent_s = time.thread_time() - began_s
            assert len(browser.found) <= NODES_MAX_COUNT + KNOWN_MAX_COUNT
            assert len(browser._texts) <= 256
            assert spent_s < 9, "the stranger's own work is in it"

    tell_in_own_network(story, within_s=25)


def test_what_is_read_is_clean_and_bounded() -> None:
    async def story() -> None:
        async with venue() as (browser, stranger):
            claims = {
                "event": EVENT.encode(),
                "unit": b"Track\n\x1b[31m A",
                "key": b"no key",
                "tls": b"no\nyes",
            }
            stranger.announce(f"evil\x1bname.{UNIT_SERVICE}", claims)
            node = await found_within(browser, lambda node: True, 2)
            assert node.properties == {"event": EVENT, "unit": "Track [31m A"}

    tell_in_own_network(story, within_s=9)


def test_a_signed_advert_cannot_be_changed_or_made_by_another() -> None:
    async def story() -> None:
        async with venue() as (browser, stranger):
            advert = make_advert(
                {"event": EVENT, "unit": "Track A"},
                addresses=["192.0.2.7"],
                port=8441,
                utc_ms=1,
                identity=UNIT_A,
            )
            forged = make_advert(
                {"event": EVENT, "unit": "Track A"},
                addresses=["192.0.2.8"],
                port=1,
                utc_ms=1,
                identity=STRANGER,
            )
            stranger.announce(f"one.{UNIT_SERVICE}", {**advert, "at": b"192.0.2.66"})
            stranger.announce(f"two.{UNIT_SERVICE}", {**forged, "key": UNIT_A.key.encode()})
            await found_within(browser, lambda node: node.host == "192.0.2.8", 2)
            assert not any(node.is_signed for node in browser.found.values())
            stranger.announce(f"three.{UNIT_SERVICE}", advert)
            true = await found_within(browser, lambda node: node.is_signed, 2)
            assert true.host == "192.0.2.7"

    tell_in_own_network(story, within_s=9)
