"""A peer that must show with each answer that it is a node of this event and answers now.

What it brings is passed on in any case, for records are believed by their own signatures; `on_standing` hears
who brought it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping

import msgspec

from pitboard.journal.roster import Roster
from sync.exchanging.exchange import Peer, SyncRequest, SyncResponse
from sync.exchanging.freshness import Standing, judge, standing_of

NONCE_BYTES = 16
SMALL_ANSWER_COUNT = 100
WITHHELD_MAX_COUNT = 3


class FreshPeer:
    """Wraps one peer; `roster` gives who is enrolled as far as we know now."""

    def __init__(
        self, peer: Peer, *, roster: Callable[[], Roster], on_standing: Callable[[Standing], None]
    ) -> None:
        self.name = peer.name
        self._peer = peer
        self._roster = roster
        self._on_standing = on_standing
        self._unknown_key: str | None = None
        self._withheld_count = 0

    async def sync(self, request: SyncRequest) -> SyncResponse:
        """Return the peer's answer, judged; raises like the peer."""
        self._look_again()
        nonce = secrets.token_hex(NONCE_BYTES)
        response = await self._peer.sync(msgspec.structs.replace(request, nonce=nonce))
        standing = judge(response, nonce, self._roster())
        if standing == Standing.PROVEN and self._withholds(request.have, response):
            standing = Standing.UNPROVEN
        if standing == Standing.STRANGER and response.proof is not None:
            self._unknown_key = response.proof.key
        self._on_standing(standing)
        return response

    def _look_again(self) -> None:
        """Believe the last answer after all, if what it brought enrolled its writer: so a new node begins."""
        key, self._unknown_key = self._unknown_key, None
        if key is not None and standing_of(key, self._roster()) == Standing.PROVEN:
            self._on_standing(Standing.PROVEN)

    def _withholds(self, have: Mapping[str, int] | None, response: SyncResponse) -> bool:
        """Return whether, time and again, there is more than is handed out: somebody between us keeps it."""
        if have is None or len(response.records) >= SMALL_ANSWER_COUNT:
            return False
        if response.records or all(have.get(stream, 0) >= head for stream, head in response.have.items()):
            self._withheld_count = 0
            return False
        self._withheld_count += 1  # once is chance: news may come between the records and the heads
        return self._withheld_count >= WITHHELD_MAX_COUNT
