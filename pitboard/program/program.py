"""How a program of ours runs: until SIGTERM or SIGINT, with one place that catches what nobody foresaw."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import click

from pitboard.errors import PitboardError

log = logging.getLogger(__name__)


def run_program(name: str, program: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
    """Run `program(stop)` until it returns; SIGTERM and SIGINT set `stop`.

    Exits with status 1 and one sentence on a known error, with status 70 and a logged traceback on a bug,
    so that systemd starts the program again.
    """
    gc.freeze()
    try:
        asyncio.run(_until_stopped(program))
    except PitboardError as error:
        click.echo(f"pitboard {name}: {error}", err=True)
        sys.exit(1)
    except BaseExceptionGroup as group:
        known = _first_known(group)
        if known is None:
            log.critical("%s stops on a bug", name, exc_info=group)
            sys.exit(70)
        click.echo(f"pitboard {name}: {known}", err=True)
        sys.exit(1)
    except Exception:
        log.critical("%s stops on a bug", name, exc_info=True)
        sys.exit(70)


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
