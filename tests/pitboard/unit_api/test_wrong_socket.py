"""A program of the unit that was given a wrong socket says so itself, once, and takes it back."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from firmware_bridge.watch.bridge_reporter import BridgeReporter
from pitboard.clock import ScriptedClock
from pitboard.errors import LossCode, PeerLost
from pitboard.program.service import SERVICE, read_last_words
from pitboard.unit_api.socket_watch import UNIT_SILENT_NS, SocketWatch
from pitboard.unit_api.unit_client import TracksideClient
from sync.relay import CentralLink

LOST = PeerLost(peer="this unit", code=LossCode.NOT_RUNNING)


@pytest.fixture(autouse=True)
def words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SERVICE, "folder", tmp_path)


def test_a_wrong_socket_is_said_once_where_people_look(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = ScriptedClock()
    watch = SocketWatch("sync", tmp_path / "api.sock", key="unit_socket", clock=clock)
    with caplog.at_level(logging.ERROR):
        watch.failed(LOST)
        clock.advance(ms=UNIT_SILENT_NS // 1_000_000 - 1)
        watch.failed(LOST)
        assert read_last_words(tmp_path, "sync") is None
        clock.advance(ms=1)
        for _ in range(3):
            watch.failed(LOST)
    said = read_last_words(tmp_path, "sync")
    assert said is not None
    assert said.sentence.startswith(f"The unit does not answer at {tmp_path}/api.sock (it is not running).")
    assert len([one for one in caplog.records if "unit_socket" in one.message]) == 1
    watch.answered()
    assert read_last_words(tmp_path, "sync") is None
    watch.failed(LOST)  # a new silence, from its beginning
    assert read_last_words(tmp_path, "sync") is None


def test_sync_and_bridge_say_it_of_their_own_key(tmp_path: Path) -> None:
    async def story() -> None:
        clock, socket = ScriptedClock(), tmp_path / "nobody.sock"
        link = CentralLink(socket, "https://central:1", clock)
        async with TracksideClient.open(socket) as trackside:
            reporter = BridgeReporter(
                trackside=trackside, socket=socket, status_path=tmp_path / "status", clock=clock
            )
            for _ in range(2):
                link._post()
                assert not await reporter._tell_trackside([], [])
                clock.advance(ms=UNIT_SILENT_NS // 1_000_000)
        for program, key in (("sync", "unit_socket in sync.toml"), ("bridge", "[api] socket in bridge.toml")):
            said = read_last_words(tmp_path, program)
            assert said is not None
            assert str(socket) in said.sentence
            assert f"does {key} name the [api] socket of trackside.toml?" in said.sentence

    asyncio.run(story())
