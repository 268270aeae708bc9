"""Sixteen adverts repeat a unit's key by real mDNS: another unit asks the true one, where it signed first."""

from __future__ import annotations

import asyncio

from pitboard.presence.venue_mdns import UNIT_SERVICE
from tests.own_network import tell_in_own_network
from tests.pitboard.presence.test_mdns_among_strangers import (
    EVENT,
    TRUE_ADDRESSES,
    is_true,
    true_claims,
    true_unit,
    venue,
)
from tests.race_story import UNIT_A, UNIT_B
from trackside.others.neighbours import PLACES_MAX_COUNT, Neighbour, neighbours_of

COPIES_COUNT = 16


def test_sixteen_adverts_that_repeat_a_units_key_push_it_out_of_no_neighbours_list() -> None:
    async def story() -> None:
        async with venue() as (browser, stranger):

            def asked() -> dict[str, Neighbour]:
                return neighbours_of(
                    browser.found, event_key=EVENT, own_key=UNIT_B.key, enrolled=(UNIT_A.key, UNIT_B.key)
                )

            def repeat_it() -> None:
                for number in range(COPIES_COUNT):
                    name = f"pb-copy{number}.{UNIT_SERVICE}"
                    stranger.announce(name, true_claims("False"), address=f"203.0.113.{number + 1}")

            async with asyncio.timeout(5):
                while not asked():  # the copies are heard first
                    repeat_it()
                    await asyncio.sleep(0.05)
                async with true_unit():
                    while not any(is_true(node) for node in browser.found.values()):
                        repeat_it()
                        await asyncio.sleep(0.05)
                    repeat_it()
                    await asyncio.sleep(0.2)
                    assert list(asked()) == [UNIT_A.key]
                    [unit] = asked().values()
                    assert unit.name == "Track A"
                    assert unit.urls[:2] == tuple(f"https://{host}:8441" for host in TRUE_ADDRESSES)
                    assert 2 < len(unit.urls) <= PLACES_MAX_COUNT, (
                        "no claim is replaced, and they are bounded"
                    )

    tell_in_own_network(story, within_s=9)
