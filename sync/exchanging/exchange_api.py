"""The exchange as an HTTP call, `POST /v1/sync`, for any node that serves it."""

from __future__ import annotations

import msgspec
from aiohttp import web

from pitboard.doors.http_api import json_response
from pitboard.journal.replica import Replica
from pitboard.trust.identity import Identity
from sync.exchanging.exchange import SyncRequest, answer
from sync.exchanging.freshness import prove

CALLS_MAX_COUNT = 256

_decoder = msgspec.json.Decoder(SyncRequest)


class ExchangeApi:
    """Serves one replica; a caller beyond the bound is told when to come back.

    With an `identity` its answers prove that they are made now.
    """

    def __init__(self, replica: Replica, identity: Identity | None = None) -> None:
        self._replica = replica
        self._identity = identity
        self._calls = 0

    def add_to(self, app: web.Application) -> None:
        app.router.add_post("/v1/sync", self._sync)

    async def _sync(self, http_request: web.Request) -> web.Response:
        request = _decoder.decode(await http_request.read())
        if self._calls >= CALLS_MAX_COUNT:
            return json_response(
                {"error": "busy", "detail": "Too many calls at once.", "retry_after_ms": 1_000}, status=503
            )
        self._calls += 1
        try:
            response = await answer(self._replica, request)
        finally:
            self._calls -= 1
        if request.nonce is not None and self._identity is not None:
            proof = prove(self._identity, request.nonce, response.have)
            response = msgspec.structs.replace(response, proof=proof)
        return json_response(response)
