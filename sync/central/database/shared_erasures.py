"""Erasures where several processes share one journal: each forgets what another one wrote or erased."""

from __future__ import annotations

from pitboard.journal.records.record import Record
from pitboard.journal.replica import Replica

NEWS_WAIT_S = 60.0


async def follow_shared_erasures(replica: Replica) -> None:
    """Empty for ever the bodies of erased records, in memory and, where the role may, in the database."""
    late: list[Record] = []

    def see(record: Record) -> None:
        """Note a record that another process stored before it knew of the erasure."""
        if record.body_bytes is not None and (record.stream, record.seq) in replica.fold.erased_places:
            late.append(record)

    replica.add_follower(see)
    while True:
        version = replica.version
        fresh, late[:] = list(late), []
        await replica.erase(fresh)
        await replica.wait_for_news(version, NEWS_WAIT_S)
