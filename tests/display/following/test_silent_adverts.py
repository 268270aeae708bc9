"""Sixty adverts whose doors take a connection and say nothing, by real mDNS and on real sockets: the unit is
found among them, and found again when it was away."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from display.following.display_presence import units_of
from display.following.source_choice import Candidate
from display.following.source_follower import TRIES_AT_ONCE, SourceFollower
from display.node import peer_at
from pitboard.clock import SystemClock
from pitboard.doors.http_api import new_app, serve_tcp
from pitboard.doors.session import ANY_CERTIFICATE
from pitboard.journal.replica import Replica
from pitboard.presence.venue_addresses import LOOPBACK
from pitboard.presence.venue_mdns import UNIT_SERVICE, VenueBrowser, advertise, label_of, open_mdns
from pitboard.trust.certificate import Certificate
from sync.exchanging.exchange import ReplicaPeer
from sync.exchanging.exchange_api import ExchangeApi, doorkeeper_of
from tests.attack.mdns_strangers import SILENT_COUNT, Prey, Stranger, silent_adverts
from tests.own_network import tell_in_own_network
from tests.race_story import ROOT, UNIT_A, Teller, central_enrols
from trackside.unit import LAN_LIMITS

FOUND_MAX_S = 5.0


class SilentDoor:
    """Takes every connection, at whichever address, and never says a word."""

    def __init__(self) -> None:
        self._lines: set[asyncio.WriteTransport] = set()

    @property
    def open_count(self) -> int:
        return len(self._lines)

    def cut_all(self) -> None:
        for line in self._lines:
            line.abort()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._lines.add(writer.transport)
        try:
            with contextlib.suppress(ConnectionError):
                while await reader.read(4_096):
                    pass
        finally:
            self._lines.discard(writer.transport)
            writer.transport.abort()


@contextlib.asynccontextmanager
async def unit_on(folder: Path, port: int = 0) -> AsyncIterator[int]:
    """A unit's exchange behind its own door; yields the port."""
    clock, certificate = SystemClock(), Certificate.load_or_create(folder / "unit.pem")
    async with Replica.open(folder / "unit.db", root_key=ROOT.key, clock=clock) as replica:
        await replica.accept([*central_enrols(UNIT_A).records, *Teller(UNIT_A, "Track A").records])
        app = new_app(LAN_LIMITS, doorkeeper_of(replica, clock, fingerprint=certificate.fingerprint))
        ExchangeApi(replica, UNIT_A).add_to(app)
        async with serve_tcp(app, "127.0.0.1", port, tls=certificate.server_context()) as at:
            yield at


async def until_live(follower: SourceFollower, url: str) -> None:
    async with asyncio.timeout(FOUND_MAX_S):
        while follower.source is None or follower.source.url != url:
            await asyncio.sleep(0.02)


def test_sixty_silent_adverts_on_the_network_hold_no_display_off_its_unit(tmp_path: Path) -> None:
    """The unit was killed and back after two seconds, and the display not live in three minutes."""

    async def story() -> None:
        silent, clock = SilentDoor(), SystemClock()
        server = await asyncio.start_server(silent.take, "0.0.0.0", 0)
        silent_port = server.sockets[0].getsockname()[1]
        async with (
            server,
            open_mdns([LOOPBACK]) as mdns,
            Replica.open(tmp_path / "display.db", root_key=ROOT.key, clock=clock) as replica,
            contextlib.AsyncExitStack() as adverts,
        ):
            await replica.accept(central_enrols(UNIT_A).records)
            roster = replica.fold.roster
            browser = VenueBrowser(UNIT_SERVICE, lambda: None, lambda: list(roster.enrolled()))
            await adverts.enter_async_context(browser.running(mdns))

            def candidates() -> list[Candidate]:
                return units_of(ROOT.key, browser.found, roster.enrolled())

            with contextlib.closing(Stranger()) as stranger:
                says = silent_adverts(Prey(ROOT.key, UNIT_A.key, silent_port, stranger=stranger))
                for _ in range(SILENT_COUNT):
                    await anext(says)
                async with asyncio.timeout(5):
                    while len(candidates()) < SILENT_COUNT:
                        await asyncio.sleep(0.02)
            assert SILENT_COUNT == 60
            follower = SourceFollower(
                ReplicaPeer(replica),
                clock,
                have=replica.have,
                candidates=candidates,
                connect=lambda one: peer_at(one.url, name=one.name, pin=ANY_CERTIFICATE, identity=None),
                on_change=lambda: None,
                roster=lambda: roster,
            )
            following = asyncio.create_task(follower.run())
            try:
                async with asyncio.timeout(FOUND_MAX_S):
                    while silent.open_count < TRIES_AT_ONCE:
                        await asyncio.sleep(0.02)
                async with unit_on(tmp_path) as port:
                    url = f"https://127.0.0.1:{port}"
                    await adverts.enter_async_context(
                        advertise(
                            mdns,
                            UNIT_SERVICE,
                            label=label_of(UNIT_A.key),
                            port=port,
                            properties={"event": ROOT.key, "unit": "Track A"},
                            addresses=["127.0.0.1"],
                            identity=UNIT_A,
                        )
                    )
                    await until_live(follower, url)
                async with asyncio.timeout(FOUND_MAX_S):
                    while follower.source is not None and follower.source.url == url:
                        await asyncio.sleep(0.02)
                async with unit_on(tmp_path, port):
                    await until_live(follower, url)
                assert not following.done()
            finally:
                following.cancel()
                await asyncio.wait([following])
                silent.cut_all()  # so that whoever still waits there ends with the test
                async with asyncio.timeout(5):
                    while silent.open_count:
                        await asyncio.sleep(0.02)

    tell_in_own_network(story, within_s=30)
