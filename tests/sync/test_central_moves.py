"""Central gets other addresses while all programs of the venue run: units and displays follow by themselves.

Real programs, each machine in a network namespace of its own."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import pytest

from pitboard.doors.node_client import NodeClient
from pitboard.doors.session import UNIX_PREFIX
from pitboard.errors import JournalLost, PeerLost
from pitboard.journal.streams.stream_watch import TOGETHER_MIN_MS
from pitboard.keeping.journal_copy import fold_file
from pitboard.program.config import EventFile
from pitboard.trust.certificate import Certificate, certificate_beside
from pitboard.trust.identity import Identity
from pitboard.unit_api.unit_status import SealedStatus, open_status
from tests.display.following.test_addresses_that_move import NodeThread

WITHIN_S = 30.0
PORT = 8081
FIRST, SECOND, THIRD = "192.0.2.7", "192.0.2.20", "192.0.2.30"


class Machine:
    """A namespace, and the programs that run in it."""

    def __init__(self) -> None:
        self.node = NodeThread(lambda _: asyncio.Event().wait())  # type: ignore[arg-type,return-value]
        self.node.start()
        self._programs: list[subprocess.Popen[bytes]] = []

    def join(self, switch: NodeThread, address: str) -> None:
        port = f"port{address.rpartition('.')[2]}"
        end = ("peer", "name", "eth0", "netns", str(self.node.tid))
        switch.ip("link", "add", port, "type", "veth", *end)
        switch.ip("link", "set", port, "master", "venue", "up")
        self.node.ip("address", "add", f"{address}/24", "dev", "eth0")
        self.node.ip("link", "set", "eth0", "up")

    def run(self, folder: Path, program: str) -> None:
        net = f"--net=/proc/{self.node.tid}/ns/net"
        command = [sys.executable, "-m", "pitboard", program, "--config", str(folder / f"{program}.toml")]
        with (folder / f"{program}.log").open("ab") as log:
            self._programs.append(
                subprocess.Popen(
                    ["nsenter", net, *command],
                    stderr=log,
                    env={**os.environ, "SDL_VIDEODRIVER": "dummy"},
                )
            )

    def switch_off(self) -> None:
        """End all programs, as a power cut does."""
        for program in self._programs:
            program.kill()
            program.wait()
        self._programs.clear()

    def end(self) -> None:
        self.switch_off()
        self.node.end()


class Venue:
    """Central, a unit and a display; central's machine is the switch too."""

    def __init__(self, folder: Path, machines: tuple[Machine, Machine, Machine]) -> None:
        self.folder = folder
        self.central, self.unit, self.display = machines

    def build(self) -> None:
        switch = self.central.node
        switch.ip("link", "add", "venue", "type", "bridge", "mcast_snooping", "0")
        switch.ip("link", "set", "venue", "addrgenmode", "none")
        switch.ip("address", "add", f"{FIRST}/24", "dev", "venue")
        switch.ip("link", "set", "venue", "up")
        self.unit.join(switch, "192.0.2.51")
        self.display.join(switch, "192.0.2.52")

    def write_configs(self) -> None:
        unit = Identity.load_or_create(self.folder / "unit.key")
        root = Identity.load_or_create(self.folder / "root.key")
        pin = Certificate.load_or_create(certificate_beside(self.folder / "central.db")).fingerprint
        EventFile(
            event="Cup",
            event_key=root.key,
            name="Track A",
            central=f"https://{FIRST}:{PORT}",
            central_fingerprint=pin,
        ).save(self.folder / "event.toml")
        configs = {
            "central": f"""
                root_key_file = "root.key"
                journal = "central.db"
                event = {{ name = "Cup" }}
                public = {{ port = 0 }}
                ingest = {{ host = "0.0.0.0", port = {PORT} }}
                unit = [ {{ name = "Track A", key = "{unit.key}" }} ]""",
            "trackside": """
                name = "Track A"
                key_file = "unit.key"
                journal = "unit.db"
                api = { socket = "api.sock" }""",
            "sync": 'unit_socket = "api.sock"\nevent_file = "event.toml"',
            "display": 'name = "Stand"\njournal = "display.db"\nsize = [640, 360]\nfullscreen = false',
        }
        for program, text in configs.items():
            (self.folder / f"{program}.toml").write_text("\n".join(map(str.strip, text.splitlines())))

    def central_moves(self, address: str) -> None:
        self.central.node.ip("-4", "address", "flush", "dev", "venue")
        self.central.node.ip("address", "add", f"{address}/24", "dev", "venue")

    def register(self, name: str) -> None:
        """The official types a name at the unit's touchscreen."""
        client = NodeClient(f"{UNIX_PREFIX}{self.folder / 'api.sock'}", name="unit")
        body = f'{{"act": "register", "name": "{name}"}}'.encode()

        def is_saved() -> bool:
            with suppress(PeerLost):
                return client.ask("POST", "/v1/act", body, within_s=5, max_bytes=9_999).status == 200
            return False

        wait_until(is_saved, f"the unit takes {name}", self.folder)
        client.close()

    def wait_for(self, name: str, journal: str) -> None:
        def is_there() -> bool:
            with suppress(JournalLost):
                people = fold_file(self.folder / journal).race.roll.entered()
                return any(one.name == name for one in people)
            return False

        wait_until(is_there, f"{journal} has {name}", self.folder)


def wait_until(is_so: Callable[[], bool], what: str, folder: Path) -> None:
    began_s = time.monotonic()
    while not is_so():
        logs = "\n".join(f"{log.name}: {log.read_text()[-800:]}" for log in folder.glob("*.log"))
        assert time.monotonic() - began_s < WITHIN_S, f"{what}: not within {WITHIN_S} s\n{logs}"
        time.sleep(0.1)


@contextmanager
def venue_at(folder: Path) -> Iterator[Venue]:
    machines = (Machine(), Machine(), Machine())
    try:
        venue = Venue(folder, machines)
        venue.build()
        venue.write_configs()
        yield venue
    finally:
        for machine in machines:
            machine.end()


@pytest.mark.field
def test_central_moves_twice_and_unit_and_display_follow_without_a_restart(tmp_path: Path) -> None:
    with venue_at(tmp_path) as venue:
        venue.central.run(tmp_path, "central")
        venue.unit.run(tmp_path, "trackside")
        venue.unit.run(tmp_path, "sync")
        venue.display.run(tmp_path, "display")
        venue.register("Ann")
        venue.wait_for("Ann", "central.db")
        venue.wait_for("Ann", "display.db")

        venue.central_moves(SECOND)
        venue.register("Bo")
        venue.wait_for("Bo", "central.db")  # the unit followed

        venue.unit.switch_off()  # now central is all that the display has
        venue.central_moves(THIRD)
        say(venue, "identify")
        wait_until(
            lambda: any(one.playlist for one in fold_file(tmp_path / "display.db").race.programme.displays()),
            "the display hears central at its third address",
            tmp_path,
        )

        venue.unit.run(tmp_path, "trackside")  # which was told the first address, two moves ago
        venue.unit.run(tmp_path, "sync")
        venue.register("Cy")
        venue.wait_for("Cy", "central.db")


def say(venue: Venue, scene: str) -> None:
    """The admin steers all displays, at central's machine."""
    command = ("central", "--config", str(venue.folder / "central.toml"), "display", "all", "--scene", scene)
    subprocess.run([sys.executable, "-m", "pitboard", *command], check=True, capture_output=True, timeout=30)


@pytest.mark.field
def test_a_cloned_card_in_a_second_machine_is_told_at_both_with_which_to_take_away(tmp_path: Path) -> None:
    """Two machines with one key and one past: both say so, and nothing that either took in is lost."""
    with venue_at(tmp_path) as venue:
        venue.central.run(tmp_path, "central")
        venue.unit.run(tmp_path, "trackside")
        venue.unit.run(tmp_path, "sync")
        venue.register("Ann")
        venue.wait_for("Ann", "central.db")
        venue.unit.switch_off()
        clone = copied_card(tmp_path)
        venue.unit.run(tmp_path, "trackside")
        venue.unit.run(tmp_path, "sync")
        venue.display.run(clone, "trackside")  # the third machine has the other card
        venue.display.run(clone, "sync")
        venue.register("Bo")
        copy = Venue(clone, (venue.central, venue.unit, venue.display))
        copy.register("Cy")
        time.sleep(TOGETHER_MIN_MS / 1_000)
        venue.register("Di")  # the first goes on after the second began: no restart, but two machines
        for folder in (tmp_path, clone):
            wait_until(
                lambda folder=folder: "Another machine writes as this unit" in central_light(folder),  # type: ignore[misc]
                f"the light says that a card was copied; it says: {central_light(folder)}",
                folder,
            )
            assert "Take away the copied card" in central_light(folder)
        for name in ("Bo", "Cy", "Di"):
            venue.wait_for(name, "central.db")


@pytest.mark.field
def test_a_cloned_card_is_told_at_both_without_sync_without_central_and_before_anybody_writes(
    tmp_path: Path,
) -> None:
    with venue_at(tmp_path) as venue:
        venue.unit.run(tmp_path, "trackside")
        wait_until(lambda: central_light(tmp_path) != "", "the unit serves", tmp_path)
        assert "copy of this unit's card" not in central_light(tmp_path)
        clone = copied_card(tmp_path)
        venue.display.run(clone, "trackside")
        for folder, other in ((tmp_path, "192.0.2.52"), (clone, "192.0.2.51")):
            wait_until(
                lambda folder=folder, other=other: f"at {other}" in central_light(folder),  # type: ignore[misc]
                f"the light says where the copied card is; it says: {central_light(folder)}",
                folder,
            )
            assert "Take away the one that was switched on last" in central_light(folder)
        venue.display.switch_off()
        wait_until(
            lambda: "copy of this unit's card" not in central_light(tmp_path),
            "the light is well again once the copy is off",
            tmp_path,
        )


def copied_card(folder: Path) -> Path:
    """Return the folder of a second machine with the unit's card: dd if=card of=another card."""
    clone = folder / "clone"
    clone.mkdir()
    for file in ("unit.key", "unit.db", "event.toml", "trackside.toml", "sync.toml", "unit.tls.pem"):
        if (folder / file).exists():
            shutil.copy2(folder / file, clone / file)
    return clone


def central_light(folder: Path) -> str:
    """Return what the unit of this machine says at its light of central."""
    client = NodeClient(f"{UNIX_PREFIX}{folder / 'api.sock'}", name="unit")
    with suppress(PeerLost):
        answer = client.ask("GET", "/v1/unit-status", within_s=5, max_bytes=99_999)
        status = open_status(msgspec.json.decode(answer.body, type=SealedStatus))
        return next(light.detail for light in status.lights if light.light == "central")
    return ""
