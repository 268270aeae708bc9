"""The ingest door as an application: the exchange of signed records, and what a node says to be enrolled."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol

import msgspec
from aiohttp import web

from pitboard.clock import Clock
from pitboard.contacts.contact_seal import ContactEnvelope, DeliveryNote, EnvelopeBatch, envelope_holds
from pitboard.doors.caller import take_body, the_caller
from pitboard.doors.door_limits import LOCAL_PROXIES, DoorLimits, Rate
from pitboard.doors.http_api import json_response, new_app
from pitboard.journal.replica import Replica
from pitboard.presence.venue_addresses import addresses_to_tell, own_addresses, routed_address
from pitboard.trust.certificate import Certificate, certificate_beside
from sync.central.config import CentralConfig
from sync.central.contacts.contact_store import Contacts
from sync.enrolling.hand_over import HAND_OVER_PATH, HandOver, Served
from sync.exchanging.exchange_api import ExchangeApi, doorkeeper_of

# A whole venue may come from one address: ten units, each with a handful of connections, draining a day.
INGEST_LIMITS = DoorLimits(
    connections_max_count=256,
    calls_of_source=Rate(per_s=200, burst=1_000),
    calls_of_all=Rate(per_s=1_000, burst=4_000),
)


class AdminsPart(Protocol):
    """What the ingest door takes for the admin's: enrolments, and how units are."""

    def add_to_ingest(self, app: web.Application) -> None: ...


def ingest_app(
    replica: Replica,
    admins: Iterable[AdminsPart],
    *,
    fingerprint: str | None,
    clock: Clock,
    trusted_proxies: tuple[str, ...] = LOCAL_PROXIES,
) -> web.Application:
    """Return the app that takes records into the replica, and what it takes for the admin's part."""
    limits = replace(INGEST_LIMITS, trusted_proxies=trusted_proxies)
    app = new_app(limits, doorkeeper_of(replica, clock, fingerprint=fingerprint))
    for part in admins:
        part.add_to_ingest(app)
    ExchangeApi(replica).add_to(app)

    async def health(request: web.Request) -> web.Response:
        return json_response(
            {
                "status": "alarm" if replica.alarms else "ok",
                "alarms": {stream: alarm.code for stream, alarm in replica.alarms.items()},
            }
        )

    app.router.add_get("/v1/health", health)
    app.router.add_get("/healthz", health)
    return app


class NextEvent:
    """`GET /v1/next-event?after=KEY`: which event is served, and what that key's root said follows it.

    A part of the admin's, for what former events said lies in a folder that only the admin's process opens.
    """

    def __init__(self, replica: Replica, hand_overs: Iterable[HandOver]) -> None:
        self._replica = replica
        self._after = {one.event_key: one for one in hand_overs}

    def add_to_ingest(self, app: web.Application) -> None:
        app.router.add_get(HAND_OVER_PATH, self._say)

    async def _say(self, request: web.Request) -> web.Response:
        event = self._replica.fold.race.event.value
        served = Served(
            event="Pitboard" if event is None else event.name,
            event_key=self._replica.fold.root_key,
            hand_over=self._after.get(request.query.get("after", "")),
        )
        return json_response(served)


_ANY_ADDRESS = ("0.0.0.0", "::", "")  # noqa: S104 - compared, not bound


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestDoor:
    """`fingerprint` is None where a proxy speaks TLS and the config does not say how to know it."""

    tls: ssl.SSLContext | None
    fingerprint: str | None

    @classmethod
    def of(cls, config: CentralConfig) -> IngestDoor:
        """Return the door that the config describes, its certificate made at the first start."""
        if not config.ingest.tls:
            return cls(tls=None, fingerprint=config.ingest.fingerprint)
        certificate = Certificate.load_or_create(
            config.ingest.certificate or certificate_beside(config.beside)
        )
        return cls(
            tls=certificate.server_context(),
            fingerprint=config.ingest.fingerprint or certificate.fingerprint,
        )


def address_of(config: CentralConfig, port: int) -> str:
    """Return the URL by which nodes reach the door."""
    if config.ingest.address is not None:
        return config.ingest.address.rstrip("/")
    return f"https://{host_to_tell(config.ingest.host)}:{port}"


def host_to_tell(host: str) -> str:
    """Return the host of a door as a URL has it; of one that listens everywhere, this machine's address."""
    if host in _ANY_ADDRESS:
        host = addresses_to_tell(own_addresses(), routed=routed_address())[0]
    return f"[{host}]" if ":" in host else host


log = logging.getLogger(__name__)

UNIT_MAX_COUNT = 20_000
"""Of one unit: a stolen one shall not fill the disk."""

_decoder = msgspec.json.Decoder(EnvelopeBatch)


def add_contact_ingest(app: web.Application, replica: Replica, store: Contacts, clock: Clock) -> None:
    """Add `POST /v1/contacts`; 200 lists what is durable and what was refused."""

    async def take(request: web.Request) -> web.Response:
        batch = _decoder.decode(await take_body(request))
        the_caller().pay(len(batch.contacts))  # each may be a signature to check
        return json_response(await take_contacts(batch, replica, store, clock))

    app.router.add_post("/v1/contacts", take)


async def take_contacts(
    batch: EnvelopeBatch, replica: Replica, store: Contacts, clock: Clock
) -> DeliveryNote:
    """Keep what may be kept and return the note for the unit, once that is durable."""
    good: list[ContactEnvelope] = []
    refused: dict[str, str] = {}
    gone: list[str] = []
    counts: dict[str, int] = {}
    for envelope in batch.contacts:
        if (trouble := _trouble(envelope, replica)) is not None:
            refused[envelope.contact] = trouble
        elif envelope.competitor_id in replica.fold.race.erased:
            gone.append(envelope.contact)  # as if it had been kept and erased
        elif await _count_of(envelope.unit, counts, store) >= UNIT_MAX_COUNT:
            refused[envelope.contact] = "This unit has handed in too many contacts."
        else:
            counts[envelope.unit] += 1
            good.append(envelope)
    await store.keep(good, received_utc_ms=clock.utc_ms())
    if refused:
        log.warning("contacts refused: count=%d reason=%s", len(refused), next(iter(refused.values())))
    return DeliveryNote(kept=[one.contact for one in good] + gone, refused=refused)


async def _count_of(unit: str, counts: dict[str, int], store: Contacts) -> int:
    if unit not in counts:
        counts[unit] = await store.count_of_unit(unit)
    return counts[unit]


def _trouble(envelope: ContactEnvelope, replica: Replica) -> str | None:
    if envelope.unit not in replica.fold.roster.enrolled():
        return "The unit that signed this contact is not enrolled."
    if not envelope_holds(envelope, event_key=replica.fold.root_key):
        return "The signature of this contact does not hold."
    return None
