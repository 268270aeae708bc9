"""The ingest door's call for sealed contacts: kept only where an enrolled unit vouches for them.

A contact that is refused blocks no other; the unit keeps it and offers it again."""

from __future__ import annotations

import logging

import msgspec
from aiohttp import web

from pitboard.clock import Clock
from pitboard.contacts.contact_envelope import ContactEnvelope, DeliveryNote, EnvelopeBatch, envelope_holds
from pitboard.doors.http_api import json_response
from pitboard.journal.replica import Replica
from sync.central.contacts.contact_store import ContactStore

log = logging.getLogger(__name__)

UNIT_MAX_COUNT = 20_000
"""Of one unit: a stolen one shall not fill the disk."""

_decoder = msgspec.json.Decoder(EnvelopeBatch)


def add_contact_ingest(app: web.Application, replica: Replica, store: ContactStore, clock: Clock) -> None:
    """Add `POST /v1/contacts`; 200 lists what is durable and what was refused."""

    async def take(request: web.Request) -> web.Response:
        batch = _decoder.decode(await request.read())
        return json_response(await take_contacts(batch, replica, store, clock))

    app.router.add_post("/v1/contacts", take)


async def take_contacts(
    batch: EnvelopeBatch, replica: Replica, store: ContactStore, clock: Clock
) -> DeliveryNote:
    """Keep what may be kept and return the note for the unit, once that is durable."""
    good: list[ContactEnvelope] = []
    refused: dict[str, str] = {}
    gone: list[str] = []
    counts = {unit: await store.count_of_unit(unit) for unit in {one.unit for one in batch.contacts}}
    for envelope in batch.contacts:
        if (trouble := _trouble(envelope, replica)) is not None:
            refused[envelope.contact] = trouble
        elif envelope.competitor in replica.fold.race.erased:
            gone.append(envelope.contact)  # as if it had been kept and erased
        elif counts[envelope.unit] >= UNIT_MAX_COUNT:
            refused[envelope.contact] = "This unit has handed in too many contacts."
        else:
            counts[envelope.unit] += 1
            good.append(envelope)
    await store.keep(good, received_utc_ms=clock.utc_ms())
    if refused:
        log.warning("contacts refused: count=%d reason=%s", len(refused), next(iter(refused.values())))
    return DeliveryNote(kept=[one.contact for one in good] + gone, refused=refused)


def _trouble(envelope: ContactEnvelope, replica: Replica) -> str | None:
    if envelope.unit not in replica.fold.roster.enrolled():
        return "The unit that signed this contact is not enrolled."
    if not envelope_holds(envelope, event_key=replica.fold.root_key):
        return "The signature of this contact does not hold."
    return None
