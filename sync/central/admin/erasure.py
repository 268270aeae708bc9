"""Erase a person everywhere: name the records that hold the name, also those that arrive later.

A unit that was off brings a name that central did not know of when it was erased; central erases it then."""

from __future__ import annotations

import asyncio
import logging

from pitboard.errors import JournalLost
from pitboard.journal.folding.fold import Fold
from pitboard.journal.replica import WritingReplica
from pitboard.race.bodies.body import Body
from pitboard.race.bodies.people_bodies import PersonErased

log = logging.getLogger(__name__)

PLACES_MAX_COUNT = 200  # in one body, which must stay under its size
NEWS_WAIT_S = 3_600.0
RETRY_S = 15.0
LATE_REASON = "arrived after the erasure"


def bodies_that_erase(fold: Fold, competitor: str, reason: str) -> list[Body]:
    """Return the bodies that erase the competitor and every record known to hold the name; at least one."""
    places = sorted(fold.places_to_erase(competitor))
    starts = range(0, max(1, len(places)), PLACES_MAX_COUNT)
    return [_erased(competitor, places[start : start + PLACES_MAX_COUNT], reason) for start in starts]


async def erase_late_names(replica: WritingReplica) -> None:
    """Erase for ever what arrives of people already erased."""
    while True:
        version = replica.version
        late = [one for one in sorted(replica.fold.race.erased) if replica.fold.places_to_erase(one)]
        try:
            for competitor in late:
                log.info("name of an erased person arrived late: competitor=%s", competitor)
                await replica.append(*bodies_that_erase(replica.fold, competitor, LATE_REASON))
        except JournalLost as error:
            log.error("late name not erased yet: %s", error)
            await asyncio.sleep(RETRY_S)
        else:
            await replica.wait_for_news(version, NEWS_WAIT_S)


def _erased(competitor: str, places: list[tuple[str, int]], reason: str) -> PersonErased:
    records: dict[str, list[int]] = {}
    for stream, seq in places:
        records.setdefault(stream, []).append(seq)
    return PersonErased(competitor_id=competitor, records=records, reason=reason)
