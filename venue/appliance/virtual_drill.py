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
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from pitboard.clock import SystemClock
from pitboard.drawing.time_text import format_lap_ns
from pitboard.errors import PitboardError, Refusal
from pitboard.tasks import beside
from venue.appliance.box import STICK, lay_wire, run, seconds, until
from venue.appliance.broken_wheel import break_wheel
from venue.appliance.glass_client import CONTROL, GlassClient
from venue.appliance.photograph import likeness
from venue.appliance.serial_sensor import SerialSensor
from venue.appliance.steps import Steps
from venue.appliance.virtual_disk import BEAM_PIN, FIRST_NUMBER, LONG_WATCHDOG, Debian, debian, make_disk
from venue.appliance.virtual_machine import BOOT_ID, BOOT_MAX_S, HEIGHT, SENSOR_PORT, WIDTH, VirtualMachine
from venue.official.scripted_official import ScriptedOfficial
from venue.set_up.node_folders import make_node_folders
from venue.set_up.venue_file import VenueFile

UNIT, DISPLAY = "track-a", "grandstand"
TRACKSIDE = "pitboard-trackside.service"
SCRIPT = f"{STICK}/install.sh"
INSIDE_PICTURE = "/var/lib/pitboard/touch.png"
BOARD_PICTURE = "/var/lib/pitboard/board.png"
BROKEN = "broken"
"""The folder of the stick that holds a version which cannot start."""
CUTS_MAX_COUNT = 3
CROSSES_MAX_COUNT = 5
"""So many cars in a row that nothing of the rig could let cross are no accident."""
WATCHDOG = "15s"
"""As systemd/system/watchdog.conf has it: no Pi's hardware counts longer."""
STICK_SPARE_MB = 200
DISKS_MAX = "7G"
RUN_MAX_S = 1_200.0
SETTLE_MAX_S = 600.0
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


@dataclass(slots=True, kw_only=True)
class VirtualDrill:
    """One run of it, all that it makes below `folder`; `bundle` holds wheels, packages and install.sh."""

    folder: Path
    bundle: Path
    screen: str
    has_display: bool = False
    in_memory: bool = False
    machines: dict[str, VirtualMachine] = field(default_factory=dict)
    steps: Steps = field(init=False)
    seed: int = 1
    _stuck: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.steps = Steps(folder=self.folder)

    def play(self) -> None:
        """Do all steps; raises Refusal at the first that does not work."""
        try:
            self._set_up()
            self._screens_show_what_is_painted()
            self._pins_are_read()
            self._race("a run by beams at GPIO pins", self._break_beam)
            self._boards_equal()
            self._display_shows_the_run()
            with self._sensor() as sensor:
                self._race("a run by a sensor at a serial port", sensor.cross)
                self._pull_the_sensor()
            self._power_cut()
            self._photograph("after-power-cut")
            self._boards_equal()
            self._program_hangs()
            self._machine_hangs()
            self._broken_upgrade()
            self._replacement()
            self._boards_equal()
            self._photograph("at-the-end")
        except PitboardError:
            self._keep_why()
            raise
        finally:
            for machine in self.machines.values():
                machine.cut_power()
            self.steps.write()

    def _keep_why(self) -> None:
        """Keep what each machine shows and its log's end, for whoever looks into it."""
        for host, machine in self.machines.items():
            with suppress(PitboardError):
                machine.monitor.photograph(self.folder / f"{host}-failed.png")
            (self.folder / f"{host}-log.txt").write_text(machine.log(), encoding="utf-8")

    def _set_up(self) -> None:
        with self.steps.step("a disk with a Debian"):
            base = debian(self.folder.parent, control=CONTROL)
        with self.steps.step("a stick from one file") as figures:
            stick = self._stick()
            figures["mb"] = stick.stat().st_size >> 20
        (self.folder / "disks").mkdir()
        if self.in_memory:  # of this namespace, so it ends with it
            run("mount", "-t", "tmpfs", "-o", f"size={DISKS_MAX}", "tmpfs", str(self.folder / "disks"))
        lay_wire()
        with ThreadPoolExecutor() as pool:
            numbers = range(FIRST_NUMBER, FIRST_NUMBER + len(self._hosts))
            list(pool.map(partial(self._new_machine, base=base, stick=stick), self._hosts, numbers))

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
            board = node.folder / "etc/display.toml"
            if board.exists():
                board.write_text(f'picture_path = "{BOARD_PICTURE}"\n{board.read_text()}', encoding="utf-8")
        [wheel] = (content / "wheels").glob("pitboard-*.whl")
        (content / BROKEN).mkdir(exist_ok=True)
        break_wheel(wheel, content / BROKEN / wheel.name)
        stick = self.folder / "stick.img"
        size_mb = int(run("du", "-sm", str(content)).split()[0]) + STICK_SPARE_MB
        make_disk(content, stick, size_mb=size_mb, label="stick")
        return stick

    def _new_machine(self, host: str, number: int, *, base: Debian, stick: Path) -> None:
        machine = VirtualMachine(
            host=host,
            number=number,
            debian=base,
            folder=self.folder / host,
            stick=stick,
            disks=self.folder / "disks",
            screen=self.screen,
        )
        self.machines[host] = machine
        machine.lay_out()
        with self.steps.step(f"{host} boots"):
            machine.boot()
        with self.steps.step(f"{host} is installed without a way out, one command") as figures:
            if machine.has_a_way_out():
                raise Refusal(f"{host} has a way out")
            # Where the stick came later than the boot waits for it, it is mounted as by hand.
            see_stick = ("sh", "-c", f"test -e {SCRIPT} || {{ mount {STICK} && test -e {SCRIPT}; }}")
            until(lambda: not machine.ask(*see_stick).returncode, BOOT_MAX_S, f"{host} has no stick")
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

    def _display_shows_the_run(self) -> None:
        if not self.has_display:
            return
        with self.steps.step("the photographed display is what it painted, and another board") as figures:
            self._photograph("after-first-run")
            idle, now = (self.folder / f"{DISPLAY}-{name}.png" for name in ("idle", "after-first-run"))
            if likeness(idle, now) == 1.0:
                raise Refusal(f"the display still shows what it did before the run; look at {now}")
            self._board_is_on_the_glass(figures)

    def _board_is_on_the_glass(self, figures: dict[str, Any]) -> None:
        machine = self.machines[DISPLAY]
        painted, shown = self.folder / f"{DISPLAY}-painted.png", self.folder / f"{DISPLAY}-shown.png"
        ask = f"rm -f {BOARD_PICTURE}; systemctl kill --kill-whom=main --signal=USR1 pitboard-display"
        get = f"timeout 60 sh -c 'until test -s {BOARD_PICTURE}; do sleep 0.2; done'; base64 {BOARD_PICTURE}"

        def is_alike() -> bool:
            try:
                painted.write_bytes(base64.b64decode(machine.do("sh", "-c", f"{ask}; {get}")))
            except Refusal:
                return False  # it just starts
            machine.monitor.photograph(shown)
            figures["alike"] = round(likeness(painted, shown), 3)
            return bool(figures["alike"] >= LIKENESS_MIN)

        until(is_alike, SETTLE_MAX_S, f"the display's glass is not what it painted: {painted} and {shown}")

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
                except PitboardError as error:
                    if self.machines[UNIT].has_booted:
                        self._stuck.append(str(error))
                    continue
                self._stuck.clear()
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
        return ScriptedOfficial(
            client, seed=self.seed, log_path=log_path, clock=SystemClock(), runs_max=1, is_plain=True
        )

    def _race(self, name: str, cross: Callable[[], None]) -> None:
        with self.steps.step(f"{name}, by touches on the glass") as figures, self._cars(cross) as crossed:
            asyncio.run(self._within(RUN_MAX_S, self._race_and_photograph(name)))
            figures["cars"] = len(crossed)

    async def _within(self, within_s: float, race: Coroutine[Any, Any, None]) -> None:
        """Run it; raises Refusal with what the touchscreen says where it takes longer or no car can cross."""
        async with beside(race, name="race") as racing:
            ends = seconds() + within_s
            while not racing.done():
                await asyncio.sleep(1.0)
                if len(self._stuck) >= CROSSES_MAX_COUNT:
                    raise Refusal(f"no car can cross: {self._stuck[-1]}")
                if seconds() > ends:
                    said = await GlassClient(self.machines[UNIT]).texts()
                    raise Refusal(f"the run did not end in {within_s:.0f} s; the touchscreen says: {said}")
            await racing

    async def _race_and_photograph(self, name: str) -> None:
        async with beside(self._official().run(), name="official") as racing:
            await self._until_running(racing)
            if not racing.done():
                await asyncio.sleep(2 * LAP_S[1])
            await asyncio.to_thread(self._photograph, f"in-{name.replace(' ', '-')}")
            await racing

    async def _until_running(self, racing: asyncio.Task[None]) -> None:
        """Or until the run is over: a screen that is slow under load may not have shown it in between."""
        client = GlassClient(self.machines[UNIT])
        while not racing.done() and await client.phase() != "running":  # noqa: ASYNC110 - it is another machine's
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

    def _sensor_state(self, mark: str = SENSOR_PORT) -> str:
        """Return what the unit says of a sensor; without a word, of the one at the serial port."""
        told = json.loads(self.machines[UNIT].do("cat", "/run/pitboard/bridge-status.json"))
        states = [str(one.get("state")) for one in told["sensors"] if mark in json.dumps(one)]
        return states[0] if states else "gone"

    def _pins_are_read(self) -> None:
        """No reboot since the install, and yet the bridge may open the chip."""
        with self.steps.step("the beam at the pins is well without a reboot"):
            until(
                lambda: self._sensor_state("gpio-1") == "ok",
                SETTLE_MAX_S,
                f"the bridge does not read its pins: {self._sensor_state('gpio-1')}",
            )

    def _power_cut(self) -> None:
        with (
            self.steps.step(
                "QEMU killed in mid-run: every lap that was shown is there again, the run is ended"
            ) as figures,
            self._cars(self._break_beam) as crossed,
        ):
            asyncio.run(self._within(2 * RUN_MAX_S, self._race_through_a_cut(figures)))
            figures["cars"] = len(crossed)

    async def _race_through_a_cut(self, figures: dict[str, Any]) -> None:
        for _ in range(CUTS_MAX_COUNT):
            if await self._is_cut_in_mid_run(figures):
                return
        raise Refusal("no lap was seen on the glass before the run was over, so there was nothing to cut")

    async def _is_cut_in_mid_run(self, figures: dict[str, Any]) -> bool:
        """Race, and cut the power behind the first lap that is seen; return False where none was."""
        unit = self.machines[UNIT]
        async with beside(self._official().run(), name="official") as racing:
            await self._until_running(racing)
            shown: set[tuple[str, str]] = set()
            while not shown and not racing.done():
                await asyncio.sleep(1.0)
                shown = await GlassClient(unit).laps_shown()
            if racing.done():
                await racing
                return False
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
                seen |= await client.laps_shown()
                await asyncio.sleep(1.0)
            await racing
            kept = (
                self._laps_of_the_newest_run()
            )  # the list shows three, and others may have come before it was looked at
            if lost := {lap for lap in shown - seen if lap[1] not in kept}:
                raise Refusal(f"shown before the cut and never again: {sorted(lost)}")
            figures["laps_kept"] = len(shown)
            return True

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
        return self._read(host, name, "board --json")

    def _laps_of_the_newest_run(self) -> set[str]:
        """Return the times of its laps that the unit's journal has, as the touchscreen writes them."""
        rows = json.loads(self._read(UNIT, "unit.db", "export --format json --what laps"))["rows"]
        newest = [row for row in rows if row["competitor"] == rows[-1]["competitor"]]
        return {format_lap_ns(row["lap_ns"]) for row in newest if row["run"] == rows[-1]["run"]}

    def _read(self, host: str, name: str, command: str) -> str:
        """Return what a command says of a journal, of a copy: its own program alone may open it."""
        copied = f"rm -rf {_COPY} && mkdir {_COPY} && cp /var/lib/pitboard/{name}* {_COPY}"
        return self.machines[host].do("sh", "-c", f"{copied} && pitboard {command} --journal {_COPY}/{name}")

    def _program_hangs(self) -> None:
        unit = self.machines[UNIT]
        with self.steps.step("trackside hangs; the watchdog ends it and it comes back") as figures:
            began = seconds()
            asked = ("systemctl", "show", "--value", "-p", "MainPID", "-p", "ActiveState", TRACKSIDE)
            hung = next(word for word in unit.do(*asked).split() if word.isdecimal())
            unit.do("kill", "-STOP", hung)

            def is_back() -> bool:
                said = unit.do(*asked).split()
                return hung not in said and "active" in said

            until(is_back, SETTLE_MAX_S, "the watchdog did not see that trackside hangs")
            client = GlassClient(unit)
            until(lambda: asyncio.run(client.phase()), SETTLE_MAX_S, "the touchscreen did not come back")
            figures["touchscreen_back_s"] = round(seconds() - began, 1)
            if "atchdog" not in unit.do("journalctl", "--no-pager", "--lines=200", f"--unit={TRACKSIDE}"):
                raise Refusal("something else than the watchdog ended it")

    def _broken_upgrade(self) -> None:
        host = DISPLAY if self.has_display else UNIT
        machine = self.machines[host]
        with self.steps.step(f"{host}: an upgrade that cannot start goes back by itself"):
            wheels = "/var/tmp/broken"  # noqa: S108 - inside a machine of our own
            lay = f"mkdir -p {wheels} && ln -sf {STICK}/wheels/*.whl {wheels}"
            machine.do("sh", "-c", f"{lay} && ln -sf {STICK}/{BROKEN}/*.whl {wheels}")
            before = machine.do("readlink", "/opt/pitboard")
            done = machine.ask("pitboard", "upgrade", wheels)
            if done.returncode == 0 or "went back" not in done.stdout + done.stderr:
                raise Refusal(f"it did not go back: {done.stdout}{done.stderr}")
            if machine.do("readlink", "/opt/pitboard") != before:
                raise Refusal("another version is in use than before")

    def _replacement(self) -> None:
        if not self.has_display:
            return
        old = self.machines[DISPLAY]
        with self.steps.step(f"{DISPLAY}: its card dies; a blank machine and the stick take its place"):
            old.scrap()
            self._new_machine(DISPLAY, old.number, base=old.debian, stick=old.stick)
        with self.steps.step("the new display shows the board") as figures:
            self._board_is_on_the_glass(figures)

    def _machine_hangs(self) -> None:
        unit = self.machines[UNIT]
        with self.steps.step("the whole machine hangs; its hardware watchdog starts it anew") as figures:
            unit.do("rm", "-f", LONG_WATCHDOG)
            unit.do("systemctl", "daemon-reexec")
            figures["watchdog"] = unit.do("systemctl", "show", "--value", "-p", "RuntimeWatchdogUSec").strip()
            if figures["watchdog"] != WATCHDOG:
                raise Refusal(f"the hardware watchdog bites after {figures['watchdog']}, not {WATCHDOG}")
            began = seconds()
            boot = unit.do("cat", BOOT_ID)
            unit.hang()
            until(lambda: unit.answers_anew(boot), BOOT_MAX_S, "the hardware watchdog did not start it anew")
            client = GlassClient(unit)
            until(lambda: asyncio.run(client.phase()), SETTLE_MAX_S, "the touchscreen did not come back")
            figures["touchscreen_back_s"] = round(seconds() - began, 1)
