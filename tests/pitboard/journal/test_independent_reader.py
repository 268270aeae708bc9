"""Who knows the documents alone reads a journal of ours, and sees each thing in it that nobody signed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pitboard.keeping.journal_copy import fold_file
from tests.pitboard.journal.independent_reader import Unsound, best_laps_ns, read_journal
from tests.pitboard.keeping.test_verify import UNIT_STREAM, change, flip, sound_journal
from tests.race_story import ROOT


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sound_journal(tmp_path_factory.mktemp("journal") / "j.db")


def test_the_documents_are_enough_to_read_and_to_rank_a_journal(sound: Path) -> None:
    root_key, said = read_journal(sound)
    assert root_key == ROOT.key
    assert [one.kind for one in said if one.body is None] == ["competitor-registered"]
    ours = {"c1": min(lap.lap_ns for lap in fold_file(sound).race.laps("r1"))}
    assert best_laps_ns(root_key, said) == ours == {"c1": 5_000_000_000}


@pytest.mark.parametrize("column", ["header", "signature", "body"])
def test_a_bit_that_nobody_signed_is_seen(column: str, sound: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(sound, tmp_path / "j.db"))
    flip(path, column, 5, 30)
    with pytest.raises((Unsound, ValueError)):
        read_journal(path)


def test_a_record_that_was_taken_out_and_an_event_that_was_changed_are_seen(
    sound: Path, tmp_path: Path
) -> None:
    path = Path(shutil.copy(sound, tmp_path / "j.db"))
    change(path, "DELETE FROM records WHERE stream = ? AND seq = 5", UNIT_STREAM)
    with pytest.raises(Unsound, match="6: its place"):
        read_journal(path)
    path = Path(shutil.copy(sound, tmp_path / "j.db"))
    change(path, "UPDATE meta SET value = ? WHERE key = 'root_key'", "0" * 64)
    with pytest.raises(Unsound, match="meta"):
        read_journal(path)


def test_a_body_that_no_erasure_took_is_missed(sound: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(sound, tmp_path / "j.db"))
    change(path, "UPDATE records SET body = NULL WHERE stream = ? AND seq = 5", UNIT_STREAM)
    with pytest.raises(Unsound, match="without a body"):
        read_journal(path)
