"""The replica of a display, opened so that nothing about its card can keep the screen dark.

All of it exists elsewhere: what a damaged file lost comes again from the venue, and where the card takes
nothing the records are held in memory."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

from pitboard.clock import Clock
from pitboard.errors import JournalLost
from pitboard.journal.disk.sqlite_storage import IN_MEMORY, Journal
from pitboard.journal.replica import Replica
from pitboard.journal.salvage import open_or_salvage, take_readable
from pitboard.program.service import SERVICE

log = logging.getLogger(__name__)

NOT_WRITTEN = "this display's card cannot be written; the board is held in memory"


@contextlib.asynccontextmanager
async def open_display_replica(path: Path, *, root_key: str, clock: Clock) -> AsyncIterator[Replica]:
    """Open the replica at `path`, or one in memory where the card takes nothing."""
    async with contextlib.AsyncExitStack() as stack:
        try:
            replica = await stack.enter_async_context(
                open_or_salvage(
                    path, root_key=root_key, clock=clock, is_stored_behind=True, on_opening=_say_opening
                )
            )
        except (JournalLost, OSError) as error:
            if _takes_writes(path):
                raise
            log.error("%s: %s", NOT_WRITTEN, error)
            journal = await stack.enter_async_context(
                Journal.open(IN_MEMORY, root_key=root_key, lasting_trouble=NOT_WRITTEN)
            )
            replica = await stack.enter_async_context(Replica.over(journal, clock))
            await take_readable(replica, path, _say_opening)
        yield replica


_say_opening = partial(SERVICE.say_opening, "display")


def _takes_writes(path: Path) -> bool:
    """Return whether the card takes a small file beside the journal, and the journal may be changed."""
    probe = path.with_name(path.name + ".probe")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"x")
        probe.unlink()
        if path.exists():
            with path.open("r+b"):
                pass
    except OSError:
        return False
    return True
