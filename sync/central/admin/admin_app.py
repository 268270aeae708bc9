"""The admin's door as an application: a Unix socket that only central's own user may open.

Here and nowhere else results are corrected after the official confirmed them, and people erased."""

from __future__ import annotations

import asyncio

import msgspec
from aiohttp import web

from pitboard.doors.http_api import json_response, new_app
from pitboard.journal.replica import WritingReplica
from pitboard.journal.views.run_views import RunView, view_run
from pitboard.journal.views.views import EntryView, view_entry
from pitboard.keeping.backup_stream import BackupApi
from sync.central.admin.act_history import ActHistory, PastAct
from sync.central.admin.actor import the_actor
from sync.central.admin.admin_act import AnyAct
from sync.central.admin.admin_acts import AdminActs
from sync.central.admin.display_desk import DisplayDesk
from sync.central.admin.official_desk import OfficialDesk
from sync.central.admin.programme.rules_desk import RulesDesk
from sync.central.admin.sponsor_desk import SponsorDesk

SAVE_MAX_S = 10.0

_act_decoder: msgspec.json.Decoder[AnyAct] = msgspec.json.Decoder(AnyAct)


class CompetitorLaps(msgspec.Struct, frozen=True, kw_only=True):
    """A competitor and all runs in the order armed: the first is run 1."""

    competitor_id: str
    name: str
    entry: EntryView | None
    runs: list[RunView]
    resolution_ns: int


class CompetitorHistory(msgspec.Struct, frozen=True, kw_only=True):
    """A competitor and what was done about them."""

    competitor_id: str
    name: str
    acts: list[PastAct]


class AdminApi:
    """Serves the admin's acts and questions on central's replica."""

    def __init__(self, replica: WritingReplica) -> None:
        self._fold = replica.fold
        self._acts = AdminActs(replica)
        self._history = ActHistory(replica.fold, self._acts.reference)
        self.officials = OfficialDesk(replica)
        self._displays = DisplayDesk(replica)
        self._sponsors = SponsorDesk(replica)
        self._rules = RulesDesk(replica)

    def add_to(self, app: web.Application) -> None:
        self.officials.add_to(app)
        self._displays.add_to(app)
        self._sponsors.add_to(app)
        self._rules.add_to(app)
        app.router.add_post("/v1/admin/acts", self._act)
        app.router.add_get("/v1/admin/laps", self._laps_of)
        app.router.add_get("/v1/admin/history", self._history_of)

    async def _act(self, request: web.Request) -> web.Response:
        act = _act_decoder.decode(await request.read())
        async with asyncio.timeout(SAVE_MAX_S):
            return json_response(await self._acts.carry_out(act, the_actor()))

    async def _laps_of(self, request: web.Request) -> web.Response:
        competitor = self._acts.reference.competitor(request.query.get("competitor", ""))
        return json_response(
            CompetitorLaps(
                competitor_id=competitor,
                name=self._fold.race.name_of(competitor),
                entry=view_entry(self._fold, competitor),
                runs=[
                    view_run(self._fold, run, with_offers=True)
                    for run in self._acts.reference.runs_of(competitor)
                ],
                resolution_ns=self._fold.resolution_ns,
            )
        )

    async def _history_of(self, request: web.Request) -> web.Response:
        competitor = self._acts.reference.competitor(request.query.get("competitor", ""))
        name = self._fold.race.name_of(competitor)
        acts = self._history.of(competitor)
        return json_response(CompetitorHistory(competitor_id=competitor, name=name, acts=acts))


def admin_app(replica: WritingReplica, api: AdminApi) -> web.Application:
    """Return the app; others add their calls to it."""
    app = new_app()
    api.add_to(app)
    BackupApi(replica.journal).add_to(app)
    return app
