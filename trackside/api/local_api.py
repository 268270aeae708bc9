"""The unit's local API, as docs/local-api.md says: whoever may open its socket may run the timing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from importlib.metadata import version

import msgspec
from aiohttp import web

from pitboard.clock import Clock
from pitboard.doors.http_api import json_response, new_app
from pitboard.errors import ActRefused
from pitboard.journal.replica import Replica
from pitboard.keeping.backup_stream import BackupApi
from pitboard.trust.identity import Identity
from pitboard.unit_api.official_acts import AnyAct, AppointOfficial, SignInOfficial
from pitboard.unit_api.program_calls import BridgeReport, Delivery, Report
from pitboard.unit_api.screen_state import DisplayNode, MachineLine
from pitboard.unit_api.unit_status import (
    DISPLAYS_MAX_COUNT,
    SAYS_MAX_COUNT,
    DisplaySeen,
    LightStatus,
    MachineNote,
    UnitStatus,
    seal_status,
)
from sync.exchanging.exchange_api import ExchangeApi
from trackside.api.screen_feed import ScreenFeed
from trackside.timing.appointing import Appointing
from trackside.timing.lights import Lights
from trackside.timing.passing_intake import PassingIntake
from trackside.timing.run_control import RunControl
from trackside.timing.sign_in import SignIn

WAIT_MAX_MS = 10_000
SAVE_MAX_S = 4.0
"""A person is told after this long that an act is not known to be saved; its record still waits."""

_delivery_decoder = msgspec.json.Decoder(Delivery)
_report_decoder: msgspec.json.Decoder[Report] = msgspec.json.Decoder(Report)
_sign_in_decoder = msgspec.json.Decoder(SignInOfficial)
_appoint_decoder = msgspec.json.Decoder(AppointOfficial)
_act_decoder: msgspec.json.Decoder[AnyAct] = msgspec.json.Decoder(AnyAct)


class LocalApi:
    """Puts the unit's parts behind one application."""

    def __init__(
        self,
        *,
        replica: Replica,
        run_control: RunControl,
        intake: PassingIntake,
        lights: Lights,
        feed: ScreenFeed,
        sign_in: SignIn,
        appointing: Appointing,
    ) -> None:
        self._sign_in = sign_in
        self._appointing = appointing
        self._replica = replica
        self._run_control = run_control
        self._intake = intake
        self._lights = lights
        self._feed = feed

    def app(self) -> web.Application:
        app = new_app()
        app.router.add_post("/v1/passings", self._passings)
        app.router.add_get("/v1/passings/known", self._known)
        app.router.add_post("/v1/status", self._status)
        app.router.add_get("/v1/screen", self._screen)
        app.router.add_get("/v1/signs", self._signs)
        app.router.add_get("/v1/run", self._run)
        app.router.add_get("/v1/search", self._search)
        app.router.add_post("/v1/act", self._act)
        app.router.add_post("/v1/sign-in", self._sign_in_official)
        app.router.add_post("/v1/appoint-official", self._appoint_official)
        ExchangeApi(self._replica).add_to(app)
        BackupApi(self._replica.journal).add_to(app)
        return app

    async def _passings(self, request: web.Request) -> web.Response:
        delivery = _delivery_decoder.decode(await request.read())
        async with asyncio.timeout(SAVE_MAX_S):
            return json_response({"new": await self._intake.take(delivery)})

    async def _known(self, request: web.Request) -> web.Response:
        sensor, sensor_boot = request.query.get("sensor", ""), request.query.get("sensor_boot", "")
        return json_response({"known": self._intake.known(sensor, sensor_boot)})

    async def _status(self, request: web.Request) -> web.Response:
        report = _report_decoder.decode(await request.read())
        self._lights.take(report)
        if isinstance(report, BridgeReport):
            await self._run_control.bridge_records.take(report)
        self._feed.watch_lights()
        return json_response({})

    async def _screen(self, request: web.Request) -> web.Response:
        after = _number(request, "after", 0)
        wait_ms = min(WAIT_MAX_MS, _number(request, "wait_ms", 0))
        return json_response(await self._feed.wait(after, wait_ms / 1_000))

    async def _signs(self, request: web.Request) -> web.Response:
        after = _number(request, "after", 0)
        wait_ms = min(WAIT_MAX_MS, _number(request, "wait_ms", 0))
        return json_response(await self._feed.signs(after, wait_ms / 1_000))

    async def _run(self, request: web.Request) -> web.Response:
        return json_response(self._feed.run_detail(request.query.get("run_id", "")))

    async def _act(self, request: web.Request) -> web.Response:
        act = _act_decoder.decode(await request.read())
        async with asyncio.timeout(SAVE_MAX_S):
            return json_response(await self._run_control.carry_out(act))

    async def _sign_in_official(self, request: web.Request) -> web.Response:
        who = _sign_in_decoder.decode(await request.read())
        await self._sign_in.check(who.official_id, who.pin)
        return json_response({})

    async def _appoint_official(self, request: web.Request) -> web.Response:
        wanted = _appoint_decoder.decode(await request.read())
        async with asyncio.timeout(SAVE_MAX_S):
            return json_response({"official_id": await self._appointing.appoint(wanted.name, wanted.pin)})

    async def _search(self, request: web.Request) -> web.Response:
        return json_response(self._feed.search(request.query.get("q", "")))


def _number(request: web.Request, key: str, default: int) -> int:
    text = request.query.get(key)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise ActRefused(code="bad-request", reason=f"'{key}' must be a whole number.")
    return int(text)


VERSION = version("pitboard")
MACHINE_NOTES_MAX_COUNT = 24


class UnitStatusApi:
    """Speaks for one unit."""

    def __init__(
        self,
        lights: Lights,
        identity: Identity,
        clock: Clock,
        *,
        name: str,
        displays: Callable[[], Sequence[DisplayNode]] = tuple,
    ) -> None:
        self._displays = displays
        self._lights = lights
        self._identity = identity
        self._clock = clock
        self._name = name
        self._machine: list[MachineNote] = []

    def show_machine(self, lines: Sequence[MachineLine]) -> None:
        """Take what the doctor's checks say of this machine now."""
        self._machine = [
            MachineNote(
                code=one.code,
                colour=one.colour,
                sentence=one.sentence[:400],
                advice=one.advice[:400],
                fields=one.fields,
            )
            for one in lines[:MACHINE_NOTES_MAX_COUNT]
        ]

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/v1/unit-status", self._tell)

    async def _tell(self, request: web.Request) -> web.Response:
        return json_response(seal_status(self.status(), self._identity))

    def status(self) -> UnitStatus:
        return UnitStatus(
            key=self._identity.key,
            name=self._name[:80],
            boot_id=self._clock.boot_id,
            mono_ns=self._clock.mono_ns(),
            utc_ms=self._clock.utc_ms(),
            lights=[
                LightStatus(
                    light=light.light,
                    state=light.state,
                    detail=light.detail[:400],
                    says=list(light.says[:SAYS_MAX_COUNT]),
                )
                for light in self._lights.all()
            ],
            sensors=list(self._lights.sensors()),
            version=VERSION,
            machine=self._machine,
            waiting_count=self._lights.waiting_count(),
            displays=[_seen(one, self._clock.utc_ms()) for one in self._displays()[:DISPLAYS_MAX_COUNT]],
        )


def _seen(node: DisplayNode, utc_ms: int) -> DisplaySeen:
    gone = node.gone_since_utc_ms
    return DisplaySeen(
        name=node.name[:80],
        key=node.key[:80],
        scene=node.scene[:80],
        badge=node.badge[:200],
        is_live=node.is_live,
        has_screen=node.has_screen,
        version=node.version[:80],
        temperature_c=node.temperature_c,
        ago_ms=max(1, utc_ms - gone) if gone else 0,
    )


class CentralPlacesApi:
    """Tells the sync program where central may be, as this unit has heard it in the venue."""

    def __init__(self) -> None:
        self._urls: list[str] = []

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/v1/central-places", self._tell)

    def hear(self, urls: Sequence[str]) -> None:
        """Take the places, the likeliest first."""
        self._urls = list(urls)

    async def _tell(self, request: web.Request) -> web.Response:
        return json_response({"urls": self._urls})
