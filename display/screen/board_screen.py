"""Draws the scene of the moment: when a record or the badge changed it, and when the scene itself said so.

Never on a beat: between two changes the screen sleeps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from display.following.badge import Badge
from display.scene.blocks import Scene
from display.scene.leaderboard import lay_plain
from display.scene.playlist import lay_out
from display.scene.show import Canvas, Moment, Show
from display.screen.frame_log import FrameLog
from display.screen.scene_painter import Painter
from display.screen.show_maker import ShowMaker
from pitboard.clock import Clock, happened
from pitboard.drawing.never_blank import PaintGuard
from pitboard.drawing.palette import BACKGROUND, Colour
from pitboard.drawing.window import Window
from pitboard.journal.replica import Replica
from pitboard.program.service import SERVICE

FRAME_MIN_NS = 16_000_000  # at most 60 frames per second
PAINTED_MAX_S = 0.05
BEAT_EVERY_NS = 2_000_000_000
_MS_NS = 1_000_000


class BoardScreen:
    """`badge()` gives the badge for now and in how long it changes by age alone, `facts()` what a technician
    asks for; `on_news` is given the show before records came and the one with them."""

    def __init__(
        self,
        replica: Replica,
        window: Window,
        painter: Painter,
        frame_log: FrameLog,
        clock: Clock,
        maker: ShowMaker,
        canvas: Canvas,
        *,
        badge: Callable[[], tuple[Badge, int | None]],
        facts: Callable[[], Sequence[tuple[str, str]]] = tuple,
        on_frame: Callable[[], None] | None = None,
        on_news: Callable[[Show, Show], None] | None = None,
    ) -> None:
        self._replica = replica
        self._window = window
        self._painter = painter
        self._frame_log = frame_log
        self._clock = clock
        self._maker = maker
        self._canvas = canvas
        self._guard = PaintGuard()
        self._badge = badge
        self._facts = facts
        self._on_frame = on_frame
        self._on_news = on_news
        self._wake = asyncio.Event()
        self._painted = asyncio.Event()
        self._show_version = -1
        self._laid_out: tuple[object, ...] | None = None
        self._drawn_mono_ns = 0
        self._has_news = False
        self._news_drawn_mono_ns = -FRAME_MIN_NS
        self._changes_mono_ns: int | None = None
        self.scene_name = "leaderboard"
        self.ground: Colour = BACKGROUND

    def wake(self) -> None:
        """Look now whether something changed."""
        self._wake.set()

    def repaint(self) -> None:
        """Paint everything anew: the screen lost what was on it."""
        self._painter.forget()
        self._laid_out = None
        self.wake()

    async def painted(self) -> None:
        """Return once what the replica has now is drawn, or soon where it is not."""
        if self._show_version != self._replica.version:
            self._painted.clear()
            await happened(self._painted, PAINTED_MAX_S)

    async def run(self) -> None:
        """Draw until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._wake_on_news(), name="wake on news")
            while True:
                self._wake.clear()
                self.draw()
                self._painted.set()
                SERVICE.beat()
                await happened(self._wake, self._pause_s())
                while (rest_ns := self._rest_ns()) > 0:
                    self._wake.clear()
                    await happened(self._wake, rest_ns / 1_000_000_000)

    def draw(self) -> None:
        """Draw a frame if it may differ from the one on the screen."""
        moment = Moment(self._clock.mono_ns(), self._clock.utc_ms())
        has_news, self._has_news = self._has_news, False
        show = self._guard.attempt("race", lambda: self._current(moment), otherwise=lambda: self._maker.show)
        surface = self._window.surface
        badge, badge_changes_ns = self._badge()
        facts = tuple(self._facts())
        now = (self._show_version, badge, facts, surface.get_size())
        if now == self._laid_out and not self._is_due(moment):
            return
        self._laid_out = now
        show = self._maker.with_now(badge, facts, moment)
        changes = [None if badge_changes_ns is None else moment.mono_ns + badge_changes_ns]
        ends_ms = self._maker.message_ends_ms(moment)
        changes.append(None if ends_ms is None else moment.mono_ns + ends_ms * _MS_NS)
        scene, scene_changes = self._guard.attempt(
            "board",
            lambda: self._lay_out(show, moment, surface.get_size()),
            otherwise=lambda: (lay_plain(badge, replace(self._canvas, size=surface.get_size())), None),
        )
        changes.append(scene_changes)
        self._changes_mono_ns = min((at for at in changes if at is not None), default=None)
        self.scene_name, self.ground = scene.name, scene.ground
        areas = self._painter.paint(scene, surface)
        if not areas:
            return
        self._window.present(areas)
        self._drawn_mono_ns = self._clock.mono_ns()
        if has_news:
            self._news_drawn_mono_ns = self._drawn_mono_ns
        self._frame_log.write(show.board, scene, mono_ns=self._drawn_mono_ns)
        if self._on_frame is not None:
            self._on_frame()

    def _lay_out(self, show: Show, moment: Moment, size: tuple[int, int]) -> tuple[Scene, int | None]:
        if self._canvas.size != size:
            self._canvas = replace(self._canvas, size=size)
        frame = lay_out(show, moment, self._canvas)
        return frame.scene, frame.changes_mono_ns

    def _current(self, moment: Moment) -> Show:
        if self._show_version != self._replica.version:
            self._show_version = self._replica.version
            before, now = self._maker.show, self._maker.take(self._replica.fold, moment)
            if self._on_news is not None:
                self._on_news(before, now)
        return self._maker.show

    def _rest_ns(self) -> int:
        """Return in how long the next frame may be drawn; news waits for other news only, not for a clock."""
        last_mono_ns = self._news_drawn_mono_ns if self._has_news else self._drawn_mono_ns
        return last_mono_ns + FRAME_MIN_NS - self._clock.mono_ns()

    def _is_due(self, moment: Moment) -> bool:
        return self._changes_mono_ns is not None and moment.mono_ns >= self._changes_mono_ns

    def _pause_s(self) -> float:
        """Return in how long something changes without news, or the screen must show that it lives."""
        pause_ns = BEAT_EVERY_NS
        if self._changes_mono_ns is not None:
            pause_ns = min(pause_ns, self._changes_mono_ns - self._clock.mono_ns())
        return max(0, pause_ns) / 1_000_000_000

    async def _wake_on_news(self) -> None:
        version = self._replica.version
        while True:
            if await self._replica.wait_for_news(version, 60.0):
                version = self._replica.version
                self._has_news = True
                self._wake.set()
