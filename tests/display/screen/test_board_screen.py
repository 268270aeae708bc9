"""Between two changes nothing is laid out, whatever wakes the screen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import pygame
import pytest

from display.following.badge import Badge
from display.scene import playlist
from display.scene.show import Canvas, Frame, Moment, Show
from display.screen import board_screen
from display.screen.board_screen import BoardScreen
from display.screen.frame_log import FrameLog
from display.screen.scene_painter import Painter
from pitboard.clock import ScriptedClock, happened
from pitboard.drawing.typeface import Typeface
from tests.display.example_boards import LIVE, STALE, board
from tests.display.jumping_loop import run_jumping

SIZE = (1280, 720)


class Maker:
    """Stands in for what makes the show of a fold."""

    def __init__(self) -> None:
        self.show = Show(board=board(60), badge=LIVE)

    def take(self, fold: object, moment: Moment) -> Show:
        return self.show

    def with_now(self, badge: Badge, facts: object, moment: Moment) -> Show:
        return self.show

    def message_ends_ms(self, moment: Moment) -> int | None:
        return None


def test_a_screen_woken_for_nothing_lays_nothing_out(monkeypatch: pytest.MonkeyPatch) -> None:
    laid_out: list[int] = []

    def counted(show: Show, moment: Moment, canvas: Canvas) -> Frame:
        laid_out.append(moment.mono_ns)
        return playlist.lay_out(show, moment, canvas)

    monkeypatch.setattr(board_screen, "lay_out", counted)
    clock, badges = ScriptedClock(), [LIVE]
    replica = SimpleNamespace(version=1, fold=None)
    window = SimpleNamespace(surface=pygame.Surface(SIZE), present=lambda areas: None)
    screen = BoardScreen(
        replica,  # type: ignore[arg-type]
        window,  # type: ignore[arg-type]
        Painter(Typeface.load()),
        FrameLog(None),
        clock,
        Maker(),  # type: ignore[arg-type]
        Canvas(size=SIZE),
        badge=lambda: (badges[0], None),
    )

    def frames_of(act: str) -> int:
        before = len(laid_out)
        screen.draw()
        screen.draw()
        assert len(laid_out) - before <= 1, act
        return len(laid_out) - before

    assert frames_of("the first frame") == 1
    assert frames_of("nothing") == 0
    replica.version += 1
    assert frames_of("a record") == 1
    badges[0] = STALE
    assert frames_of("the badge") == 1
    screen.repaint()
    assert frames_of("the window was covered") == 1
    clock.advance(ms=60_000)
    assert frames_of("the page turns by itself") == 1


class ShowingMaker(Maker):
    def with_now(self, badge: Badge, facts: object, moment: Moment) -> Show:
        return replace(self.show, badge=badge)


def test_news_waits_for_other_news_only_and_never_for_a_clock_that_ran_on() -> None:
    clock = ScriptedClock()
    painted: list[int] = []
    news = [asyncio.Event()]

    async def wait_for_news(version: int, timeout_s: float) -> bool:
        await happened(news[0], timeout_s)
        return bool(replica.version != version)

    replica = SimpleNamespace(version=1, fold=None, wait_for_news=wait_for_news)
    window = SimpleNamespace(
        surface=pygame.Surface(SIZE), present=lambda areas: painted.append(clock.mono_ns())
    )
    screen = BoardScreen(
        replica,  # type: ignore[arg-type]
        window,  # type: ignore[arg-type]
        Painter(Typeface.load()),
        FrameLog(None),
        clock,
        ShowingMaker(),  # type: ignore[arg-type]
        Canvas(size=SIZE),
        badge=lambda: ([LIVE, STALE][len(painted) % 2], None),  # every frame looks different
    )

    async def painted_after(act: Callable[[], None]) -> int:
        """Return how many milliseconds after the act the next frame came."""
        before_ns, count = clock.mono_ns(), len(painted)
        act()
        for _ in range(1_000):
            if len(painted) > count:
                break
            await asyncio.sleep(0.000_1)
        return (painted[-1] - before_ns) // 1_000_000

    def say_news() -> None:
        replica.version += 1
        news.append(asyncio.Event())
        news.pop(0).set()

    async def story() -> list[int]:
        running = asyncio.create_task(screen.run())
        await asyncio.sleep(1)
        waits = [
            await painted_after(screen.wake),
            await painted_after(say_news),
            await painted_after(say_news),
        ]
        running.cancel()
        return waits

    assert run_jumping(clock, story()) == [0, 0, 15]


def test_the_watchdog_is_fed_after_frames_and_by_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, happenings = ScriptedClock(), list[tuple[str, int]]()

    def note(what: str) -> None:
        happenings.append((what, clock.mono_ns()))

    monkeypatch.setattr(board_screen, "SERVICE", SimpleNamespace(beat=lambda: note("beat")))

    async def no_news(version: int, timeout_s: float) -> bool:
        await asyncio.sleep(timeout_s)
        return False

    def present(areas: object) -> None:
        note("shown")
        if len(happenings) > 12:
            raise OSError("the glass is gone")

    maker = Maker()
    screen = BoardScreen(
        SimpleNamespace(version=1, fold=None, wait_for_news=no_news),  # type: ignore[arg-type]
        SimpleNamespace(surface=pygame.Surface(SIZE), present=present),  # type: ignore[arg-type]
        Painter(Typeface.load()),
        FrameLog(None),
        clock,
        maker,  # type: ignore[arg-type]
        Canvas(size=SIZE),
        badge=lambda: (LIVE, None),
    )
    with pytest.raises(ExceptionGroup):
        run_jumping(clock, screen.run())
    assert happenings[0][0] == "shown"
    assert happenings[-1][0] == "shown"  # after the frame that failed nothing was fed
    beats_ns = [at for what, at in happenings if what == "beat"]
    assert len(beats_ns) > 5
    assert max(after - before for before, after in pairwise(beats_ns)) <= 2_100_000_000
