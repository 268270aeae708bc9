"""An event loop with real sockets whose clock a test sets forward, to meet a bound of many seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


class LeapingLoop(asyncio.SelectorEventLoop):
    """Goes with the real clock, and leaps ahead when told."""

    def __init__(self) -> None:
        super().__init__()
        self._ahead_s = 0.0

    def time(self) -> float:
        return super().time() + self._ahead_s

    async def leap(self, seconds: float) -> None:
        """Let so much time pass at once, and whatever it makes due happen."""
        self._ahead_s += seconds
        for _ in range(5):
            await asyncio.sleep(0)


def run_leaping(story: Callable[[LeapingLoop], Awaitable[None]]) -> None:
    """Run the story on such a loop."""
    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, LeapingLoop)

        async def told() -> None:
            await story(loop)

        runner.run(told())
