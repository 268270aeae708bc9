"""Let strangers' calls begin a few at a time, so that who proved itself, and our screens, come between.

A loop serves everybody who is ready before it looks again who else is: three hundred calls at once would hold
up a handshake for a fifth of a second in each of its steps."""

from __future__ import annotations

import asyncio
from collections import deque

PER_TURN_COUNT = 4


class Turnstile:
    """Lets `per_turn_count` through in each turn of the loop, in the order in which they came."""

    def __init__(self, per_turn_count: int = PER_TURN_COUNT) -> None:
        self._per_turn_count = per_turn_count
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._let_through_count = 0
        self._is_turning = False

    def is_passed_at_once(self) -> bool:
        """Go through where nobody waits and this turn has room; return whether."""
        if not self._is_turning:
            self._is_turning = True
            asyncio.get_running_loop().call_soon(self._turn)
        if self._waiting or self._let_through_count >= self._per_turn_count:
            return False
        self._let_through_count += 1
        return True

    async def go_through(self) -> None:
        if self.is_passed_at_once():
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        await turn

    def _turn(self) -> None:
        self._let_through_count = 0
        while self._waiting and self._let_through_count < self._per_turn_count:
            turn = self._waiting.popleft()
            if not turn.done():  # whoever went away meanwhile
                turn.set_result(None)
                self._let_through_count += 1
        if self._let_through_count:
            asyncio.get_running_loop().call_soon(self._turn)
        else:
            self._is_turning = False
