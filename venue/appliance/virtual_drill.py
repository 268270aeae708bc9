"""The drill of virtual machines: what a container cannot show. A unit with central in it; or a display too.

The official looks at the touchscreen's widgets and touches the glass through QEMU's tablet; beams are lines
of a kernel's GPIO chip and a sensor on a serial port; the power is QEMU; a picture is of its screen."""

from __future__ import annotations

import asyncio
import base64
import json
import random
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pitboard.clock import SystemClock
from pitboard.errors import PeerLost, PitboardError, Refusal
from pitboard.tasks import beside
from venue.appliance.box import STICK, lay_wire, run, seconds, until
from venue.appliance.photograph import likeness
from venue.appliance.qemu_sockets import Monitor
from venue.appliance.serial_sensor import SerialSensor
from venue.appliance.steps import Steps
from venue.appliance.virtual_disk import BEAM_PIN, CONTROL_PORT, FIRST_NUMBER, Debian, debian, make_disk
from venue.appliance.virtual_machine import BOOT_ID, BOOT_MAX_S, HEIGHT, SENSOR_PORT, WIDTH, VirtualMachine
from venue.official.control_client import ANSWER_MAX_BYTES, HOLD_MARGIN_MS, ControlClient, SeenWidget
from venue.official.scripted_official import ScriptedOfficial
from venue.set_up.node_folders import make_node_folders
from venue.set_up.venue_file import VenueFile

UNIT, DISPLAY = "track-a", "grandstand"
SCRIPT = f"{STICK}/install.sh"
CONTROL = "/run/pitboard/touch-control.sock"
INSIDE_PICTURE = "/var/lib/pitboard/touch.png"
STICK_SPARE_MB = 200
RUN_MAX_S = 1_200.0
SETTLE_MAX_S = 600.0
PRESS_MS = 90
_COPY = "/tmp/board-copy"  # noqa: S108 - inside a machine of our own
LAP_S = (4.0, 5.5)
LIKENESS_MIN = 0.97
_VENUE = f"""
[event]
name = "Appliance Drill"
run = "25 s"
shortest_lap = "3 s"

[network]
central = "https://10.77.0.{FIRST_NUMBER}:8081"

[central]
host = "{UNIT}"

[[unit]]
host = "{UNIT}"
name = "Track A"
track = "1"
touch = "{WIDTH}x{HEIGHT}"
[[unit.sensor]]
kind = "gpio"
pins = [{BEAM_PIN}]
pull = "none"
[[unit.sensor]]
kind = "beam"
port = "{SENSOR_PORT}"
"""
_BOARD = f"""
[[display]]
host = "{DISPLAY}"
name = "Grandstand"
"""


class GlassClient(ControlClient):
    """Sees the widgets through the machine's wire, and taps the glass itself: QEMU's tablet."""

    def __init__(self, machine: VirtualMachine) -> None:
        super().__init__(Path(CONTROL))
        self._machine = machine

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self._machine.address, CONTROL_PORT, limit=ANSWER_MAX_BYTES)

    async def tap(self, widget: SeenWidget) -> None:
        x, y, width, height = widget.rect
        at = ((x + width / 2) / WIDTH, (y + height / 2) / HEIGHT)
        hold_ms = widget.hold_ms + HOLD_MARGIN_MS if widget.hold_ms else PRESS_MS
        monitor = self._monitor()
        await asyncio.to_thread(monitor.touch, *at, down=True)
        await asyncio.sleep(hold_ms / 1_000)
        await asyncio.to_thread(monitor.touch, *at, down=False)

    def _monitor(self) -> Monitor:
        try:
            return self._machine.monitor
        except Refusal as error:
            raise PeerLost(peer="touchscreen", reason=str(error)) from error


@dataclass(slots=True, kw_only=True)
class VirtualDrill:
    """One run of it, all that it makes below `folder`; `bundle` holds wheels, packages and install.sh."""

    folder: Path
    bundle: Path
    screen: str
    has_display: bool = False
    machines: dict[str, VirtualMachine] = field(default_factory=dict)
    steps: Steps = field(init=False)
    seed: int = 1

    def __post_init__(self) -> None:
        self.steps = Steps(folder=self.folder)

    def play(self) -> None:
        """Do all steps; raises Refusal at the first that does not work."""
        try:
            self._set_up()
            self._screens_show_what_is_painted()
            self._race("a run by beams at GPIO pins", self._break_beam)
            self._photograph("after-first-run")
            with self._sensor() as sensor:
                self._race("a run by a sensor at a serial port", sensor.cross)
                self._pull_the_sensor()
            self._power_cut()
            self._photograph("after-power-cut")
            self._boards_equal()
            self._machine_hangs()
            self._boards_equal()
        finally:
            for machine in self.machines.values():
                machine.cut_power()
            self.steps.write()

    def _set_up(self) -> None:
        with self.steps.step("a disk with a Debian"):
            base = debian(self.folder.parent, control=CONTROL)
        with self.steps.step("a stick from one file") as figures:
            stick = self._stick()
            figures["mb"] = stick.stat().st_size >> 20
        lay_wire()
        for number, host in enumerate(self._hosts, start=FIRST_NUMBER):
            self._new_machine(host, number, base, stick)

    @property
    def _hosts(self) -> tuple[str, ...]:
        return (UNIT, DISPLAY) if self.has_display else (UNIT,)

    def _stick(self) -> Path:
        content = self.folder / "stick"
        shutil.copytree(self.bundle, content, copy_function=shutil.copy2)
        shutil.rmtree(content / "nodes", ignore_errors=True)
        file = self.folder / "venue.toml"
        file.write_text(_VENUE + (_BOARD if self.has_display else ""), encoding="utf-8")
        for node in make_node_folders(VenueFile.load(file), content / "nodes"):
            touch = node.folder / "etc/touch.toml"
            if touch.exists():
                touch.write_text(f'{touch.read_text()}control_socket = "{CONTROL}"\n', encoding="utf-8")
        stick = self.folder / "stick.img"
        size_mb = int(run("du", "-sm", str(content)).split()[0]) + STICK_SPARE_MB
        make_disk(content, stick, size_mb=size_mb, label="stick")
        return stick

    def _new_machine(self, host: str, number: int, base: Debian, stick: Path) -> None:
        machine = VirtualMachine(
            host=host, number=number, debian=base, folder=self.folder / host, stick=stick, screen=self.screen
        )
        self.machines[host] = machine
        machine.lay_out()
        with self.steps.step(f"{host} boots"):
            machine.boot()
        with self.steps.step(f"{host} is installed without a way out, one command") as figures:
            if machine.has_a_way_out():
                raise Refusal(f"{host} has a way out")
            until(
                lambda: not machine.ask("test", "-e", SCRIPT).returncode, BOOT_MAX_S, f"{host} has no stick"
            )
            (self.folder / f"{host}-install.txt").write_text(machine.install(SCRIPT))
            figures["programs"] = machine.programs_running()

    def _screens_show_what_is_painted(self) -> None:
        why = "ls -l /dev/dri; dmesg | grep -i drm; journalctl --no-pager --unit=pitboard-touch"
        (self.folder / "screen.txt").write_text(self.machines[UNIT].ask("sh", "-c", why).stdout)
        with self.steps.step("the photographed glass is what the touchscreen painted") as figures:

            def is_alike() -> bool:
                try:
                    painted = self._painted()
                except PitboardError:
                    return False
                shown = self.folder / f"{UNIT}-idle.png"
                self.machines[UNIT].monitor.photograph(shown)
                figures["alike"] = round(likeness(painted, shown), 3)
                return bool(figures["alike"] >= LIKENESS_MIN)

            until(is_alike, SETTLE_MAX_S, "the glass does not show what is painted; look at the pictures")
            self._photograph("idle")

    def _painted(self) -> Path:
        """Return the touchscreen's own frame, brought out of the machine."""
        asyncio.run(GlassClient(self.machines[UNIT]).picture(Path(INSIDE_PICTURE)))
        out = self.folder / f"{UNIT}-painted.png"
        out.write_bytes(base64.b64decode(self.machines[UNIT].do("base64", INSIDE_PICTURE)))
        return out

    def _photograph(self, name: str) -> None:
        for host, machine in self.machines.items():
            machine.monitor.photograph(self.folder / f"{host}-{name}.png")

    def _break_beam(self) -> None:
        self.machines[UNIT].do("sh", "/usr/local/lib/rig/beam", "break")

    @contextmanager
    def _sensor(self) -> Iterator[SerialSensor]:
        sensor = SerialSensor(self.machines[UNIT].sensor_socket, seed=self.seed)
        sensor.start()
        try:
            yield sensor
        finally:
            sensor.close()

    @contextmanager
    def _cars(self, cross: Callable[[], None]) -> Iterator[list[float]]:
        """Let a car cross every few seconds until the end; the list says when."""
        crossed: list[float] = []
        ends = threading.Event()
        dice = random.Random(self.seed)

        def drive() -> None:
            while not ends.wait(dice.uniform(*LAP_S)):
                try:
                    cross()
                except PitboardError:
                    continue  # its machine has no power just now
                crossed.append(seconds())

        driver = threading.Thread(target=drive, name="cars", daemon=True)
        driver.start()
        try:
            yield crossed
        finally:
            ends.set()
            driver.join()

    def _official(self) -> ScriptedOfficial:
        self.seed += 1
        client = GlassClient(self.machines[UNIT])
        log_path = self.folder / "official.jsonl"
        return ScriptedOfficial(client, seed=self.seed, log_path=log_path, clock=SystemClock(), runs_max=1)

    def _race(self, name: str, cross: Callable[[], None]) -> None:
        with self.steps.step(f"{name}, by touches on the glass") as figures, self._cars(cross) as crossed:
            asyncio.run(asyncio.wait_for(self._race_and_photograph(name), RUN_MAX_S))
            figures["cars"] = len(crossed)

    async def _race_and_photograph(self, name: str) -> None:
        async with beside(self._official().run(), name="official") as racing:
            await self._until_running(racing)
            await asyncio.sleep(2 * LAP_S[1])
            await asyncio.to_thread(self._photograph, f"in-{name.replace(' ', '-')}")
            await racing

    async def _until_running(self, racing: asyncio.Task[None]) -> None:
        client = GlassClient(self.machines[UNIT])
        while await client.phase() != "running":
            if racing.done():
                raise Refusal("the official ended before the run was under way")
            await asyncio.sleep(1.0)

    def _pull_the_sensor(self) -> None:
        unit = self.machines[UNIT]
        with self.steps.step("the sensor's plug is pulled, seen, and put back, healed") as figures:
            began = seconds()
            unit.monitor.pull("sensor")
            until(lambda: self._sensor_state() != "ok", SETTLE_MAX_S, "nobody saw that the sensor was pulled")
            figures["seen_s"] = round(seconds() - began, 1)
            self._photograph("sensor-pulled")
            began = seconds()
            unit.monitor.plug("usb-serial", "sensor", chardev="sensor", serial="BEAM1")
            until(lambda: self._sensor_state() == "ok", SETTLE_MAX_S, "the sensor did not come back")
            figures["healed_s"] = round(seconds() - began, 1)

    def _sensor_state(self) -> str:
        """Return what the unit says of the sensor at the serial port."""
        told = json.loads(self.machines[UNIT].do("cat", "/run/pitboard/bridge-status.json"))
        states = [str(one.get("state")) for one in told["sensors"] if SENSOR_PORT in json.dumps(one)]
        return states[0] if states else "gone"

    def _power_cut(self) -> None:
        with (
            self.steps.step(
                "QEMU killed in mid-run: every lap that was shown is there again, the run is ended"
            ) as figures,
            self._cars(self._break_beam) as crossed,
        ):
            asyncio.run(asyncio.wait_for(self._race_through_a_cut(figures), 2 * RUN_MAX_S))
            figures["cars"] = len(crossed)

    async def _race_through_a_cut(self, figures: dict[str, Any]) -> None:
        unit = self.machines[UNIT]
        async with beside(self._official().run(), name="official") as racing:
            await self._until_running(racing)
            shown: set[tuple[str, str]] = set()
            while not shown and not racing.done():
                await asyncio.sleep(1.0)
                shown = await _laps_shown(GlassClient(unit))
            await asyncio.to_thread(unit.cut_power)
            began = seconds()
            await asyncio.to_thread(unit.boot)
            figures["boot_s"] = round(unit.boots[-1], 1)
            client = GlassClient(unit)
            while await client.phase() is None:  # noqa: ASYNC110 - it is another machine's
                await asyncio.sleep(1.0)
            figures["touchscreen_back_s"] = round(seconds() - began, 1)
            await asyncio.to_thread(self._photograph, "booted-again")
            seen: set[tuple[str, str]] = set()
            while not racing.done():
                seen |= await _laps_shown(client)
                await asyncio.sleep(1.0)
            await racing
            if lost := shown - seen:
                raise Refusal(f"shown before the cut and never again: {sorted(lost)}")
            figures["laps_kept"] = len(shown)

    def _boards_equal(self) -> None:
        with self.steps.step("every machine has the same board") as figures:
            places = [(UNIT, "central.db"), (UNIT, "unit.db"), *[(DISPLAY, "display.db")] * self.has_display]
            boards: set[str] = set()

            def are_equal() -> bool:
                boards.clear()
                try:
                    boards.update(self._board(host, name) for host, name in places)
                except Refusal:  # copied while it was written
                    return False
                return len(boards) == 1

            until(are_equal, SETTLE_MAX_S, "the boards differ")
            figures["entries"] = len(json.loads(boards.pop())["entries"])

    def _board(self, host: str, name: str) -> str:
        """Return the board of a journal, read from a copy: its own program alone may open it."""
        copied = f"rm -rf {_COPY} && mkdir {_COPY} && cp /var/lib/pitboard/{name}* {_COPY}"
        board = f"pitboard board --json --journal {_COPY}/{name}"
        return self.machines[host].do("sh", "-c", f"{copied} && {board}")

    def _machine_hangs(self) -> None:
        unit = self.machines[UNIT]
        with self.steps.step("the whole machine hangs; its hardware watchdog starts it anew") as figures:
            began = seconds()
            boot = unit.do("cat", BOOT_ID)
            unit.hang()
            until(
                lambda: unit.answers_anew(boot), SETTLE_MAX_S, "the hardware watchdog did not start it anew"
            )
            client = GlassClient(unit)
            until(lambda: asyncio.run(client.phase()), SETTLE_MAX_S, "the touchscreen did not come back")
            figures["touchscreen_back_s"] = round(seconds() - began, 1)


async def _laps_shown(client: ControlClient) -> set[tuple[str, str]]:
    """Return the laps on the touchscreen, by id and time; none while it does not answer."""
    try:
        sight = await client.look()
    except PeerLost:
        return set()
    return {(row.name, row.label) for row in sight.starting("lap:")}
