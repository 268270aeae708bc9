"""Each of central's doors with the tasks that belong to it, the same in one process or in three."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from pitboard.clock import Clock
from pitboard.contacts.sealed_store import follow_erasures
from pitboard.doors.door import is_loopback
from pitboard.doors.http_api import serve_bound_tcp, serve_bound_unix
from pitboard.errors import ConfigRefused
from pitboard.journal.replica import Replica, WritingReplica
from pitboard.presence.venue_mdns import CENTRAL_SERVICE
from pitboard.presence.venue_presence import Advert, VenuePresence
from pitboard.tasks import beside
from pitboard.trust.identity import Identity
from sync.central.admin.admin_app import AdminApi, admin_app
from sync.central.admin.desk.contacts_api import ContactsApi
from sync.central.admin.desk.desk_api import DeskApi
from sync.central.admin.desk.desk_document import add_desk_document
from sync.central.admin.desk.desk_server import serve_desk
from sync.central.admin.desk.events_api import EventsApi
from sync.central.admin.desk.former_events import former_events
from sync.central.admin.desk.officials_api import OfficialsApi
from sync.central.admin.desk.people_api import PeopleApi
from sync.central.admin.erasure import erase_late_names
from sync.central.admin.event_archive import Sealing
from sync.central.admin.pin_keeper import keep_pins
from sync.central.admin.timing.desk_unit import DeskUnit, desk_key_beside
from sync.central.admin.timing.timing_api import TimingApi
from sync.central.config import CentralConfig, PublicConfig
from sync.central.contacts.contact_admin import ContactAdmin
from sync.central.contacts.contact_key_file import contact_key_beside
from sync.central.contacts.contact_store import Contacts
from sync.central.enrolment.enrolment_api import EnrolmentApi
from sync.central.ingest.head_witness import HeadWitness
from sync.central.ingest.ingest_app import (
    INGEST_LIMITS,
    AdminsPart,
    IngestDoor,
    NextEvent,
    add_contact_ingest,
    ingest_app,
)
from sync.central.ingest.picture_post import PicturePost
from sync.central.ingest.unit_watch import UnitWatch
from sync.central.joining.join_box import JoinBox
from sync.central.joining.join_calls import JoinDoor
from sync.central.joining.join_desk import JoinDesk, JoinRules
from sync.central.joining.refused_words import RefusedWords
from sync.central.metrics.metrics_door import Metrics
from sync.central.metrics.race_metrics import of_followers, of_units
from sync.central.public.board_feed import BoardFeed
from sync.central.public.board_files import BoardFiles
from sync.central.public.crowd_push import CrowdPush
from sync.central.public.live_stream import IsOfNow
from sync.central.public.public_app import LIVE, public_app, public_limits
from sync.central.public.race_reader import RaceReader
from sync.enrolling.hand_over import HandOver, hand_overs_beside, load_hand_overs

log = logging.getLogger(__name__)

BOARD_EVERY_S = 0.1
FILES_EVERY_S = 0.25
NEWS_WAIT_S = 60.0
OF_NOW_LOOK_S = 1.0


@dataclass(frozen=True, slots=True)
class AdminsDesk:
    """What the admin's part does for callers of the ingest door."""

    enrolment: EnrolmentApi
    units: UnitWatch
    pictures: PicturePost
    next_event: NextEvent
    joining: JoinBox

    @classmethod
    def over(
        cls, replica: WritingReplica, config: CentralConfig, clock: Clock, *, fingerprint: str | None
    ) -> AdminsDesk:
        """Return the desk of nodes that know the ingest door by this certificate."""
        return cls(
            EnrolmentApi(replica, clock, fingerprint=fingerprint),
            UnitWatch(replica, clock),
            PicturePost(replica, clock),
            NextEvent(replica, _former_events(config)),
            JoinBox(),
        )

    @property
    def parts(self) -> tuple[AdminsPart, ...]:
        return (self.enrolment, self.units, self.pictures, self.next_event)


def _former_events(config: CentralConfig) -> list[HandOver]:
    """Return what former events said; where their file is damaged, none: who was away is enrolled anew."""
    try:
        return load_hand_overs(hand_overs_beside(config.beside))
    except ConfigRefused as error:
        log.error("nodes of former events cannot be brought over: %s", error)
        return []


@contextlib.asynccontextmanager
async def serve_public(
    replica: Replica,
    public: PublicConfig,
    listener: socket.socket,
    joining: JoinDoor,
    metrics: Metrics,
    *,
    is_of_now: IsOfNow | None = None,
) -> AsyncIterator[int]:
    """Serve phones from the replica's fold; who wants to join is handed on to `joining`. Yield the port.

    Without `is_of_now` the replica is always of now: central's own.
    """
    feed = BoardFeed(replica.fold, lambda: replica.mark.arrival)
    limits = public_limits(
        public.followers_max_count, calls_per_s=public.calls_per_s, trusted_proxies=public.trusted_proxies
    )
    reader = RaceReader(replica.fold)
    reader.warm()
    app = public_app(
        reader,
        feed,
        joining,
        followers_max_count=public.followers_max_count,
        limits=limits,
        is_of_now=is_of_now,
    )
    metrics.meter(app, "public")
    files = None if public.files is None else BoardFiles(public.files, reader, feed)
    push = None
    if public.push is not None and files is not None:
        push = CrowdPush(public.push, lambda: files.newest)
    metrics.add(lambda: of_followers(app[LIVE].followers + (0 if push is None else push.followers)))
    async with (
        serve_bound_tcp(app, listener, limits=limits) as port,
        _doing(
            announce=_announce(replica, reader, feed),
            files=_write_files(replica, feed, files, push, is_of_now),
            **({} if push is None else {"push": push.run()}),
        ),
    ):
        yield port


@contextlib.asynccontextmanager
async def serve_ingest(
    replica: Replica,
    contacts: Contacts,
    admins: Iterable[AdminsPart],
    config: CentralConfig,
    clock: Clock,
    listener: socket.socket,
    door: IngestDoor,
    metrics: Metrics,
) -> AsyncIterator[int]:
    """Serve units and displays; what they say to the admin's part goes to `admins`; yield the port."""
    app = ingest_app(
        replica,
        admins,
        fingerprint=door.fingerprint,
        clock=clock,
        trusted_proxies=config.ingest.trusted_proxies,
    )
    metrics.meter(app, "ingest")
    add_contact_ingest(app, replica, contacts, clock)
    async with serve_bound_tcp(app, listener, tls=door.tls, limits=INGEST_LIMITS) as port:
        yield port


@contextlib.asynccontextmanager
async def announced(
    replica: Replica, config: CentralConfig, port: int, door: IngestDoor, identity: Identity | None
) -> AsyncIterator[None]:
    """Announce the ingest door by mDNS, signed where the root key is here; not a door that is on loopback."""
    ingest = config.ingest
    if not ingest.mdns or door.tls is None or is_loopback(ingest.host):
        yield
        return
    presence = VenuePresence(
        Advert(
            service=CENTRAL_SERVICE,
            key=identity.key if identity is not None else door.fingerprint or replica.fold.root_key,
            properties=lambda: {"event": replica.fold.root_key, "tls": "yes"},
            identity=identity,
        ),
        browse_services=(),
        interfaces=ingest.mdns_interfaces,
        is_on=True,
        on_change=lambda: None,
        known=tuple,
    )
    async with _doing(mdns=presence.run(port)):
        yield


@contextlib.asynccontextmanager
async def published(replica: Replica, root: Identity, config: CentralConfig) -> AsyncIterator[None]:
    """Publish the boards on the config's broker, where it names one."""
    if config.mqtt is None:
        yield
        return
    # Only where one is named: few do, and the library takes its time to load.
    from sync.central.broker.board_publisher import BoardPublisher

    async with _doing(broker=BoardPublisher(replica, root, config.mqtt).run()):
        yield


@contextlib.asynccontextmanager
async def serve_admin(
    replica: WritingReplica,
    contacts: Contacts,
    desk: AdminsDesk,
    config: CentralConfig,
    clock: Clock,
    listener: socket.socket,
    metrics: Metrics,
    *,
    address: Callable[[], str],
) -> AsyncIterator[int | None]:
    """Serve the admin's commands and the desk's pages, and do what is done under the root key; `address` is
    the ingest door's. Yields the desk's port."""
    api = AdminApi(replica)  # one for both doors: acts come one after the other
    app = admin_app(replica, api)
    contact_admin = ContactAdmin(replica, contacts)
    contact_admin.add_to(app)
    desk_unit = DeskUnit(replica, desk_key_beside(config.beside))
    desk.units.without_status = desk_unit.key
    timing = TimingApi(replica, contacts, desk_unit, clock)
    desk.units.add_to_admin(app)
    desk.pictures.add_to_admin(app)
    desk.enrolment.add_to_admin(app, address=address)

    def add_calls(pages: web.Application) -> None:
        api.add_to(pages)
        DeskApi(replica, desk.units.view).add_to(pages)
        add_desk_document(pages)
        PeopleApi(replica).add_to(pages)
        OfficialsApi(api.officials).add_to(pages)
        EventsApi(replica, lambda: former_events(config.beside), _sealing(config, replica)).add_to(pages)
        ContactsApi(replica, contact_admin, contact_key_beside(config.beside)).add_to(pages)
        timing.add_to(pages)
        desk.units.add_to_admin(pages)
        desk.pictures.add_to_admin(pages)
        desk.enrolment.add_to_admin(pages, address=address)
        metrics.meter(pages, "desk")

    metrics.add(lambda: of_units(desk.units.view()))
    async with (
        serve_desk(config, clock, socket_app=app, add_calls=add_calls) as desk_port,
        serve_bound_unix(app, listener),
        _doing(
            late_names=erase_late_names(replica),
            witness=HeadWitness(replica).run(),
            erasures=follow_erasures(replica, contacts),
            pins=keep_pins(replica),
            joining=JoinDesk(
                replica, clock, desk.joining, join_rules(config), is_linked=desk.units.hears_anybody
            ).run(),
        ),
    ):
        yield desk_port


def _sealing(config: CentralConfig, replica: Replica) -> Callable[[], Sealing] | None:
    """Return what the event's archive is made of; None where no file holds the journal."""
    if config.journal is None:
        return None
    journal = config.journal

    def sealing() -> Sealing:
        event = replica.fold.race.event.value
        return Sealing(
            out="",
            event=config.event.name if event is None else event.name,
            journal=str(journal),
            socket=str(config.admin_socket),
            root_key_file=str(config.root_key_file),
        )

    return sealing


def join_rules(config: CentralConfig) -> JoinRules | None:
    """Return how racers join by phone, None where they do not; raises ConfigRefused."""
    said = config.phone_queue
    if said is None:
        return None
    return JoinRules(
        address=said.address.rstrip("/"),
        code_min=said.code_min,
        asked_max_count=said.asked_max_count,
        refused_words=RefusedWords.load(said.refused_words),
    )


@contextlib.asynccontextmanager
async def _doing(**work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Do each work beside the block, until the block ends."""
    async with contextlib.AsyncExitStack() as stack:
        for name, one in work.items():
            await stack.enter_async_context(beside(one, name=name))
        yield


async def _announce(replica: Replica, reader: RaceReader, feed: BoardFeed) -> None:
    """Tell the feed to look whenever records came, at most ten times per second."""
    while True:
        version = replica.version
        is_more = reader.warm()
        feed.refresh()
        await asyncio.sleep(BOARD_EVERY_S)
        if not is_more:
            await replica.wait_for_news(version, NEWS_WAIT_S)


async def _write_files(
    replica: Replica,
    feed: BoardFeed,
    files: BoardFiles | None,
    push: CrowdPush | None,
    is_of_now: IsOfNow | None,
) -> None:
    """Write the files whenever records came, at most four times per second, and then tell what changed."""
    if files is None:
        return
    files.open()
    try:
        while True:
            version = replica.version
            feed.refresh()
            if is_of_now is None or is_of_now():
                await files.write()
            else:
                files.close()
            if push is not None:
                push.look()
            await asyncio.sleep(FILES_EVERY_S)
            await replica.wait_for_news(version, NEWS_WAIT_S if is_of_now is None else OF_NOW_LOOK_S)
    finally:
        files.close()
