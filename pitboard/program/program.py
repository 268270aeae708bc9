"""How a program of ours runs: until SIGTERM or SIGINT, with one place that catches what nobody foresaw."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import errno
import fcntl
import gc
import logging
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from pitboard.errors import PitboardError, Refusal
from pitboard.program.known_types import learn_types
from pitboard.program.service import SERVICE

log = logging.getLogger(__name__)

M_ARENA_MAX, M_MMAP_THRESHOLD = -8, -3  # as in malloc.h
LARGE_BYTES = 128 * 1_024
ARENAS_MAX_COUNT = 2
BUG = "stopped on a fault of its own; it starts again by itself, and its log says more"


def config_option(told: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return the option `--config`, which a program of ours cannot do without; `told` is its help."""
    path = click.Path(path_type=Path, dir_okay=False, readable=False)
    return click.option("--config", "config_path", required=True, type=path, help=told)


def run_program(
    name: str,
    program: Callable[[asyncio.Event], Coroutine[Any, Any, None]],
    *,
    show: Callable[[PitboardError], None] = lambda _: None,
) -> None:
    """Run `program(stop)` until it returns; SIGTERM and SIGINT set `stop`.

    `show` is told a known error before the program ends.

    Exits with status 1 and one sentence on a known error, with status 70 and a logged traceback on a bug,
    so that systemd starts the program again.
    """
    SERVICE.say_starting()
    learn_types()
    gc.freeze()
    share_memory()
    try:
        asyncio.run(_until_stopped(program))
    except PitboardError as error:
        _say_last(name, error)
        show(error)
        sys.exit(1)
    except BaseExceptionGroup as group:
        known = _first_known(group)
        if known is None:
            log.critical("%s stops on a bug", name, exc_info=group)
            SERVICE.say_last(name, BUG)
            sys.exit(70)
        _say_last(name, known)
        show(known)
        sys.exit(1)
    except Exception:
        log.critical("%s stops on a bug", name, exc_info=True)
        SERVICE.say_last(name, BUG)
        sys.exit(70)


def share_memory() -> None:
    """Let all threads take memory from the same two places: glibc gives each one of its own, up to eight for
    every processor, and what a burst left in one of them is of no use to the others."""
    with contextlib.suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENAS_MAX_COUNT)


def give_back_at_once() -> None:
    """Let what is large be a piece of its own, which the system has back when it is freed. glibc stops doing
    so once the first such piece was freed, and a picture then leaves a hole among what is small."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE_BYTES)


def give_back_memory() -> None:
    """Give the system what this process holds and does not use, page by page; a few milliseconds."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def _say_last(name: str, error: PitboardError) -> None:
    click.echo(f"pitboard {name}: {error}", err=True)
    SERVICE.say_last(name, str(error))


async def _until_stopped(program: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await program(stop)


def _first_known(group: BaseExceptionGroup[BaseException]) -> PitboardError | None:
    """Return a known error if the group holds nothing else."""
    known: PitboardError | None = None
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            error = _first_known(error) or error
        if not isinstance(error, PitboardError):
            return None
        known = error
    return known


LOCK_NAME = ".lock"


@contextmanager
def only_one(folder: Path, program: str) -> Iterator[None]:
    """Hold the folder until the context ends; the kernel lets go of it however the process ends.

    Raises Refusal where another process holds it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / LOCK_NAME).open("w")
    except OSError as error:
        reason = "the disk is read-only" if error.errno == errno.EROFS else error.strerror
        raise Refusal(f"{folder} cannot be written: {reason}; the {program} works in it") from error
    with file as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Refusal(f"another {program} works in {folder}; stop that one first") from error
        yield


SHOWN_FROM_COUNT = 5_000


class Progress:
    """Shows nothing until `begin` says that there is much to do and standard error is a terminal."""

    def __init__(self, label: str, *, shown_from_count: int) -> None:
        self._label = label
        self._shown_from_count = shown_from_count
        self._bar: Any = None

    def begin(self, count: int, *, is_at_most: bool = False) -> None:
        """Begin; of what ends at the latest at `count`, and mostly long before, no time is foretold."""
        if count >= self._shown_from_count and sys.stderr.isatty():
            self._bar = click.progressbar(
                length=count,
                label=self._label,
                file=sys.stderr,
                show_eta=not is_at_most,
                show_percent=not is_at_most,
                show_pos=is_at_most,
            )
            self._bar.__enter__()

    def advance(self, count: int = 1) -> None:
        if self._bar is not None:
            self._bar.update(count)

    def end(self) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)


@contextlib.contextmanager
def progress(label: str, *, shown_from_count: int = SHOWN_FROM_COUNT) -> Iterator[Progress]:
    """Yield a bar that is taken away whatever happens; of seconds or large pieces a few are much."""
    bar = Progress(label, shown_from_count=shown_from_count)
    try:
        yield bar
    finally:
        bar.end()


def counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
