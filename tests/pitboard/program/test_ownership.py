"""What root writes for a program, the program may read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pitboard.program.ownership import give_to_owner_of_folder, user_of, why_not_read

SOMEBODY = 54_321


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_files_that_root_wrote_go_to_who_owns_the_folder(tmp_path: Path) -> None:
    os.chown(tmp_path, SOMEBODY, SOMEBODY)
    key = tmp_path / "unit.key"
    key.touch(mode=0o600)
    give_to_owner_of_folder(key, tmp_path / "not-there")
    assert (key.stat().st_uid, key.stat().st_gid) == (SOMEBODY, SOMEBODY)
    assert key.stat().st_mode & 0o777 == 0o600


def test_who_may_not_read_a_file_is_told_what_lets_them() -> None:
    refused = PermissionError(13, "Permission denied", "/var/lib/pitboard/event.toml")
    said = why_not_read(refused)
    assert said.startswith("Permission denied; this program runs as ")
    assert said.endswith(" /var/lib/pitboard/event.toml")
    assert why_not_read(FileNotFoundError(2, "No such file or directory", "x")) == "No such file or directory"


def test_each_file_of_the_data_folder_has_one_program_that_owns_it() -> None:
    assert user_of("raw") == "pitboard-bridge"
    assert user_of("touch-settings.json") == "pitboard-touch"
    assert user_of("display.db-wal") == user_of("display.key") == "pitboard-display"
    assert user_of("unit.db") == user_of("event.toml") == user_of("central.db") == "pitboard"
