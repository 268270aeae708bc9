"""A trackside unit at work: the journal, the run, the two APIs, the other machines."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from functools import partial

from aiohttp import web

from pitboard.clock import Clock, SystemClock, happened
from pitboard.contacts.sealed_store import beside, follow_erasures
from pitboard.doors.door import bound_tcp
from pitboard.doors.door_limits import DoorLimits
from pitboard.doors.http_api import (
    bound_unix,
    json_response,
    new_app,
    serve_bound_tcp,
    serve_bound_unix,
)
from pitboard.journal.records.kinds import KIND_OF, read_body
from pitboard.journal.records.record import Record
from pitboard.journal.replica import Replica, WritingReplica
from pitboard.journal.salvage import open_or_salvage
from pitboard.program.service import SERVICE, telling_why
from pitboard.race.bodies.passing_bodies import PassingRecorded
from pitboard.race.runs.laps import NANOSECONDS_PER_MS
from pitboard.trust.certificate import Certificate, certificate_beside
from pitboard.trust.identity import Identity
from sync.exchanging.exchange_api import ExchangeApi, doorkeeper_of
from trackside.api.contact_outbox import ContactApi, ContactOutbox
from trackside.api.door_signer import DoorSigner
from trackside.api.local_api import CentralPlacesApi, LocalApi, UnitStatusApi
from trackside.api.screen_feed import ScreenFeed
from trackside.config import TracksideConfig
from trackside.machine_watch import MachineWatch
from trackside.others.display_pictures import DisplayPictures
from trackside.timing.appointing import Appointing
from trackside.timing.lights import Lights
from trackside.timing.passing_intake import PassingIntake
from trackside.timing.run_acts import MANUAL_SENSOR
from trackside.timing.run_control import RunControl
from trackside.timing.sign_in import SignIn
from trackside.venue_watch import VenueWatch

log = logging.getLogger(__name__)

PASSING_SHOWN_AFTER_S = 0.01
"""On the touchscreen: where displays share the unit's two cores, the hall's frame comes first."""
_PASSING = KIND_OF[PassingRecorded]

LIGHT_CHECK_S = 0.5
LAN_LIMITS = DoorLimits(trusted_proxies=())  # no proxy stands before a unit


async def run_unit(config: TracksideConfig, stop: asyncio.Event) -> None:
    """Serve until `stop` is set; everything acknowledged by then is durable."""
    clock = SystemClock()
    identity = Identity.load_or_create(config.key_file)
    async with (
        open_or_salvage(
            config.journal,
            root_key=config.event_key,
            clock=clock,
            on_opening=partial(SERVICE.say_opening, "trackside"),
        ) as replica,
        ContactOutbox.open(beside(config.journal, "contacts")) as outbox,
        contextlib.AsyncExitStack() as stack,
    ):
        # Doors first: a start that cannot take them writes nothing.
        local_listener = stack.enter_context(bound_unix(config.api.socket))
        lan_listener = stack.enter_context(bound_tcp(config.lan.host, config.lan.port))
        async with telling_why("trackside", lambda: replica.journal.trouble):
            writing = await replica.open_stream(identity, config.name)
        parts = UnitParts(config, clock, identity, writing)
        await parts.run_control.resume()
        local = parts.local_app()
        ContactApi(replica, outbox, identity).add_to(local)
        certificate = (
            Certificate.load_or_renew(certificate_beside(config.journal)) if config.lan.tls else None
        )
        lan = new_app(
            LAN_LIMITS,
            doorkeeper_of(
                replica, clock, fingerprint=None if certificate is None else certificate.fingerprint
            ),
        )
        parts.add_to_lan(lan)
        tls = None if certificate is None else certificate.server_context()
        async with (
            serve_bound_unix(local, local_listener),
            serve_bound_tcp(lan, lan_listener, tls=tls, limits=LAN_LIMITS) as port,
            asyncio.TaskGroup() as tasks,
        ):
            log.info("unit ready: name=%s key=%s port=%d", config.name, identity.key, port)
            followers = [
                tasks.create_task(follow_news(replica, parts.feed), name="news"),
                tasks.create_task(follow_time(replica, parts.run_control, clock), name="time"),
                tasks.create_task(follow_lights(parts.feed), name="lights"),
                tasks.create_task(follow_erasures(replica, outbox), name="erasures"),
                tasks.create_task((venue := parts.venue_watch()).run(port), name="venue"),
                tasks.create_task(parts.machine_watch(venue).run(), name="machine"),
            ]
            SERVICE.say_ready("trackside")
            await stop.wait()
            for follower in followers:
                follower.cancel()
    log.info("unit stopped: name=%s", config.name)


class UnitParts:
    """The parts of one unit, each made once, and the doors that they serve."""

    def __init__(
        self, config: TracksideConfig, clock: Clock, identity: Identity, writing: WritingReplica
    ) -> None:
        self._config = config
        self._clock = clock
        self._identity = identity
        self._writing = writing
        self.run_control = RunControl(
            writing,
            clock,
            unit_key=identity.key,
            track=config.track,
            tracks=config.tracks,
            track_units=config.track_units,
        )
        self._lights = Lights(
            writing,
            clock,
            unit_key=identity.key,
            journal_folder=config.journal.parent,
            own_stream=lambda: writing.next_place[0],
        )
        self.feed = ScreenFeed(writing, self.run_control, self._lights, unit=config.name)
        self._status = UnitStatusApi(
            self._lights, identity, clock, name=config.name, displays=lambda: self.feed.displays
        )
        self._pictures = DisplayPictures(lambda: writing.fold.roster.displays())
        self._central = CentralPlacesApi()
        self._exchange = ExchangeApi(writing, identity)

    def local_app(self) -> web.Application:
        """Return the door of this machine's own programs, without the contacts' calls."""
        local = LocalApi(
            replica=self._writing,
            run_control=self.run_control,
            intake=PassingIntake(self.run_control, track=self._config.track),
            lights=self._lights,
            feed=self.feed,
            sign_in=SignIn(
                beside(self._config.journal, "tries"),
                self._clock,
                lambda: self._writing.fold.race.roll.officials(),
                self._identity,
            ),
            appointing=Appointing(self._writing, unit_key=self._identity.key),
        )
        app = local.app()
        self._status.add_to(app)
        self._pictures.add_to(app)
        DoorSigner(self._identity).add_to(app)
        self._central.add_to(app)
        return app

    def add_to_lan(self, app: web.Application) -> None:
        """Serve the exchange, and a sign of life, to the venue's network."""
        self._exchange.add_to(app)

        async def healthy(request: web.Request) -> web.Response:
            return json_response({"unit": self._config.name})

        app.router.add_get("/v1/health", healthy)

    def machine_watch(self, venue: VenueWatch) -> MachineWatch:
        return MachineWatch(
            self._config.journal.parent,
            self._clock,
            self.feed.show_machine,
            self._status.show_machine,
            seen=venue.seen,
        )

    def venue_watch(self) -> VenueWatch:
        return VenueWatch(
            self._config,
            replica=self._writing,
            identity=self._identity,
            feed=self.feed,
            lights=self._lights,
            central=self._central,
            exchange=self._exchange,
            pictures=self._pictures,
        )


async def follow_news(replica: Replica, feed: ScreenFeed) -> None:
    """Let the screen follow the journal: a tap at once, a passing once displays had time to paint it."""
    version = replica.version
    has_act = asyncio.Event()

    def see(record: Record) -> None:
        if not _is_of_sensor(record):
            has_act.set()

    replica.add_follower(see)
    while True:
        await replica.wait_for_news(version, timeout_s=3_600)
        await happened(has_act, PASSING_SHOWN_AFTER_S)
        has_act.clear()
        version = replica.version
        feed.bump()


def _is_of_sensor(record: Record) -> bool:
    """Return whether it is a passing that a sensor told of, and not a lap by hand."""
    if record.header.kind != _PASSING or record.body_bytes is None:
        return False
    body = read_body(_PASSING, record.body_bytes)
    return isinstance(body, PassingRecorded) and body.sensor != MANUAL_SENSOR


async def follow_time(replica: Replica, run_control: RunControl, clock: Clock) -> None:
    """Say that a run's time is up when it is, without asking the clock all the time."""
    while True:
        await run_control.follow_time()
        version = replica.version
        remaining_ns = run_control.wait_ns()
        wait_s = 3_600.0 if not remaining_ns else remaining_ns / (1_000 * NANOSECONDS_PER_MS)
        await replica.wait_for_news(version, timeout_s=wait_s)
        await asyncio.sleep(0)  # first the displays that wait for the same news


async def follow_lights(feed: ScreenFeed) -> None:
    """Look at the lights often enough that silence shows within its bound."""
    while True:
        feed.watch_lights()
        SERVICE.beat()
        await asyncio.sleep(LIGHT_CHECK_S)
