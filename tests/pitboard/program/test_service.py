"""What systemd is told, on a real datagram socket, and the last sentence of a program that ended."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path

import click
import pytest

from pitboard.clock import ScriptedClock
from pitboard.health.node_findings import program_findings
from pitboard.program import command_line
from pitboard.program.command_line import COMMAND_GROUP
from pitboard.program.service import (
    OPENING_SAID_EVERY_S,
    SENTENCE_MAX_LENGTH,
    TROUBLE_LOOK_S,
    Service,
    read_last_words,
    telling_why,
)
from tests.leaping_loop import LeapingLoop, run_leaping


class Manager:
    """Systemd's end of the socket."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.settimeout(0)

    def heard(self) -> list[str]:
        texts = []
        while True:
            try:
                texts.append(self._socket.recv(4_096).decode())
            except BlockingIOError:
                return texts

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(tmp_path / "notify")
    yield manager
    manager.close()


def test_a_program_that_works_beats_four_times_per_watchdog_time_however_often_it_comes_round(
    manager: Manager,
) -> None:
    clock = ScriptedClock()
    service = Service(clock=clock, address=str(manager.path), watchdog_ns=8_000_000_000)
    for _ in range(800):
        service.beat()
        clock.advance(ms=10)
    assert manager.heard() == ["WATCHDOG=1"] * 4


def test_without_a_watchdog_nothing_is_said(manager: Manager) -> None:
    Service(clock=ScriptedClock(), address=str(manager.path)).beat()
    Service(clock=ScriptedClock(), watchdog_ns=1).beat()
    assert manager.heard() == []


def test_a_manager_that_is_gone_or_full_never_stops_the_work(tmp_path: Path) -> None:
    clock = ScriptedClock()
    gone = Service(clock=clock, address=str(tmp_path / "nobody"), watchdog_ns=1)
    gone.say_ready("trackside")
    gone.beat()
    full = Manager(tmp_path / "full")
    service = Service(clock=clock, address=str(full.path), watchdog_ns=4)
    for _ in range(2_000):
        clock.advance(ns=2)
        service.beat()
    full.close()


def test_the_last_sentence_stands_until_the_program_serves_again(manager: Manager, tmp_path: Path) -> None:
    service = Service(clock=ScriptedClock(now_utc_ms=5), address=str(manager.path), folder=tmp_path)
    service.say_last("trackside", "trackside.toml: key 'name' is missing; add it\nmore")
    said = read_last_words(tmp_path, "trackside")
    assert said is not None
    assert (said.program, said.said_utc_ms) == ("trackside", 5)
    assert said.sentence.startswith("trackside.toml: key 'name' is missing")
    assert manager.heard() == ["STATUS=trackside.toml: key 'name' is missing; add it"]
    assert read_last_words(tmp_path, "bridge") is None
    service.say_ready("trackside")
    assert read_last_words(tmp_path, "trackside") is None


def test_a_long_sentence_is_cut_and_rubbish_in_its_place_is_nothing(tmp_path: Path) -> None:
    service = Service(clock=ScriptedClock(), folder=tmp_path)
    service.say_last("sync", "x" * 10_000)
    said = read_last_words(tmp_path, "sync")
    assert said is not None
    assert len(said.sentence) == SENTENCE_MAX_LENGTH
    (tmp_path / "sync.said").write_bytes(b"\xff\xfe{")
    assert read_last_words(tmp_path, "sync") is None


def test_a_program_that_refuses_its_config_leaves_the_reason_in_the_runtime_folder(tmp_path: Path) -> None:
    config = tmp_path / "trackside.toml"
    config.write_text("nam = 1\n")
    ended = subprocess.run(
        [sys.executable, "-m", "pitboard", "trackside", "--config", str(config)],
        env={**os.environ, "RUNTIME_DIRECTORY": str(tmp_path)},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    said = read_last_words(tmp_path, "trackside")
    assert said is not None
    assert "unknown key 'nam'" in said.sentence


@pytest.mark.parametrize("program", ["trackside", "sync", "bridge", "central"])
@pytest.mark.parametrize("damage", [b"\x00" * 40, b'name = "x', b"nam = 1", b"\xff\xfe", None])
def test_each_program_without_a_screen_says_where_doctor_looks_what_is_wrong_with_its_config(
    program: str, damage: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / f"{program}.toml"
    if damage is not None:
        config.write_bytes(damage)
    monkeypatch.setattr(command_line, "SERVICE", Service(clock=ScriptedClock(), folder=tmp_path))
    monkeypatch.setattr(sys, "argv", ["pitboard", program, "--config", str(config)])
    with pytest.raises(SystemExit):
        command_line.main()
    finding = next(one for one in program_findings(tmp_path, tmp_path) if one.code == f"{program}-ended")
    assert f"{program} does not work: {config}: " in finding.sentence


def test_a_start_that_waits_for_its_disk_says_so_until_it_serves(manager: Manager, tmp_path: Path) -> None:
    service = Service(clock=ScriptedClock(), address=str(manager.path), folder=tmp_path)
    trouble: list[str | None] = [None]

    async def story(loop: LeapingLoop) -> None:
        async with telling_why("trackside", lambda: trouble[0], service=service):
            await loop.leap(TROUBLE_LOOK_S)
            assert read_last_words(tmp_path, "trackside") is None
            trouble[0] = "The journal cannot be written: the disk is full; free some space."
            for _ in range(3):
                await loop.leap(TROUBLE_LOOK_S)
        service.say_ready("trackside")

    run_leaping(story)
    assert manager.heard() == [f"STATUS={trouble[0]}", "READY=1"]
    assert read_last_words(tmp_path, "trackside") is None


def test_systemd_waits_with_a_start_that_waits(manager: Manager, tmp_path: Path) -> None:
    service = Service(clock=ScriptedClock(), address=str(manager.path), folder=tmp_path)
    service.say_waiting("central-public", "The database is away.")
    assert manager.heard() == ["EXTEND_TIMEOUT_USEC=60000000", "STATUS=The database is away."]
    said = read_last_words(tmp_path, "central-public")
    assert said is not None
    assert said.sentence == "The database is away."


def test_systemd_waits_with_a_journal_that_is_read_and_a_person_sees_how_far_it_is(
    manager: Manager, tmp_path: Path
) -> None:
    clock = ScriptedClock()
    service = Service(clock=clock, address=str(manager.path), folder=tmp_path)
    service.say_opening("trackside", 0, 0)
    assert manager.heard() == ["EXTEND_TIMEOUT_USEC=300000000"]
    clock.advance(ms=OPENING_SAID_EVERY_S * 1_000 - 1)
    service.say_opening("trackside", 500, 1_000_000)
    assert manager.heard() == []
    assert read_last_words(tmp_path, "trackside") is None  # a small journal is nothing to speak of
    clock.advance(ms=1)
    service.say_opening("trackside", 1_000, 1_000_000)
    said = "The records of this event are read; that takes a while on a slow card"
    assert manager.heard() == [f"STATUS={said}: 1000 of 1000000", "EXTEND_TIMEOUT_USEC=300000000"]
    clock.advance(ms=1)
    service.say_opening("trackside", 1_000_000, 1_000_000)  # what follows from them is derived now, in one go
    assert manager.heard() == ["EXTEND_TIMEOUT_USEC=300000000"]
    (tmp_path / "trackside.toml").touch()
    finding = next(one for one in program_findings(tmp_path, tmp_path) if "opening" in one.code)
    assert finding.colour == "yellow"
    assert finding.sentence == f"trackside starts. {said}: 1000 of 1000000."
    assert finding.fields == {"program": "trackside", "done": 1_000, "count": 1_000_000}


@pytest.mark.parametrize("program", ["trackside", "bridge", "touch", "sync", "display", "central"])
def test_a_config_that_may_not_be_read_is_refused_by_our_own_sentence(program: str) -> None:
    """Not by click, which keeps no last words and knows no advice."""
    [command] = [point.load() for point in entry_points(group=COMMAND_GROUP, name=program)]
    [kind] = [one.type for one in command.params if one.name in ("config", "config_path")]
    assert isinstance(kind, click.Path)
    assert not kind.readable
    assert not kind.exists
