"""Keeps boards and journal on a broker: retained, for who comes later, and what changed as it happens.

What waits while the broker is away is not kept: when it is back, it gets all as it is then."""

from __future__ import annotations

import asyncio
import logging
from typing import Any
from urllib.parse import quote

import msgspec

from pitboard.broker.broker_client import QOS, PublishingConfig, broker_client
from pitboard.broker.broker_topics import BEAT_EVERY_S, State, state_topic
from pitboard.broker.signed_message import sealed
from pitboard.clock import happened
from pitboard.journal.replica import Replica
from pitboard.race.ranking.boards import ALL
from pitboard.tasks import beside
from pitboard.trust.identity import Identity
from sync.central.broker.record_pieces import RecordPieces
from sync.central.public.board_feed import BoardFeed, encoded_change
from sync.central.public.race_reader import RaceReader

log = logging.getLogger(__name__)

PUBLISH_EVERY_S = 0.5
NEWS_WAIT_S = 5.0
"""So long at most a broker that came back waits for the boards."""
WAITING_MAX_COUNT = 500
"""Messages that the broker has not confirmed yet."""
ROOM_LOOK_S = 1.0
_SENT = 0  # as the library says that it took a message


class BoardPublisher:
    """Publishes one replica under one root topic, and says when central is gone."""

    def __init__(self, replica: Replica, root: Identity, config: PublishingConfig) -> None:
        self._replica = replica
        self._root = root
        self._topic = config.topic
        self._reader = RaceReader(replica.fold)
        self._feed = BoardFeed(replica.fold, lambda: replica.mark.arrival)
        self._pieces = RecordPieces(replica, config.topic) if config.records else None
        self._published: dict[str, bytes] = {}
        self._told = self._feed.newest
        self._loop = asyncio.get_running_loop()
        self._has_room = asyncio.Event()
        self._client = self._made(config)

    def _made(self, config: PublishingConfig) -> Any:
        client = broker_client(
            config, client_id=f"pitboard-{self._root.key[:16]}", waiting_max_count=WAITING_MAX_COUNT
        )
        state = state_topic(self._topic)
        # Signed now, for later: as old as this start, and whatever comes after the next one is newer.
        client.will_set(state, sealed(state, self._records, _said("gone"), self._root), qos=QOS, retain=True)
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_publish = lambda *_: self._loop.call_soon_threadsafe(self._has_room.set)
        return client

    @property
    def _records(self) -> int:
        return sum(self._replica.have().values())

    async def run(self) -> None:
        """Publish until cancelled; then say that central is gone."""
        self._client.loop_start()
        try:
            async with beside(self._beat(), name="beat on the broker"):
                while True:
                    version = self._replica.version
                    await self._publish_all()
                    await asyncio.sleep(PUBLISH_EVERY_S)
                    await self._replica.wait_for_news(version, NEWS_WAIT_S)
        finally:
            is_connected = self._client.is_connected()
            self._send(state_topic(self._topic), _said("gone"), is_kept=True)
            self._client.disconnect()
            if is_connected:  # else there is nobody to tell, and its thread ends by itself
                await asyncio.to_thread(self._client.loop_stop)

    async def _beat(self) -> None:
        """Say each second that central is here, with how many records there are."""
        while True:
            if self._client.is_connected():
                body = _said("here", utc_ms=max(0, self._replica.clock.utc_ms()))
                self._send(state_topic(self._topic), body, is_kept=True)
            await asyncio.sleep(BEAT_EVERY_S)

    async def _publish_all(self) -> None:
        if not self._client.is_connected():
            return
        self._reader.warm()
        for track, race_class in self._reader.filters():
            board = self._reader.board(track=track, race_class=race_class).body
            await self._publish(self._topic_of(track, race_class), board)
        self._feed.refresh()
        newest = self._feed.newest
        if newest.tag != self._told.tag:
            self._send(f"{self._topic}/live/change", encoded_change(self._told, newest), is_kept=False)
            self._told = newest
        await self._publish(f"{self._topic}/live/page", newest.body)
        if self._pieces is not None:
            async for topic, body in self._pieces.news():
                await self._publish(topic, body, is_remembered=False)

    def _topic_of(self, track: str, race_class: str) -> str:
        """Names go into a topic without what it reads as its own: a slash, a plus, a cross."""
        named = [("track", track), ("class", race_class)]
        parts = [f"/{kind}/{quote(name, safe='')}" for kind, name in named if name != ALL]
        return f"{self._topic}/board" + "".join(parts)

    async def _publish(self, topic: str, body: bytes, *, is_remembered: bool = True) -> None:
        """Keep this on the broker, unless it is there; wait while too much is on its way."""
        if is_remembered and self._published.get(topic) == body:
            return
        while not self._send(topic, body, is_kept=True) and self._client.is_connected():
            self._has_room.clear()
            await happened(self._has_room, ROOM_LOOK_S)
        if is_remembered:
            self._published[topic] = body

    def _send(self, topic: str, body: bytes, *, is_kept: bool) -> bool:
        """Hand it to the library; return whether there was room."""
        message = sealed(topic, self._records, body, self._root)
        return bool(self._client.publish(topic, message, qos=QOS, retain=is_kept).rc == _SENT)

    # Called in the client's own thread

    def _connected(self, *told: Any) -> None:
        reason = told[3]
        if getattr(reason, "is_failure", False):
            log.warning("the broker refuses us: %s", reason)
            return
        log.info("boards are published: topic=%s", self._topic)
        self._loop.call_soon_threadsafe(self._begin_anew)

    def _disconnected(self, *told: Any) -> None:
        log.warning("the broker is away: %s", told[3])

    def _begin_anew(self) -> None:
        self._published.clear()
        if self._pieces is not None:
            self._pieces.begin_anew()


def _said(state: str, utc_ms: int = 0) -> bytes:
    return msgspec.json.encode(State("here" if state == "here" else "gone", utc_ms))
