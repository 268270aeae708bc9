"""What displays show right now, as small pictures, for the touchscreen and for central's admin.

Fetched only when somebody looks, from the display itself, and only of one that was enrolled: what comes is
signed by its key over the asker's nonce, so whoever carries it can put no other in its place."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Container, Sequence

from aiohttp import web

from pitboard.doors.http_api import json_response
from pitboard.doors.session import ANY_CERTIFICATE
from pitboard.errors import ActRefused, PeerLost, PictureRefused
from pitboard.presence.heard_nodes import FoundNode, node_url
from pitboard.trust.signed_picture import (
    SIGNED_MAX_BYTES,
    SignedPicture,
    check_picture,
    is_nonce,
    new_nonce,
    read_picture,
)
from pitboard.unit_api.screen_state import DISPLAY_PICTURE_PATH
from sync.exchanging.requests_peer import RequestsPeer

ANSWER_MAX_S = 0.8
PLACES_MAX_COUNT = 2
"""Of one display; a stranger may claim its key, and then cannot sign."""
AT_ONCE_MAX_COUNT = 4


async def ask_picture(node: FoundNode, nonce: str) -> bytes:
    """Return what answers there to the question for its picture; raises PeerLost."""
    peer = RequestsPeer(node_url(node), name=node.name, pin=ANY_CERTIFICATE, margin_s=ANSWER_MAX_S)
    try:
        return await peer.call("GET", f"/v1/picture?nonce={nonce}", max_bytes=SIGNED_MAX_BYTES)
    finally:
        peer.close()


class DisplayPictures:
    """`enrolled` gives the keys of the event's displays, as far as this unit knows."""

    def __init__(
        self,
        enrolled: Callable[[], Container[str]],
        *,
        ask: Callable[[FoundNode, str], Awaitable[bytes]] = ask_picture,
    ) -> None:
        self.places: Callable[[str], Sequence[FoundNode]] = lambda key: ()
        """Where the display of a key answered last."""
        self._enrolled = enrolled
        self._ask = ask
        self._asking = 0

    def add_to(self, app: web.Application) -> None:
        app.router.add_get(DISPLAY_PICTURE_PATH, self._show)

    async def picture(self, key: str, nonce: str) -> SignedPicture:
        """Return what the display shows now, proven. Raises ActRefused where it cannot be had."""
        if key not in self._enrolled():
            raise ActRefused(code="display-not-enrolled", reason="Only an enrolled display shows a picture.")
        if self._asking >= AT_ONCE_MAX_COUNT:
            raise ActRefused(code="busy", reason="Too many pictures are asked for at once.")
        self._asking += 1
        try:
            for node in list(self.places(key))[:PLACES_MAX_COUNT]:
                try:
                    signed = read_picture(await self._ask(node, nonce))
                    check_picture(signed, key=key, nonce=nonce)
                except (PeerLost, PictureRefused):
                    continue
                return signed
        finally:
            self._asking -= 1
        raise ActRefused(code="no-display-picture", reason="The display does not show its picture.")

    async def _show(self, request: web.Request) -> web.Response:
        nonce = request.query.get("nonce", "") or new_nonce()
        if not is_nonce(nonce):
            raise ActRefused(code="bad-request", reason="'nonce' must be 32 hexadecimal digits.")
        return json_response(await self.picture(request.query.get("display", ""), nonce))
