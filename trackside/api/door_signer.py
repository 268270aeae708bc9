"""Prove this unit at a door, for its sync process: the key stays with the program that writes with it."""

from __future__ import annotations

import msgspec
from aiohttp import web

from pitboard.doors.caller import take_body
from pitboard.doors.door_proof import prove_at_door
from pitboard.doors.http_api import json_response
from pitboard.errors import ActRefused
from pitboard.trust.identity import Identity


class DoorQuestion(msgspec.Struct, frozen=True, kw_only=True):
    challenge: str
    fingerprint: str


_decoder = msgspec.json.Decoder(DoorQuestion)


class DoorSigner:
    """Serves `POST /v1/door-proof` on the unit's own socket."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity

    def add_to(self, app: web.Application) -> None:
        app.router.add_post("/v1/door-proof", self._sign)

    async def _sign(self, request: web.Request) -> web.Response:
        question = _decoder.decode(await take_body(request))
        try:
            proof = prove_at_door(self._identity, question.challenge, question.fingerprint)
        except ValueError as error:
            raise ActRefused(code="bad-request", reason="This is not a door's challenge.") from error
        return json_response({"proof": proof})
