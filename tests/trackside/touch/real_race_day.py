"""The race day with real programs: each in a process of its own, a window under Xvfb, real pointer and keys.

The official's finger is an X server's test extension (`xdotool`), so each tap takes the way of a real one
through SDL. The control socket only tells where a button is. Sensors and decoder are simulated behind serial
lines and a socket; a crash is SIGKILL. A power cut kills every program of the unit, and they come back in a
time namespace of their own under another boot id, so that neither clock nor boot is the same."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import tempfile
import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import click
import requests

from firmware_bridge.simulated.p3_simulator import SimulatedP3
from firmware_bridge.simulated.pseudo_terminal import PseudoTerminal
from firmware_bridge.simulated.simulated_sensor import SimulatedSensor
from pitboard.clock import SystemClock
from pitboard.errors import PeerLost
from pitboard.journal.salvage import open_or_salvage
from pitboard.keeping.journal_copy import fold_file
from pitboard.tasks import beside
from pitboard.trust.identity import Identity
from pitboard.unit_api.screen_state import ScreenState
from pitboard.unit_api.unit_client import UnitLink
from sync.central.config import CentralConfig
from sync.central.config_bodies import bodies_to_say
from tests.firmware_bridge.device_stage import Socket
from tests.trackside.touch.race_day import (
    CLASSES,
    WHOLE_DAY_RUNS,
    Length,
    RaceDay,
    Tell,
    drivers_of,
    people,
)
from venue.demo.crew import Crew
from venue.demo.demo_venue import DemoVenue, text
from venue.official.control_client import ControlClient, SeenWidget, Sight

SIZE = (800, 480)
NEEDED = ("Xvfb", "xdotool", "unshare")
UNIT_PROGRAMS = ("trackside", "bridge", "sync", "touch")
PATIENCE_S = 40.0
LOOK_S = 0.05
STILL_S = 0.4
ANSWER_MAX_S = 3.0
"""How long a person waits for a tap to do anything before they tap again."""
TRIES_MAX_COUNT = 10
OWN_LAP_MIN_PACE = 0.8
LAP_MIN_MS = 3_200
"""The shortest lap of a day at pace 1, where the pace is too quick for the presets' own."""
DEVICES_NICE = -10
LET_GO = "Let go"
NOT_SAVED = "Not saved: the timing unit does not answer"
NO_ANSWER = "No answer"
LET_GO_MAX_S = 3.0
"""How long a person goes on holding a button that does not say it; then they press it anew."""
SINCE_BOOT_NS = 30_000_000_000
"""How long after its power cut a machine's own clock begins."""
STEP_NS = 1_300_000
"""Two passings of one car are never a whole number of milliseconds apart, or a board's last digit would be
a matter of luck."""
_NS_PER_S = 1_000_000_000
Answer = TypeVar("Answer")


def missing_tools() -> list[str]:
    return [one for one in NEEDED if shutil.which(one) is None]


class RealTrack:
    """Two beams on serial lines and a decoder on the network; each remembers what nobody took from it."""

    def __init__(self, terminals: dict[str, PseudoTerminal], decoder: Socket, p3: SimulatedP3) -> None:
        self._loop = asyncio.get_running_loop()
        self.port = decoder.port
        self._clock = SystemClock()
        now_ns = self._clock.mono_ns()
        self.sensors = {
            gate: SimulatedSensor(random=Random(f"race day {gate}"), now_mono_ns=now_ns, device=gate)
            for gate in terminals
        }
        self._terminals = terminals
        self._decoder = decoder
        self._p3 = p3
        self._crossed: dict[int, int] = {}

    @classmethod
    @asynccontextmanager
    async def laid(cls, folder: Path) -> AsyncIterator[RealTrack]:
        """Yield the track, whose devices live on a thread of their own: they keep time however busy the
        machine is that a test runs on."""
        with _thread_before_others() as loop:
            async with AsyncExitStack() as there:

                async def lay() -> RealTrack:
                    p3 = SimulatedP3()
                    decoder = await there.enter_async_context(Socket.open(p3))
                    terminals = {
                        gate: there.enter_context(PseudoTerminal.open(folder / gate))
                        for gate in ("finish", "start")
                    }
                    track = cls(terminals, decoder, p3)
                    await there.enter_async_context(beside(track._serve(), name="sensors"))
                    return track

                try:
                    yield await _on(loop, lay())
                finally:
                    await _on(loop, there.aclose())

    def do(self, what: Callable[[], None]) -> None:
        self._loop.call_soon_threadsafe(what)

    async def _serve(self) -> None:
        while True:
            self._p3.rtc_us = self._clock.mono_ns() // 1_000  # it is asked for its time now and then
            for gate, sensor in self.sensors.items():
                if data := self._terminals[gate].read():
                    sensor.receive(data)
                for line in sensor.lines_due(self._clock.mono_ns()):
                    self._terminals[gate].write(line.data)
            await asyncio.sleep(0.005)

    async def cross(self, *, lane: int | None, transponder: int | None, gate: str) -> int:
        """Let a car cross at an instant of its own grid; return that."""
        return await _on(self._loop, self._cross(lane=lane, transponder=transponder, gate=gate))

    async def _cross(self, *, lane: int | None, transponder: int | None, gate: str) -> int:
        car = lane or transponder or 0
        self._crossed[car] = self._crossed.get(car, 0) + 1
        grain_ns = 1_000_000
        due_ns = self._clock.mono_ns() // grain_ns * grain_ns + grain_ns
        due_ns += self._crossed[car] * STEP_NS % grain_ns
        await asyncio.sleep(max(0, due_ns - self._clock.mono_ns()) / _NS_PER_S)
        if transponder is not None and gate == "finish":
            self._decoder.send(self._p3.passing(transponder=transponder, rtc_us=due_ns // 1_000))
        else:
            self.sensors[gate].cross(due_ns, channel=lane or 1)
        return due_ns


@contextmanager
def _thread_before_others() -> Iterator[asyncio.AbstractEventLoop]:
    """Yield the loop of another thread, which goes before others where this user may say so."""
    loop = asyncio.new_event_loop()

    def run() -> None:
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), DEVICES_NICE)
        loop.run_forever()

    thread = threading.Thread(target=run, name="devices")
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _on(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Answer]) -> Answer:
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, loop))


def priority_of(program: str) -> tuple[str, ...]:
    """Return what gives the program the priority that systemd gives it, where this user may."""
    return ("nice", "-n", "-5") if program == "bridge" and os.geteuid() == 0 else ()


class RealUnit:
    """The unit's programs but the touchscreen, and what is on its track."""

    has_bridge = True

    def __init__(self, crew: Crew, venue: DemoVenue, track: RealTrack) -> None:
        self.clock = SystemClock()
        self._crew = crew
        self._venue = venue
        self._track = track
        self._down: tuple[str, ...] = ()

    async def cross(
        self, *, lane: int | None = None, transponder: int | None = None, gate: str = "finish"
    ) -> int:
        return await self._track.cross(lane=lane, transponder=transponder, gate=gate)

    async def hold_back(self) -> None:
        """The line of the finish is dead; the device goes on."""
        self._fall_silent(3_600)

    async def let_go(self) -> None:
        self._fall_silent(0)

    def _fall_silent(self, for_s: int) -> None:
        until_mono_ns = self.clock.mono_ns() + for_s * _NS_PER_S
        self._track.do(lambda: self._track.sensors["finish"].fall_silent(until_mono_ns))

    async def crash(self, *, power: bool) -> None:
        """SIGKILL the timing program; a power cut ends all programs, and the machine's clocks begin anew."""
        self._down = UNIT_PROGRAMS if power else ("trackside",)
        for program in self._down:
            await self._crew.cut_off(program)
        if power:
            for sensor in self._track.sensors.values():
                self._track.do(partial(sensor.restart, self.clock.mono_ns()))
            inside = self._next_boot()
            for program in UNIT_PROGRAMS:
                self._crew.members[program].inside = (*inside, *priority_of(program))

    async def start(self) -> None:
        for program in self._down:
            if program != "touch":  # whose own start follows
                await self._crew.start(program)

    async def show_a_display(self) -> None:
        await self._crew.start("display")

    def _next_boot(self) -> tuple[str, ...]:
        boot_id = self._venue.folder / "boot_id"
        boot_id.write_text(f"{uuid.uuid4()}\n")
        back_s = (self.clock.mono_ns() - SINCE_BOOT_NS) // _NS_PER_S
        as_root = () if os.geteuid() == 0 else ("--user", "--map-root-user")
        offsets = ("--monotonic", f"-{back_s}", "--boottime", f"-{back_s}")
        bind = f'mount --bind "{boot_id}" /proc/sys/kernel/random/boot_id && exec "$@"'
        return (
            "unshare",
            *as_root,
            "--mount",
            "--time",
            *offsets,
            "--fork",
            "--kill-child",
            *("sh", "-c", bind, "-"),
        )


class RealScreen:
    """A person before the window: looks where a button is, and taps it with the X server's own pointer."""

    def __init__(self, unit: RealUnit, crew: Crew, venue: DemoVenue, display: str) -> None:
        self.unit = unit
        self.taps: list[str] = []
        self.unheard: list[str] = []
        self.lost: list[str] = []  # what the screen said of taps that the unit did not get
        self._crew = crew
        self._eyes = ControlClient(venue.control_socket)
        self._folder = venue.folder
        self._link_socket = venue.socket_folder / "trackside.sock"
        self._environment = {**os.environ, "DISPLAY": display}
        self._now: ScreenState | None = None

    @property
    def now(self) -> ScreenState:
        assert self._now is not None
        return self._now

    async def follow(self) -> None:
        """Know what the unit says, for the test's own eyes."""
        async with UnitLink.open(self._link_socket, clock=SystemClock()) as link:
            after: int | None = None
            while True:
                try:
                    self._now = await link.screen(after=after)
                    after = self._now.version
                except PeerLost:
                    after = None
                    await asyncio.sleep(LOOK_S)

    async def start(self) -> None:
        await self._crew.start("touch")

    async def stop(self) -> None:
        await self._crew.cut_off("touch")

    async def sees(self, name: str) -> bool:
        sight = await self._look()
        return sight is not None and find(sight, name) is not None

    async def wait_for(self, name: str, *, enabled: bool | None = None) -> SeenWidget:
        last: Sight | None = None
        end_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < end_s:
            last = await self._look()
            found = None if last is None else find(last, name)
            if found is not None and enabled in (None, found.enabled):
                return found
            await asyncio.sleep(LOOK_S)
        picture = self._folder / "stuck.png"
        await self._eyes.picture(picture)
        names = [] if last is None else [one.name for one in last.widgets if one.enabled]
        raise AssertionError(f"waited in vain for {name}, see {picture}; there are {names}")

    async def until(self, claim: Callable[[ScreenState], bool], what: str = "it") -> ScreenState:
        end_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < end_s:
            if self._now is not None and claim(self._now):
                return self._now
            await asyncio.sleep(0.02)
        now = self._now
        said = None if now is None else (now.version, now.phase, now.run, now.acts[:5], now.queue, now.stages)
        raise AssertionError(f"waited in vain for {what}; the unit says {said}")

    async def tap(self, *names: str) -> int:
        pressed_ns = 0
        for name in names:
            for _ in range(TRIES_MAX_COUNT):
                acts = self.now.acts
                button = await self._wait_until_still(name)
                before = await self._look()
                pressed_ns = await self._tap_once(name, button)
                is_heard = await self._is_heard(before)
                if not await self._was_lost(acts, button) and is_heard:
                    break
            else:
                raise AssertionError(f"{name} was tapped {TRIES_MAX_COUNT} times in vain")
        return pressed_ns

    async def _is_heard(self, before: Sight | None) -> bool:
        """Wait for the touchscreen to take the tap, or to say by its sound that it did not count."""
        end_s = time.monotonic() + ANSWER_MAX_S
        while time.monotonic() < end_s:
            sight = await self._look()
            if sight is not None and before is not None and sight.heard != before.heard:
                return True
            if sight is not None and before is not None and sight.unheard != before.unheard:
                break
            await asyncio.sleep(0.03)
        self.unheard.append(self.taps.pop())
        return False

    async def _was_lost(self, acts: object, button: SeenWidget) -> bool:
        """On a machine so busy that the unit did not answer, do what the bar says: wait, look, tap again."""
        said = await self._glance("message")
        label = "" if said is None else said.label
        is_silent = await self.sees("banner")
        if not is_silent and not label.startswith((NOT_SAVED, NO_ANSWER)):
            return False
        self.lost.append(label)
        while await self.sees("banner") or await self.sees("message"):
            await asyncio.sleep(LOOK_S)
        is_there = button == await self._glance(button.name)
        return label.startswith(NOT_SAVED) or (is_there and self.now.acts == acts)

    async def _wait_until_still(self, name: str) -> SeenWidget:
        """A person's finger comes down where the button has stood for a while."""
        button = await self.wait_for(name, enabled=True)
        while True:
            await asyncio.sleep(STILL_S)
            again = await self.wait_for(name, enabled=True)
            if again.rect == button.rect:
                return again
            button = again

    async def _glance(self, name: str) -> SeenWidget | None:
        sight = await self._look()
        return None if sight is None else find(sight, name)

    async def _tap_once(self, name: str, button: SeenWidget) -> int:
        self.taps.append(name)
        pressed_ns = await self._press(button)
        while button.hold_ms and not await self._says_let_go(name):
            await self._x("mouseup", "1")
            await asyncio.sleep(STILL_S)
            pressed_ns = await self._press(button)
        await asyncio.sleep(0.05)
        await self._x("mouseup", "1")
        await asyncio.sleep(0.05)
        return pressed_ns

    async def _press(self, button: SeenWidget) -> int:
        x, y, width, height = button.rect
        await self._x("mousemove", str(x + width // 2), str(y + height // 2))
        before_ns = self.unit.clock.mono_ns()
        await self._x("mousedown", "1")
        return (before_ns + self.unit.clock.mono_ns()) // 2

    async def _says_let_go(self, name: str) -> bool:
        """Hold the button until it says that this is long enough."""
        end_s = time.monotonic() + LET_GO_MAX_S
        while time.monotonic() < end_s:
            sight = await self._look()
            button = None if sight is None else find(sight, name)
            if button is not None and button.label == LET_GO:
                return True
            await asyncio.sleep(LOOK_S)
        return False

    async def type(self, text: str) -> None:
        """Type on the keyboard that is plugged in; a line feed is Enter."""
        line, entered, _ = text.partition("\n")
        await self._x("type", "--delay", "20", line)
        if entered:
            await self._x("key", "Return")

    async def _x(self, *arguments: str) -> None:
        process = await asyncio.create_subprocess_exec("xdotool", *arguments, env=self._environment)
        assert await process.wait() == 0, arguments

    async def _look(self) -> Sight | None:
        try:
            return await self._eyes.look()
        except PeerLost:
            return None


def find(sight: Sight, name: str) -> SeenWidget | None:
    """Return the widget of that name, the first whose name begins so (`x*`), or whose label is it (`=x`)."""
    for widget in sight.widgets:
        is_it = widget.name == name or (name[-1] == "*" and widget.name.startswith(name[:-1]))
        if is_it or (name[0] == "=" and widget.label == name[1:]):
            return widget
    return None


@asynccontextmanager
async def glass() -> AsyncIterator[str]:
    """Yield the name of an X server of our own."""
    reading, writing = os.pipe()
    size = f"{SIZE[0]}x{SIZE[1]}x24"
    command = ("Xvfb", "-displayfd", str(writing), "-screen", "0", size, "-nolisten", "tcp")
    server = await asyncio.create_subprocess_exec(
        *command, pass_fds=(writing,), stderr=asyncio.subprocess.DEVNULL
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as said:
            number = (await asyncio.to_thread(said.readline)).strip()
        yield f":{number}"
    finally:
        server.kill()
        await server.wait()


def write_configs(venue: DemoVenue, decoder_port: int, *, lap_min_ms: int | None) -> None:
    """Each preset has its class; with `lap_min_ms` in place of its own for a day at a quick pace."""
    central = Path(venue.config("central"))
    lines = [one for one in central.read_text().splitlines() if not one.startswith(("run_ms", "lap_min_ms"))]
    for preset, race_class in CLASSES.items():
        name = preset
        if lap_min_ms is not None:
            name = f"Quick {preset}"
            lines += [f"[formats.{json.dumps(name)}]", f"preset = {json.dumps(preset)}"]
            lines += [f"lap_min_ms = {lap_min_ms}"]
        lines += [f"[classes.{race_class}]", f"format = {json.dumps(name)}"]
    central.write_text("\n".join(lines) + "\n")
    socket = text(venue.socket_folder / "trackside.sock")
    bridge = ['spool_folder = "data/spool"', "[api]", f"socket = {socket}"]
    for gate in ("finish", "start"):
        link = text(venue.socket_folder / gate)
        bridge += ["[[sensor]]", f'name = "{gate}-beam"', f"port = {link}"]
        bridge += [f'gate = "{gate}"']
    bridge += ["[[sensor]]", 'name = "loop"', 'kind = "p3"', f'address = "127.0.0.1:{decoder_port}"']
    for gate in ("finish", "start"):
        bridge += ["[[gate]]", f'name = "{gate}"', "lanes = true"]
    Path(venue.config("bridge")).write_text("\n".join(bridge) + "\n")
    touch = [f"socket = {socket}", f"control_socket = {text(venue.control_socket)}"]
    touch += [f"width = {SIZE[0]}", f"height = {SIZE[1]}", "fullscreen = true"]
    Path(venue.config("touch")).write_text("\n".join(touch) + "\n")


async def write_people(venue: DemoVenue) -> None:
    """Who came by central is in its journal before the day."""
    root = Identity.load_or_create(venue.folder / "keys" / "event.key")
    config = CentralConfig.load(Path(venue.config("central")))
    clock = SystemClock()
    async with open_or_salvage(venue.journal("central"), root_key=root.key, clock=clock) as central:
        stream = await central.open_stream(root, config.name)
        await stream.append(*bodies_to_say(central.fold, config), *people())


async def play_real(
    folder: Path, *, runs: int, seed: int, length: Length, pace: float, tell: Tell = lambda _: None
) -> tuple[int, int]:
    """Live through the day; return how many runs it had and how many taps they took."""
    venue = DemoVenue.set_up(folder, has_windows=False)
    async with AsyncExitStack() as stack:
        stack.callback(shutil.rmtree, venue.socket_folder, ignore_errors=True)
        display = await stack.enter_async_context(glass())
        track = await stack.enter_async_context(RealTrack.laid(venue.socket_folder))
        lap_min_ms = None if pace >= OWN_LAP_MIN_PACE else int(LAP_MIN_MS * pace)
        write_configs(venue, track.port, lap_min_ms=lap_min_ms)
        await write_people(venue)
        crew = await stack.enter_async_context(Crew.assembled(folder, {}))
        for program in ("central", *UNIT_PROGRAMS):
            shown = {"SDL_VIDEODRIVER": "x11", "DISPLAY": display, "SDL_AUDIODRIVER": "dummy"}
            environment = shown if program == "touch" else {}
            command = (program, "--config", venue.config(program))
            crew.add(program, *command, inside=priority_of(program), environment=environment)
        hall = {"SDL_VIDEODRIVER": "dummy"}
        crew.add("display", "display", "--config", venue.config("display"), environment=hall)
        for program in ("central", *UNIT_PROGRAMS):
            await crew.start(program)
        unit = RealUnit(crew, venue, track)
        screen = RealScreen(unit, crew, venue, display)
        await stack.enter_async_context(beside(screen.follow(), name="the unit's words"))
        day = RaceDay(screen, runs_wanted=runs, seed=seed, length=length, pace=pace, tell=tell)
        day.drivers = {race_class: drivers_of(preset) for preset, race_class in CLASSES.items()}
        known = sum(map(len, day.drivers.values()))
        await screen.until(lambda now: len(now.competitors) == known, "who came by central")
        await crew.cut_off("central")

        async def central_comes_back() -> None:
            await crew.start("central")

        await day.go(at_half=central_comes_back)
        await judge(day, venue)
        assert crew.unexpected_exits() == {}
        tell(f"{day.doubts_count} runs had laps whose clock was in doubt")
        tell(f"{len(screen.lost)} acts were lost while the unit was silent")
        tell(f"{len(screen.unheard)} taps were not heard")
        return len(day.runs), len(screen.taps)


async def judge(day: RaceDay, venue: DemoVenue) -> None:
    """Compare the unit's boards, central's and those of a phone with the oracle's."""
    day.judge(fold_file(venue.journal("trackside")))
    end_s = time.monotonic() + PATIENCE_S
    while True:
        try:
            day.judge(await asyncio.to_thread(lambda: fold_file(venue.journal("central"))))
            break
        except AssertionError:
            if time.monotonic() > end_s:
                raise
            await asyncio.sleep(0.5)
    for preset, race_class in CLASSES.items():
        url = f"{venue.public_url}api/v1/board?race_class={race_class}"
        answer = (await asyncio.to_thread(requests.get, url, timeout=10)).json()
        rows = [
            (one["rank"], one["name"], one["columns"][0][2] or 0)
            for one in answer.get("entries", ())
            if one["rank"] is not None
        ]
        day.judge_class(preset, rows)


@click.command()
@click.option("--runs", default=WHOLE_DAY_RUNS, show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option(
    "--length", type=click.Choice(["whole", "short", "shortest"]), default="whole", show_default=True
)
@click.option(
    "--pace",
    default=0.8,
    show_default=True,
    help="How long the laps are; 1 for 5 to 9 seconds. Below 0.8 the formats' shortest lap is shorter too.",
)
@click.option("--folder", type=click.Path(path_type=Path), help="Where journals and logs go; else away.")
def main(runs: int, seed: int, length: Length, pace: float, folder: Path | None) -> None:
    """Live through a race day with real programs and compare every board with the oracle's."""
    if missing := missing_tools():
        raise click.ClickException(f"{', '.join(missing)} not found; type: sudo apt install xvfb xdotool")
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="race-day-") as away:
        day = play_real(folder or Path(away), runs=runs, seed=seed, length=length, pace=pace, tell=click.echo)
        driven, taps = asyncio.run(day)
    minutes = (time.monotonic() - began_s) / 60
    click.echo(f"{driven} runs, {taps} taps, {minutes:.1f} minutes, every board as the oracle's")


if __name__ == "__main__":
    main()
