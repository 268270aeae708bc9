"""Central from start to stop: the replica, the three doors, and the tasks that follow what is new."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import resource
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass

from aiohttp import web

from pitboard.clock import Clock
from pitboard.contacts.sealed_store import beside, follow_erasures
from pitboard.doors.http_api import bound_tcp, bound_unix, serve_bound_tcp, serve_bound_unix
from pitboard.journal.fold import Fold
from pitboard.journal.kinds import UnitEnrolled
from pitboard.journal.replica import Replica, WritingReplica
from pitboard.journal.salvage import open_or_salvage
from pitboard.program.service import SERVICE
from pitboard.race.bodies import Body, EventConfigured
from pitboard.race.word import Authority
from pitboard.trust.identity import Identity
from sync.central.admin.admin_app import admin_app
from sync.central.admin.erasure import erase_late_names
from sync.central.config import CentralConfig, EventConfig, UnitConfig
from sync.central.contacts.contact_admin import ContactAdmin
from sync.central.contacts.contact_store import ContactStore
from sync.central.enrolment.enrolment_api import EnrolmentApi
from sync.central.ingest.head_witness import HeadWitness
from sync.central.ingest.ingest_app import (
    INGEST_LIMITS,
    IngestDoor,
    add_contact_ingest,
    address_of,
    ingest_app,
)
from sync.central.ingest.unit_watch import UnitWatch
from sync.central.public.board_feed import BoardFeed
from sync.central.public.public_app import public_app, public_limits
from sync.central.public.race_reader import RaceReader


def bodies_to_say(fold: Fold, config: CentralConfig) -> list[Body]:
    """Return the bodies that make the fold agree with the config."""
    bodies: list[Body] = []
    event = _event(config.event)
    if fold.race.event.value != event:
        bodies.append(event)
    bodies += [UnitEnrolled(key=unit.key, name=unit.name) for unit in config.unit if _is_new(fold, unit)]
    return bodies


def _event(config: EventConfig) -> EventConfigured:
    return EventConfigured(
        name=config.name,
        resolution_ns=config.resolution_ns,
        run_ms=config.run_ms,
        lap_min_ms=config.lap_min_ms,
    )


def _is_new(fold: Fold, unit: UnitConfig) -> bool:
    known_name = fold.roster.name_of(unit.key)
    if known_name is None:
        return fold.roster.authority(unit.key) == Authority.NOBODY
    return known_name != unit.name


log = logging.getLogger(__name__)

BOARD_EVERY_S = 0.1
NEWS_WAIT_S = 60.0
BEAT_EVERY_S = 1.0
ADMIN_SOCKET_MODE = 0o600
# With thousands of open streams a full collection takes long enough to be seen on the phones.
GC_THRESHOLD = 50_000


@dataclass(frozen=True, slots=True)
class Central:
    """A central that serves: its replica, and the ports of its two doors."""

    replica: WritingReplica
    public_port: int
    ingest_port: int


async def serve_central(config: CentralConfig, clock: Clock, stop: asyncio.Event) -> None:
    """Serve all doors until `stop` is set."""
    _make_room()
    async with open_central(config, clock) as central:
        log.info(
            "central serves: public=http://%s:%d ingest=%s://%s:%d event_key=%s",
            config.public.host,
            central.public_port,
            "https" if config.ingest.tls else "http",
            config.ingest.host,
            central.ingest_port,
            central.replica.fold.root_key,
        )
        SERVICE.say_ready("central")
        async with asyncio.TaskGroup() as tasks:
            beating = tasks.create_task(_beat(), name="beat")
            await stop.wait()
            beating.cancel()
    log.info("central stopped")


@contextlib.asynccontextmanager
async def open_central(config: CentralConfig, clock: Clock) -> AsyncIterator[Central]:
    """Open the replica, say what the config adds to the journal, and serve all doors."""
    root = Identity.load_or_create(config.root_key_file)
    async with (
        open_or_salvage(config.journal, root_key=root.key, clock=clock) as replica,
        ContactStore.open(beside(config.journal, "contacts")) as contacts,
        contextlib.AsyncExitStack() as stack,
    ):
        # Doors first: a start that cannot take them writes nothing.
        public_listener = stack.enter_context(bound_tcp(config.public.host, config.public.port))
        ingest_listener = stack.enter_context(bound_tcp(config.ingest.host, config.ingest.port))
        admin_listener = stack.enter_context(bound_unix(config.admin_socket, mode=ADMIN_SOCKET_MODE))
        writing = await replica.open_stream(root, config.name)
        if bodies := bodies_to_say(replica.fold, config):
            await writing.append(*bodies)
        feed = BoardFeed(replica.fold)
        door = IngestDoor.of(config)
        enrolment = EnrolmentApi(writing, clock, fingerprint=door.fingerprint)
        ingest = ingest_app(
            replica,
            enrolment,
            fingerprint=door.fingerprint,
            clock=clock,
            trusted_proxies=config.ingest.trusted_proxies,
        )
        admin = admin_app(writing)
        add_contact_ingest(ingest, replica, contacts, clock)
        ContactAdmin(writing, contacts).add_to(admin)
        UnitWatch(replica, clock).add_to(ingest=ingest, admin=admin)
        async with (
            _serve_public(replica.fold, feed, config, public_listener) as public_port,
            serve_bound_tcp(ingest, ingest_listener, tls=door.tls, limits=INGEST_LIMITS) as ingest_port,
            _serve_admin(admin, enrolment, config, ingest_port, admin_listener),
            asyncio.TaskGroup() as tasks,
        ):
            followers = [
                tasks.create_task(_announce(replica, feed), name="announce"),
                tasks.create_task(erase_late_names(writing), name="late names"),
                tasks.create_task(HeadWitness(writing).run(), name="witness"),
                tasks.create_task(follow_erasures(replica, contacts), name="erasures"),
            ]
            yield Central(writing, public_port, ingest_port)
            for follower in followers:
                follower.cancel()


def _serve_public(
    fold: Fold, feed: BoardFeed, config: CentralConfig, listener: socket.socket
) -> contextlib.AbstractAsyncContextManager[int]:
    public = config.public
    limits = public_limits(
        public.followers_max_count, calls_per_s=public.calls_per_s, trusted_proxies=public.trusted_proxies
    )
    app = public_app(
        RaceReader(fold), feed, followers_max_count=config.public.followers_max_count, limits=limits
    )
    return serve_bound_tcp(app, listener, limits=limits)


def _serve_admin(
    app: web.Application,
    enrolment: EnrolmentApi,
    config: CentralConfig,
    ingest_port: int,
    listener: socket.socket,
) -> contextlib.AbstractAsyncContextManager[None]:
    enrolment.add_to_admin(app, address=address_of(config, ingest_port))
    return serve_bound_unix(app, listener)


async def _announce(replica: Replica, feed: BoardFeed) -> None:
    """Tell the feed to look whenever records came, at most ten times a second."""
    while True:
        version = replica.version
        feed.refresh()
        await asyncio.sleep(BOARD_EVERY_S)
        await replica.wait_for_news(version, NEWS_WAIT_S)


async def _beat() -> None:
    """A loop that comes round answers."""
    while True:
        SERVICE.beat()
        await asyncio.sleep(BEAT_EVERY_S)


def _make_room() -> None:
    """Allow as many open streams as the system lets us."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    gc.set_threshold(GC_THRESHOLD, 20, 20)
