"""The boards on a real broker: signed, retained, and with a word when central is gone."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Iterator
from pathlib import Path

import msgspec
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from pitboard.broker import broker_client
from pitboard.broker.broker_client import PublishingConfig
from pitboard.broker.signed_message import opened
from pitboard.clock import SystemClock
from pitboard.trust.identity import Identity
from sync.central.broker import board_publisher
from sync.central.central_server import open_central
from sync.central.public.board_change import changed
from tests.mosquitto import TOPIC, mosquitto
from tests.sync.central.central_stage import TrackStory, central_config


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[int]:
    with mosquitto(tmp_path) as port:
        yield port


class Follower:
    """Somebody in another city, who has the event's key and this broker."""

    def __init__(self, port: int, root_key: str) -> None:
        self.root_key = root_key
        self._heard: queue.Queue[mqtt.MQTTMessage] = queue.Queue()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = lambda client, data, message: self._heard.put(message)
        self._client.connect("127.0.0.1", port)
        self._client.subscribe(f"{TOPIC}/#", qos=1)
        self._client.loop_start()

    def end(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def next(self, topic: str, wanted: str = "") -> tuple[bytes, dict[str, object]]:
        """Return the next message of the topic with these words in it, and what it says."""
        while True:
            message = self._heard.get(timeout=20)
            if message.topic == f"{TOPIC}/{topic}" and wanted.encode() in message.payload:
                told = opened(bytes(message.payload), message.topic, self.root_key)
                assert told is not None, "the event's signature holds"
                return bytes(message.payload), msgspec.json.decode(told.body)


def test_who_follows_the_broker_sees_each_board_and_that_central_is_gone(
    tmp_path: Path, broker: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board_publisher, "NEWS_WAIT_S", 0.2)
    monkeypatch.setattr(broker_client, "RETRY_MIN_S", 0.1)
    monkeypatch.setattr(board_publisher, "BEAT_EVERY_S", 0.1)
    root = Identity.load_or_create(tmp_path / "root.key")
    config = msgspec.structs.replace(
        central_config(tmp_path), mqtt=PublishingConfig(address=f"mqtt://127.0.0.1:{broker}", topic=TOPIC)
    )

    async def story() -> None:
        track = TrackStory()
        async with open_central(config, SystemClock()) as central:
            await central.replica.accept(track.drives("c1", "Anna", 12.5).news())
            follower = await asyncio.to_thread(Follower, broker, root.key)
            try:
                _, state = await asyncio.to_thread(follower.next, "state")
                assert state.pop("utc_ms")
                assert state == {"state": "here"}
                _, board = await asyncio.to_thread(follower.next, "board", "Anna")
                assert [entry["name"] for entry in board["entries"]] == ["Anna"]  # type: ignore[attr-defined]
                _, page = await asyncio.to_thread(follower.next, "live/page", "Anna")
                await central.replica.accept(track.drives("c2", "Ben", 11.0).news())
                _, change = await asyncio.to_thread(follower.next, "live/change", "Ben")
                assert change.pop("from") == page.pop("tag")
                change.pop("to")
                assert int(str(change.pop("at"))) > int(str(page.pop("at")))
                assert [one["id"] for one in changed(page, change)["entries"]] == ["c2", "c1"]
                late = await asyncio.to_thread(Follower, broker, root.key)  # finds what is retained
                await asyncio.to_thread(late.next, "board", "Ben")
                await asyncio.to_thread(late.end)
                # A broker that loses central says so by itself; central comes back.
                thief = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"pitboard-{root.key[:16]}")
                await asyncio.to_thread(thief.connect, "127.0.0.1", broker)
                await asyncio.to_thread(thief.loop, 1.0)
                for said in ("gone", "here"):
                    await asyncio.to_thread(follower.next, "state", said)
            except BaseException:
                follower.end()
                raise
        await asyncio.to_thread(follower.next, "state", "gone")
        follower.end()

    asyncio.run(story())


def test_a_broker_that_is_away_holds_up_nothing(tmp_path: Path) -> None:
    config = msgspec.structs.replace(
        central_config(tmp_path), mqtt=PublishingConfig(address="mqtt://127.0.0.1:9", topic=TOPIC)
    )

    async def story() -> None:
        async with open_central(config, SystemClock()) as central:
            await central.replica.accept(TrackStory().drives("c1", "Anna", 12.5).news())
            assert len(central.replica.fold.board) == 1

    asyncio.run(story())
