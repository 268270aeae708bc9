"""The latest that each enrolled unit said of itself: told at the ingest door, read at the admin's.

In memory only; a unit tells it again within ten seconds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec
from aiohttp import web

from pitboard.clock import Clock
from pitboard.doors.caller import take_body
from pitboard.doors.http_api import json_response
from pitboard.errors import StatusRefused
from pitboard.journal.records.record import CLOCK_SET_FROM_MS
from pitboard.journal.replica import Replica
from pitboard.unit_api.unit_status import SealedStatus, UnitStatus, open_status
from sync.exchanging.venue_clocks import DIFFERS_FROM_MS, ClockNote

STATUS_PATH = "/v1/unit-status"
SILENT_AFTER_MS = 25_000

_decoder = msgspec.json.Decoder(SealedStatus)


class WatchedUnit(msgspec.Struct, frozen=True, kw_only=True):
    """`status` is None where an enrolled unit said nothing since central started.

    `clock` is how its wall clock stood to central's as it spoke, None where they agreed or one is not set.
    """

    name: str
    key: str
    is_silent: bool
    age_ms: int | None
    status: UnitStatus | None
    clock: ClockNote | None = None


class UnitWatchView(msgspec.Struct, frozen=True, kw_only=True):
    units: list[WatchedUnit]


@dataclass(frozen=True, slots=True)
class _Heard:
    status: UnitStatus
    heard_mono_ns: int
    clock: ClockNote | None


class UnitWatch:
    """Holds one word a unit of the roster; a revoked one is forgotten."""

    def __init__(self, replica: Replica, clock: Clock) -> None:
        self._replica = replica
        self._clock = clock
        self._heard: dict[str, _Heard] = {}
        self.without_status: Callable[[], str | None] = lambda: None
        """Returns the key of the desk's own unit, which has no hardware to tell of."""

    def add_to_ingest(self, app: web.Application) -> None:
        app.router.add_post(STATUS_PATH, self._take)

    def add_to_admin(self, app: web.Application) -> None:
        app.router.add_get("/v1/admin/units/status", self._tell)

    def take(self, sealed: SealedStatus) -> None:
        """Remember it. Raises StatusRefused where no enrolled unit said it, or it is not news."""
        status = open_status(sealed)
        if status.key not in self._replica.fold.roster.enrolled():
            raise StatusRefused("The unit is not enrolled.")
        before = self._heard.get(status.key)
        # Within one boot a status cannot be played back to us; between two, only the next one puts it right.
        if (
            before is not None
            and before.status.boot_id == status.boot_id
            and before.status.mono_ns >= status.mono_ns
        ):
            raise StatusRefused("A later status of this unit is known.")
        self._heard[status.key] = _Heard(status, self._clock.mono_ns(), self._clock_note(status))

    def view(self) -> UnitWatchView:
        """Return every enrolled unit by name, those that said nothing too."""
        enrolled = self._replica.fold.roster.enrolled()
        self._heard = {key: heard for key, heard in self._heard.items() if key in enrolled}
        silent = self.without_status()
        units = [self._watched(key, name) for key, name in enrolled.items() if key != silent]
        return UnitWatchView(units=sorted(units, key=lambda unit: (unit.name, unit.key)))

    def hears_anybody(self) -> bool:
        """Return whether a unit spoke lately."""
        return any(not unit.is_silent for unit in self.view().units)

    def _watched(self, key: str, name: str) -> WatchedUnit:
        heard = self._heard.get(key)
        if heard is None:
            return WatchedUnit(name=name, key=key, is_silent=True, age_ms=None, status=None)
        age_ms = (self._clock.mono_ns() - heard.heard_mono_ns) // 1_000_000
        return WatchedUnit(
            name=name,
            key=key,
            is_silent=age_ms > SILENT_AFTER_MS,
            age_ms=age_ms,
            status=heard.status,
            clock=heard.clock,
        )

    def _clock_note(self, status: UnitStatus) -> ClockNote | None:
        here_utc_ms = self._clock.utc_ms()
        ahead_ms = status.utc_ms - here_utc_ms
        if min(status.utc_ms, here_utc_ms) < CLOCK_SET_FROM_MS or abs(ahead_ms) <= DIFFERS_FROM_MS:
            return None
        return ClockNote(way="ahead" if ahead_ms > 0 else "behind", gap_ms=abs(ahead_ms))

    async def _take(self, request: web.Request) -> web.Response:
        self.take(_decoder.decode(await take_body(request)))
        return json_response({})

    async def _tell(self, request: web.Request) -> web.Response:
        return json_response(self.view())
