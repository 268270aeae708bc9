"""Waiting with a bound must never swallow the order to stop."""

from __future__ import annotations

import asyncio

import pytest

from pitboard.clock import happened


def test_a_set_event_and_a_timeout_are_told_apart() -> None:
    async def story() -> tuple[bool, bool]:
        event = asyncio.Event()
        late = await happened(event, 0.001)
        event.set()
        return late, await happened(event, 60)

    assert asyncio.run(story()) == (False, True)


def test_a_cancellation_that_comes_with_the_event_is_not_lost() -> None:
    async def story() -> None:
        event = asyncio.Event()
        waiting = asyncio.create_task(happened(event, 60))
        await asyncio.sleep(0)
        event.set()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(story())
