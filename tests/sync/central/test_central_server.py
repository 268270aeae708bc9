"""Central keeps what it was told, says its set-up once, and takes records of units by the ingest door."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
import requests

from pitboard.clock import SystemClock
from pitboard.errors import ConfigRefused, PeerLost, Refusal
from pitboard.journal.disk.storage import read_all
from pitboard.journal.records.kinds import UnitRevoked
from pitboard.journal.records.record import to_wire
from pitboard.journal.replica import Replica
from pitboard.journal.views.views import encode_view, view_board
from pitboard.trust.identity import Identity
from sync.central.central_server import Central, open_central
from sync.central.config import CentralConfig, UnitConfig
from sync.central.config_bodies import bodies_to_say
from sync.exchanging.exchange import SyncRequest
from sync.exchanging.requests_peer import RequestsPeer
from tests.race_story import STRANGER, UNIT_A, UNIT_B, Teller
from tests.sync.central.central_stage import TrackStory, central_at, central_config

CENTRAL_TOML = """
root_key_file = "root.key"
journal = "central.db"
[event]
name = "Summer Cup"
[public]
port = 0
[ingest]
port = 0
tls = false
[[unit]]
name = "Track A"
key = "{key}"
"""


async def kinds_said(central: Central) -> list[str]:
    return [record.header.kind async for record in read_all(central.replica.journal)]


def test_a_restart_keeps_the_board_and_says_nothing_twice(tmp_path: Path) -> None:
    async def story() -> None:
        async with central_at(tmp_path) as central:
            await central.replica.accept(TrackStory().drives("c1", "Anna", 12.5).news())
            said = await kinds_said(central)
            board = encode_view(view_board(central.replica.fold))
        async with central_at(tmp_path) as central:
            assert await kinds_said(central) == [*said, "stream-opened"]
            assert encode_view(view_board(central.replica.fold)) == board

    asyncio.run(story())


def test_a_changed_event_is_said_once(tmp_path: Path) -> None:
    async def story() -> None:
        for event in ("Summer Cup", "Autumn Cup", "Autumn Cup"):
            async with open_central(central_config(tmp_path, event=event), SystemClock()) as central:
                fold = central.replica.fold
                assert fold.race.event.value is not None
                assert fold.race.event.value.name == event
                said = await kinds_said(central)
        assert said.count("event-configured") == 2
        assert said.count("unit-enrolled") == 1

    asyncio.run(story())


def test_a_revoked_unit_is_not_enrolled_again_by_a_restart(tmp_path: Path) -> None:
    async def story() -> None:
        config = central_config(tmp_path)
        async with central_at(tmp_path) as central:
            await central.replica.append(UnitRevoked(key=UNIT_A.key))
            assert bodies_to_say(central.replica.fold, config) == []
        async with central_at(tmp_path) as central:
            assert central.replica.fold.roster.enrolled() == {}

    asyncio.run(story())


def test_units_hand_in_records_by_the_ingest_door_and_strangers_change_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        async with central_at(tmp_path) as central:
            peer = RequestsPeer(f"http://127.0.0.1:{central.ingest_port}")
            track = TrackStory().drives("c1", "Anna", 12.5)
            answer = await peer.sync(SyncRequest(records=[to_wire(one) for one in track.news()]))
            assert answer.have[track.teller.writer.stream] == len(track.teller.records)
            board = encode_view(view_board(central.replica.fold))
            stranger = TrackStory()
            stranger.teller = Teller(STRANGER, "Track A")
            stranger.drives("c1", "Mallory", 0.1).drives("c9", "Mallory", 5.0)
            await peer.sync(SyncRequest(records=[to_wire(one) for one in stranger.news()]))
            assert encode_view(view_board(central.replica.fold)) == board
            peer.close()

    asyncio.run(story())


def test_a_wrong_config_names_file_key_and_reason(tmp_path: Path) -> None:
    path = tmp_path / "central.toml"
    text = CENTRAL_TOML.format(key=UNIT_A.key)
    path.write_text(text)
    assert CentralConfig.load(path).unit == [UnitConfig(name="Track A", key=UNIT_A.key)]
    for wrong, reason in (
        (text.replace("port = 0", "port = 70000", 1), "public.port"),
        (text.replace("[event]\nname", "[event]\nnme"), "event.nme"),
        (text.replace(UNIT_A.key, "abc"), "unit"),
        (text + f'[[unit]]\nname = "Track B"\nkey = "{UNIT_A.key}"\n', "unit[1].key"),
    ):
        path.write_text(wrong)
        with pytest.raises(ConfigRefused) as refused:
            CentralConfig.load(path)
        assert "central.toml" in str(refused.value)
        assert reason in str(refused.value)


def test_the_process_serves_and_stops_within_a_second(tmp_path: Path) -> None:
    path = tmp_path / "central.toml"
    path.write_text(CENTRAL_TOML.format(key=UNIT_B.key))
    program = [sys.executable, "-m", "pitboard", "central", "--config", str(path)]
    with subprocess.Popen(program, stderr=subprocess.PIPE, text=True, env=os.environ) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert re.search(
            r"public=http://127\.0\.0\.1:\d+ ingest=http://127\.0\.0\.1:\d+ event_key=\w{64}", line
        )
        process.send_signal(signal.SIGTERM)
        assert process.wait(3) == 0
    shown = subprocess.run([*program, "event-key"], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() in line


def test_a_kill_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "central.toml"
    path.write_text(CENTRAL_TOML.format(key=UNIT_A.key))
    records = [to_wire(one) for one in TrackStory().drives("c1", "Anna", 12.5).news()]

    def start() -> tuple[subprocess.Popen[str], str, str]:
        program = [sys.executable, "-m", "pitboard", "central", "--config", str(path)]
        process = subprocess.Popen(program, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        doors = re.search(r"public=(\S+) ingest=(\S+)", process.stderr.readline())
        assert doors is not None
        return process, doors[1], doors[2]

    boards: list[Any] = []
    for _ in range(2):
        process, public, ingest = start()
        with process:
            if not boards:
                asyncio.run(RequestsPeer(ingest).sync(SyncRequest(records=records)))
            boards.append(requests.get(f"{public}/api/v1/board", timeout=5).json())
            process.kill()
    assert boards[0] == boards[1]
    assert [entry["name"] for entry in boards[0]["entries"]] == ["Anna"]


def test_open_long_polls_do_not_hold_up_the_stop(tmp_path: Path) -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as tasks:
            async with central_at(tmp_path) as central:
                peer = RequestsPeer(f"http://127.0.0.1:{central.ingest_port}")
                have = (await peer.sync(SyncRequest())).have
                polling = tasks.create_task(_lost(peer, SyncRequest(have=have, wait_ms=10_000)))
                await asyncio.sleep(0.1)
                stopping_s = loop.time()
            assert loop.time() - stopping_s < 1.3
            await polling
        peer.close()

    asyncio.run(story())


async def _lost(peer: RequestsPeer, request: SyncRequest) -> None:
    with pytest.raises(PeerLost):
        await peer.sync(request)


def test_a_central_whose_port_is_taken_writes_nothing(tmp_path: Path) -> None:
    """With `Restart=always` each try wrote a stream, under the event's own key."""

    async def story() -> None:
        with socket.socket() as holder:
            holder.bind(("127.0.0.1", 0))
            holder.listen()
            config = central_config(tmp_path)
            taken = msgspec.structs.replace(config.ingest, port=holder.getsockname()[1])
            with pytest.raises(Refusal, match="cannot listen on"):
                async with open_central(msgspec.structs.replace(config, ingest=taken), SystemClock()):
                    pass
            root = Identity.load_or_create(config.root_key_file)
            async with Replica.open(config.beside, root_key=root.key, clock=SystemClock()) as replica:
                assert replica.have() == {}

    asyncio.run(story())
