"""What a follower believes of a broker that keeps, repeats, mixes up and holds back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from pitboard.broker.broker_client import BrokerConfig
from pitboard.broker.broker_topics import BEAT_SILENT_MAX_S, Newest, State, heads_topic, state_topic
from pitboard.broker.signed_message import sealed
from pitboard.clock import ScriptedClock
from pitboard.errors import LossCode, PeerLost
from pitboard.trust.identity import Identity
from sync.exchanging import broker_peer
from sync.exchanging.broker_peer import BrokerPeer
from sync.exchanging.exchange import SyncRequest, SyncResponse
from tests.display.jumping_loop import run_jumping

ROOT, STRANGER = Identity.from_seed(b"r" * 32), Identity.from_seed(b"s" * 32)
TOPIC = "pitboard/cup"
STREAM = "a" * 32


class ScriptedBroker:
    """Stands for the library's client; says what the test says."""

    def __init__(self) -> None:
        self.on_connect: Any = None
        self.on_message: Any = None
        self.subscribed: list[str] = []

    def loop_start(self) -> None:
        self.on_connect(self, None, None, SimpleNamespace(is_failure=False))

    def subscribe(self, topics: list[tuple[str, int]]) -> None:
        self.subscribed += [topic for topic, _ in topics]

    def unsubscribe(self, topics: list[str]) -> None:
        self.subscribed = [one for one in self.subscribed if one not in topics]

    def disconnect(self) -> None:
        """Nothing is held."""

    def says(
        self, topic: str, records: int, body: object, *, is_kept: bool = False, key: Identity = ROOT
    ) -> None:
        message = sealed(topic, records, msgspec.json.encode(body), key)
        self.on_message(self, None, SimpleNamespace(topic=topic, payload=message, retain=is_kept))

    def beats(self, records: int, utc_ms: int, **how: Any) -> None:
        self.says(state_topic(TOPIC), records, State("here", utc_ms), **how)

    def tells_heads(self, head: int, **how: Any) -> None:
        self.says(heads_topic(TOPIC), head, {STREAM: head}, **how)


Story = Callable[
    [ScriptedBroker, Callable[..., Coroutine[Any, Any, SyncResponse]]], Coroutine[Any, Any, None]
]


def tell(story: Story, monkeypatch: pytest.MonkeyPatch, newest: Newest | None = None) -> None:
    broker = ScriptedBroker()
    monkeypatch.setattr(broker_peer, "broker_client", lambda config: broker)

    async def run() -> None:
        config = BrokerConfig(address="mqtt://broker", topic=TOPIC)
        peer = BrokerPeer(config, name="broker", root_key=ROOT.key, newest=newest or Newest())

        async def ask(head: int, wait_ms: int = 0) -> SyncResponse:
            await asyncio.sleep(0)  # what was said comes from another thread
            return await peer.sync(SyncRequest(have={STREAM: head}, wait_ms=wait_ms))

        asked = asyncio.ensure_future(ask(7))  # connects, and hears nothing yet
        await asyncio.sleep(0.01)
        asked.cancel()
        await story(broker, ask)
        peer.close()

    run_jumping(ScriptedClock(), run())


async def lost(asking: Coroutine[Any, Any, SyncResponse]) -> LossCode:
    with pytest.raises(PeerLost) as error:
        await asking
    return error.value.code


def test_an_answer_is_of_now_only_with_a_beat_that_came_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(broker: ScriptedBroker, ask: Callable[..., Coroutine[Any, Any, SyncResponse]]) -> None:
        broker.tells_heads(7, is_kept=True)
        broker.beats(7, 1_000, is_kept=True)
        assert await lost(ask(7)) == LossCode.NO_ANSWER
        broker.beats(7, 2_000)
        assert (await ask(7)).is_of_now
        assert (await ask(7)).have == {STREAM: 7}
        await asyncio.sleep(BEAT_SILENT_MAX_S - 0.1)
        assert (await ask(7)).is_of_now
        await asyncio.sleep(0.1)
        assert await lost(ask(7)) == LossCode.CENTRAL_GONE
        broker.beats(7, 2_000)
        assert await lost(ask(7)) == LossCode.CENTRAL_GONE, "the same beat again is no news of central"
        broker.beats(7, 2_001)
        assert (await ask(7)).is_of_now

    tell(story, monkeypatch)


def test_heads_behind_the_beat_are_not_of_now(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(broker: ScriptedBroker, ask: Callable[..., Coroutine[Any, Any, SyncResponse]]) -> None:
        broker.tells_heads(7)
        broker.beats(8, 1_000)
        assert await lost(ask(7)) == LossCode.CENTRAL_GONE
        broker.tells_heads(6)  # an older message does not take back a newer one
        broker.beats(7, 1_001)
        assert await lost(ask(7)) == LossCode.OLDER, "it had eight"

    tell(story, monkeypatch)


@pytest.mark.parametrize(("records", "utc_ms"), [(6, 2_000), (7, 999)])
def test_a_state_that_is_older_than_one_heard_before_is_told(
    records: int, utc_ms: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    newest = Newest(records=7, utc_ms=1_000)

    async def story(broker: ScriptedBroker, ask: Callable[..., Coroutine[Any, Any, SyncResponse]]) -> None:
        broker.tells_heads(records)
        broker.beats(records, utc_ms)
        assert await lost(ask(7)) == LossCode.OLDER
        assert newest == Newest(records=7, utc_ms=1_000)
        broker.tells_heads(7)
        broker.beats(7, 2_001)
        assert (await ask(7)).is_of_now

    tell(story, monkeypatch, newest)


def test_what_a_stranger_signed_is_not_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(broker: ScriptedBroker, ask: Callable[..., Coroutine[Any, Any, SyncResponse]]) -> None:
        broker.tells_heads(9, key=STRANGER)
        broker.beats(9, 1_000, key=STRANGER)
        assert await lost(ask(7)) == LossCode.NO_ANSWER

    tell(story, monkeypatch)


def test_a_piece_that_the_broker_does_not_bring_is_a_loss_and_holds_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def story(broker: ScriptedBroker, ask: Callable[..., Coroutine[Any, Any, SyncResponse]]) -> None:
        broker.tells_heads(33)
        broker.beats(33, 1_000)
        always = list(broker.subscribed)
        asked = asyncio.ensure_future(ask(16))
        await asyncio.sleep(0.1)
        pieces = [f"{TOPIC}/records/{STREAM}/{piece}" for piece in (1, 2)]
        assert broker.subscribed == [*always, *pieces]
        broker.says(pieces[0], 33, [])
        with pytest.raises(PeerLost):
            await asked
        assert broker.subscribed == always

    tell(story, monkeypatch)
