"""Central countersigns what it has of the units' streams, so that a thief of a key cannot write them anew."""

from __future__ import annotations

import asyncio
import logging

from pitboard.journal.countersigning import countersigned
from pitboard.journal.replica import WritingReplica

log = logging.getLogger(__name__)

WITNESS_EVERY_S = 30.0
"""What came since is what a thief could still replace elsewhere; more often would fill the journal."""


class HeadWitness:
    """Names only what went on since the last time; the journal itself remembers."""

    def __init__(self, replica: WritingReplica) -> None:
        self._replica = replica

    async def run(self) -> None:
        """Countersign now and then until cancelled."""
        while True:
            await asyncio.sleep(WITNESS_EVERY_S)
            await self.tell()

    async def tell(self) -> int:
        """Append what is new of enrolled units' streams, in one commit; return how many places are named."""
        bodies = countersigned(self._replica, self._replica.fold.roster.enrolled())
        if bodies:
            await self._replica.append(*bodies)
        return sum(len(body.heads) + sum(map(len, body.before.values())) for body in bodies)
