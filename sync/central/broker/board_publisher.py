"""Keeps the boards on a broker: retained, for who comes later, and what changed as it happens.

What waits while the broker is away is not kept: when it is back, it gets the boards as they are then."""

from __future__ import annotations

import asyncio
import logging
import ssl
from pathlib import Path
from urllib.parse import quote, urlsplit

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from pitboard.errors import ConfigRefused
from pitboard.journal.replica import Replica
from pitboard.race.boards import ALL
from pitboard.trust.identity import Identity
from sync.central.broker.signed_message import sealed
from sync.central.config import BrokerConfig
from sync.central.public.board_feed import BoardFeed, encoded_change
from sync.central.public.race_reader import RaceReader

log = logging.getLogger(__name__)

PUBLISH_EVERY_S = 0.5
NEWS_WAIT_S = 5.0
"""So long at most a broker that came back waits for the boards."""
KEEPALIVE_S = 20
RETRY_MIN_S, RETRY_MAX_S = 1, 30
QOS = 1
WAITING_MAX_COUNT = 500
"""Messages that the broker has not confirmed yet."""
_PORTS = {"mqtt": 1883, "mqtts": 8883, "ws": 80, "wss": 443}
_HERE, _GONE = b'{"state":"here"}', b'{"state":"gone"}'


class BoardPublisher:
    """Publishes one replica's boards under one root topic, and says when central is gone."""

    def __init__(self, replica: Replica, root: Identity, config: BrokerConfig) -> None:
        self._replica = replica
        self._root = root
        self._topic = config.topic
        self._reader = RaceReader(replica.fold)
        self._feed = BoardFeed(replica.fold, lambda: replica.mark.arrival)
        self._published: dict[str, bytes] = {}
        self._told = self._feed.newest
        self._loop = asyncio.get_running_loop()
        self._client = self._made(config)

    def _made(self, config: BrokerConfig) -> mqtt.Client:
        address = urlsplit(config.address)
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"pitboard-{self._root.key[:16]}",
            transport="websockets" if address.scheme in ("ws", "wss") else "tcp",
            reconnect_on_failure=True,
        )
        if address.scheme in ("ws", "wss"):
            client.ws_set_options(path=address.path or "/")
        if address.scheme in ("mqtts", "wss"):
            context = ssl.create_default_context(cafile=None if config.ca is None else str(config.ca))
            client.tls_set_context(context)
        if config.user:
            client.username_pw_set(config.user, _password(config.password_file))
        client.max_queued_messages_set(WAITING_MAX_COUNT)
        client.reconnect_delay_set(RETRY_MIN_S, RETRY_MAX_S)
        state = f"{self._topic}/state"
        # Signed now, for later: as old as this start, and whatever comes after the next one is newer.
        client.will_set(state, sealed(state, self._records, _GONE, self._root), qos=QOS, retain=True)
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.connect_async(address.hostname or "", address.port or _PORTS[address.scheme], KEEPALIVE_S)
        return client

    @property
    def _records(self) -> int:
        return sum(self._replica.have().values())

    async def run(self) -> None:
        """Publish until cancelled; then say that central is gone."""
        self._client.loop_start()
        try:
            while True:
                version = self._replica.version
                self._publish_all()
                await asyncio.sleep(PUBLISH_EVERY_S)
                await self._replica.wait_for_news(version, NEWS_WAIT_S)
        finally:
            self._publish(f"{self._topic}/state", _GONE, is_kept=True)
            self._client.disconnect()
            await asyncio.to_thread(self._client.loop_stop)

    def _publish_all(self) -> None:
        if not self._client.is_connected():
            return
        self._reader.warm()
        self._publish(f"{self._topic}/state", _HERE, is_kept=True)
        for track, race_class in self._reader.filters():
            self._publish(
                self._topic_of(track, race_class),
                self._reader.board(track=track, race_class=race_class).body,
                is_kept=True,
            )
        self._feed.refresh()
        newest = self._feed.newest
        if newest.tag != self._told.tag:
            self._publish(f"{self._topic}/live/change", encoded_change(self._told, newest), is_kept=False)
            self._told = newest
        self._publish(f"{self._topic}/live/page", newest.body, is_kept=True)

    def _topic_of(self, track: str, race_class: str) -> str:
        """Names go into a topic without what it reads as its own: a slash, a plus, a cross."""
        named = [("track", track), ("class", race_class)]
        parts = [f"/{kind}/{quote(name, safe='')}" for kind, name in named if name != ALL]
        return f"{self._topic}/board" + "".join(parts)

    def _publish(self, topic: str, body: bytes, *, is_kept: bool) -> None:
        if is_kept and self._published.get(topic) == body:
            return
        sent = self._client.publish(
            topic, sealed(topic, self._records, body, self._root), qos=QOS, retain=is_kept
        )
        if is_kept and sent.rc == mqtt.MQTT_ERR_SUCCESS:
            self._published[topic] = body

    # Called in the client's own thread

    def _connected(self, *told: object) -> None:
        reason = told[3]
        if getattr(reason, "is_failure", False):
            log.warning("the broker refuses us: %s", reason)
            return
        log.info("boards are published: topic=%s", self._topic)
        self._loop.call_soon_threadsafe(self._begin_anew)

    def _disconnected(self, *told: object) -> None:
        log.warning("the broker is away: %s", told[3])

    def _begin_anew(self) -> None:
        self._published.clear()


def _password(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeError) as error:
        raise ConfigRefused(path=path, reason=f"the broker's password cannot be read: {error}") from error
