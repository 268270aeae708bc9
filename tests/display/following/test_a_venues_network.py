"""Displays on the networks that venues have: real programs, each machine in a network namespace of its own.

Central's machine is the switch. A unit that is switched off says no goodbye."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest

from display.following.display_presence import DisplayStatus
from pitboard.doors.node_client import NodeClient
from pitboard.doors.session import UNIX_PREFIX
from pitboard.errors import PeerLost
from pitboard.presence.venue_mdns import UNIT_SERVICE
from pitboard.program.config import EventFile
from pitboard.trust.certificate import Certificate, certificate_beside
from pitboard.trust.identity import Identity
from tests.avahi import Avahi, has_avahi
from tests.own_network import CLONE_NEWNET
from tests.sync.test_central_moves import Machine, wait_until

pytestmark = pytest.mark.field

FAIL_OVER_MAX_S = 3.0
SLACK_S = 1.5
"""Of a machine that runs six programs on two cores, and of a look every 50 ms."""
CENTRAL, UNIT_A, UNIT_B, STAND = "192.0.2.7", "192.0.2.51", "192.0.2.52", "192.0.2.60"
STATUS_PORT = 8090
Answer = TypeVar("Answer")
_libc = ctypes.CDLL(None, use_errno=True)


def inside(machine: Machine, ask: Callable[[], Answer]) -> Answer:
    """Return what `ask` does on the network of that machine."""

    def enter() -> None:
        network = os.open(f"/proc/{machine.node.tid}/ns/net", os.O_RDONLY)
        assert _libc.setns(network, CLONE_NEWNET) == 0
        os.close(network)

    with ThreadPoolExecutor(1, initializer=enter) as thread:
        return thread.submit(ask).result()


class Hall:
    """Central, two units that people call the same, and a display."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.central, self.a, self.b, self.stand = (Machine() for _ in range(4))
        self.machines = (self.central, self.a, self.b, self.stand)
        self.switch = self.central.node
        self.switch.ip("link", "add", "venue", "type", "bridge", "mcast_snooping", "0")
        self.switch.ip("link", "set", "venue", "addrgenmode", "none")
        self.switch.ip("address", "add", f"{CENTRAL}/24", "dev", "venue")
        self.switch.ip("link", "set", "venue", "up")
        self.a.join(self.switch, UNIT_A)
        self.b.join(self.switch, UNIT_B)
        for name in ("a", "b", "stand", "central"):
            (folder / name).mkdir()

    def configure(self, *, a_asks: str = "[]", b_asks: str = "[]", stand_asks: str = "[]") -> None:
        root = Identity.load_or_create(self.folder / "central" / "root.key")
        keys = [Identity.load_or_create(self.folder / name / "unit.key").key for name in "ab"]
        pin = Certificate.load_or_create(
            certificate_beside(self.folder / "central" / "central.db")
        ).fingerprint
        for name in ("a", "b", "stand"):
            EventFile(
                event="Cup",
                event_key=root.key,
                name="Track",
                central=f"https://{CENTRAL}:8081",
                central_fingerprint=pin,
            ).save(self.folder / name / "event.toml")
        self._write("central/central", 'root_key_file = "root.key"\njournal = "central.db"')
        self._write("central/central", 'event = { name = "Cup" }\npublic = { port = 0 }')
        self._write("central/central", 'ingest = { host = "0.0.0.0", port = 8081 }')
        units = ", ".join(f'{{ name = "Track", key = "{key}" }}' for key in keys)
        self._write("central/central", f"unit = [ {units} ]")
        for name, asks in (("a", a_asks), ("b", b_asks)):
            self._write(f"{name}/trackside", 'name = "Track"\nkey_file = "unit.key"\njournal = "unit.db"')
            self._write(f"{name}/trackside", f'api = {{ socket = "api.sock" }}\nlan = {{ units = {asks} }}')
            self._write(f"{name}/sync", 'unit_socket = "api.sock"\nevent_file = "event.toml"')
        self._write("stand/display", 'name = "Stand"\njournal = "display.db"\nsize = [640, 360]')
        self._write("stand/display", f"fullscreen = false\nunits = {stand_asks}\nstatus_tls = false")
        self._write("stand/display", f'status_host = "127.0.0.1"\nstatus_port = {STATUS_PORT}')

    def _write(self, program: str, text: str) -> None:
        with (self.folder / f"{program}.toml").open("a") as file:
            file.write(text + "\n")

    def run_unit(self, name: str) -> None:
        machine = self.a if name == "a" else self.b
        machine.run(self.folder / name, "trackside")
        machine.run(self.folder / name, "sync")

    def register(self, unit: str, name: str) -> None:
        client = NodeClient(f"{UNIX_PREFIX}{self.folder / unit / 'api.sock'}", name="unit")
        body = f'{{"act": "register", "name": "{name}"}}'.encode()

        def is_saved() -> bool:
            with contextlib.suppress(PeerLost):
                return client.ask("POST", "/v1/act", body, within_s=5, max_bytes=9_999).status == 200
            return False

        wait_until(is_saved, f"unit {unit} takes {name}", self.folder / unit)
        client.close()

    def status(self) -> DisplayStatus | None:
        """Return what the display says of itself; None while it does not run."""

        def ask() -> DisplayStatus | None:
            client = NodeClient(f"http://127.0.0.1:{STATUS_PORT}")
            with contextlib.suppress(PeerLost), contextlib.closing(client):
                body = client.call("GET", "/v1/status", within_s=2, max_bytes=99_999)
                return msgspec.json.decode(body, type=DisplayStatus)
            return None

        return inside(self.stand, ask)

    def is_live(self) -> bool:
        status = self.status()
        return status is not None and status.is_live

    def records(self) -> int:
        status = self.status()
        return 0 if status is None else status.records

    def wait_until(self, is_so: Callable[[], bool], what: str) -> None:
        wait_until(is_so, f"{what}; the display says {self.status()}", self.folder / "stand")

    def longest_dark_s(self, within_s: float) -> float:
        """Watch the display for so long, and until it is live; return for how long it was not, at most."""
        began = since = time.monotonic()
        longest = 0.0
        while time.monotonic() - began < within_s or not self.is_live():
            assert time.monotonic() - began < within_s + 20, f"it stays dark: {self.status()}"
            now = time.monotonic()
            if self.is_live():
                since = now
            longest = max(longest, now - since)
            time.sleep(0.05)
        return longest

    def end(self) -> None:
        for machine in self.machines:
            machine.end()


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    hall = Hall(tmp_path)
    try:
        yield hall
    finally:
        hall.end()


def all_have_met(hall: Hall) -> None:
    """Central enrols both units, and both reach the display."""
    hall.central.run(hall.folder / "central", "central")
    hall.run_unit("a")
    hall.run_unit("b")
    hall.register("a", "Ann")
    hall.wait_until(hall.is_live, "the display is live")


def a_word_gets_through(hall: Hall, sender: Machine) -> bool:
    """Return whether a multicast packet of that machine reaches the display's."""

    def listener() -> socket.socket:
        ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        ear.bind(("", 5399))
        group = socket.inet_aton("224.0.0.251") + socket.inet_aton(STAND)
        ear.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
        ear.settimeout(0.1)
        return ear

    def say() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth:
            mouth.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(UNIT_A))
            mouth.sendto(b"hello", ("224.0.0.251", 5399))

    with inside(hall.stand, listener) as ear:
        for _ in range(15):  # a port of the switch takes a moment to open
            inside(sender, say)
            with contextlib.suppress(TimeoutError):
                return ear.recv(99) == b"hello"
    return False


def test_where_no_multicast_comes_through_one_address_is_enough_to_fail_over(hall: Hall) -> None:
    hall.configure(
        a_asks=f'["https://{UNIT_B}:8441"]',
        b_asks=f'["https://{UNIT_A}:8441"]',
        stand_asks=f'["https://{UNIT_A}:8441"]',
    )
    hall.stand.join(hall.switch, STAND)
    assert a_word_gets_through(hall, hall.a)
    for port in ("port51", "port52", "port60"):  # as the access points of many venues do
        hall.switch.ip("link", "set", port, "type", "bridge_slave", "mcast_flood", "off")
    assert not a_word_gets_through(hall, hall.a)
    hall.stand.run(hall.folder / "stand", "display")
    all_have_met(hall)
    hall.central.switch_off()  # nobody but the units can help
    before = hall.records()
    hall.register("b", "Bo")
    hall.wait_until(lambda: hall.records() > before, "what B has comes through A")
    time.sleep(3.0)  # A tells of B with its next answers
    hall.a.switch_off()
    assert hall.longest_dark_s(8) < FAIL_OVER_MAX_S + SLACK_S
    before = hall.records()
    hall.register("b", "Cy")
    hall.wait_until(lambda: hall.records() > before, "the display follows B, which nobody configured for it")


def test_a_display_before_any_network_and_two_units_of_one_name_one_of_which_is_killed(hall: Hall) -> None:
    hall.configure()
    hall.stand.run(hall.folder / "stand", "display")
    hall.wait_until(lambda: hall.status() is not None, "it runs without any network")
    assert not hall.is_live()
    hall.stand.join(hall.switch, STAND)
    all_have_met(hall)
    hall.central.switch_off()
    before = hall.records()
    hall.register("b", "Bo")
    hall.wait_until(lambda: hall.records() > before, "what the other unit of that name has comes too")
    for name, machine in (("a", hall.a), ("b", hall.b)):
        machine.switch_off()
        assert hall.longest_dark_s(8) < FAIL_OVER_MAX_S + SLACK_S
        hall.run_unit(name)
        before = hall.records()
        hall.register(name, "Di")
        hall.wait_until(lambda before=before: hall.records() > before, "it is heard again")  # type: ignore[misc]


def test_a_cable_out_and_in_again_and_a_box_that_says_it_were_the_unit(hall: Hall) -> None:
    if not has_avahi():
        pytest.skip("avahi-daemon, avahi-utils and dbus are not installed")
    hall.configure()
    hall.stand.join(hall.switch, STAND)
    hall.stand.run(hall.folder / "stand", "display")
    all_have_met(hall)
    hall.switch.ip("link", "set", "port60", "down")
    hall.wait_until(lambda: not hall.is_live(), "it says that the board is old")
    hall.switch.ip("link", "set", "port60", "up")
    hall.wait_until(hall.is_live, "it is live again")

    key = Identity.load_or_create(hall.folder / "a" / "unit.key").key
    event = Identity.load_or_create(hall.folder / "central" / "root.key").key
    daemon = inside(hall.central, lambda: Avahi(hall.folder, "rogue"))
    try:

        async def lie() -> float:
            said = (f"event={event}", f"key={key}", "unit=Track", "tls=yes")
            held: list[asyncio.StreamWriter] = []
            silent = await asyncio.start_server(lambda _, writer: held.append(writer), "0.0.0.0", 9001)
            async with asyncio.timeout(20):
                while UNIT_B not in await daemon.browse(UNIT_SERVICE):
                    await asyncio.sleep(0.1)
            async with silent, daemon.publishing("Track", UNIT_SERVICE, 9001, *said):
                await asyncio.to_thread(hall.a.switch_off)
                dark_s = await asyncio.to_thread(hall.longest_dark_s, 10)
                assert held, "the display never asked the box"
                for writer in held:
                    writer.transport.abort()
                await asyncio.sleep(0.1)
                return dark_s

        assert inside(hall.central, lambda: asyncio.run(lie())) < FAIL_OVER_MAX_S + SLACK_S
    finally:
        daemon.stop()
    before = hall.records()
    hall.register("b", "Cy")
    hall.wait_until(lambda: hall.records() > before, "the true unit's word comes")
