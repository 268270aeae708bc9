"""The real touchscreen before a real unit on a loop whose time jumps: taps are pygame events.

Only the edges are pretended: the disk, the clock, and the socket between the two programs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from random import Random
from typing import TypeVar

import msgspec
import pygame

from pitboard.drawing.typeface import Typeface
from pitboard.drawing.window import Window
from pitboard.errors import ActRefused, LossCode, PeerLost
from pitboard.journal.replica import Replica
from pitboard.race.bodies.body import Body
from pitboard.race.bodies.event_bodies import EventConfigured
from pitboard.sentences.language import language
from pitboard.trust.signed_picture import SignedPicture, new_nonce, sign_picture
from pitboard.unit_api.official_acts import Act
from pitboard.unit_api.program_calls import BridgeReport, Delivery, Passing
from pitboard.unit_api.screen_state import DisplayNode, RunDetail, ScreenState
from pitboard.unit_api.unit_client import POLL_WAIT_MS
from pitboard.unit_api.unit_status import SensorState, SensorStatus
from tests.race_story import ROOT, UNIT_A, central_enrols
from trackside.api.screen_feed import ScreenFeed
from trackside.timing.lights import Lights
from trackside.timing.passing_intake import PassingIntake
from trackside.timing.run_control import RunControl
from trackside.touch.paint.widget_painter import Painter
from trackside.touch.sounds import SOUNDS, Sounds
from trackside.touch.touchscreen import Touchscreen
from trackside.touch.widgets.widgets import Layout, Measures, Widget
from trackside.unit import follow_lights, follow_news, follow_time
from venue.simulator.world.simulated_disk import SimulatedDisk, SimulatedStorage
from venue.simulator.world.virtual_loop import MachineClock, VirtualLoop, run_virtual

MEASURES = Measures(800, 480, (154, 86))
STILL_S = 0.4
CALM_S = 0.8
PATIENCE_S = 20
HOLD_S = 0.8
TRACK = "1"
_NS_PER_MS = 1_000_000
Answer = TypeVar("Answer")


class VirtualUnit:
    """A unit's process and its link to the touchscreen; `crash` ends it, `start` begins it anew."""

    def __init__(self, loop: VirtualLoop, *said: Body, tracks: Sequence[str] = ()) -> None:
        self.loop = loop
        self.tracks = tuple(tracks)
        self.clock = MachineClock(loop, "boot-1")
        self.disk = SimulatedDisk()
        self.central = central_enrols(UNIT_A)
        for body in said or (EventConfigured(name="Test race"),):
            self.central.say(body)
        self.heard_by_central: dict[str, int] = {}
        self.seq = 0
        self.has_bridge = False
        self.picture = b""  # of any display
        self.pictures_asked = 0
        self._held_back: list[Passing] | None = None
        self.boots = 1
        self.beam = SensorStatus(sensor="beam-1", state=SensorState.OK)
        self._running: asyncio.Task[None] | None = None
        self._storage: SimulatedStorage | None = None
        self.replica: Replica
        self.run_control: RunControl
        self.feed: ScreenFeed
        self.lights: Lights
        self._intake: PassingIntake

    @property
    def is_up(self) -> bool:
        return self._running is not None

    async def start(self) -> None:
        ready = asyncio.Event()
        self._storage = SimulatedStorage(
            self.disk, self.loop, Random(1), root_key=ROOT.key, on_commit=lambda _: None
        )
        self._running = asyncio.create_task(self._serve(self._storage, ready), name="unit")
        await ready.wait()

    async def crash(self, *, power: bool) -> None:
        """End the process; where the power goes the machine's clock begins anew too."""
        assert self._running is not None
        assert self._storage is not None
        self._storage.kill()
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        self._running = None
        if power:
            self.boots += 1
            self.clock.boot(f"boot-{self.boots}")

    async def _serve(self, storage: SimulatedStorage, ready: asyncio.Event) -> None:
        async with Replica.over(storage, self.clock) as reader:
            await reader.accept(self.central.records)
            replica = await reader.open_stream(UNIT_A, "Track A")
            self.replica = replica
            self.run_control = RunControl(
                replica, self.clock, unit_key=UNIT_A.key, track=TRACK, tracks=self.tracks
            )
            await self.run_control.resume()
            self.lights = Lights(replica, self.clock, unit_key=UNIT_A.key, journal_folder=Path("/"))
            self.feed = ScreenFeed(replica, self.run_control, self.lights, unit="Track A")
            self._intake = PassingIntake(self.run_control, track=TRACK)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(follow_news(replica, self.feed), name="news")
                tasks.create_task(follow_time(replica, self.run_control, self.clock), name="time")
                tasks.create_task(follow_lights(self.feed), name="lights")
                tasks.create_task(self._see_beam(), name="beam")
                ready.set()

    async def _see_beam(self) -> None:
        while True:
            self.lights.take(BridgeReport(sensors=[self.beam]))
            await asyncio.sleep(1)

    async def cross(
        self,
        *,
        ms_ago: int = 0,
        lane: int | None = None,
        transponder: int | None = None,
        gate: str = "finish",
        track: str | None = None,
    ) -> int:
        """A car crosses; the bridge repeats the passing until the unit has it; return its true stamp."""
        self.seq += 1
        now_mono_ns = self.clock.mono_ns()
        passing = Passing(
            sensor="beam-1",
            sensor_boot=f"dev-{self.boots}",
            seq=self.seq,
            channel=1,
            boot_id=self.clock.boot_id,
            mono_ns=now_mono_ns - ms_ago * _NS_PER_MS,
            uncertainty_ns=1_000,
            received_mono_ns=now_mono_ns,
            lane=lane,
            transponder=transponder,
            gate=gate,
            track=track,
        )
        if self._held_back is not None:
            self._held_back.append(passing)
        else:
            await self._intake.take(Delivery(passings=[passing]))
        return passing.mono_ns

    async def hold_back(self) -> None:
        """The sensor's line is dead: what crosses comes once it is let go."""
        self._held_back = []

    async def let_go(self) -> None:
        held, self._held_back = self._held_back or [], None
        await self._intake.take(Delivery(passings=held))

    async def show_a_display(self) -> None:
        self.feed.show_displays([DisplayNode("Wall", "192.0.2.9:1", key="ab" * 32, scene="leaderboard")])

    # What the touchscreen asks, as `UnitLink` asks it

    async def screen(self, *, after: int | None) -> ScreenState:
        await self._reach()
        now = await self._feed_wait(after)
        return msgspec.json.decode(msgspec.json.encode(now), type=ScreenState)

    async def _feed_wait(self, after: int | None) -> ScreenState:
        feed = self.feed
        return feed.now() if after is None else await feed.wait(after, POLL_WAIT_MS / 1_000)

    async def display_picture(self, key: str) -> SignedPicture:
        await self._reach()
        self.pictures_asked += 1
        if not self.picture:
            raise ActRefused(code="no-display-picture", reason="The display does not show its picture.")
        return sign_picture(self.picture, new_nonce(), UNIT_A)

    async def run_detail(self, run_id: str) -> RunDetail:
        await self._reach()
        return self.feed.run_detail(run_id)

    async def act(self, act: Act) -> dict[str, object]:
        await self._reach()
        return dict(await self.run_control.carry_out(act))  # type: ignore[arg-type]

    async def _reach(self) -> None:
        await asyncio.sleep(0.001)
        if not self.is_up:
            await asyncio.sleep(0.1)
            raise PeerLost(peer="timing unit", code=LossCode.NO_ANSWER)


class UnwatchedWindow(Window):
    """Time that jumps has no connections to wait for."""

    def descriptors(self) -> None:
        return None


class VirtualScreen:
    """A person before the screen: looks, taps what can be tapped, and counts."""

    def __init__(self, unit: VirtualUnit, window: Window, settings_file: Path | None = None) -> None:
        self.unit = unit
        self.settings_file = settings_file
        self._window = window
        self._running: asyncio.Task[None] | None = None
        self.taps: list[str] = []
        self._screen: Touchscreen

    async def start(self) -> None:
        painter = Painter(self._window.surface, Typeface.load(), MEASURES)
        self._screen = Touchscreen(
            link=self.unit,  # type: ignore[arg-type]
            window=self._window,
            painter=painter,
            measures=MEASURES,
            clock=self.unit.clock,
            language=language("en"),
            sounds=Sounds(muted=SOUNDS),
            runtime_folder=Path("/nowhere"),
            socket=Path("/nowhere/trackside.sock"),
            settings_file=self.settings_file,
        )
        self._running = asyncio.create_task(self._screen.run(), name="touchscreen")

    async def stop(self) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
            self._running = None

    @property
    def layout(self) -> Layout:
        self._screen.describe()
        return self._screen.layout

    @property
    def now(self) -> ScreenState:
        return self.unit.feed.now()

    def find(self, name: str) -> Widget | None:
        """Return the widget of that name, the first whose name begins so (`x*`), or whose label is it
        (`=x`)."""
        for widget in self.layout.widgets:
            is_it = widget.name == name or (name[-1] == "*" and widget.name.startswith(name[:-1]))
            if is_it or (name[0] == "=" and widget.label == name[1:]):
                return widget
        return None

    async def sees(self, name: str) -> bool:
        return self.find(name) is not None

    async def wait_for(self, name: str, *, enabled: bool | None = None) -> Widget:
        return await self._until(
            lambda: found if (found := self.find(name)) and enabled in (None, found.takes_taps) else None,
            f"{name} on the screen",
        )

    async def until(self, claim: Callable[[ScreenState], bool], what: str = "it") -> ScreenState:
        return await self._until(lambda: now if (now := self.now) and claim(now) else None, what)

    async def _until(self, look: Callable[[], Answer | None], what: str) -> Answer:
        for _ in range(PATIENCE_S * 10):
            if self._running is not None and self._running.done():
                self._running.result()  # the touchscreen has ended by a bug
            found = look()
            if found is not None:
                return found
            await asyncio.sleep(0.1)
        names = [one.name for one in self.layout.widgets if one.takes_taps]
        message = self.find("message")
        said = "" if message is None else message.label
        raise AssertionError(f"waited in vain for {what}; there are {names}, it says {said!r}")

    async def tap(self, *names: str) -> int:
        """Tap one after the other, each once it can be tapped and has stood still; return when the last
        was pressed."""
        pressed_ns = 0
        for name in names:
            await self.wait_for(name, enabled=True)
            await asyncio.sleep(STILL_S)
            widget = await self.wait_for(name, enabled=True)
            x, y = widget.rect.x + widget.rect.w // 2, widget.rect.y + widget.rect.h // 2
            if not name.startswith("keyboard:") or name == "keyboard:done":
                self.taps.append(name)
            details = {"pos": (x, y), "button": 1, "touch": False}
            self._post(pygame.event.Event(pygame.MOUSEBUTTONDOWN, details))
            pressed_ns = self.unit.clock.mono_ns()
            await asyncio.sleep(HOLD_S if widget.hold_ms else 0.05)
            self._post(pygame.event.Event(pygame.MOUSEBUTTONUP, details))
            await asyncio.sleep(0.05)
        return pressed_ns

    def finger(self, kind: int, x: int, y: int) -> None:
        """Put the finger down, move it, or take it away."""
        button = {"rel": (0, 0), "buttons": (1, 0, 0)} if kind == pygame.MOUSEMOTION else {"button": 1}
        self._post(pygame.event.Event(kind, {"pos": (x, y), "touch": False, **button}))

    async def type(self, text: str) -> None:
        """Type as a real keyboard or a scanner does; a line feed is Enter."""
        for letter in text:
            if letter == "\n":
                event = pygame.event.Event(pygame.KEYDOWN, key=pygame.K_RETURN)
            else:
                event = pygame.event.Event(pygame.TEXTINPUT, text=letter)
            self._post(event)
            await asyncio.sleep(0.02)

    def _post(self, event: pygame.event.Event) -> None:
        """Let SDL have it, and wake the touchscreen as the panel's connection does."""
        pygame.event.post(event)
        self.wake()

    def wake(self) -> None:
        self._screen.wake()

    async def register(self, name: str) -> None:
        await self.tap("register")
        await self.wait_for("keyboard:field")
        await self.type(name)
        await self.tap("keyboard:done")
        await self.until(lambda now: any(one.name == name for one in now.competitors), name)


Story = Callable[[VirtualScreen], Awaitable[None]]


def before_the_screen(
    story: Story,
    *said: Body,
    tracks: Sequence[str] = (),
    settings_file: Path | None = None,
    window_kind: type[Window] = UnwatchedWindow,
) -> None:
    """Play the story; `said` is what central says of the event."""
    os.environ["SDL_VIDEODRIVER"] = "dummy"

    async def play(loop: VirtualLoop) -> None:
        unit = VirtualUnit(loop, *said, tracks=tracks)
        await unit.start()
        size = (MEASURES.width, MEASURES.height)
        with window_kind.open(title="test", size=size, is_fullscreen=False) as window:
            screen = VirtualScreen(unit, window, settings_file)
            await screen.start()
            try:
                await story(screen)
            finally:
                await screen.stop()
                if unit.is_up:
                    await unit.crash(power=False)

    run_virtual(play)
