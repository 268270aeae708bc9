"""Draws the board whenever something on it changed: a record, the badge or the page; never on a beat."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from display.following.badge import Badge
from display.scene.blocks import Scene
from display.scene.leaderboard import lay_out, lay_plain, row_count
from display.scene.pages import Paging, page_count, page_of
from display.screen.frame_log import FrameLog
from display.screen.scene_painter import Painter
from pitboard.clock import Clock, happened
from pitboard.drawing.never_blank import PaintGuard
from pitboard.drawing.window import Window
from pitboard.journal.replica import Replica
from pitboard.journal.views import BoardView, EntryView, EventView, view_board
from pitboard.program.service import SERVICE

FRAME_MIN_NS = 16_000_000  # at most 60 frames a second
BEAT_EVERY_NS = 2_000_000_000
SCENE = "leaderboard"
_NO_BOARD = BoardView(event=EventView("Pitboard", 1_000_000), entries=[], on_track=[], newest=None)


class BoardScreen:
    """`badge()` gives the badge for now and in how long it changes by age alone."""

    def __init__(
        self,
        replica: Replica,
        window: Window,
        painter: Painter,
        frame_log: FrameLog,
        clock: Clock,
        *,
        badge: Callable[[], tuple[Badge, int | None]],
    ) -> None:
        self._replica = replica
        self._window = window
        self._painter = painter
        self._frame_log = frame_log
        self._clock = clock
        self._guard = PaintGuard()
        self._badge = badge
        self._wake = asyncio.Event()
        self._view: BoardView | None = None
        self._view_version = -1
        self._shows_newest_next = False
        self._paging = Paging(page=0, since_mono_ns=clock.mono_ns())
        self._drawn_mono_ns = 0
        self._badge_changes_ns: int | None = None
        self._pages = 1

    def wake(self) -> None:
        """Look now whether something changed."""
        self._wake.set()

    def repaint(self) -> None:
        """Paint everything anew: the screen lost what was on it."""
        self._painter.forget()
        self.wake()

    async def run(self) -> None:
        """Draw until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._wake_on_news(), name="wake on news")
            while True:
                self._wake.clear()
                self.draw()
                SERVICE.beat()
                await happened(self._wake, self._pause_s())
                spare_ns = self._drawn_mono_ns + FRAME_MIN_NS - self._clock.mono_ns()
                if spare_ns > 0:
                    await asyncio.sleep(spare_ns / 1_000_000_000)

    def draw(self) -> None:
        """Draw a frame if it differs from the one on the screen."""
        now_mono_ns = self._clock.mono_ns()
        view = self._guard.attempt("race", self._current_view, otherwise=lambda: self._view or _NO_BOARD)
        surface = self._window.surface
        size = surface.get_size()
        badge, self._badge_changes_ns = self._badge()
        scene = self._guard.attempt(
            "board",
            lambda: self._lay_out(view, badge, size, now_mono_ns),
            otherwise=lambda: lay_plain(badge, size),
        )
        areas = self._painter.paint(scene, surface)
        if not areas:
            return
        self._window.present(areas)
        self._drawn_mono_ns = self._clock.mono_ns()
        self._frame_log.write(view, scene, mono_ns=self._drawn_mono_ns)

    def _lay_out(self, view: BoardView, badge: Badge, size: tuple[int, int], now_mono_ns: int) -> Scene:
        self._turn_page(view, size, now_mono_ns)
        return lay_out(view, badge, size, page=self._paging.page, digit_permille=self._painter.digit_permille)

    def _current_view(self) -> BoardView:
        if self._view is None or self._view_version != self._replica.version:
            self._view_version = self._replica.version
            former, self._view = self._view, view_board(self._replica.fold)
            if former is not None and _newest(former) != _newest(self._view):
                self._shows_newest_next = True
        return self._view

    def _turn_page(self, view: BoardView, size: tuple[int, int], now_mono_ns: int) -> None:
        rows, entry_count = row_count(view, size), len(view.entries)
        self._pages = page_count(entry_count, rows)
        self._paging = self._paging.turned(now_mono_ns=now_mono_ns, page_count=self._pages)
        if not self._shows_newest_next:
            return
        self._shows_newest_next = False
        index = next((i for i, entry in enumerate(view.entries) if entry.competitor_id == view.newest), None)
        page = None if index is None else page_of(index, entry_count=entry_count, row_count=rows)
        if page is not None:
            self._paging = self._paging.shown_at(page, now_mono_ns=now_mono_ns)

    def _pause_s(self) -> float:
        """Return in how long something changes without news, or the screen must show that it lives."""
        pauses_ns = [BEAT_EVERY_NS]
        if self._badge_changes_ns is not None:
            pauses_ns.append(self._badge_changes_ns)
        if self._pages > 1:
            pauses_ns.append(self._paging.ends_mono_ns(self._pages) - self._clock.mono_ns())
        return max(0, min(pauses_ns)) / 1_000_000_000

    async def _wake_on_news(self) -> None:
        version = self._replica.version
        while True:
            if await self._replica.wait_for_news(version, 60.0):
                version = self._replica.version
                self._wake.set()


def _newest(view: BoardView) -> EntryView | None:
    """Return the entry whose result was confirmed last; its `runs` grow with each confirmed run."""
    return next((entry for entry in view.entries if entry.competitor_id == view.newest), None)
