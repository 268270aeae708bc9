"""A display and a mirror in another city: they follow a broker, and say when central is not heard there."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import aiohttp
import msgspec
import pytest

from display.following import source_choice
from display.following.badge import LIVE_MAX_NS
from display.following.source_choice import Candidate, Rank
from display.following.source_follower import SourceFollower
from pitboard.broker import broker_topics
from pitboard.broker.broker_client import BrokerConfig, PublishingConfig
from pitboard.broker.broker_topics import Newest
from pitboard.clock import SystemClock
from pitboard.errors import LossCode
from pitboard.health import broker_findings as findings_of_brokers
from pitboard.health.broker_findings import broker_findings
from pitboard.health.findings import Finding
from pitboard.journal.replica import Replica
from pitboard.journal.views.views import view_board
from pitboard.race.bodies.people_bodies import PersonErased
from pitboard.tasks import beside
from pitboard.trust.identity import Identity
from sync.central import doors
from sync.central.broker import board_publisher
from sync.central.central_server import Central, open_central
from sync.central.config import CentralConfig, PublicConfig
from sync.exchanging.broker_peer import BrokerPeer
from sync.exchanging.exchange import ReplicaPeer
from sync.mirror import mirror_server
from sync.mirror.config import MirrorConfig
from sync.mirror.mirror_server import open_mirror
from tests.mosquitto import TOPIC, mosquitto
from tests.sync.central.central_stage import TrackStory, central_config

BROKER = Candidate(url="mqtt://broker", name="broker far away", rank=Rank.BROKER)


@pytest.fixture
def broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """All pauses are a tenth of a second and less, so that nobody need wait for them."""
    monkeypatch.setattr(source_choice, "REST_MAX_NS", source_choice.REST_FIRST_NS)
    monkeypatch.setattr(mirror_server, "BACK_OFF_MAX_S", 0.1)
    monkeypatch.setattr(mirror_server, "WAIT_MS", 100)
    monkeypatch.setattr(doors, "OF_NOW_LOOK_S", 0.1)
    monkeypatch.setattr(findings_of_brokers, "BEAT_WAIT_S", 0.2)
    monkeypatch.setattr(board_publisher, "BEAT_EVERY_S", 0.05)
    monkeypatch.setattr(board_publisher, "PUBLISH_EVERY_S", 0.05)
    monkeypatch.setattr(board_publisher, "NEWS_WAIT_S", 0.2)
    with mosquitto(tmp_path) as port:
        yield f"mqtt://127.0.0.1:{port}"


def publishing(folder: Path, broker: str) -> CentralConfig:
    return msgspec.structs.replace(central_config(folder), mqtt=PublishingConfig(address=broker, topic=TOPIC))


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.01)


class FarDisplay:
    """What a display does to follow, over a replica in a file."""

    def __init__(self, replica: Replica, broker: str, newest: Newest) -> None:
        self.replica = replica
        config = BrokerConfig(address=broker, topic=TOPIC)
        self.follower = SourceFollower(
            ReplicaPeer(replica),
            replica.clock,
            have=replica.have,
            candidates=lambda: [BROKER],
            connect=lambda one: BrokerPeer(
                config, name=one.name, root_key=replica.journal.root_key, newest=newest
            ),
            on_change=lambda: None,
        )

    @property
    def is_live(self) -> bool:
        contact = self.follower.contact
        is_fresh = contact is not None and self.replica.clock.mono_ns() - contact.mono_ns < LIVE_MAX_NS
        return is_fresh and self.follower.source is not None and self.follower.lacks_count == 0

    @property
    def names(self) -> list[str]:
        return [entry.name for entry in view_board(self.replica.fold).entries]


@contextlib.asynccontextmanager
async def far_display(path: Path, root_key: str, broker: str) -> AsyncIterator[FarDisplay]:
    async with Replica.open(path, root_key=root_key, clock=SystemClock()) as replica:
        display = FarDisplay(replica, broker, Newest())
        async with beside(display.follower.run(), name="follow"):
            yield display


def doctored(folder: Path, root_key: str, broker: str) -> list[Finding]:
    """Return what the doctor says of a display's config there that names this broker."""
    (folder / "display.toml").write_text(
        f'name = "Far"\nevent_key = "{root_key}"\njournal = "far.db"\n'
        f'[broker]\naddress = "{broker}"\ntopic = "{TOPIC}"\n'
    )
    return list(broker_findings(folder, SystemClock()))


async def many_runs(central: Central, track: TrackStory) -> None:
    """Tell more than a piece of records, one of a person who is then erased."""
    for number in range(3):
        track.drives(f"c{number}", f"Driver {number}", 12.5 + number)
    await central.replica.accept(track.news())
    registered = [record for record in track.teller.records if record.header.kind == "competitor-registered"]
    erased = registered[1]
    await central.replica.append(PersonErased(competitor_id="c1", records={erased.stream: [erased.seq]}))


def test_a_display_far_away_follows_a_broker_and_says_when_central_is_not_heard(
    tmp_path: Path, broker: str
) -> None:
    root = Identity.load_or_create(tmp_path / "root.key")
    config, track = publishing(tmp_path, broker), TrackStory()

    async def story() -> None:
        async with open_central(config, SystemClock()) as central:
            await many_runs(central, track)
            async with far_display(tmp_path / "far.db", root.key, broker) as far:
                await until(lambda: far.is_live)
                assert far.replica.have() == central.replica.have()
                assert far.names[0] == "Driver 0"
                (said,) = await asyncio.to_thread(doctored, tmp_path, root.key, broker)
                assert (said.colour, said.code) == ("green", "display-broker"), said.sentence
                assert "Driver 1" not in far.names, "an emptied body comes with the erasure before it"
                await central.replica.accept(track.drives("c9", "Zoe", 11.0).news())
                await until(lambda: far.names[0] == "Zoe" and far.is_live)
        (said,) = await asyncio.to_thread(doctored, tmp_path, root.key, broker)
        assert (said.colour, said.code) == ("yellow", "display-broker-gone"), said.sentence
        # Whoever comes now finds all that central left there, and that it is not heard.
        async with far_display(tmp_path / "late.db", root.key, broker) as late:
            await until(lambda: late.follower.trouble is not None)
            assert late.names[0] == "Zoe"
            assert late.follower.trouble is not None
            assert late.follower.trouble.code == LossCode.CENTRAL_GONE
            assert late.follower.contact is None, "nobody knows how old this is"
            async with open_central(config, SystemClock()):
                await until(lambda: late.is_live)

    asyncio.run(story())


def test_a_mirror_serves_the_public_pages_while_central_is_heard(
    tmp_path: Path, broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = Identity.load_or_create(tmp_path / "root.key")
    config, track = publishing(tmp_path, broker), TrackStory()
    mirror = MirrorConfig(
        event_key=root.key,
        journal=tmp_path / "mirror.db",
        broker=BrokerConfig(address=broker, topic=TOPIC),
        public=PublicConfig(port=0, files=tmp_path / "files"),
    )

    async def story() -> None:
        async with open_mirror(mirror, SystemClock()) as port, aiohttp.ClientSession() as phone:
            board, page = f"http://127.0.0.1:{port}/api/v1/board", f"http://127.0.0.1:{port}/"

            async def answers(status: int) -> aiohttp.ClientResponse:
                async with asyncio.timeout(20):
                    while True:
                        async with phone.get(board) as answer:
                            await answer.read()
                            if answer.status == status:
                                return answer
                        await asyncio.sleep(0.02)

            refused = await answers(503)
            assert (await refused.json())["error"] == "central-gone"
            async with open_central(config, SystemClock()) as central:
                await central.replica.accept(track.drives("c1", "Anna", 12.5).news())
                answer = await answers(200)
                while not (await answer.json())["entries"]:
                    answer = await answers(200)
                async with phone.get(page) as shown:
                    assert "Anna" in await shown.text()
                async with phone.get(board.replace("board", "live")) as stream:
                    assert b"retry" in await stream.content.readline()
                    await until((tmp_path / "files" / "board.json").exists)
                    monkeypatch.setattr(mirror_server, "OF_NOW_MAX_NS", 0)
                    await stream.read()  # it ends: nothing is told as of now
            await answers(503)
            await until(lambda: not (tmp_path / "files" / "board.json").exists())
            async with phone.get(page) as shown:
                assert shown.status == 200, "the page itself comes, and says what it knows"

    asyncio.run(story())


def test_the_doctor_says_of_a_broker_what_is_wrong_with_it(tmp_path: Path, broker: str) -> None:
    (said,) = doctored(tmp_path, "ab" * 32, broker)
    assert (said.colour, said.code) == ("red", "display-broker-empty")
    assert TOPIC in said.sentence
    (said,) = doctored(tmp_path, "ab" * 32, "mqtt://127.0.0.1:9")
    assert (said.colour, said.code) == ("red", "display-broker-unusable")
    assert said.sentence == "The broker of display cannot be used: nothing answers there."


def test_what_stands_in_pieces_is_told_by_its_heads() -> None:
    have = {"a" * 32: 16, "b" * 32: 40}
    heads = {"a" * 32: 17, "b" * 32: 40, "c" * 32: 33}
    pieces = list(broker_topics.lacking_pieces(heads, have))
    assert pieces == [("a" * 32, 1), ("c" * 32, 0), ("c" * 32, 1), ("c" * 32, 2)]
