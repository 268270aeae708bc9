"""The ingest door as an application: the exchange of signed records, and what a node says to be enrolled."""

from __future__ import annotations

from aiohttp import web

from pitboard.doors.door_limits import DoorLimits
from pitboard.doors.http_api import json_response, new_app
from pitboard.doors.token_bucket import Rate
from pitboard.journal.replica import Replica
from sync.central.enrolment.enrolment_api import EnrolmentApi
from sync.exchanging.exchange_api import ExchangeApi

# A whole venue may come from one address: ten units, each with a handful of connections, draining a day.
INGEST_LIMITS = DoorLimits(
    connections_max_count=1_024,
    source_connections_max_count=256,
    calls_of_source=Rate(per_s=200, burst=1_000),
    calls_of_all=Rate(per_s=1_000, burst=4_000),
)


def ingest_app(replica: Replica, enrolment: EnrolmentApi) -> web.Application:
    """Return the app that takes records into the replica and enrols nodes."""
    app = new_app(INGEST_LIMITS)
    enrolment.add_to_ingest(app)
    ExchangeApi(replica).add_to(app)

    async def health(request: web.Request) -> web.Response:
        return json_response({"status": "alarm" if replica.alarms else "ok", "alarms": replica.alarms})

    app.router.add_get("/v1/health", health)
    return app
