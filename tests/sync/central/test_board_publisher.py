"""The boards on a real broker: signed, retained, and with a word when central is gone."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from pitboard.clock import SystemClock
from pitboard.trust.identity import Identity
from sync.central.broker import board_publisher
from sync.central.broker.signed_message import opened, sealed
from sync.central.central_server import open_central
from sync.central.config import BrokerConfig
from sync.central.public.board_change import changed
from tests.nginx_server import need_program
from tests.sync.central.central_stage import TrackStory, central_config

MOSQUITTO = Path("/usr/sbin/mosquitto")
TOPIC = "pitboard/cup"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[int]:
    """A Mosquitto of the test's own; yields its port."""
    need_program(MOSQUITTO)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    config = tmp_path / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n")
    server = subprocess.Popen(
        [str(MOSQUITTO), "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + 20
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            assert time.monotonic() < until, "mosquitto does not start"
            time.sleep(0.02)
        yield port
    finally:
        server.terminate()
        server.wait(20)


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
                return bytes(message.payload), told[1]


def test_who_follows_the_broker_sees_each_board_and_that_central_is_gone(
    tmp_path: Path, broker: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board_publisher, "NEWS_WAIT_S", 0.2)
    root = Identity.load_or_create(tmp_path / "root.key")
    config = msgspec.structs.replace(
        central_config(tmp_path), mqtt=BrokerConfig(address=f"mqtt://127.0.0.1:{broker}", topic=TOPIC)
    )

    async def story() -> None:
        track = TrackStory()
        async with open_central(config, SystemClock()) as central:
            await central.replica.accept(track.drives("c1", "Anna", 12.5).news())
            follower = await asyncio.to_thread(Follower, broker, root.key)
            try:
                _, state = await asyncio.to_thread(follower.next, "state")
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
                    _, state = await asyncio.to_thread(follower.next, "state")
                    assert state == {"state": said}
            except BaseException:
                follower.end()
                raise
        _, state = await asyncio.to_thread(follower.next, "state")
        assert state == {"state": "gone"}
        follower.end()

    asyncio.run(story())


def test_a_broker_cannot_pass_off_one_thing_as_another() -> None:
    root, stranger = Identity.from_seed(b"r" * 32), Identity.from_seed(b"s" * 32)
    message = sealed("a/board", 7, b'{"x":1}', root)
    assert opened(message, "a/board", root.key) == (7, {"x": 1})
    assert opened(message, "a/board/track/B", root.key) is None
    assert opened(message, "a/board", stranger.key) is None
    assert opened(message.replace(b'"x":1', b'"x":2'), "a/board", root.key) is None
    for broken in (b"", b"\n", b"zz\n{}", message[:-1], message[1:], b"\xff\n" + message):
        assert opened(broken, "a/board", root.key) is None


def test_a_broker_that_is_away_holds_up_nothing(tmp_path: Path) -> None:
    config = msgspec.structs.replace(
        central_config(tmp_path), mqtt=BrokerConfig(address="mqtt://127.0.0.1:9", topic=TOPIC)
    )

    async def story() -> None:
        async with open_central(config, SystemClock()) as central:
            await central.replica.accept(TrackStory().drives("c1", "Anna", 12.5).news())
            assert len(central.replica.fold.board) == 1

    asyncio.run(story())
