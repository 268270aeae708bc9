"""Central countersigns what it has of the units' streams, so that a thief of a key cannot write them anew."""

from __future__ import annotations

import asyncio
import logging

from pitboard.journal.kinds import WITNESSED_MAX_COUNT, HeadsWitnessed
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
        """Append what is new of enrolled units' streams, in one commit; return how many streams are named."""
        heads = {
            stream: head
            for key, streams in self._replica.streams_by_key().items()
            if key in self._replica.fold.roster.enrolled()
            for stream, head in streams.items()
            if head > self._replica.witnessed(stream) and stream not in self._replica.false_streams
        }
        if not heads:
            return 0
        hashes = self._replica.hashes_at(heads)
        named = list(heads.items())
        await self._replica.append(
            *(
                HeadsWitnessed(heads={stream: (head, hashes[stream]) for stream, head in part})
                for at in range(0, len(named), WITNESSED_MAX_COUNT)
                if (part := named[at : at + WITNESSED_MAX_COUNT])
            )
        )
        return len(heads)
