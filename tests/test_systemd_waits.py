"""Systemd ends a start that says nothing for 90 s; each program that opens a journal says that it goes on."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from display.display_replica import open_display_replica
from pitboard.clock import ScriptedClock, SystemClock
from pitboard.errors import Refusal
from pitboard.program import command_line, service
from sync.central.config import CentralConfig
from sync.central.stores import open_replica
from tests.race_story import ROOT
from trackside.config import TracksideConfig
from trackside.unit import run_unit

_WAITS = b"EXTEND_TIMEOUT_USEC="


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[bytes]]]:
    """Yield what lets one read what systemd was told since the last time."""
    told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    told.bind(str(tmp_path / "notify"))
    told.setblocking(False)
    monkeypatch.setattr(service.SERVICE, "address", str(tmp_path / "notify"))
    monkeypatch.setattr(service.SERVICE, "_opening_mono_ns", None)

    def heard() -> list[bytes]:
        texts = []
        while True:
            try:
                texts.append(told.recv(4_096))
            except BlockingIOError:
                return texts

    yield heard
    told.close()


def opened(opening: AbstractAsyncContextManager[Any]) -> None:
    async def story() -> None:
        async with opening:
            pass

    asyncio.run(story())


def test_a_display_says_that_it_reads_its_journal(tmp_path: Path, manager: Callable[[], list[bytes]]) -> None:
    opened(open_display_replica(tmp_path / "d.db", root_key=ROOT.key, clock=ScriptedClock()))
    assert manager()[0] == _WAITS + b"300000000"


def test_central_says_that_it_reads_its_journal(tmp_path: Path, manager: Callable[[], list[bytes]]) -> None:
    path = tmp_path / "central.toml"
    path.write_text('root_key_file = "root.key"\njournal = "c.db"\nevent = { name = "Cup" }\n')
    opened(open_replica(CentralConfig.load(path), SystemClock(), role="admin", root_key=ROOT.key))
    assert manager()[0] == _WAITS + b"300000000"


def test_a_unit_says_that_it_reads_its_journal(tmp_path: Path, manager: Callable[[], list[bytes]]) -> None:
    path = tmp_path / "trackside.toml"
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        path.write_text(
            f'name = "A"\nevent_key = "{ROOT.key}"\nkey_file = "u.key"\njournal = "u.db"\n'
            f'[api]\nsocket = "api.sock"\n[lan]\nhost = "127.0.0.1"\nport = {holder.getsockname()[1]}\n'
        )
        with pytest.raises(Refusal):  # its port is taken, and by then it has read all
            asyncio.run(run_unit(TracksideConfig.load(path), asyncio.Event()))
    assert manager()[0] == _WAITS + b"300000000"


def test_a_program_says_that_it_lives_before_it_loads_its_libraries(
    monkeypatch: pytest.MonkeyPatch, manager: Callable[[], list[bytes]]
) -> None:
    """Under a full load that alone took longer than systemd waits."""
    monkeypatch.setattr("sys.argv", ["pitboard", "--version"])
    with pytest.raises(SystemExit):
        command_line.main()
    assert manager() == [_WAITS + b"60000000"]
