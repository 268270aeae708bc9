"""`pitboard config` says what is wrong, what is in force, and what each key is for."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from venue.set_up.config_command import CONFIGS, config, keys_of
from venue.set_up.config_keys import KEYS

KEY = "9f" * 32
GOOD = f'name = "Grandstand"\nevent_key = "{KEY}"\njournal = "display.db"\nhall_m = 12\n'


def told(*arguments: str) -> Result:
    return CliRunner().invoke(config, arguments)


@pytest.fixture
def display(tmp_path: Path) -> Path:
    path = tmp_path / "display.toml"
    path.write_text(GOOD)
    return path


@pytest.mark.parametrize("program", CONFIGS)
def test_every_key_is_explained_in_plain_words(program: str) -> None:
    for key in keys_of(program):
        answer = told("explain", f"{program}.{key.name}")
        assert answer.exit_code == 0, answer.output
        assert KEYS[program][key.name] in answer.output
        assert "see docs" not in answer.output, answer.output
        assert "NODEFAULT" not in answer.output
        assert "Type(" not in answer.output


def test_a_number_is_explained_with_its_bounds_and_what_holds_without_it() -> None:
    answer = told("explain", "touch.volume_percent").output
    assert "a whole number from 0 to 100" in answer
    assert "Without it: 60." in answer


def test_a_key_of_several_programs_is_explained_for_each() -> None:
    answer = told("explain", "journal").output
    assert all(f"journal  in {program}.toml" in answer for program in ("central", "display", "trackside"))


def test_a_table_is_explained_by_all_its_keys() -> None:
    """`config show` prints `gate = []`, and `explain` knew no such key."""
    for key in ("bridge.gate", "gate"):
        answer = told("explain", key)
        assert answer.exit_code == 0
        assert "gate.name  in bridge.toml" in answer.output
        assert "gate.lanes  in bridge.toml" in answer.output


def test_a_misspelt_key_is_met_with_what_was_meant() -> None:
    answer = told("explain", "display.hal_m")
    assert answer.exit_code == 2
    assert "did you mean display.hall_m" in answer.output


def test_a_right_file_and_a_wrong_one_are_told_apart(display: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "trackside.toml"
    wrong.write_text('nam = "Track A"\n')
    answer = told("check", str(display), str(wrong))
    assert answer.exit_code == 1
    assert f"right  {display}" in answer.output
    assert "wrong" in answer.output
    assert "unknown key 'nam'" in answer.output
    assert told("check", str(display)).exit_code == 0


def test_a_file_of_an_unknown_name_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    path = tmp_path / "other.toml"
    path.write_text(GOOD)
    answer = told("check", str(path))
    assert answer.exit_code == 1
    assert "known are bridge, central" in answer.output


def test_what_is_in_force_is_shown_and_can_be_read_as_a_config_again(display: Path, tmp_path: Path) -> None:
    answer = told("show", str(display))
    assert "hall_m = 12\n" in answer.output
    assert 'theme = "dark-hall"  # not in the file' in answer.output
    assert "# size is not set" in answer.output
    display.write_text(answer.output)
    assert tomllib.loads(answer.output)["journal"] == str(tmp_path / "display.db")
    assert told("show", str(display)).output.count("not in the file") == 0


def test_tables_and_lists_of_tables_are_shown_as_such(tmp_path: Path) -> None:
    path = tmp_path / "bridge.toml"
    path.write_text(
        'spool_folder = "raw"\n[api]\nsocket = "t.sock"\n[[sensor]]\nname = "one"\n'
        'kind = "gpio"\npins = [17, 27]\n[[gate]]\nname = "one"\nhold_off_ms = 200\n'
    )
    answer = told("show", str(path))
    assert answer.exit_code == 0, answer.output
    again = tomllib.loads(answer.output)
    assert again["sensor"][0]["pins"] == [17, 27]
    assert again["gate"] == [{"name": "one", "hold_off_ms": 200, "lanes": False}]
    assert again["api"]["socket"] == str(tmp_path / "t.sock")
    path.write_text(answer.output)
    assert told("check", str(path)).exit_code == 0


def test_rules_of_ones_own_are_shown_with_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "central.toml"
    path.write_text(
        'root_key_file = "root.key"\njournal = "central.db"\n[event]\nname = "Cup"\nformat = "sprint"\n'
        '[formats.sprint]\nranking = "best-lap"\n'
    )
    answer = told("show", str(path))
    assert answer.exit_code == 0, answer.output
    assert tomllib.loads(answer.output)["formats"]["sprint"] == {"ranking": "best-lap"}
