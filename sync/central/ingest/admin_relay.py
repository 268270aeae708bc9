"""What an ingest door in a process of its own hands on to the admin's process: enrolments, how units are,
pictures of displays, and which event is the next.

Only the admin's process holds the root key, so only it can enrol. The caller's address goes along, for wrong
tokens are counted by it."""

from __future__ import annotations

import logging
from pathlib import Path

import aiohttp
from aiohttp import web

from pitboard.doors.caller import take_body, the_caller
from pitboard.doors.door_limits import DoorLimits
from pitboard.doors.http_api import json_response, new_app
from pitboard.errors import CallRefused
from sync.central.ingest.ingest_app import AdminsPart
from sync.central.ingest.picture_post import may_wait
from sync.central.ingest.unit_watch import STATUS_PATH
from sync.enrolling.enrolment_words import CLAIM_PATH, REVEAL_PATH, WAIT_MAX_MS
from sync.enrolling.hand_over import HAND_OVER_PATH
from sync.exchanging.picture_words import PICTURE_PATH, WANTED_PATH, PicturesWanted

log = logging.getLogger(__name__)

INGEST_SOCKET_MODE = 0o660
ANSWER_MAX_S = WAIT_MAX_MS / 1_000 + 10.0


class AdminRelay:
    """Hands calls on to the admin's process at its Unix socket."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def add_to_ingest(self, app: web.Application) -> None:
        for path in (CLAIM_PATH, REVEAL_PATH, STATUS_PATH, PICTURE_PATH):
            app.router.add_post(path, self._hand_on)
        app.router.add_get(HAND_OVER_PATH, self._hand_on)
        app.router.add_get(WANTED_PATH, self._hand_on_of_nodes)

    async def _hand_on_of_nodes(self, request: web.Request) -> web.Response:
        """Only we know who proved himself here."""
        return await self._hand_on(request) if may_wait(the_caller()) else json_response(PicturesWanted())

    async def _hand_on(self, request: web.Request) -> web.Response:
        body = await take_body(request)
        source = the_caller().source or ""
        try:
            async with (
                aiohttp.ClientSession(
                    connector=aiohttp.UnixConnector(str(self._socket)),
                    timeout=aiohttp.ClientTimeout(total=ANSWER_MAX_S),
                ) as session,
                session.request(
                    request.method,
                    f"http://admin{request.path_qs}",
                    data=body,
                    headers={"X-Forwarded-For": source},
                ) as answer,
            ):
                return web.Response(
                    body=await answer.read(), status=answer.status, content_type=answer.content_type
                )
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            log.warning("admin's process does not answer: socket=%s reason=%s", self._socket, error)
            raise CallRefused(
                "busy", "Central's admin part does not run; try again soon.", status=503, retry_after_ms=2_000
            ) from error


def relayed_app(*parts: AdminsPart) -> web.Application:
    """Return what the admin's process serves to its ingest door."""
    # Whoever opens the socket is the ingest door; what it says about its caller is believed.
    app = new_app(DoorLimits(trusted_proxies=("",)))
    for part in parts:
        part.add_to_ingest(app)
    return app
