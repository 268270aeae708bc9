"""What dies together: the tasks of one process of one node, ended in the order in which they began.

A task that ends by an error nobody foresaw is reported: a real process would have ended there."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from pitboard.errors import Loss, Refusal

Result = TypeVar("Result")


class Process:
    """`on_error` is told of every error that ended a task and that its caller did not foresee."""

    def __init__(self, name: str, on_error: Callable[[str], None]) -> None:
        self.name = name
        self.has_ended = False
        self._on_error = on_error
        self._tasks: dict[asyncio.Task[Any], None] = {}

    def spawn(self, work: Coroutine[Any, Any, Result], *, name: str) -> asyncio.Task[Result]:
        """Let the process do this beside its other work, until it ends."""
        task = asyncio.get_running_loop().create_task(work, name=f"{self.name}: {name}")
        self._tasks[task] = None
        task.add_done_callback(self._forget)
        if self.has_ended:
            task.cancel()
        return task

    def kill(self) -> None:
        """End every task now."""
        self.has_ended = True
        for task in list(self._tasks):
            task.cancel()

    def _forget(self, task: asyncio.Task[Any]) -> None:
        del self._tasks[task]
        if task.cancelled() or self.has_ended:
            return
        error = task.exception()
        if error is not None and not (isinstance(error, Refusal | Loss) and ": answer " in task.get_name()):
            where = traceback.extract_tb(error.__traceback__)[-1]
            module = where.filename.rsplit("/", 1)[-1]
            self._on_error(f"{task.get_name()}: {type(error).__name__}: {error} ({module}, {where.name})")
