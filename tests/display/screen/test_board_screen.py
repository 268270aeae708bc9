"""Between two changes nothing is laid out, whatever wakes the screen."""

from __future__ import annotations

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
from pitboard.clock import ScriptedClock
from pitboard.drawing.typeface import Typeface
from tests.display.example_boards import LIVE, STALE, board

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
