"""`GET /v1/unit-status` on the unit's own socket: what central's admin should know, signed by the unit."""

from __future__ import annotations

from aiohttp import web

from pitboard.clock import Clock
from pitboard.doors.http_api import json_response
from pitboard.trust.identity import Identity
from pitboard.unit_api.unit_status import LightStatus, SensorState, UnitStatus, seal_status
from trackside.timing.lights import Lights


class UnitStatusApi:
    """Speaks for one unit."""

    def __init__(self, lights: Lights, identity: Identity, clock: Clock, *, name: str) -> None:
        self._lights = lights
        self._identity = identity
        self._clock = clock
        self._name = name

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
                LightStatus(light=light.light, state=light.state, detail=light.detail[:400])
                for light in self._lights.all()
            ],
            sensors=[
                SensorState(
                    sensor=sensor.sensor,
                    state=sensor.state,
                    detail=sensor.detail,
                    counters=dict(sensor.counters),
                )
                for sensor in self._lights.sensors()
            ],
        )
