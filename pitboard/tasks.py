"""Tasks that nobody can forget: each has somebody who hears how it ended.

No other module makes a task outside of a TaskGroup; `tests/test_architecture.py` looks."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Coroutine
from typing import Any, TypeVar

log = logging.getLogger(__name__)

Result = TypeVar("Result")


@contextlib.asynccontextmanager
async def beside(work: Coroutine[Any, Any, None], *, name: str) -> AsyncIterator[asyncio.Task[None]]:
    """Do the work beside the block, and cancel it after the block.

    If the work fails, the block is cancelled and the failure raised in its place, whatever else the block met
    then; errors of the block alone pass through as they are.
    """
    task: asyncio.Task[None] | None = None
    try:
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(work, name=name)
            try:
                yield task
            finally:
                task.cancel()
    except BaseExceptionGroup as group:
        failure = None if task is None or task.cancelled() else task.exception()
        if failure is not None:
            raise failure from None
        if len(group.exceptions) == 1:
            raise group.exceptions[0] from None
        raise


class Errands:
    """Short tasks of which one must not end the others; what goes wrong with one is logged."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._running: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, Result], *, name: str) -> asyncio.Task[Result]:
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._end)
        return task

    def cancel_all(self) -> None:
        for task in self._running:
            task.cancel()

    async def end(self) -> None:
        """Cancel all and wait until they have ended."""
        running = list(self._running)
        self.cancel_all()
        await asyncio.gather(*running, return_exceptions=True)

    def _end(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("%s ended by a bug: task=%s", self._what, task.get_name(), exc_info=error)
