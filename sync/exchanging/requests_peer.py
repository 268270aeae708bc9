"""A node reached by HTTP, through a blocking client in a thread.

The thread is a daemon: a program that stops does not wait for a long poll to end. Answers are unpacked in the
thread and bounded, and never before it was looked at who signs them."""

from __future__ import annotations

import msgspec

from pitboard.doors.door_proof import DoorPass
from pitboard.doors.node_client import SMALL_ANSWER_MAX_BYTES, NodeClient
from sync.exchanging.daemon_threads import in_daemon_thread
from sync.exchanging.exchange import ANSWER_MAX_BYTES, SyncRequest, SyncResponse, unpack_answer

ANSWER_MARGIN_S = 5.0


class RequestsPeer:
    """Asks the node at `base_url` (https://…, or unix:PATH for this unit's own API).

    `pin` says which certificate to accept, as in `open_session`; `margin_s` is how much longer than it was
    told to wait a node may take for the whole of its answer. `auth` proves us at its door.
    """

    def __init__(
        self,
        base_url: str,
        *,
        name: str | None = None,
        pin: str | None = None,
        margin_s: float = ANSWER_MARGIN_S,
        auth: DoorPass | None = None,
    ) -> None:
        self._client = NodeClient(base_url, name=name, pin=pin, auth=auth)
        self.name = self._client.name
        self._margin_s = margin_s

    async def sync(self, request: SyncRequest) -> SyncResponse:
        """Return the node's answer; raises PeerLost, or PeerBusy when it asks for patience."""
        within_s = request.wait_ms / 1_000 + self._margin_s
        question = msgspec.json.encode(request)

        def ask() -> SyncResponse:
            answer = self._client.call(
                "POST", "/v1/sync", question, within_s=within_s, max_bytes=ANSWER_MAX_BYTES
            )
            return unpack_answer(answer, peer=self.name)

        return await in_daemon_thread(ask)

    async def call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        wait_ms: int = 0,
        max_bytes: int = SMALL_ANSWER_MAX_BYTES,
    ) -> bytes:
        """Return the body of the node's answer; raises like `sync`. `wait_ms` is what the node may take."""
        within_s = wait_ms / 1_000 + self._margin_s
        return await in_daemon_thread(
            lambda: self._client.call(method, path, body, within_s=within_s, max_bytes=max_bytes)
        )

    def close(self) -> None:
        self._client.close()
