"""The virtual loop: time that costs nothing, deadlocks and leaked tasks that are told."""

from __future__ import annotations

import asyncio

import pytest

from venue.simulator.world.virtual_loop import Deadlock, LeakedTasks, VirtualLoop, run_virtual


def test_a_day_of_waiting_passes_at_once_and_in_order() -> None:
    async def story(loop: VirtualLoop) -> list[tuple[str, int]]:
        seen: list[tuple[str, int]] = []

        async def wake(name: str, after_s: float) -> None:
            await asyncio.sleep(after_s)
            seen.append((name, loop.now_ns))

        await asyncio.gather(wake("evening", 86_400), wake("morning", 0.5))
        return seen

    assert run_virtual(story) == [("morning", 500_000_000), ("evening", 86_400_000_000_000)]


def test_a_deadlock_is_told_with_the_names_of_those_who_wait() -> None:
    async def story(loop: VirtualLoop) -> None:
        lock = asyncio.Lock()
        await lock.acquire()
        await asyncio.wait({loop.create_task(lock.acquire(), name="second in line")})

    with pytest.raises(Deadlock, match="second in line, story"):
        run_virtual(story)


def test_a_task_left_behind_is_told_by_name() -> None:
    left: list[asyncio.Task[None]] = []

    async def story(loop: VirtualLoop) -> None:
        left.append(loop.create_task(asyncio.sleep(3_600), name="forgotten"))

    with pytest.raises(LeakedTasks, match="forgotten"):
        run_virtual(story)
    assert left[0].cancelled()


def test_a_timeout_shorter_than_a_nanosecond_still_ends() -> None:
    async def story(loop: VirtualLoop) -> None:
        await asyncio.sleep(20.446317875)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout_at(loop.time() + 4e-15):
                await asyncio.Event().wait()

    run_virtual(story)


def test_what_was_cancelled_is_not_called_and_time_does_not_stop_for_it() -> None:
    async def story(loop: VirtualLoop) -> tuple[list[str], int]:
        called: list[str] = []
        at_once = loop.call_soon(called.append, "at once")
        later = loop.call_later(5, called.append, "later")
        kept = loop.call_later(9, called.append, "kept")
        at_once.cancel()
        later.cancel()
        later.cancel()
        await asyncio.sleep(20)
        kept.cancel()  # too late: it was called
        return called, loop.now_ns

    assert run_virtual(story) == (["kept"], 20_000_000_000)
