"""Central from start to stop: its doors in one process, or each in a process of its own over one database."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import resource
from collections.abc import AsyncIterator
from dataclasses import dataclass

from pitboard.clock import Clock
from pitboard.doors.door import bound_tcp
from pitboard.doors.http_api import bound_unix, serve_bound_unix
from pitboard.errors import ConfigRefused
from pitboard.journal.replica import Replica, WritingReplica
from pitboard.program.service import SERVICE, telling_why
from pitboard.tasks import beside
from pitboard.trust.identity import Identity
from sync.central.config import CentralConfig, Door
from sync.central.config_bodies import bodies_to_say
from sync.central.contacts.contact_store import Contacts
from sync.central.database.shared_erasures import follow_shared_erasures
from sync.central.doors import AdminsDesk, announced, published, serve_admin, serve_ingest, serve_public
from sync.central.ingest.admin_relay import INGEST_SOCKET_MODE, AdminRelay, relayed_app
from sync.central.ingest.ingest_app import IngestDoor, address_of, host_to_tell
from sync.central.joining.join_box import JoinRelay
from sync.central.metrics.metrics_door import Metrics, serve_metrics
from sync.central.stores import open_contacts, open_replica

log = logging.getLogger(__name__)

BEAT_EVERY_S = 1.0
ADMIN_SOCKET_MODE = 0o600
GC_THRESHOLDS = (10_000, 5, 1_000)
"""A look at 10,000 objects takes half a millisecond, at 60,000 three. One at everything, with thousands of
open streams, is seen on the phones."""


@dataclass(frozen=True, slots=True)
class Central:
    """A central that serves: its replica, and the ports of its doors; `desk_port` is None without a desk."""

    replica: WritingReplica
    contacts: Contacts
    public_port: int
    ingest_port: int
    desk_port: int | None = None
    metrics_port: int | None = None


async def serve_central(
    config: CentralConfig, clock: Clock, stop: asyncio.Event, door: Door | None = None
) -> None:
    """Serve one door, or all of them, until `stop` is set; a start that waits for its database ends then.

    Raises ConfigRefused for one door of a journal file: one process holds it.
    """
    if door is not None and config.database is None:
        raise ConfigRefused(
            path="central.toml",
            reason="one process holds a journal file; with 'database' each door can have its own",
        )
    make_room()
    is_serving = asyncio.Event()
    async with beside(_serve(config, clock, stop, door, is_serving), name="serve") as serving:
        await stop.wait()
        if is_serving.is_set():
            await serving
    log.info("central stopped")


async def _serve(
    config: CentralConfig, clock: Clock, stop: asyncio.Event, door: Door | None, is_serving: asyncio.Event
) -> None:
    async with _open(config, clock, door) as told:
        is_serving.set()
        log.info("central serves: %s", told)
        SERVICE.say_ready("central" if door is None else f"central-{door}")
        async with asyncio.TaskGroup() as tasks:
            beating = tasks.create_task(_beat(), name="beat")
            await stop.wait()
            beating.cancel()


@contextlib.asynccontextmanager
async def _open(config: CentralConfig, clock: Clock, door: Door | None) -> AsyncIterator[str]:
    """Open the doors and yield where they are."""
    if door is None:
        async with open_central(config, clock) as central:
            yield (
                f"{_public(config, central.public_port)} {_ingest(config, central.ingest_port)}"
                f" event_key={central.replica.fold.root_key}"
            )
    elif door == "public":
        async with open_public(config, clock) as port:
            yield _public(config, port)
    elif door == "ingest":
        async with open_ingest(config, clock) as port:
            yield f"{_ingest(config, port)} fingerprint={IngestDoor.of(config).fingerprint}"
    else:
        async with open_admin(config, clock) as replica:
            yield f"admin={config.admin_socket} event_key={replica.fold.root_key}"


def _public(config: CentralConfig, port: int) -> str:
    return f"public=http://{host_to_tell(config.public.host)}:{port}"


def _ingest(config: CentralConfig, port: int) -> str:
    return f"ingest={'https' if config.ingest.tls else 'http'}://{config.ingest.host}:{port}"


@contextlib.asynccontextmanager
async def open_central(config: CentralConfig, clock: Clock) -> AsyncIterator[Central]:
    """Open the replica, say what the config adds to the journal, and serve all doors."""
    root = Identity.load_or_create(config.root_key_file)
    async with (
        open_replica(config, clock, role="admin", root_key=root.key, program="central") as replica,
        open_contacts(config, role="admin") as contacts,
        contextlib.AsyncExitStack() as stack,
    ):
        # Doors first: a start that cannot take them writes nothing.
        public_listener = stack.enter_context(bound_tcp(config.public.host, config.public.port))
        ingest_listener = stack.enter_context(bound_tcp(config.ingest.host, config.ingest.port))
        admin_listener = stack.enter_context(bound_unix(config.admin_socket, mode=ADMIN_SOCKET_MODE))
        writing = await _open_stream(replica, root, config)
        door = IngestDoor.of(config)
        desk = AdminsDesk.over(writing, config, clock, fingerprint=door.fingerprint)
        metrics = Metrics(clock)
        async with (
            serve_public(replica, config.public, public_listener, desk.joining, metrics) as public_port,
            serve_ingest(
                replica, contacts, desk.parts, config, clock, ingest_listener, door, metrics
            ) as ingest_port,
            announced(replica, config, ingest_port, door, root),
            published(replica, root, config),
            serve_admin(
                writing,
                contacts,
                desk,
                config,
                clock,
                admin_listener,
                metrics,
                address=lambda: address_of(config, ingest_port),
            ) as desk_port,
            serve_metrics(config, metrics, replica, None) as metrics_port,
        ):
            yield Central(writing, contacts, public_port, ingest_port, desk_port, metrics_port)


@contextlib.asynccontextmanager
async def open_public(config: CentralConfig, clock: Clock) -> AsyncIterator[int]:
    """Serve the public door alone, of a journal that it can only read; yield its port."""
    with bound_tcp(config.public.host, config.public.port) as listener:
        async with (
            open_replica(config, clock, role="public", root_key=None) as replica,
            _shared_erasures(replica),
            serve_public(
                replica,
                config.public,
                listener,
                JoinRelay(config.join_socket, clock),
                metrics := Metrics(clock),
            ) as port,
            serve_metrics(config, metrics, replica, "public"),
        ):
            yield port


@contextlib.asynccontextmanager
async def open_ingest(config: CentralConfig, clock: Clock) -> AsyncIterator[int]:
    """Serve the ingest door alone: it adds records and sealed contacts, and signs nothing; yield its port."""
    with bound_tcp(config.ingest.host, config.ingest.port) as listener:
        async with (
            open_replica(config, clock, role="ingest", root_key=None) as replica,
            open_contacts(config, role="ingest") as contacts,
            _shared_erasures(replica),
            serve_ingest(
                replica,
                contacts,
                [AdminRelay(config.ingest_socket)],
                config,
                clock,
                listener,
                door := IngestDoor.of(config),
                metrics := Metrics(clock),
            ) as port,
            serve_metrics(config, metrics, replica, "ingest"),
            announced(replica, config, port, door, None),
        ):
            yield port


@contextlib.asynccontextmanager
async def open_admin(config: CentralConfig, clock: Clock) -> AsyncIterator[WritingReplica]:
    """Serve the admin's door alone, and what the ingest door hands on; it alone holds the root key."""
    root = Identity.load_or_create(config.root_key_file)
    with (
        bound_unix(config.admin_socket, mode=ADMIN_SOCKET_MODE) as listener,
        bound_unix(config.ingest_socket, mode=INGEST_SOCKET_MODE) as ingest_listener,
        bound_unix(config.join_socket, mode=INGEST_SOCKET_MODE) as join_listener,
    ):
        async with (
            open_replica(config, clock, role="admin", root_key=root.key) as replica,
            open_contacts(config, role="admin") as contacts,
            _shared_erasures(replica),
        ):
            writing = await _open_stream(replica, root, config)
            desk = AdminsDesk.over(writing, config, clock, fingerprint=config.ingest.fingerprint)
            async with (
                serve_bound_unix(relayed_app(*desk.parts), ingest_listener),
                serve_bound_unix(relayed_app(desk.joining), join_listener),
                published(replica, root, config),
                serve_admin(
                    writing,
                    contacts,
                    desk,
                    config,
                    clock,
                    listener,
                    metrics := Metrics(clock),
                    address=lambda: address_of(config, config.ingest.port),
                ),
                serve_metrics(config, metrics, replica, "admin"),
            ):
                yield writing


async def _open_stream(replica: Replica, root: Identity, config: CentralConfig) -> WritingReplica:
    """Open central's stream and say what the config adds to the journal."""
    async with telling_why("central", lambda: replica.journal.trouble):
        writing = await replica.open_stream(root, config.name)
    if bodies := bodies_to_say(replica.fold, config):
        await writing.append(*bodies)
    return writing


def _shared_erasures(replica: Replica) -> contextlib.AbstractAsyncContextManager[object]:
    return beside(follow_shared_erasures(replica), name="shared erasures")


async def _beat() -> None:
    """A loop that comes round answers."""
    while True:
        SERVICE.beat()
        await asyncio.sleep(BEAT_EVERY_S)


def make_room() -> None:
    """Allow as many open streams as the system lets us."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    gc.set_threshold(*GC_THRESHOLDS)
