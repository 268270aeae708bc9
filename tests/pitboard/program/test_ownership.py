"""What root writes for a program, the program may read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pitboard.program.ownership import give_to_owner_of_folder

SOMEBODY = 54_321


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_files_that_root_wrote_go_to_who_owns_the_folder(tmp_path: Path) -> None:
    os.chown(tmp_path, SOMEBODY, SOMEBODY)
    key = tmp_path / "unit.key"
    key.touch(mode=0o600)
    give_to_owner_of_folder(key, tmp_path / "not-there")
    assert (key.stat().st_uid, key.stat().st_gid) == (SOMEBODY, SOMEBODY)
    assert key.stat().st_mode & 0o777 == 0o600
