"""The ingest door as an application: the exchange of signed records, and nothing that a person reads."""

from __future__ import annotations

from aiohttp import web

from pitboard.http_api import json_response, new_app
from pitboard.replica import Replica
from sync.exchange_api import ExchangeApi


def ingest_app(replica: Replica) -> web.Application:
    """Return the app that takes records into the replica."""
    app = new_app()
    ExchangeApi(replica).add_to(app)

    async def health(request: web.Request) -> web.Response:
        return json_response({"status": "alarm" if replica.alarms else "ok", "alarms": replica.alarms})

    app.router.add_get("/v1/health", health)
    return app
