"""A wrong config stops the start with a sentence for a technician, and overwrites nothing."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import msgspec
import pytest
from aiohttp import web
from click.testing import CliRunner

from display.config import DisplayConfig
from firmware_bridge.simulated.pseudo_terminal import PseudoTerminal
from pitboard.doors.door import make_room_for_socket
from pitboard.doors.http_api import serve_tcp, serve_unix
from pitboard.errors import ConfigRefused, Refusal
from pitboard.program.config import FAULTS_MAX_COUNT, plain_reason
from sync.central.command import central
from sync.central.config import CentralConfig, EventConfig
from sync.command import SyncConfig
from trackside.config import TracksideConfig

UNIT = f"""
name = "Track A"
event_key = "{"9f" * 32}"
key_file = "unit.key"
journal = "unit.db"
[api]
socket = "trackside.sock"
"""
CENTRAL = """
root_key_file = "root.key"
journal = "central.db"
[event]
name = "Summer Cup"
"""


def refusal(config_type: type, folder: Path, text: str) -> str:
    path = folder / "c.toml"
    path.write_text(text)
    with pytest.raises(ConfigRefused) as refused:
        config_type.load(path)  # type: ignore[attr-defined]
    return refused.value.reason


def test_a_port_that_no_machine_has_is_refused(tmp_path: Path) -> None:
    reason = refusal(TracksideConfig, tmp_path, f"{UNIT}\n[lan]\nport = 99999")
    assert reason == "key 'lan.port': expected a whole number <= 65535"


@pytest.mark.parametrize("interface", ["eth0", "fe80::1", ""])
def test_an_interface_is_named_by_its_address(tmp_path: Path, interface: str) -> None:
    told = f"takes this machine's IPv4 addresses, such as '192.0.2.7', not '{interface}'"
    assert told in refusal(TracksideConfig, tmp_path, f'{UNIT}\n[lan]\nmdns_interfaces = ["{interface}"]')
    display = f'name = "D"\njournal = "d.db"\nmdns_interfaces = ["{interface}"]'
    assert told in refusal(DisplayConfig, tmp_path, display)


def test_a_wrong_value_is_told_in_words_not_in_types(tmp_path: Path) -> None:
    reason = refusal(CentralConfig, tmp_path, CENTRAL + 'run_ms = "x"')
    assert reason == "key 'event.run_ms': expected a whole number, got text in quotes"
    reason = refusal(CentralConfig, tmp_path, CENTRAL + '[[unit]]\nname = "A"\nkey = "zz"')
    assert reason == "key 'unit[0].key': expected 64 digits of 0-9 and a-f"
    reason = refusal(SyncConfig, tmp_path, 'unit_socket = "s"\ncentral = "192.0.2.7:8081"')
    assert reason == "key 'central': expected an address like https://192.0.2.7:8441"


def test_all_that_is_wrong_is_said_at_once_with_items_counted_as_in_the_file(tmp_path: Path) -> None:
    """Only the first fault of its kind was said: who had made four started four times."""
    units = '[[unit]]\nname = "A"\nkey = "zz"\n[[unit]]\nkey = "KEY"\n[[unit]]\nnam = "C"\nkey = "KEY"\n'
    text = CENTRAL.replace('"Summer Cup"', "7") + 'run_ms = "x"\nfoo = 1\n' + units.replace("KEY", "9f" * 32)
    assert refusal(CentralConfig, tmp_path, text).split("\n  ") == [
        "key 'event.name': expected text in quotes, got a whole number",
        "key 'event.run_ms': expected a whole number, got text in quotes",
        "unknown key 'event.foo'; take it out or correct its spelling",
        "key 'unit[0].key': expected 64 digits of 0-9 and a-f",
        "key 'unit[1].name' is missing; add it",
        "unknown key 'unit[2].nam'; take it out or correct its spelling",
        "key 'unit[2].name' is missing; add it",
    ]
    many = CENTRAL + "".join(f"foo_{number} = 1\n" for number in range(FAULTS_MAX_COUNT + 1))
    assert len(refusal(CentralConfig, tmp_path, many).splitlines()) == FAULTS_MAX_COUNT


def test_a_call_with_a_wrong_field_is_told_in_the_same_words() -> None:
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert({"name": ""}, EventConfig)
    assert plain_reason(str(refused.value)) == "key 'name': expected text of length >= 1"


def test_a_socket_never_takes_the_place_of_another_file(tmp_path: Path) -> None:
    journal = tmp_path / "unit.db"
    journal.write_text("precious")

    async def serve() -> None:
        async with serve_unix(web.Application(), journal):
            pass

    with pytest.raises(Refusal, match="another file is there"):
        asyncio.run(serve())
    assert journal.read_text() == "precious"


def test_a_socket_left_by_a_killed_process_makes_room(tmp_path: Path) -> None:
    left = tmp_path / "trackside.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(left))
    make_room_for_socket(left)
    assert not left.exists()


def test_a_socket_that_a_living_program_serves_is_left_to_it(tmp_path: Path) -> None:
    path = tmp_path / "touch.sock"

    async def second_beside_first() -> None:
        async with serve_unix(web.Application(), path):
            with pytest.raises(Refusal, match="another program answers there"):
                async with serve_unix(web.Application(), path):
                    pass
            assert path.is_socket()

    asyncio.run(second_beside_first())


def test_a_simulated_port_never_takes_the_place_of_another_file(tmp_path: Path) -> None:
    notes = tmp_path / "beam-1"
    notes.write_text("precious")
    with pytest.raises(Refusal, match="another file is there"), PseudoTerminal.open(notes):
        pass
    assert notes.read_text() == "precious"


def test_only_a_port_in_use_is_told_to_be_in_use() -> None:
    async def serve(host: str) -> None:
        async with serve_tcp(web.Application(), host, 0):
            pass

    with pytest.raises(Refusal) as refused:
        asyncio.run(serve("192.0.2.9"))
    assert "stop what uses it" not in str(refused.value)
    assert "this machine has no such address" in str(refused.value)


def test_a_subcommand_of_central_explains_itself_without_a_config() -> None:
    helped = CliRunner().invoke(central, ["enrol", "--help"])
    assert helped.exit_code == 0, helped.output
    assert "one-time token" in helped.output
    refused = CliRunner().invoke(central, ["units"])
    assert refused.exit_code == 2
    assert "Missing option '--config'" in refused.output
