"""An asyncio loop whose time jumps to the next timer when nothing is ready: no waiting, no threads, no clock.

It tells of what a test would hang on: a deadlock (nothing is ready and no timer runs) and leaked tasks."""

from __future__ import annotations

import asyncio
import asyncio.base_events
import heapq
import math
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from typing import Any, TypeVar

Result = TypeVar("Result")

_SECOND_NS = 1_000_000_000


class Deadlock(Exception):
    """Everything waits, and nothing that is left can wake it."""


class LeakedTasks(Exception):
    """The story ended and left tasks behind."""


class _Call(list[Any]):
    """One call to come: callback, arguments and context. Empty once it is cancelled.

    A list, which C makes, for there are nine thousand in a day; nobody here needs more of asyncio's handles.
    """

    __slots__ = ()

    cancel = list.clear


class VirtualLoop(asyncio.base_events.BaseEventLoop):
    """`now_ns` is the time, which costs nothing to pass.

    A day has ten thousand calls, so they go a shorter way here than in asyncio's own loop: no checks for
    other threads, and timers in a heap of plain tuples. Of two timers the one set first runs first.
    """

    # Attributes of asyncio's own base loop that its type stubs leave out.
    _ready: deque[_Call]
    _stopping: bool

    def __init__(self) -> None:
        super().__init__()
        self.now_ns = 0
        self._timers: list[tuple[float, int, _Call]] = []
        self._timers_count = 0

    def time(self) -> float:
        return self.now_ns / _SECOND_NS

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        call = _Call((callback, args, copy_context() if context is None else context))
        self._ready.append(call)
        return call  # type: ignore[return-value]

    def call_later(  # type: ignore[override]
        self,
        delay: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        return self.call_at(self.now_ns / _SECOND_NS + delay, callback, *args, context=context)

    def call_at(  # type: ignore[override]
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        call = _Call((callback, args, copy_context() if context is None else context))
        self._timers_count += 1
        heapq.heappush(self._timers, (when, self._timers_count, call))
        return call  # type: ignore[return-value]

    def _run_once(self) -> None:
        """Run all there is until somebody stops the loop. Replaces the base loop's waiting."""
        ready = self._ready
        while not self._stopping:
            if not ready:
                self._jump()
            for _ in range(len(ready)):
                call = ready.popleft()
                if not call:
                    continue
                callback, args, context = call
                try:
                    context.run(callback, *args)
                except (SystemExit, KeyboardInterrupt):
                    raise
                except BaseException as error:
                    self.call_exception_handler({"message": f"error in {callback}", "exception": error})

    def _jump(self) -> None:
        timers = self._timers
        while timers and not timers[0][2]:
            heapq.heappop(timers)
        if not timers:
            waiting = sorted(task.get_name() for task in asyncio.all_tasks(self))
            raise Deadlock("everything waits for ever: " + ", ".join(waiting))
        when_s = timers[0][0]
        if when_s > self.now_ns / _SECOND_NS:
            # At least one nanosecond, or a timer that rounds to now would run for ever.
            self.now_ns = max(self.now_ns + 1, math.ceil(when_s * _SECOND_NS))
        while timers and timers[0][0] <= when_s:
            self._ready.append(heapq.heappop(timers)[2])

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


RACE_DAY_UTC_MS = 1_790_000_000_000
_MS_NS = 1_000_000


class MachineClock:
    """Implements `pitboard.clock.Clock`."""

    def __init__(self, loop: VirtualLoop, boot_id: str, *, utc_ms: int = RACE_DAY_UTC_MS) -> None:
        self._loop = loop
        self._booted_ns = 0
        self._utc_offset_ms = 0
        self.boot_id = boot_id
        self.boot(boot_id)
        self.step_to(utc_ms)

    def boot(self, boot_id: str) -> None:
        """Begin anew: the monotonic clock starts near nought."""
        self.boot_id = boot_id
        self._booted_ns = self._loop.now_ns - 5_000 * _MS_NS

    def step_to(self, utc_ms: int) -> None:
        """Set the wall clock, forward or back."""
        self._utc_offset_ms = utc_ms - self._loop.now_ns // _MS_NS

    def mono_ns(self) -> int:
        return self._loop.now_ns - self._booted_ns

    def utc_ms(self) -> int:
        return self._loop.now_ns // _MS_NS + self._utc_offset_ms
