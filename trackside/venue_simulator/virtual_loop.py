"""An asyncio loop whose time jumps to the next timer when nothing is ready: no waiting, no threads, no clock.

It tells of what a test would hang on: a deadlock (nothing is ready and no timer runs) and leaked tasks."""

from __future__ import annotations

import asyncio
import asyncio.base_events
import math
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")

_SECOND_NS = 1_000_000_000


class Deadlock(Exception):
    """Everything waits, and nothing that is left can wake it."""


class LeakedTasks(Exception):
    """The story ended and left tasks behind."""


class _NoSelector:
    """Stands where the operating system would be asked to wait."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            waiting = sorted(task.get_name() for task in asyncio.all_tasks(self._loop))
            raise Deadlock("everything waits for ever: " + ", ".join(waiting))
        self._loop.now_ns += math.ceil(timeout * _SECOND_NS)
        return []


class VirtualLoop(asyncio.base_events.BaseEventLoop):
    """`now_ns` is the time, which costs nothing to pass."""

    _selector: _NoSelector

    def __init__(self) -> None:
        super().__init__()
        self.now_ns = 0
        self._selector = _NoSelector(self)
        self._clock_resolution = 1 / _SECOND_NS

    def time(self) -> float:
        return self.now_ns / _SECOND_NS

    def _process_events(self, events: list[Any]) -> None:
        """Nothing from outside ever happens here."""

    def _write_to_self(self) -> None:
        """Nobody waits in another thread."""


def run_virtual(story: Callable[[VirtualLoop], Coroutine[Any, Any, Result]]) -> Result:
    """Run the story on a loop of its own and return its result.

    Raises Deadlock when nothing can wake it any more, LeakedTasks when it leaves tasks behind.
    """
    loop = VirtualLoop()
    main = loop.create_task(story(loop), name="story")
    try:
        result = loop.run_until_complete(main)
        leaked = asyncio.all_tasks(loop)
        if leaked:
            raise LeakedTasks("still running: " + ", ".join(sorted(task.get_name() for task in leaked)))
        return result
    finally:
        _cancel_all(loop)
        loop.close()


def _cancel_all(loop: VirtualLoop) -> None:
    for _ in range(3):  # a task may await once more on its way out
        tasks = sorted(asyncio.all_tasks(loop), key=lambda task: task.get_name())
        for task in tasks:
            task.cancel()
        if tasks:
            loop.call_later(1, loop.stop)
            loop.run_forever()
