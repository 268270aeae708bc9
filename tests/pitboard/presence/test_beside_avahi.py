"""Our mDNS beside Debian's: avahi-daemon on the same machine and port, and on another machine."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pitboard.presence.heard_nodes import FoundNode
from pitboard.presence.venue_mdns import CENTRAL_SERVICE, DISPLAY_SERVICE, UNIT_SERVICE
from pitboard.presence.venue_presence import Advert, VenuePresence
from tests.avahi import Avahi, has_avahi
from tests.display.following.test_addresses_that_move import NodeThread
from tests.race_story import ROOT, UNIT_A, UNIT_B

FOUND_MAX_S = 20.0
SERVICES = {UNIT_SERVICE: UNIT_A, DISPLAY_SERVICE: UNIT_B, CENTRAL_SERVICE: ROOT}
OURS, THEIRS = "192.0.2.7", "192.0.2.9"


@contextlib.asynccontextmanager
async def announced() -> AsyncIterator[list[VenuePresence]]:
    """A unit, a display and central on this machine, each announced and looking as its program does."""
    presences = [
        VenuePresence(
            Advert(service=service, key=one.key, properties=lambda: {"event": ROOT.key}, identity=one),
            browse_services=(UNIT_SERVICE,),
            interfaces=(),
            is_on=True,
            on_change=lambda: None,
            known=lambda: [one.key for one in SERVICES.values()],
        )
        for service, one in SERVICES.items()
    ]
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(one.run(8441 + number)) for number, one in enumerate(presences)]
        yield presences
        for one in running:
            one.cancel()


async def until_seen(avahi: Avahi, service: str) -> None:
    key = SERVICES[service].key
    async with asyncio.timeout(FOUND_MAX_S):
        while True:
            resolved = [line for line in (await avahi.browse(service)).splitlines() if line.startswith("=")]
            if any(f"pb-{key[:16]}" in line and OURS in line and key in line for line in resolved):
                return
            await asyncio.sleep(0.1)


async def until_found(presence: VenuePresence, host: str, port: int) -> FoundNode:
    async with asyncio.timeout(FOUND_MAX_S):
        while True:
            for node in presence.found(UNIT_SERVICE).values():
                if (node.host, node.port) == (host, port):
                    return node
            await asyncio.sleep(0.05)


async def tell(beside: Avahi, apart: Avahi) -> None:
    async with announced() as presences:
        for avahi in (beside, apart):
            await asyncio.gather(*(until_seen(avahi, service) for service in SERVICES))
        async with (
            apart.publishing("Track Z", UNIT_SERVICE, 9001, f"event={ROOT.key}", "unit=Track Z"),
            beside.publishing("Track Y", UNIT_SERVICE, 9002, f"event={ROOT.key}", "unit=Track Y"),
        ):
            found = await asyncio.gather(
                *(until_found(one, THEIRS, 9001) for one in presences),
                until_found(presences[0], OURS, 9002),
            )
        assert {node.properties["unit"] for node in found} == {"Track Z", "Track Y"}
        assert not any(node.is_signed for node in found)  # found, and nothing believed


def test_avahi_sees_ours_and_ours_find_avahis_side_by_side_on_one_port(tmp_path: Path) -> None:
    if not has_avahi():
        pytest.skip("avahi-daemon, avahi-utils and dbus are not installed")
    daemons: list[Avahi] = []

    async def live_there(node: NodeThread) -> None:
        daemons.append(Avahi(tmp_path, "apart"))
        await asyncio.Event().wait()

    async def live_here(node: NodeThread) -> None:
        daemons.append(Avahi(tmp_path, "beside"))
        await tell(daemons[1], daemons[0])

    there, here = NodeThread(live_there), NodeThread(live_here)
    try:
        there.start()
        here.start()
        there.ip("link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", str(here.tid))
        for node, address in ((there, THEIRS), (here, OURS)):
            node.ip("address", "add", f"{address}/24", "dev", "eth0")
            node.ip("link", "set", "eth0", "up")
        there.begin()
        while not daemons:
            time.sleep(0.01)
        here.begin()
        here.finish(60)
    finally:
        there.end()
        for daemon in daemons:
            daemon.stop()
