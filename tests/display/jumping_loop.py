"""Run asyncio code without waiting: the loop jumps over every pause, and the clock jumps with it."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

from pitboard.clock import ScriptedClock

Result = TypeVar("Result")


class _JumpingSelector(selectors.SelectSelector):
    """Never waits; what would have been waited for is added to the clock."""

    def __init__(self, clock: ScriptedClock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everything waits for ever")
        self._clock.advance(ns=max(0, round(timeout * 1_000_000_000)))
        return super().select(0)


class _JumpingLoop(asyncio.SelectorEventLoop):
    def __init__(self, clock: ScriptedClock) -> None:
        super().__init__(_JumpingSelector(clock))
        self._scripted_clock = clock

    def time(self) -> float:
        return self._scripted_clock.now_mono_ns / 1_000_000_000


def run_jumping(clock: ScriptedClock, main: Coroutine[Any, Any, Result]) -> Result:
    """Run `main` to its end on the scripted clock."""
    with asyncio.Runner(loop_factory=lambda: _JumpingLoop(clock)) as runner:
        return runner.run(main)
