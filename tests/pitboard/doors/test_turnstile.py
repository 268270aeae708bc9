"""However many strangers call at once, the loop has its turn between a few of them."""

from __future__ import annotations

import asyncio

from pitboard.doors.turnstile import PER_TURN_COUNT, Turnstile


def test_of_a_crowd_4_a_turn_go_through_in_their_order_and_nobody_waits_for_who_left() -> None:
    async def story() -> None:
        turnstile, through = Turnstile(), list[int]()

        async def stranger(number: int) -> None:
            await turnstile.go_through()
            through.append(number)

        crowd = [asyncio.ensure_future(stranger(number)) for number in range(3 * PER_TURN_COUNT)]
        counts = []
        for turn in range(6):
            await asyncio.sleep(0)
            counts.append(len(through))
            if turn == 0:
                for gone in crowd[PER_TURN_COUNT : PER_TURN_COUNT + 2]:
                    gone.cancel()
        await asyncio.gather(*crowd, return_exceptions=True)
        assert PER_TURN_COUNT == 4
        assert max(later - former for former, later in zip([0, *counts], counts, strict=False)) == 4
        assert through == [*range(4), *range(6, 12)]
        await asyncio.wait_for(stranger(99), 1)
        assert through[-1] == 99

    asyncio.run(story())


def test_an_idle_turnstile_asks_nothing_of_the_loop() -> None:
    async def story() -> None:
        turnstile = Turnstile()
        await turnstile.go_through()
        for _ in range(3):
            await asyncio.sleep(0)
        assert not asyncio.get_running_loop()._ready  # type: ignore[attr-defined]

    asyncio.run(story())
