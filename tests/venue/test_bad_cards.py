"""Real programs on bad cards: each page of the journal damaged in turn, a card that takes nothing, no screen.

None may end in a traceback, none may stay dark, and what a program cannot do it says in a sentence."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random

import pytest

from pitboard.clock import SystemClock
from pitboard.journal.replica import Replica
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from pitboard.trust.identity import Identity
from tests.race_story import UNIT_A, Teller, confirmed_run

PAGE_BYTES = 4_096
WORK_MAX_S = 15.0
"""Of a processor, until a program serves or draws: a busy machine decides what that is by the clock."""
HANGS_AFTER_S = 240.0
CONFIGS = {
    "central": """
        root_key_file = "root.key"
        journal = "card/journal.db"
        event = { name = "Cup" }
        public = { port = 0 }
        ingest = { port = 0, certificate = "central.pem" }
        admin = { socket = "admin.sock" }""",
    "trackside": """
        name = "Track B"
        event_key = "EVENT"
        key_file = "unit.key"
        journal = "card/journal.db"
        api = { socket = "api.sock" }
        lan = { host = "127.0.0.1", port = 0, mdns = false }""",
    "bridge": """
        spool_folder = "card/bridge"
        api = { socket = "api.sock" }
        sensor = [ { name = "beam", port = "/dev/no-such-port" } ]""",
    "display": """
        name = "Stand"
        event_key = "EVENT"
        journal = "card/journal.db"
        mdns = false
        size = [640, 360]
        fullscreen = false
        status_host = "127.0.0.1"
        frame_log = "frames.jsonl\"""",
}


class Node:
    """A folder with configs and a journal of a small race, and a program that is started on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = Identity.load_or_create(folder / "root.key")
        self.journal = folder / "card" / "journal.db"
        for program, text in CONFIGS.items():
            lines = "\n".join(map(str.strip, text.replace("EVENT", self.root.key).splitlines()))
            (folder / f"{program}.toml").write_text(lines + "\n")
        asyncio.run(self._race())
        self.sound = self.journal.read_bytes()

    async def _race(self) -> None:
        unit = Teller(UNIT_A, "Track A")
        unit.say(CompetitorRegistered(competitor_id="c", name="Ann"))
        confirmed_run(unit, "r", "c", start_s=10, laps_s=[4.0] * 12, first_seq=1)
        async with Replica.open(self.journal, root_key=self.root.key, clock=SystemClock()) as replica:
            from pitboard.journal.records.kinds import UnitEnrolled

            writing = await replica.open_stream(self.root, "Central")
            await writing.append(UnitEnrolled(key=UNIT_A.key, name="Track A"))
            await replica.accept(unit.records)

    def renew(self) -> None:
        """A fresh card with the sound journal."""
        shutil.rmtree(self.folder / "card")
        (self.folder / "card").mkdir()
        self.journal.write_bytes(self.sound)
        (self.folder / "frames.jsonl").unlink(missing_ok=True)

    @contextmanager
    def running(self, program: str, *before: str, **environment: str) -> Iterator[Started]:
        notify = self.folder / "notify.sock"
        notify.unlink(missing_ok=True)
        command = [*before, sys.executable, "-m", "pitboard", program]
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.bind(str(notify))
            process = subprocess.Popen(
                [*command, "--config", str(self.folder / f"{program}.toml")],
                stderr=subprocess.PIPE,
                text=True,
                env={
                    **os.environ,
                    "NOTIFY_SOCKET": str(notify),
                    "RUNTIME_DIRECTORY": str(self.folder),
                    "SDL_VIDEODRIVER": "dummy",
                    **environment,
                },
            )
            started = Started(self, process, channel)
            try:
                yield started
            finally:
                process.terminate()
                started.log += process.communicate(timeout=10)[1]

    def first_frame(self) -> dict[str, object] | None:
        path = self.folder / "frames.jsonl"
        line = path.read_text().partition("\n")[0] if path.exists() else ""
        return dict(json.loads(line)) if line.endswith("}") else None


class Started:
    """`log` is complete once the program has ended."""

    def __init__(self, node: Node, process: subprocess.Popen[str], channel: socket.socket) -> None:
        self._node = node
        self._process = process
        self._channel = channel
        self._began_s = time.monotonic()
        self.log = ""

    def _may_go_on(self) -> bool:
        """Return whether it still runs, and has not had all the time that it may take."""
        if self._process.poll() is not None or time.monotonic() - self._began_s > HANGS_AFTER_S:
            return False
        with suppress(OSError):
            taken = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
            return sum(map(int, taken)) / os.sysconf("SC_CLK_TCK") < WORK_MAX_S
        return False

    def is_ready(self) -> bool:
        """Wait until it serves, True, or ends, False."""
        self._channel.settimeout(0.1)
        while self._may_go_on():
            try:
                if b"READY=1" in self._channel.recv(4_096):
                    return True
            except TimeoutError:
                continue
        return False

    def draws(self) -> bool:
        while self._may_go_on():
            if self._node.first_frame() is not None:
                return True
            time.sleep(0.05)
        return False


@pytest.mark.field
@pytest.mark.parametrize("program", ["central", "trackside", "display"])
def test_each_damaged_page_ends_no_program_and_darkens_no_screen(program: str, tmp_path: Path) -> None:
    node = Node(tmp_path)
    salvaged_count = 0
    for number in range(len(node.sound) // PAGE_BYTES):
        node.renew()
        start = number * PAGE_BYTES
        page = Random(number).randbytes(PAGE_BYTES)
        node.journal.write_bytes(node.sound[:start] + page + node.sound[start + PAGE_BYTES :])
        with node.running(program) as started:
            assert started.is_ready(), f"page {number}: {started.log}"
            if program == "display":
                assert started.draws(), f"page {number}"
        assert "Traceback" not in started.log, f"page {number}: {started.log}"
        if list(node.journal.parent.glob("*.damaged-1")):
            salvaged_count += 1
            assert "records of the damaged journal could be read and are kept" in started.log
    assert salvaged_count > 3


def read_only(folder: Path) -> tuple[str, ...]:
    """Return the words before a command for which the card in this folder takes nothing."""
    card, kept = folder / "card", folder / "kept"
    script = (
        f"cp -r {card} {kept}; mount -t tmpfs -o size=16m own-card {card}; cp {kept}/* {card}; "
        f'mount -o remount,ro {card}; exec "$@"'
    )
    return ("unshare", "--mount", "sh", "-ec", script, "sh")


@pytest.mark.field
@pytest.mark.skipif(os.geteuid() != 0, reason="a mount of one's own needs root")
def test_on_a_read_only_card_a_display_draws_and_others_say_what_to_do(tmp_path: Path) -> None:
    node = Node(tmp_path)
    with node.running("display", *read_only(tmp_path)) as started:
        draws = started.draws()
        frame = node.first_frame()
    assert draws, started.log
    assert frame is not None
    assert frame["entries"] == 1
    assert "Traceback" not in started.log
    for program in ("trackside", "central", "bridge"):
        shutil.rmtree(tmp_path / "kept")
        (tmp_path / f"{program}.said").unlink(missing_ok=True)
        with node.running(program, *read_only(tmp_path)) as started:
            assert not started.is_ready()
        assert "Traceback" not in started.log
        assert "read-only" in started.log, started.log
        assert "read-only" in (tmp_path / f"{program}.said").read_text()


@pytest.mark.field
def test_a_display_without_a_screen_stays_up(tmp_path: Path) -> None:
    node = Node(tmp_path)
    with node.running("display", SDL_VIDEODRIVER="kmsdrm") as started:
        assert started.is_ready(), started.log
        assert started.draws(), started.log  # nobody sees it, and it is there when the screen comes
    assert "Traceback" not in started.log


@pytest.mark.field
@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="needs Xvfb")
def test_a_display_whose_screen_comes_later_draws_on_it_by_itself(tmp_path: Path) -> None:
    """The television is switched on after the display: an X server that is not there yet stands for it."""
    number = next(one for one in range(90, 200) if not Path(f"/tmp/.X11-unix/X{one}").exists())
    node = Node(tmp_path)
    screen: subprocess.Popen[bytes] | None = None
    with node.running("display", SDL_VIDEODRIVER="x11", DISPLAY=f":{number}") as started:
        assert started.is_ready(), started.log
        assert started.draws(), started.log
        try:
            size = ("-screen", "0", "640x360x24", "-fbdir", str(tmp_path))
            screen = subprocess.Popen(["Xvfb", f":{number}", *size], stderr=subprocess.DEVNULL)
            picture = tmp_path / "Xvfb_screen0"

            def is_lit() -> bool:
                return (
                    picture.exists() and len(set(picture.read_bytes()[4_096:])) > 20
                )  # more than one colour

            until_s = time.monotonic() + HANGS_AFTER_S
            while not is_lit() and time.monotonic() < until_s:
                time.sleep(0.1)
            assert is_lit(), "the screen stays dark"
        finally:
            if screen is not None:
                screen.terminate()
                screen.wait()
    assert "Traceback" not in started.log
