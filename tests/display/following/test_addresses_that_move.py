"""Units and displays find each other again whatever becomes of their addresses, on networks of their own.

Each node is a thread in a network namespace of its own, joined by a cable; all of it goes with them."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from display.following.display_presence import units_of
from display.following.source_choice import Candidate
from display.following.source_follower import SourceFollower
from pitboard.clock import SystemClock
from pitboard.doors.http_api import new_app, serve_tcp
from pitboard.doors.session import ANY_CERTIFICATE
from pitboard.journal.replica import Replica
from pitboard.presence.venue_mdns import UNIT_SERVICE
from pitboard.presence.venue_presence import Advert, VenuePresence
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from pitboard.trust.certificate import Certificate
from sync.exchanging.exchange import ReplicaPeer
from sync.exchanging.exchange_api import ExchangeApi
from sync.exchanging.requests_peer import RequestsPeer
from tests.own_network import enter_own_network
from tests.race_story import ROOT, UNIT_A, central_enrols

SHARED = "10.42.0.1/24"
FIRST_FOUND_MAX_S = 8.0
DARK_MAX_S = 5.0
LOOK_S = 0.05


class NodeThread:
    """A machine: a thread with its own network, running one piece of work until it is stopped."""

    def __init__(self, work: Callable[[NodeThread], Coroutine[Any, Any, None]]) -> None:
        self._work = work
        self._ready = threading.Event()
        self._go = threading.Event()
        self._stop: Callable[[], object] | None = None
        self.raised: BaseException | None = None
        self.tid = 0
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        try:
            enter_own_network()
            self.tid = threading.get_native_id()
            self._ready.set()
            self._go.wait(10)
            asyncio.run(self._live())
        except BaseException as error:
            self.raised = error
        finally:
            self._ready.set()

    async def _live(self) -> None:
        task = asyncio.ensure_future(self._work(self))
        loop = asyncio.get_running_loop()
        self._stop = lambda: loop.call_soon_threadsafe(task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task

    def start(self) -> None:
        self._thread.start()
        self._ready.wait(10)
        if self.raised is not None:
            raise self.raised

    def begin(self) -> None:
        self._go.set()

    def finish(self, seconds: float) -> None:
        """Wait until its work is done; what that raised is raised here."""
        self._thread.join(seconds)
        assert not self._thread.is_alive(), "it is not done"
        self.end()

    def end(self) -> None:
        if self._stop is not None and self._thread.is_alive():
            self._stop()
        self._go.set()
        self._thread.join(5)
        if self.raised is not None:
            raise self.raised

    def ip(self, *arguments: str) -> None:
        """Run `ip` in this node's network."""
        ip_in(self.tid, *arguments)


def ip_in(tid: int, *arguments: str) -> None:
    command = ["nsenter", f"--net=/proc/{tid}/ns/net", "ip", *arguments]
    subprocess.run(command, check=True, capture_output=True, timeout=10)


class UnitOnTheNet:
    """A unit's door and advert over a true replica."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.names: list[str] = []
        self.loop: asyncio.AbstractEventLoop | None = None
        self.replica: Replica | None = None

    async def work(self, node: NodeThread) -> None:
        async with Replica.open(self._folder / "unit.db", root_key=ROOT.key, clock=SystemClock()) as replica:
            await replica.accept(central_enrols(UNIT_A).records)
            writing = await replica.open_stream(UNIT_A, "Track A")
            app = new_app()
            ExchangeApi(replica, UNIT_A).add_to(app)
            tls = Certificate.load_or_create(self._folder / "unit.pem").server_context()
            presence = VenuePresence(
                Advert(
                    service=UNIT_SERVICE,
                    key=UNIT_A.key,
                    properties=lambda: {"event": ROOT.key, "unit": "Track A"},
                    identity=UNIT_A,
                ),
                browse_services=(),
                interfaces=(),
                is_on=True,
                on_change=lambda: None,
                known=list,
            )
            async with serve_tcp(app, "0.0.0.0", 8441, tls=tls), asyncio.TaskGroup() as tasks:
                tasks.create_task(presence.run(8441))
                number = 0
                while True:
                    number += 1
                    await writing.append(CompetitorRegistered(competitor_id=f"c{number}", name="x"))
                    await asyncio.sleep(0.2)


class DisplayOnTheNet:
    """A display's finding and following, without a screen."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.follower: SourceFollower | None = None
        self.clock = SystemClock()

    async def work(self, node: NodeThread) -> None:
        async with Replica.open(self._folder / "display.db", root_key=ROOT.key, clock=self.clock) as replica:
            presence = VenuePresence(
                Advert(service="_pitboard-disp._tcp.local.", key="d" * 64, properties=dict),
                browse_services=(UNIT_SERVICE,),
                interfaces=(),
                is_on=True,
                on_change=lambda: follower.candidates_changed(),
                known=lambda: replica.fold.roster.enrolled(),
            )
            remembered: dict[str, Candidate] = {}

            def candidates() -> list[Candidate]:
                found = units_of(ROOT.key, presence.found(UNIT_SERVICE), replica.fold.roster.enrolled())
                return list({**remembered, **{one.url: one for one in found}}.values())

            follower = self.follower = SourceFollower(
                ReplicaPeer(replica),
                self.clock,
                have=replica.have,
                candidates=candidates,
                connect=lambda one: RequestsPeer(one.url, name=one.name, pin=ANY_CERTIFICATE, margin_s=3.0),
                on_change=lambda: None,
                roster=lambda: replica.fold.roster,
                on_proven=lambda source: remembered.update({source.candidate.url: source.candidate}),
            )
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(follower.run())
                tasks.create_task(presence.run(9))

    def age_s(self) -> float:
        """Return for how long the board has not been of now."""
        contact = None if self.follower is None else self.follower.contact
        return 1e9 if contact is None else (self.clock.mono_ns() - contact.mono_ns) / 1e9


@contextlib.contextmanager
def two_machines(tmp_path: Path) -> Iterator[tuple[NodeThread, NodeThread, DisplayOnTheNet]]:
    unit_node, display = UnitOnTheNet(tmp_path), DisplayOnTheNet(tmp_path)
    there, here = NodeThread(unit_node.work), NodeThread(display.work)
    try:
        there.start()
        here.start()
        there.ip("link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", str(here.tid))
        for node in (there, here):
            node.ip("link", "set", "eth0", "addrgenmode", "eui64")
            node.ip("link", "set", "eth0", "up")
        yield there, here, display
    finally:
        there.end()
        here.end()


class Stalls:
    """Counts what a busy machine took from this process between looks: nobody can heal while nobody runs."""

    def __init__(self) -> None:
        self._looked_s = time.monotonic()
        self.stalled_s = 0.0

    def look_again(self) -> None:
        """Sleep until the next look is due."""
        time.sleep(LOOK_S)
        now_s = time.monotonic()
        self.stalled_s += max(0.0, now_s - self._looked_s - 2 * LOOK_S)
        self._looked_s = now_s


def live_within(display: DisplayOnTheNet, seconds: float) -> float:
    """Wait until the board is of now; return how long that took."""
    began, stalls = time.monotonic(), Stalls()
    while display.age_s() > 1.5:
        took_s = time.monotonic() - began - stalls.stalled_s
        assert took_s < seconds, display.follower and display.follower.trouble
        stalls.look_again()
    return time.monotonic() - began


def follows(display: DisplayOnTheNet, address: str) -> bool:
    source = None if display.follower is None else display.follower.source
    return source is not None and address in source.url and display.age_s() < 1.5


@pytest.mark.parametrize("moves", [2, pytest.param(8, marks=pytest.mark.field)])
def test_a_unit_that_moves_while_both_have_an_equal_second_address_is_found_again(
    moves: int, tmp_path: Path
) -> None:
    with two_machines(tmp_path) as (there, here, display):
        for node, address in ((there, "192.0.2.7/24"), (here, "192.0.2.9/24")):
            node.ip("address", "add", address, "dev", "eth0")
            node.ip("link", "set", "eth0", "addrgenmode", "none")  # else IPv6 would hide the move
            node.ip("-6", "address", "flush", "dev", "eth0")
            node.ip("link", "add", "hotspot", "type", "veth", "peer", "name", "guest")
            node.ip("address", "add", SHARED, "dev", "hotspot")
            node.ip("link", "set", "hotspot", "up")
            node.ip("link", "set", "guest", "up")
            node.begin()
        live_within(display, FIRST_FOUND_MAX_S)
        for move in range(moves):
            address = f"192.0.2.{20 + move}"
            there.ip("-4", "address", "flush", "dev", "eth0")
            there.ip("address", "add", f"{address}/24", "dev", "eth0")
            stalls = Stalls()
            while not follows(display, address):
                dark_s = display.age_s() - stalls.stalled_s
                assert dark_s < DARK_MAX_S, f"move {move}: dark for {dark_s:.1f} s"
                stalls.look_again()


def test_two_machines_with_nothing_but_link_local_addresses_find_each_other(tmp_path: Path) -> None:
    with two_machines(tmp_path) as (there, here, display):
        for node in (there, here):
            node.begin()
        live_within(display, FIRST_FOUND_MAX_S)
        assert display.follower is not None
        assert display.follower.source is not None
        assert display.follower.source.url.startswith("https://[fe80::")
