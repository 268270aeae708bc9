"""A progress bar for long commands, on a terminal only."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

import click

SHOWN_FROM_COUNT = 5_000


class Progress:
    """Shows nothing until `begin` says that there is much to do and standard error is a terminal."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._bar: Any = None

    def begin(self, count: int) -> None:
        if count >= SHOWN_FROM_COUNT and sys.stderr.isatty():
            self._bar = click.progressbar(length=count, label=self._label, file=sys.stderr)
            self._bar.__enter__()

    def advance(self, count: int = 1) -> None:
        if self._bar is not None:
            self._bar.update(count)

    def end(self) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)


@contextlib.contextmanager
def progress(label: str) -> Iterator[Progress]:
    """Yield a bar that is taken away whatever happens."""
    bar = Progress(label)
    try:
        yield bar
    finally:
        bar.end()
