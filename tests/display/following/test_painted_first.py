"""News is on the screen before more is asked for; a backlog waits for no frame."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

from display.following.painted_first import NEWS_MAX_COUNT, PaintedFirst
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

    await PaintedFirst(Taker(), painted).sync(SyncRequest(records=[RECORD] * count))
    done.append("asks on")
    return done


def test_what_is_news_is_painted_before_the_next_question() -> None:
    assert asyncio.run(_order_of(1)) == ["painted", "asks on"]
    assert asyncio.run(_order_of(NEWS_MAX_COUNT)) == ["painted", "asks on"]


def test_a_backlog_and_an_answer_without_news_wait_for_no_frame() -> None:
    assert asyncio.run(_order_of(NEWS_MAX_COUNT + 1)) == ["asks on"]
    assert asyncio.run(_order_of(0)) == ["asks on"]


def test_a_screen_that_draws_no_more_holds_no_question_up() -> None:
    stuck = SimpleNamespace(_show_version=1, _replica=SimpleNamespace(version=2), _painted=asyncio.Event())

    clock = ScriptedClock()
    began_ns = clock.mono_ns()
    run_jumping(clock, BoardScreen.painted(stuck))  # type: ignore[arg-type]
    assert clock.mono_ns() - began_ns <= board_screen.PAINTED_MAX_S * 1_000_000_000
