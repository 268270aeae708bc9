"""One program at a time in a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from pitboard.errors import Refusal
from pitboard.program.program import only_one


def test_a_second_one_is_refused_until_the_first_has_gone(tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    with (
        only_one(folder, "bridge"),
        pytest.raises(Refusal, match=r"another bridge works in .*stop that one first"),
        only_one(folder, "bridge"),
    ):
        pass
    with only_one(folder, "bridge"):
        pass


def test_a_folder_that_cannot_be_written_is_told_in_a_sentence() -> None:
    with (
        pytest.raises(Refusal, match=r"^/proc/self/spool cannot be written: .*; the bridge works in it$"),
        only_one(Path("/proc/self/spool"), "bridge"),
    ):
        pass
