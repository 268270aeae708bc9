"""A trackside unit at work: the journal, the run, the two APIs, the advert."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from urllib.parse import urlsplit

from aiohttp import web

from pitboard.clock import Clock, SystemClock
from pitboard.contacts.sealed_store import beside, follow_erasures
from pitboard.doors.door import bound_tcp
from pitboard.doors.door_limits import DoorLimits
from pitboard.doors.door_proof import DoorPass, prove_at_door
from pitboard.doors.http_api import (
    bound_unix,
    json_response,
    new_app,
    serve_bound_tcp,
    serve_bound_unix,
)
from pitboard.doors.session import ANY_CERTIFICATE
from pitboard.journal.replica import Replica, WritingReplica
from pitboard.journal.salvage import open_or_salvage
from pitboard.presence.central_places import central_places
from pitboard.presence.heard_nodes import FoundNode
from pitboard.presence.venue_addresses import own_addresses
from pitboard.presence.venue_mdns import CENTRAL_SERVICE, DISPLAY_SERVICE, UNIT_SERVICE
from pitboard.presence.venue_presence import Advert, VenuePresence
from pitboard.program.service import SERVICE, telling_why
from pitboard.race.laps import NANOSECONDS_PER_MS
from pitboard.trust.certificate import Certificate, certificate_beside
from pitboard.trust.identity import Identity
from sync.exchanging.exchange import event_of
from sync.exchanging.exchange_api import ExchangeApi, doorkeeper_of
from sync.exchanging.requests_peer import RequestsPeer
from trackside.api.contact_outbox import ContactApi, ContactOutbox
from trackside.api.door_signer import DoorSigner
from trackside.api.local_api import CentralPlacesApi, LocalApi, UnitStatusApi
from trackside.api.screen_feed import ScreenFeed
from trackside.config import TracksideConfig
from trackside.display_watch import DisplayWatch
from trackside.machine_watch import MachineWatch
from trackside.neighbours import Neighbours, neighbours_of, places_of_keys, with_configured
from trackside.own_key_watch import OwnKeyWatch, places_of_own_key
from trackside.timing.appointing import Appointing
from trackside.timing.lights import Lights
from trackside.timing.passing_intake import PassingIntake
from trackside.timing.run_control import RunControl
from trackside.timing.sign_in import SignIn
from trackside.unit_clocks import UnitClocks

log = logging.getLogger(__name__)

LIGHT_CHECK_S = 0.5
HEED_PAUSE_S = 0.1
LAN_LIMITS = DoorLimits(trusted_proxies=())  # no proxy stands before a unit


async def run_unit(config: TracksideConfig, stop: asyncio.Event) -> None:
    """Serve until `stop` is set; everything acknowledged by then is durable."""
    clock = SystemClock()
    identity = Identity.load_or_create(config.key_file)
    async with (
        open_or_salvage(config.journal, root_key=config.event_key, clock=clock) as replica,
        ContactOutbox.open(beside(config.journal, "contacts")) as outbox,
        contextlib.AsyncExitStack() as stack,
    ):
        # Doors first: a start that cannot take them writes nothing.
        local_listener = stack.enter_context(bound_unix(config.api.socket))
        lan_listener = stack.enter_context(bound_tcp(config.lan.host, config.lan.port))
        async with telling_why("trackside", lambda: replica.journal.trouble):
            writing = await replica.open_stream(identity, config.name)
        run_control = RunControl(
            writing,
            clock,
            unit_key=identity.key,
            track=config.track,
            tracks=config.tracks,
            track_units=config.track_units,
        )
        await run_control.resume()
        lights = Lights(
            replica,
            clock,
            unit_key=identity.key,
            journal_folder=config.journal.parent,
            own_stream=lambda: writing.next_place[0],
        )
        feed = ScreenFeed(replica, run_control, lights, unit=config.name)
        local = LocalApi(
            replica=replica,
            run_control=run_control,
            intake=PassingIntake(run_control, track=config.track),
            lights=lights,
            feed=feed,
            sign_in=SignIn(
                beside(config.journal, "tries"),
                clock,
                lambda: replica.fold.race.roll.officials(),
                identity,
            ),
            appointing=Appointing(writing, unit_key=identity.key),
        )
        local_app = local.app()
        ContactApi(replica, outbox, identity).add_to(local_app)
        UnitStatusApi(lights, identity, clock, name=config.name).add_to(local_app)
        DoorSigner(identity).add_to(local_app)
        central = CentralPlacesApi()
        central.add_to(local_app)
        certificate = (
            Certificate.load_or_renew(certificate_beside(config.journal)) if config.lan.tls else None
        )
        fingerprint = None if certificate is None else certificate.fingerprint
        lan = new_app(LAN_LIMITS, doorkeeper_of(replica, clock, fingerprint=fingerprint))
        exchange = ExchangeApi(replica, identity)
        exchange.add_to(lan)

        async def healthy(request: web.Request) -> web.Response:
            return json_response({"unit": config.name})

        lan.router.add_get("/v1/health", healthy)
        tls = None if certificate is None else certificate.server_context()
        async with (
            serve_bound_unix(local_app, local_listener),
            serve_bound_tcp(lan, lan_listener, tls=tls, limits=LAN_LIMITS) as port,
            asyncio.TaskGroup() as tasks,
        ):
            log.info("unit ready: name=%s key=%s port=%d", config.name, identity.key, port)
            followers = [
                tasks.create_task(follow_news(replica, feed), name="news"),
                tasks.create_task(follow_time(replica, run_control, clock), name="time"),
                tasks.create_task(follow_lights(feed), name="lights"),
                tasks.create_task(
                    MachineWatch(config.journal.parent, clock, feed.show_machine).run(), name="machine"
                ),
                tasks.create_task(follow_erasures(replica, outbox), name="erasures"),
                tasks.create_task(
                    be_found(config, writing, identity, port, feed, lights, central, exchange), name="mdns"
                ),
            ]
            SERVICE.say_ready("trackside")
            await stop.wait()
            for follower in followers:
                follower.cancel()
    log.info("unit stopped: name=%s", config.name)


async def follow_news(replica: Replica, feed: ScreenFeed) -> None:
    """Let the screen follow the journal."""
    version = replica.version
    while True:
        await replica.wait_for_news(version, timeout_s=3_600)
        version = replica.version
        feed.bump()


async def follow_time(replica: Replica, run_control: RunControl, clock: Clock) -> None:
    """Say that a run's time is up when it is, without asking the clock all the time."""
    while True:
        await run_control.follow_time()
        version = replica.version
        remaining_ns = run_control.wait_ns()
        wait_s = 3_600.0 if not remaining_ns else remaining_ns / (1_000 * NANOSECONDS_PER_MS)
        await replica.wait_for_news(version, timeout_s=wait_s)


async def follow_lights(feed: ScreenFeed) -> None:
    """Look at the lights often enough that silence shows within its bound."""
    while True:
        feed.watch_lights()
        SERVICE.beat()
        await asyncio.sleep(LIGHT_CHECK_S)


async def be_found(
    config: TracksideConfig,
    replica: WritingReplica,
    identity: Identity,
    port: int,
    feed: ScreenFeed,
    lights: Lights,
    central: CentralPlacesApi,
    exchange: ExchangeApi,
) -> None:
    """Advertise the unit, list the displays found, hear where central is, and pull what other units have."""

    changed = asyncio.Event()

    async def follow() -> None:
        """Heed what is announced, at most ten times a second however many names strangers shout."""
        while True:
            await changed.wait()
            changed.clear()
            heed()
            await asyncio.sleep(HEED_PAUSE_S)

    def heed() -> None:
        central.hear(
            central_places(
                presence.found(CENTRAL_SERVICE).values(),
                presence.found(UNIT_SERVICE).values(),
                event_key=config.event_key,
                enrolled=replica.fold.roster.enrolled(),
            )
        )
        here = own_addresses()
        lights.see_places(places_of_keys(presence.found(UNIT_SERVICE).values(), own=here))
        elsewhere = places_of_own_key(presence.found(UNIT_SERVICE).values(), identity.key, own=here)
        copies.follow({**elsewhere, **configured})
        others = neighbours_of(
            presence.found(UNIT_SERVICE),
            event_key=config.event_key,
            own_key=identity.key,
            enrolled=replica.fold.roster.enrolled(),
        )
        others = with_configured(others, config.lan.units)
        neighbours.follow(others)
        clocks.follow(others)

    def displays() -> dict[str, FoundNode]:
        return {
            place: node
            for place, node in presence.found(DISPLAY_SERVICE).items()
            if node.properties.get("event") == config.event_key
        }

    def said() -> dict[str, str]:
        return {
            "event": config.event_key,
            "cup": event_of(replica).name,
            "unit": config.name,
            "tls": "yes" if config.lan.tls else "no",
        } | ({"ctl": url} if (url := lights.central_url()) else {})

    def connect(url: str, name: str) -> RequestsPeer:
        # Encrypted, and nothing believed of the address: the records carry their own signatures.
        return RequestsPeer(url, name=name, pin=ANY_CERTIFICATE, auth=DoorPass(prove))

    def prove(challenge: str, fingerprint: str) -> str:
        return prove_at_door(identity, challenge, fingerprint)

    def see_copies(hosts: Sequence[str]) -> None:
        lights.see_own_key_at(hosts)
        feed.bump()

    copies = OwnKeyWatch(
        identity.key,
        replica.clock,
        own_stream=lambda: replica.next_place[0],
        connect=connect,
        on_change=see_copies,
    )
    configured = {url: urlsplit(url).hostname or url for url in config.lan.units}
    neighbours = Neighbours(
        replica, connect=connect, on_answerer=lights.trust.see, on_clock=lights.clocks.hear
    )
    exchange.others = neighbours.proven_places
    clocks = UnitClocks(replica, replica.clock, track_units=config.track_units, connect=connect)
    presence = VenuePresence(
        Advert(service=UNIT_SERVICE, key=identity.key, properties=said, identity=identity),
        browse_services=(DISPLAY_SERVICE, UNIT_SERVICE, CENTRAL_SERVICE),
        interfaces=config.lan.mdns_interfaces,
        is_on=config.lan.mdns,
        on_change=changed.set,
        known=lambda: {
            identity.key,
            config.event_key,
            *replica.fold.roster.enrolled(),
            *replica.fold.roster.displays(),
        },
    )
    watch = DisplayWatch(displays, replica.clock, lambda found: feed.show_displays(list(found)))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(neighbours.run(), name="neighbours")
        tasks.create_task(clocks.run(), name="clocks")
        tasks.create_task(copies.run(), name="copies of this card")
        tasks.create_task(follow(), name="what is announced")
        tasks.create_task(presence.run(port), name="presence")
        tasks.create_task(watch.run(), name="displays")
