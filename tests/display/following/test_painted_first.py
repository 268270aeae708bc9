"""News is on the screen before more is asked for; a backlog waits for no frame."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace

from display.following.painted_first import ASKS_ON_AFTER_S, NEWS_MAX_COUNT, PaintedFirst
from display.screen import board_screen
from display.screen.board_screen import BoardScreen
from pitboard.clock import ScriptedClock
from pitboard.journal.records.record import WireRecord
from sync.exchanging.exchange import SyncRequest, SyncResponse
from tests.display.jumping_loop import run_jumping

RECORD = WireRecord(h="{}", s="", b=None)


class Taker:
    """Stands in for the display's replica."""

    name = "this node"

    async def sync(self, request: SyncRequest) -> SyncResponse:
        return SyncResponse(have={}, records=[])


async def _order_of(count: int) -> list[str]:
    done: list[str] = []

    async def painted() -> None:
        await asyncio.sleep(0)
        done.append("painted")

    await _hand_over(count, painted)
    done.append("asks on")
    return done


async def _hand_over(count: int, painted: Callable[[], Awaitable[None]]) -> None:
    await PaintedFirst(Taker(), painted).sync(SyncRequest(records=[RECORD] * count))


async def _painted_at_once() -> None:
    """The frame was there already."""


def _waited_ns(count: int) -> int:
    clock = ScriptedClock()
    began_ns = clock.mono_ns()
    run_jumping(clock, _hand_over(count, _painted_at_once))
    return clock.mono_ns() - began_ns


def test_what_is_news_is_painted_before_the_next_question() -> None:
    assert asyncio.run(_order_of(1)) == ["painted", "asks on"]
    assert asyncio.run(_order_of(NEWS_MAX_COUNT)) == ["painted", "asks on"]


def test_a_backlog_and_an_answer_without_news_wait_for_no_frame() -> None:
    assert asyncio.run(_order_of(NEWS_MAX_COUNT + 1)) == ["asks on"]
    assert asyncio.run(_order_of(0)) == ["asks on"]


def test_the_next_question_leaves_the_cores_to_who_paints_the_same_news() -> None:
    assert _waited_ns(1) == round(ASKS_ON_AFTER_S * 1_000_000_000)
    assert _waited_ns(NEWS_MAX_COUNT + 1) == 0


def test_what_comes_meanwhile_could_not_be_drawn_earlier() -> None:
    assert 2 * ASKS_ON_AFTER_S * 1_000_000_000 <= board_screen.FRAME_MIN_NS


def test_a_screen_that_draws_no_more_holds_no_question_up() -> None:
    stuck = SimpleNamespace(_show_version=1, _replica=SimpleNamespace(version=2), _painted=asyncio.Event())

    clock = ScriptedClock()
    began_ns = clock.mono_ns()
    run_jumping(clock, BoardScreen.painted(stuck))  # type: ignore[arg-type]
    assert clock.mono_ns() - began_ns <= board_screen.PAINTED_MAX_S * 1_000_000_000
