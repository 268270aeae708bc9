"""An event on a broker as a node that answers the exchange; its word is central's signature.

The heads say what there is; what is lacking is fetched by subscribing to its pieces, which the broker kept.
It takes no records. A broker can hold messages back, and nothing else: without central's beats no answer is
of now."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any

import msgspec

from pitboard.broker.broker_client import CONNECT_MAX_S, QOS, BrokerConfig, broker_client
from pitboard.broker.broker_topics import (
    BEAT_SILENT_MAX_S,
    PIECE_COUNT,
    Heads,
    Newest,
    State,
    heads_topic,
    lacking_pieces,
    piece_topic,
    state_topic,
)
from pitboard.broker.signed_message import Told, opened
from pitboard.errors import NOT_UNDERSTOOD, ConfigRefused, LossCode, PeerLost
from pitboard.journal.records.record import WireRecord
from pitboard.journal.replica import BATCH_MAX_COUNT
from sync.exchanging.exchange import SyncRequest, SyncResponse

log = logging.getLogger(__name__)

PIECES_AT_ONCE = BATCH_MAX_COUNT // PIECE_COUNT
PIECE_MAX_RECORDS = 2 * PIECE_COUNT
"""Of a piece: before each that was emptied may stand the erasure."""
_state_decoder = msgspec.json.Decoder(State)
_heads_decoder = msgspec.json.Decoder(Heads)
_piece_decoder = msgspec.json.Decoder(list[WireRecord])


class BrokerPeer:
    """Connects at the first question; made and asked within one loop."""

    def __init__(self, config: BrokerConfig, *, name: str, root_key: str, newest: Newest) -> None:
        self.name = name
        self._root = config.topic
        self._root_key = root_key
        self._newest = newest
        self._loop = asyncio.get_running_loop()
        self._config = config
        self._client: Any = None
        self._news = asyncio.Event()
        self._is_connected = False
        self._quiet_s = 0.0  # since when nothing was heard
        self._trouble: PeerLost | None = None  # of the connection
        self._heads: dict[str, int] | None = None
        self._heads_records = 0
        self._beat: tuple[float, int, int] | None = None  # when it came, its records, central's clock
        self._is_gone = False
        self._is_older = False
        self._wanted: set[str] = set()
        self._pieces: dict[str, list[WireRecord]] = {}

    async def sync(self, request: SyncRequest) -> SyncResponse:
        """Return what is lacking, or after `wait_ms` that nothing is; raises PeerLost.

        Records are handed over while central is gone too, but such an answer is not of now.
        """
        self._begin()
        have = request.have or {}
        until_s = self._loop.time() + request.wait_ms / 1_000
        while True:
            self._news.clear()
            if self._trouble is not None:
                raise self._trouble
            if self._heads is not None:
                lacking = [] if request.have is None else self._lacking(have)
                if lacking:
                    return self._answer(await self._fetched(lacking, have))
                if self._is_of_now and (self._loop.time() >= until_s or request.have is None):
                    return self._answer([])
            self._raise_if_silent()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(self._looks_again_s(until_s)):
                    await self._news.wait()

    def close(self) -> None:
        """Leave the broker; its thread ends by itself."""
        if self._client is not None:
            self._client.disconnect()

    def _begin(self) -> None:
        if self._client is not None:
            return
        try:
            client = broker_client(self._config)
        except ConfigRefused as error:
            log.error("no broker is followed: %s", error)
            raise PeerLost(peer=self.name, reason=str(error)) from error
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        self._client, self._quiet_s = client, self._loop.time()
        client.loop_start()

    @property
    def _is_of_now(self) -> bool:
        """Return whether central was heard just now, and the heads are those of then or newer."""
        if self._beat is None or self._is_gone or self._is_older:
            return False
        heard_s, records, _ = self._beat
        return self._loop.time() - heard_s < BEAT_SILENT_MAX_S and self._heads_records >= records

    def _raise_if_silent(self) -> None:
        """Raise PeerLost once it is sure that central is not heard here."""
        is_late = self._loop.time() >= self._silent_s
        if self._is_older:
            raise PeerLost(peer=self.name, code=LossCode.OLDER)
        if self._is_gone and (is_late or self._heads is not None):  # what central left is handed over first
            raise PeerLost(peer=self.name, code=LossCode.CENTRAL_GONE)
        if is_late:
            code = LossCode.NO_ANSWER if self._beat is None else LossCode.CENTRAL_GONE
            raise PeerLost(peer=self.name, code=code)

    @property
    def _silent_s(self) -> float:
        """Return until when there is reason to wait for the connection, or for the next beat."""
        return self._quiet_s + (BEAT_SILENT_MAX_S if self._is_connected else 2 * CONNECT_MAX_S)

    def _looks_again_s(self, until_s: float) -> float:
        """Return when there may be something else to say without news."""
        return min(until_s, self._silent_s) if until_s > self._loop.time() else self._silent_s

    def _lacking(self, have: dict[str, int]) -> list[tuple[str, int]]:
        lacking: list[tuple[str, int]] = []
        for one in lacking_pieces(self._heads or {}, have):
            lacking.append(one)
            if len(lacking) >= PIECES_AT_ONCE:
                break
        return lacking

    async def _fetched(self, lacking: list[tuple[str, int]], have: dict[str, int]) -> list[WireRecord]:
        """Return the records of these pieces; raises PeerLost where the broker does not have them."""
        topics = [piece_topic(self._root, stream, piece) for stream, piece in lacking]
        self._wanted = set(topics)
        self._client.subscribe([(topic, QOS) for topic in topics])
        try:
            async with asyncio.timeout(BEAT_SILENT_MAX_S):
                while self._wanted:
                    self._news.clear()
                    if self._trouble is not None:
                        raise self._trouble
                    await self._news.wait()
            return [record for topic in topics for record in self._pieces[topic]]
        except TimeoutError as error:
            raise PeerLost(peer=self.name, code=LossCode.NO_ANSWER) from error
        finally:
            self._client.unsubscribe(topics)
            self._wanted.clear()
            self._pieces.clear()

    def _answer(self, records: list[WireRecord]) -> SyncResponse:
        utc_ms = 0
        if self._beat is not None and self._is_of_now:
            utc_ms = self._beat[2] + round((self._loop.time() - self._beat[0]) * 1_000)
        return SyncResponse(have=self._heads or {}, records=records, utc_ms=utc_ms, is_of_now=self._is_of_now)

    # In the loop

    def _take(self, topic: str, told: Told, is_kept: bool) -> None:
        try:
            if topic == state_topic(self._root):
                self._take_state(_state_decoder.decode(told.body), told.records, is_kept)
            elif topic == heads_topic(self._root):
                if told.records >= self._heads_records:
                    self._heads = _heads_decoder.decode(told.body)
                    self._heads_records = sum(self._heads.values())
            elif topic in self._wanted:
                records = _piece_decoder.decode(told.body)
                if len(records) <= PIECE_MAX_RECORDS:
                    self._pieces[topic] = records
                    self._wanted.discard(topic)
        except NOT_UNDERSTOOD as error:
            log.warning("not understood, though signed: topic=%s %s", topic, error)
            return
        self._news.set()

    def _take_state(self, state: State, records: int, is_kept: bool) -> None:
        """What the broker kept tells only that central is gone: a beat of now comes by itself."""
        if state.state == "gone":
            self._is_gone = True
        elif not is_kept and (self._beat is None or state.utc_ms > self._beat[2]):
            newest = self._newest
            self._is_gone = False
            self._is_older = records < newest.records or state.utc_ms < newest.utc_ms
            if not self._is_older:
                newest.records, newest.utc_ms = records, state.utc_ms
            self._quiet_s = self._loop.time()
            self._beat = (self._quiet_s, records, state.utc_ms)

    def _take_connection(self, trouble: PeerLost | None) -> None:
        if trouble is None or self._trouble is None:  # the first trouble is the reason of what comes after it
            self._trouble = trouble
        self._is_connected = trouble is None
        self._quiet_s = self._loop.time()
        self._news.set()

    # In the client's own thread

    def _on_connect(self, *told: Any) -> None:
        reason = told[3]
        if getattr(reason, "is_failure", False):
            self._tell_connection(PeerLost(peer=self.name, code=LossCode.NOT_PERMITTED, reason=str(reason)))
            return
        self._client.subscribe([(state_topic(self._root), QOS), (heads_topic(self._root), QOS)])
        self._tell_connection(None)

    def _on_connect_fail(self, *_: Any) -> None:
        self._tell_connection(PeerLost(peer=self.name, code=LossCode.NOTHING_LISTENS))

    def _on_disconnect(self, *told: Any) -> None:
        self._tell_connection(PeerLost(peer=self.name, code=LossCode.BROKEN, reason=str(told[3])))

    def _on_message(self, *told: Any) -> None:
        message = told[2]
        said = opened(bytes(message.payload), message.topic, self._root_key)
        if said is not None:
            self._call(self._take, message.topic, said, bool(message.retain))

    def _tell_connection(self, trouble: PeerLost | None) -> None:
        self._call(self._take_connection, trouble)

    def _call(self, *call: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the loop ended before this thread did
            self._loop.call_soon_threadsafe(*call)
