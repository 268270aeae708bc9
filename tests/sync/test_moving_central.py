"""Central moves to another address: who knows its certificate finds it again, without a restart."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from pitboard.clock import SystemClock
from pitboard.errors import LossCode, PeerLost
from pitboard.presence.central_places import PLACES_MAX_COUNT, central_places
from pitboard.presence.heard_nodes import FoundNode
from pitboard.presence.signed_advert import make_advert, read_advert
from pitboard.presence.venue_mdns import CENTRAL_SERVICE, UNIT_SERVICE
from pitboard.presence.venue_presence import Advert, VenuePresence
from pitboard.trust.certificate import Certificate, certificate_beside
from pitboard.trust.identity import Identity
from sync.central.central_server import open_central
from sync.central.config import IngestConfig
from sync.exchanging.exchange import SyncRequest, SyncResponse
from sync.exchanging.requests_peer import RequestsPeer
from sync.moving_central import CentralAt, MovingCentral
from tests.display.following.test_addresses_that_move import NodeThread
from tests.race_story import ROOT, STRANGER, UNIT_A, UNIT_B
from tests.sync.central.central_stage import central_config

FOUND_MAX_S = 20.0
PORT = 8081


class PlaceFake:
    """Central, or nobody, at one address."""

    name = "central"

    def __init__(self, url: str, home: dict[str, str]) -> None:
        self._url = url
        self._home = home
        self.is_closed = False

    async def sync(self, request: SyncRequest) -> SyncResponse:
        if self._url != self._home["url"]:
            raise PeerLost(peer="central", code=LossCode.NO_ANSWER)
        return SyncResponse(have={}, records=())

    async def call(self, method: str, path: str, body: bytes | None = None, **_: object) -> bytes:
        await self.sync(SyncRequest())
        return b"{}"

    def close(self) -> None:
        self.is_closed = True


def moving(
    home: dict[str, str], heard: Callable[[], Awaitable[list[str]]], *, pin: str | None = "aa"
) -> tuple[MovingCentral, CentralAt, list[str]]:
    tried: list[str] = []
    at = CentralAt("https://old", pin=pin, ask=heard)

    def connect(url: str) -> PlaceFake:
        tried.append(url)
        return PlaceFake(url, home)

    return MovingCentral(at, connect), at, tried


def test_where_central_does_not_answer_every_other_place_is_tried_and_the_one_that_does_is_kept() -> None:
    async def story() -> None:
        home = {"url": "https://old"}

        async def heard() -> list[str]:
            return ["https://wrong", "https://new"]

        central, at, tried = moving(home, heard)
        await central.sync(SyncRequest())
        home["url"] = "https://new"
        await central.call("GET", "/")
        assert (at.url, tried) == ("https://new", ["https://old", "https://wrong", "https://new"])
        await central.sync(SyncRequest())
        assert len(tried) == 3
        home["url"] = "https://old"  # and back to the one of the enrolment
        await central.sync(SyncRequest())
        assert at.url == "https://old"

    asyncio.run(story())


def test_without_a_fingerprint_nobody_vouches_for_another_place() -> None:
    async def story() -> None:
        async def heard() -> list[str]:
            raise AssertionError("not asked")

        central, _, tried = moving({"url": "https://new"}, heard, pin=None)
        for _ in range(2):
            try:
                await central.sync(SyncRequest())
            except PeerLost:
                continue
            raise AssertionError
        assert tried == ["https://old"]

    asyncio.run(story())


def node(host: str, *, key: str, is_signed: bool, event: str = ROOT.key, ctl: str = "") -> FoundNode:
    properties = {"event": event, "key": key} | ({"ctl": ctl} if ctl else {})
    return FoundNode(name="x", host=host, port=PORT, properties=properties, is_signed=is_signed)


def test_what_the_root_signed_comes_first_then_what_enrolled_units_say_then_mere_claims() -> None:
    places = central_places(
        [
            node("192.0.2.66", key=STRANGER.key, is_signed=True),
            node("192.0.2.1", key=ROOT.key, is_signed=True),
            node("192.0.2.9", key="bb" * 32, is_signed=False, event="cc" * 32),
        ],
        [
            node("192.0.2.5", key=UNIT_A.key, is_signed=True, ctl="https://192.0.2.2:8081"),
            node("192.0.2.6", key=UNIT_B.key, is_signed=True, ctl="https://192.0.2.3:8081"),
            node("192.0.2.7", key=UNIT_A.key, is_signed=False, ctl="https://192.0.2.4:8081"),
        ],
        event_key=ROOT.key,
        enrolled={UNIT_A.key: "Track A"},
    )
    assert places == ["https://192.0.2.1:8081", "https://192.0.2.2:8081", "https://192.0.2.66:8081"]
    many = [node(f"192.0.2.{number}", key=STRANGER.key, is_signed=False) for number in range(50)]
    assert len(central_places(many, [], event_key=ROOT.key, enrolled=())) == PLACES_MAX_COUNT


def test_a_unit_tells_where_it_reaches_central_under_its_signature_and_nonsense_is_left_out() -> None:
    def heard(url: str) -> dict[str, str]:
        advert = make_advert({"ctl": url}, addresses=["192.0.2.5"], port=1, utc_ms=1, identity=UNIT_A)
        record = b"".join(
            bytes([len(entry)]) + entry for entry in (b"%s=%s" % (k.encode(), v) for k, v in advert.items())
        )
        read = read_advert(record, lambda key: True)
        assert read.is_signed
        return read.properties

    for url in ("https://192.0.2.2:8081", "https://[fe80::1%eth0]:8081", "https://race.local:8081"):
        assert heard(url)["ctl"] == url
    for url in ("http://192.0.2.2", "https://", "https://a b", "https://x/y", "https://" + "x" * 101):
        assert "ctl" not in heard(url)


class CentralOnTheNet:
    """The real central on all addresses of its machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def work(self, node: NodeThread) -> None:
        config = msgspec.structs.replace(
            central_config(self._folder),
            ingest=IngestConfig(host="0.0.0.0", port=PORT),
        )
        async with open_central(config, SystemClock()):
            await asyncio.Event().wait()


class AskerOnTheNet:
    """A node that was told central's first address, and hears the venue."""

    def __init__(self, root_key: str, pin: str) -> None:
        self._root_key = root_key
        self._pin = pin
        self.answered_s = 0.0
        self.at: CentralAt | None = None

    async def work(self, node: NodeThread) -> None:
        presence = VenuePresence(
            Advert(service="_pitboard-disp._tcp.local.", key="d" * 64, properties=dict),
            browse_services=(UNIT_SERVICE, CENTRAL_SERVICE),
            interfaces=(),
            is_on=True,
            on_change=lambda: None,
            known=lambda: [self._root_key],
        )

        async def places() -> list[str]:
            centrals = presence.found(CENTRAL_SERVICE).values()
            return central_places(centrals, [], event_key=self._root_key, enrolled=())

        self.at = CentralAt(f"https://192.0.2.7:{PORT}", pin=self._pin, ask=places)
        central = MovingCentral(
            self.at, lambda url: RequestsPeer(url, name="central", pin=self._pin, margin_s=1.0)
        )
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(presence.run(9))
            while True:
                try:
                    await central.sync(SyncRequest())
                    self.answered_s = time.monotonic()
                except PeerLost:
                    pass
                await asyncio.sleep(0.2)

    def answered_at(self, address: str) -> bool:
        is_there = self.at is not None and address in self.at.url
        return is_there and time.monotonic() - self.answered_s < 1.0


def test_central_that_moves_in_the_venue_is_found_at_its_new_address(tmp_path: Path) -> None:
    root = Identity.load_or_create(tmp_path / "root.key")
    pin = Certificate.load_or_create(certificate_beside(tmp_path / "central.db")).fingerprint
    asker = AskerOnTheNet(root.key, pin)
    there, here = NodeThread(CentralOnTheNet(tmp_path).work), NodeThread(asker.work)
    try:
        there.start()
        here.start()
        there.ip("link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", str(here.tid))
        for node, address in ((there, "192.0.2.7/24"), (here, "192.0.2.9/24")):
            node.ip("link", "set", "eth0", "addrgenmode", "none")
            node.ip("link", "set", "eth0", "up")
            node.ip("address", "add", address, "dev", "eth0")
            node.begin()
        wait_until(lambda: asker.answered_at("192.0.2.7"))
        there.ip("-4", "address", "flush", "dev", "eth0")
        there.ip("address", "add", "192.0.2.20/24", "dev", "eth0")
        wait_until(lambda: asker.answered_at("192.0.2.20"))
    finally:
        there.end()
        here.end()


def wait_until(is_so: Callable[[], bool]) -> None:
    began_s = time.monotonic()
    while not is_so():
        assert time.monotonic() - began_s < FOUND_MAX_S
        time.sleep(0.05)
