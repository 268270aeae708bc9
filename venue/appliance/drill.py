"""The drill: a venue of five machines from one file, raced, cut, hung, broken and replaced.

Each step says what it did, how long it took, and ends the drill with a sentence where it did not work."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import ssl
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pitboard.clock import SystemClock
from pitboard.errors import PitboardError, Refusal
from pitboard.tasks import beside
from venue.appliance.box import HOST_ADDRESS, STICK, Box, debian_root, lay_wire, seconds, until
from venue.appliance.broken_wheel import break_wheel
from venue.appliance.steps import Steps
from venue.appliance.wire_decoder import Decoder
from venue.demo.audit import board_bytes
from venue.official.control_client import ControlClient
from venue.official.scripted_official import ScriptedOfficial
from venue.set_up.node_folders import make_node_folders
from venue.set_up.venue_file import VenueFile

CENTRAL, TRACK_A, TRACK_B = "central", "track-a", "track-b"
DISPLAYS = ("grandstand", "paddock")
HOSTS = (CENTRAL, TRACK_A, TRACK_B, *DISPLAYS)
FIRST_NUMBER = 10
DECODER_PORTS = {TRACK_A: 5403, TRACK_B: 5404}
STATUS_PORT = 8442
PUBLIC_PORT = 8080
CONTROL = "/run/pitboard/touch-control.sock"
RUN_MAX_S = 300.0
LOOK_EVERY_S = 0.2
BEFORE_CUT_S = 6.0
SETTLE_MAX_S = 60.0
WATCHDOG_MAX_S = 60.0
JOURNALS = (
    (CENTRAL, "central.db"),
    (TRACK_A, "unit.db"),
    (TRACK_B, "unit.db"),
    *((host, "display.db") for host in DISPLAYS),
)
_VENUE = """
[event]
name = "Appliance Drill"
run = "20 s"
shortest_lap = "3 s"

[network]
central = "https://{central}:8081"

[central]
host = "central"

[[unit]]
host = "track-a"
name = "Track A"
track = "1"
touch = "800x480"
[[unit.sensor]]
kind = "p3"
address = "{decoder}:5403"

[[unit]]
host = "track-b"
name = "Track B"
track = "2"
touch = "800x480"
[[unit.sensor]]
kind = "p3"
address = "{decoder}:5404"

[[display]]
host = "grandstand"
name = "Grandstand"
size = "1280x720"

[[display]]
host = "paddock"
name = "Paddock"
size = "1280x720"
"""
# A container has no screen: the programs paint, and the picture is asked for.
_NO_SCREEN = "[Service]\nEnvironment=SDL_VIDEODRIVER=dummy\n"


@dataclass(slots=True, kw_only=True)
class Drill:
    """One run of it, with all that it makes below `folder`; `bundle` holds wheels and install.sh."""

    folder: Path
    bundle: Path
    boxes: dict[str, Box] = field(default_factory=dict)
    decoders: dict[str, Decoder] = field(default_factory=dict)
    seed: int = 1
    steps: Steps = field(init=False)

    def __post_init__(self) -> None:
        self.steps = Steps(folder=self.folder)

    @property
    def hosts(self) -> tuple[str, ...]:
        return HOSTS

    @property
    def journals(self) -> tuple[tuple[str, str], ...]:
        """Whose journals must have one board, by host and file."""
        return JOURNALS

    @property
    def venue(self) -> str:
        """The text of venue.toml."""
        return _VENUE.format(central=f"10.77.0.{FIRST_NUMBER}", decoder=HOST_ADDRESS)

    def base(self) -> Path:
        """Return the root below every machine's own disk."""
        return debian_root(self.folder.parent)

    def play(self) -> None:
        """Do all steps; raises Refusal at the first that does not work."""
        try:
            self._set_up()
            self._race(TRACK_A, "a whole run")
            self._everywhere_equal()
            self._power_cut()
            self._read_only_root()
            self._hang()
            self._broken_upgrade()
            self._replacement()
            self._everywhere_equal()
            self._pictures()
        finally:
            for box in self.boxes.values():
                box.cut_power()
            self.steps.write()

    def _set_up(self) -> None:
        with self.steps.step("a Debian root"):
            base = self.base()
        stick = self.folder / "stick"
        with self.steps.step("a stick from one file"):
            shutil.copytree(self.bundle, stick, dirs_exist_ok=True, copy_function=os.link)
            shutil.rmtree(stick / "nodes", ignore_errors=True)
            file = self.folder / "venue.toml"
            file.write_text(self.venue)
            for node in make_node_folders(VenueFile.load(file), stick / "nodes"):
                self._for_a_drill(node.folder / "etc")
        lay_wire()
        for host, port in DECODER_PORTS.items():
            self.decoders[host] = Decoder(HOST_ADDRESS, port, transponder=port, seed=self.seed)
            self.decoders[host].start()
        for number, host in enumerate(self.hosts, start=FIRST_NUMBER):
            self._new_machine(host, number, base, stick)

    def _new_machine(self, host: str, number: int, base: Path, stick: Path) -> None:
        box = Box(host=host, number=number, base=base, folder=self.folder / host, stick=stick)
        self.boxes[host] = box
        self._lay_out(box)
        for program in ("touch", "display"):
            box.write(f"/etc/systemd/system/pitboard-{program}.service.d/50-no-screen.conf", _NO_SCREEN)
        with self.steps.step(f"{host} boots"):
            self._boot(box)
        with self.steps.step(f"{host} is installed without a way out, one command") as figures:
            if box.has_a_way_out():
                raise Refusal(f"{host} has a way out")
            box.install(f"{STICK}/install.sh")
            figures["programs"] = box.programs_running()
        self._link(host)

    def _lay_out(self, box: Box) -> None:
        box.lay_out()

    def _boot(self, box: Box) -> None:
        box.boot()

    def _for_a_drill(self, etc: Path) -> None:
        """Let the drill tap and look; nothing else differs from a venue's configs."""
        if (etc / "touch.toml").exists():
            with (etc / "touch.toml").open("a") as file:
                file.write(f'control_socket = "{CONTROL}"\n')
        if (etc / "display.toml").exists():
            with (etc / "display.toml").open("a") as file:
                file.write(f"status_port = {STATUS_PORT}\n")

    def _link(self, host: str) -> None:
        """Keep one short path to the machine's touchscreen over its reboots."""
        link = self._control(host)
        link.unlink(missing_ok=True)
        link.symlink_to(self.boxes[host].path(CONTROL))

    def _control(self, host: str) -> Path:
        return self.folder / f"{host}.sock"

    def _official(self, host: str) -> ScriptedOfficial:
        self.seed += 1
        return ScriptedOfficial(
            ControlClient(self._control(host)),
            seed=self.seed,
            log_path=self.folder / "official.jsonl",
            clock=SystemClock(),
            runs_max=1,
        )

    def _race(self, host: str, name: str) -> None:
        with self.steps.step(f"{host}: {name}, by taps") as figures:
            self.decoders[host].drive.set()
            asyncio.run(asyncio.wait_for(self._official(host).run(), RUN_MAX_S))
            self.decoders[host].drive.clear()
            figures["passings"] = self.decoders[host].passed

    def _power_cut(self) -> None:
        with self.steps.step(f"{TRACK_A}: power cut in mid-run, and the run is ended after it") as figures:
            self.decoders[TRACK_A].drive.set()
            asyncio.run(asyncio.wait_for(self._race_through_a_cut(figures), RUN_MAX_S + 200))
            self.decoders[TRACK_A].drive.clear()

    async def _race_through_a_cut(self, figures: dict[str, Any]) -> None:
        async with beside(self._official(TRACK_A).run(), name="official") as racing:
            client = ControlClient(self._control(TRACK_A))
            while await client.phase() != "running":
                if racing.done():
                    raise Refusal("the official ended before the run was under way")
                await asyncio.sleep(LOOK_EVERY_S)
            await asyncio.sleep(BEFORE_CUT_S)
            box = self.boxes[TRACK_A]
            await asyncio.to_thread(box.cut_power)
            began = seconds()
            await asyncio.to_thread(box.boot)
            self._link(TRACK_A)
            figures["boot_s"] = round(box.boots[-1], 1)
            while await client.phase() is None:  # noqa: ASYNC110 - it is another machine's
                await asyncio.sleep(LOOK_EVERY_S)
            figures["touchscreen_back_s"] = round(seconds() - began, 1)
            await racing

    def _read_only_root(self) -> None:
        box = self.boxes[TRACK_A]
        with self.steps.step(f"{TRACK_A}: power cut, then its system is read-only, its data are not"):
            box.cut_power()
            box.make_read_only()
            box.boot()
            self._link(TRACK_A)
            self._serves(box)
            if not box.ask("touch", "/etc/pitboard/written").returncode:
                raise Refusal("its system can be written")
            said = box.ask("pitboard", "upgrade", f"{STICK}/wheels").stderr
            if "remount,rw" not in said:
                raise Refusal(f"an upgrade does not say that the system is read-only: {said}")
        self._race(TRACK_A, "a run on a read-only system")

    def _hang(self) -> None:
        box = self.boxes[TRACK_B]
        with self.steps.step(f"{TRACK_B}: trackside hangs, the watchdog ends it and it comes back"):
            unit = "pitboard-trackside.service"
            hung = box.do("systemctl", "show", "--value", "-p", "MainPID", unit).strip()
            box.do("kill", "-STOP", hung)

            def is_back() -> bool:
                said = box.do(
                    "systemctl", "show", "--value", "-p", "MainPID", "-p", "ActiveState", unit
                ).split()
                return hung not in said and "active" in said

            until(is_back, WATCHDOG_MAX_S, f"a hung program was still there after {WATCHDOG_MAX_S:.0f} s")

    def _broken_upgrade(self) -> None:
        box = self.boxes[TRACK_B]
        with self.steps.step(f"{TRACK_B}: an upgrade that cannot start goes back by itself"):
            broken = self.folder / "stick" / "broken"
            shutil.rmtree(broken, ignore_errors=True)
            broken.mkdir()
            for wheel in (self.bundle / "wheels").glob("*.whl"):
                if wheel.name.startswith("pitboard-"):
                    break_wheel(wheel, broken / wheel.name)
                else:
                    os.link(wheel, broken / wheel.name)
            before = box.do("readlink", "/opt/pitboard")
            done = box.ask("pitboard", "upgrade", f"{STICK}/broken")
            if done.returncode == 0 or "went back" not in done.stdout + done.stderr:
                raise Refusal(f"it did not go back: {done.stdout}{done.stderr}")
            if box.do("readlink", "/opt/pitboard") != before:
                raise Refusal("another version is in use than before")
            self._serves(box)

    def _serves(self, box: Box) -> None:
        def all_run() -> bool:
            return box.ask("systemctl", "is-failed", "--quiet", "pitboard-*").returncode != 0

        until(all_run, SETTLE_MAX_S, f"{box.host}: a program does not run")

    def _replacement(self) -> None:
        self._race(TRACK_B, "a run, before its card dies")
        self._everywhere_equal()
        old = self.boxes[TRACK_B]
        with self.steps.step(f"{TRACK_B}: its card dies; a blank machine and the stick take its place"):
            old.scrap()
            self._new_machine(TRACK_B, old.number, old.base, old.stick)
        self._race(TRACK_B, "a run on the new machine")

    def _everywhere_equal(self) -> None:
        with self.steps.step("every machine has the same board") as figures:
            boards: dict[str, bytes] = {}

            def all_equal() -> bool:
                for host, name in self.journals:
                    try:
                        boards[f"{host} {name}"] = board_bytes(
                            self.boxes[host].path(f"/var/lib/pitboard/{name}")
                        )
                    except (PitboardError, OSError):
                        return False
                return len(set(boards.values())) == 1

            until(all_equal, SETTLE_MAX_S, "the boards differ")
            figures["entries"] = len(json.loads(self._ask_central("/api/v1/board"))["entries"])

    def _ask_central(self, path: str) -> bytes:
        return _get(f"http://{self.boxes[self.hosts[0]].address}:{PUBLIC_PORT}{path}")

    def _pictures(self) -> None:
        with self.steps.step("pictures of the displays and the touchscreens"):
            for host in DISPLAYS:
                picture = _get(f"https://{self.boxes[host].address}:{STATUS_PORT}/v1/picture")
                (self.folder / f"{host}.png").write_bytes(picture)
            for host in (TRACK_A, TRACK_B):
                client = ControlClient(self._control(host))
                inside = "/var/lib/pitboard/touch.png"
                asyncio.run(client.picture(Path(inside)))
                shutil.copyfile(self.boxes[host].path(inside), self.folder / f"{host}.png")


def _get(url: str) -> bytes:
    """Ask one of our own machines on the drill's own wire; its certificate is not what is looked at here."""
    blind = ssl.create_default_context()
    blind.check_hostname = False
    blind.verify_mode = ssl.CERT_NONE
    with urllib.request.urlopen(url, timeout=10, context=blind) as answer:  # noqa: S310 - http and https only
        return bytes(answer.read())
