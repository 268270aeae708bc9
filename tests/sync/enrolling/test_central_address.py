"""Central has another address: one command tells a node, and only the same central is taken there."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner

from pitboard.doors.http_api import new_app, serve_tcp
from pitboard.errors import ActRefused, ConfigRefused
from pitboard.program.config import EventFile, load_event_file
from pitboard.trust.certificate import Certificate
from sync.command import SyncConfig
from sync.enrolling.central_address_command import central_address
from sync.exchanging.daemon_threads import in_daemon_thread

OLD = "https://192.0.2.20:8081"


def enrolled(folder: Path, fingerprint: str) -> Path:
    event_file = folder / "event.toml"
    EventFile(
        event="Summer Cup", event_key="a" * 64, name="Track A", central=OLD, central_fingerprint=fingerprint
    ).save(event_file)
    (folder / "trackside.toml").write_text('journal = "unit.db"\n')
    return event_file


def tell(folder: Path, certificate: Certificate) -> str:
    """Run the command against a central that shows this certificate; return its address."""
    said: list[str] = []

    async def story() -> None:
        async with serve_tcp(new_app(), "127.0.0.1", 0, tls=certificate.server_context()) as port:
            said.append(f"https://127.0.0.1:{port}")
            arguments = ["--config", str(folder / "trackside.toml"), said[0] + "/"]
            await in_daemon_thread(
                lambda: CliRunner().invoke(central_address, arguments, catch_exceptions=False)
            )

    asyncio.run(story())
    return said[0]


def test_a_node_is_told_where_central_is_now_and_keeps_everything_else(tmp_path: Path) -> None:
    certificate = Certificate.load_or_create(tmp_path / "central.pem")
    event_file = enrolled(tmp_path, certificate.fingerprint)
    before = load_event_file(event_file)
    address = tell(tmp_path, certificate)
    after = load_event_file(event_file)
    assert before is not None
    assert after is not None
    assert after.central == address
    assert after.central_fingerprint == before.central_fingerprint == certificate.fingerprint
    assert (after.event_key, after.name) == (before.event_key, before.name)


def test_another_central_is_not_taken(tmp_path: Path) -> None:
    event_file = enrolled(tmp_path, "b" * 64)
    with pytest.raises(ActRefused, match="another central"):
        tell(tmp_path, Certificate.load_or_create(tmp_path / "other.pem"))
    told = load_event_file(event_file)
    assert told is not None
    assert told.central == OLD


def test_a_machine_that_is_not_enrolled_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "display.toml").write_text('journal = "display.db"\n')
    arguments = ["--config", str(tmp_path / "display.toml"), "https://192.0.2.1:1"]
    with pytest.raises(ConfigRefused, match="not enrolled"):
        CliRunner().invoke(central_address, arguments, catch_exceptions=False)


def test_an_address_in_the_sync_config_keeps_the_fingerprint_of_the_enrolment(tmp_path: Path) -> None:
    enrolled(tmp_path, "c" * 64)
    config = tmp_path / "sync.toml"
    config.write_text(
        'unit_socket = "trackside.sock"\nevent_file = "event.toml"\ncentral = "https://192.0.2.77:8081"\n'
    )
    loaded = SyncConfig.load(config)
    assert loaded.central == "https://192.0.2.77:8081"
    assert loaded.central_fingerprint == "c" * 64
