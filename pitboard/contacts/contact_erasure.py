"""When a person is erased, their sealed contacts go too, wherever a node holds them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from typing import Protocol

from pitboard.errors import JournalLost
from pitboard.journal.replica import Replica

log = logging.getLogger(__name__)

NEWS_WAIT_S = 3_600.0
RETRY_S = 5.0


class ContactHolder(Protocol):
    """A store of sealed contacts."""

    async def forget_competitors(self, competitors: Collection[str]) -> None: ...


async def follow_erasures(replica: Replica, holder: ContactHolder) -> None:
    """Delete the contacts of everybody the journal erases, for ever; at the start, of all erased so far."""
    done: set[str] = set()
    while True:
        version = replica.version
        fresh = replica.fold.race.erased - done
        try:
            if fresh:
                await holder.forget_competitors(fresh)
                done |= fresh
        except JournalLost as error:
            log.error("contacts of erased people not deleted yet: reason=%s", error.reason)
            await asyncio.sleep(RETRY_S)
        else:
            await replica.wait_for_news(version, NEWS_WAIT_S)
