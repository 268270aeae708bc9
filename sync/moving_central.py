"""Central as a peer whose address may change: the one that was told, then those that this unit has heard of.

Each is believed by central's certificate alone, so a wrong place costs a try and nothing else."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

import msgspec

from pitboard.doors.node_client import SMALL_ANSWER_MAX_BYTES
from pitboard.errors import NOT_UNDERSTOOD, LossCode, PeerBusy, PeerLost
from sync.exchanging.exchange import Peer, SyncRequest, SyncResponse

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")


class CentralPlaces(msgspec.Struct, frozen=True):
    """What the unit answers to `GET /v1/central-places`."""

    urls: list[str]


class CentralAt:
    """Where central answered last; shared by all who ask it, so that one finds it for all.

    `ask` gives the places that are known now; without a `pin` nobody vouches for another one than was told.
    """

    def __init__(self, told: str, *, pin: str | None, ask: Callable[[], Awaitable[list[str]]]) -> None:
        self.url = told
        self._told = told
        self._pin = pin
        self._ask = ask

    async def others(self) -> list[str]:
        """Return where else to try, none where that cannot be told now."""
        if self._pin is None:
            return []
        try:
            heard = await self._ask()
        except (PeerLost, *NOT_UNDERSTOOD):
            heard = []
        return [url for url in dict.fromkeys([self._told, *heard]) if url != self.url]

    def answered(self, url: str) -> None:
        if url != self.url:
            log.info("central is at another address: url=%s before=%s", url, self.url)
        self.url = url


class CentralPeer(Peer, Protocol):
    """Central at one place."""

    async def call(
        self, method: str, path: str, body: bytes | None = None, *, wait_ms: int = 0, max_bytes: int = ...
    ) -> bytes: ...

    def close(self) -> None: ...


class MovingCentral:
    """Asks at the place that answered last, and where nobody answers there, at every other one."""

    name = "central"

    def __init__(self, at: CentralAt, connect: Callable[[str], CentralPeer]) -> None:
        self._at = at
        self._connect = connect
        self._url = ""
        self._peer: CentralPeer | None = None

    async def sync(self, request: SyncRequest) -> SyncResponse:
        """Return central's answer; raises PeerLost where no place answers, PeerBusy where it wants time."""
        return await self._first(lambda peer: peer.sync(request))

    async def call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        wait_ms: int = 0,
        max_bytes: int = SMALL_ANSWER_MAX_BYTES,
    ) -> bytes:
        """Return the body of central's answer; raises like `sync`."""
        return await self._first(
            lambda peer: peer.call(method, path, body, wait_ms=wait_ms, max_bytes=max_bytes)
        )

    async def _first(self, ask: Callable[[CentralPeer], Awaitable[Answer]]) -> Answer:
        url = self._at.url
        try:
            answer = await ask(self._at_place(url))
        except PeerBusy:
            raise
        except PeerLost as error:
            if error.code == LossCode.ANOTHER_EVENT:
                raise
            return await self._elsewhere(ask, error)
        self._at.answered(url)
        return answer

    async def _elsewhere(self, ask: Callable[[CentralPeer], Awaitable[Answer]], lost: PeerLost) -> Answer:
        """Try the other places; raises the first loss, which is of where central was."""
        for url in await self._at.others():
            try:
                answer = await ask(self._at_place(url))
            except PeerLost as error:
                log.debug("central is not there: url=%s reason=%s", url, error)
                continue
            self._at.answered(url)
            return answer
        raise lost

    def _at_place(self, url: str) -> CentralPeer:
        if self._peer is None or self._url != url:
            if self._peer is not None:
                self._peer.close()
            self._peer, self._url = self._connect(url), url
        return self._peer
