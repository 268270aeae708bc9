"""What is sent to a helper says enough, and holds nothing of a person and no key."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pitboard.clock import ScriptedClock
from pitboard.health.support_command import asked, support, without_passwords
from pitboard.program.service import Service

SECRET = "hunter2"


@pytest.fixture
def node(tmp_path: Path) -> Path:
    configs, data, runtime = (tmp_path / name for name in ("etc", "data", "run"))
    for folder in (configs, data, runtime):
        folder.mkdir()
    (configs / "central.toml").write_text(f'database = "postgresql://pitboard:{SECRET}@db.example/cup"\n')
    (configs / "unit.key").write_text("a key that somebody put beside the configs")
    (data / "unit.key").write_text("c0ffee" * 8)
    (data / "journal.db").write_bytes(b"Ada Lovelace")
    (data / "raw").mkdir()
    (data / "raw" / "raw-000001.jsonl").write_text("a raw line")
    Service(clock=ScriptedClock(), folder=runtime).say_last("central", "port 8080 is in use")
    return tmp_path


def pack(node: Path, out: Path) -> Result:
    folders = [
        word
        for name, kind in (("etc", "configs"), ("data", "data"), ("run", "runtime"))
        for word in (f"--{kind}", str(node / name))
    ]
    return CliRunner().invoke(support, [*folders, "--out", str(out)])


def contents(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_a_helper_sees_configs_findings_last_words_and_what_lies_where(node: Path, tmp_path: Path) -> None:
    answer = pack(node, tmp_path / "help.zip")
    assert answer.exit_code == 0, answer.output
    parts = contents(tmp_path / "help.zip")
    assert "db.example/cup" in parts["configs/central.toml"]
    assert "port 8080 is in use" in parts["last-words/central.said"]
    assert "port 8080 is in use" in parts["doctor.json"]
    assert "journal.db" in parts["files.txt"]
    assert "raw-000001.jsonl" in parts["files.txt"]
    assert {"log.txt", "systemd.txt", "versions.json", "machine.json", "README.txt"} <= set(parts)


def test_no_secret_and_nothing_of_a_person_is_in_it_and_only_its_owner_reads_it(
    node: Path, tmp_path: Path
) -> None:
    pack(node, tmp_path / "help.zip")
    everything = "".join(contents(tmp_path / "help.zip").values())
    for needle in (SECRET, "c0ffee", "Ada Lovelace", "a raw line", "a key that somebody"):
        assert needle not in everything
    assert stat.S_IMODE((tmp_path / "help.zip").stat().st_mode) == 0o600


def test_a_machine_without_anything_gets_its_file_too(tmp_path: Path) -> None:
    answer = pack(tmp_path, tmp_path / "help.zip")
    assert answer.exit_code == 0, answer.output
    assert "no-program" in contents(tmp_path / "help.zip")["doctor.json"]


def test_a_place_that_cannot_be_written_is_a_sentence(node: Path, tmp_path: Path) -> None:
    answer = pack(node, tmp_path / "nowhere" / "help.zip")
    assert "cannot be written" in str(answer.exception)


def test_a_program_that_is_not_there_is_said_in_its_place() -> None:
    assert asked("a-program-that-nobody-has") == "a-program-that-nobody-has is not on this machine.\n"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("postgresql://u:p@h/d", "postgresql://u:***@h/d"),
        ("postgresql://u:p:x@h/d", "postgresql://u:***@h/d"),
        ("postgresql://:p@h/d", "postgresql://:***@h/d"),
        ("https://192.0.2.7:8441", "https://192.0.2.7:8441"),
        ("postgresql:///cup", "postgresql:///cup"),
    ],
)
def test_the_password_of_an_address_is_stars(said: str, shown: str) -> None:
    assert without_passwords(said) == shown
