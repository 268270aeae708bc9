"""Blocking calls in threads that wait for the next one, and that nobody waits for when the program stops.

Starting a thread waits until it runs, and on a busy machine that takes tens of milliseconds of whoever starts
it: so the loop never does, a thread of its own does."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from typing import TypeVar

IDLE_MAX_S = 30.0
"""A thread without work for as long ends."""

Answer = TypeVar("Answer")
Job = Callable[[], Callable[[], object]]
"""Does its work and returns what tells of it: by then its thread is there for the next."""


async def in_daemon_thread(function: Callable[[], Answer]) -> Answer:
    """Run `function` in a daemon thread and return what it returns or raise what it raises."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Answer] = loop.create_future()

    def settle(result: Answer | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]

    def tell(outcome: tuple[Answer | None, BaseException | None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile
            loop.call_soon_threadsafe(settle, *outcome)

    def run() -> Callable[[], None]:
        outcome: tuple[Answer | None, BaseException | None]
        try:
            outcome = (function(), None)
        except BaseException as error:  # handed to the caller, not swallowed
            outcome = (None, error)
        return lambda: tell(outcome)

    _of_caller.threads.carry_out(run)
    return await future


class DaemonThreads:
    """As many threads as there are jobs at once; an idle one takes the next, the last that was busy first."""

    def __init__(self) -> None:
        self._idle: list[queue.SimpleQueue[Job]] = []
        self._starting: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._starter: threading.Thread | None = None

    def carry_out(self, job: Job) -> None:
        """Have the job done, and return at once; called by one thread."""
        try:
            self._idle.pop().put(job)
        except IndexError:
            if self._starter is None:
                self._starter = threading.Thread(target=self._start, name="starts peer calls", daemon=True)
                self._starter.start()
            self._starting.put(job)

    def _start(self) -> None:
        while True:
            job = self._starting.get()
            threading.Thread(target=self._work, args=(job,), name="peer call", daemon=True).start()

    def _work(self, job: Job) -> None:
        mine: queue.SimpleQueue[Job] = queue.SimpleQueue()
        while True:
            tell = job()
            self._idle.append(mine)
            tell()
            del job, tell  # what they hold is not to live until the next one
            try:
                job = mine.get(timeout=IDLE_MAX_S)
            except queue.Empty:
                try:
                    self._idle.remove(mine)
                except ValueError:  # somebody took it just now, and its job is on the way
                    job = mine.get()
                else:
                    return


class _OfCaller(threading.local):
    """Each thread with a loop has threads of its own: a thread is born into the network of who starts it."""

    def __init__(self) -> None:
        self.threads = DaemonThreads()


_of_caller = _OfCaller()
