"""An archive from whoever's stick: damaged or a bomb, it is one sentence, and costs no more than it may."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from pitboard.errors import JournalLost
from pitboard.keeping.sealed_archive import ENTRIES_MAX_COUNT, UNPACKED_MAX_TIMES, open_archive, write_archive
from tests.race_story import ROOT


def packed(path: Path, **files: bytes) -> Path:
    write_archive(path, "Cup", {name.replace("_", "."): content for name, content in files.items()}, ROOT)
    return path


def test_an_archive_damaged_anywhere_is_told_and_is_no_bug(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", journal_db=b"SQLite format 3\0" * 40, board_csv=b"Ann,5.000\n")
    whole, journal = path.read_bytes(), tmp_path / "j.db"
    assert open_archive(path, journal)[1] == []
    told = 0
    places = range(0, len(whole), 7)
    for at in places:
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        try:
            told += bool(open_archive(path, journal)[1])
        except JournalLost:
            told += 1
    assert told > len(places) / 2, "dates and the like are sealed by nobody"


def test_an_archive_that_unpacks_to_far_more_than_it_is_is_refused_before_it_is_unpacked(
    tmp_path: Path,
) -> None:
    journal = tmp_path / "j.db"
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("journal.db", bytes(16 * 1_024 * 1_024))
    assert bomb.stat().st_size * UNPACKED_MAX_TIMES < 16 * 1_024 * 1_024
    with pytest.raises(JournalLost, match="far more"):
        open_archive(bomb, journal)
    assert not journal.exists()


@pytest.mark.parametrize(("more_bytes", "is_taken"), [(0, True), (1, False)])
def test_what_an_archive_may_unpack_to_is_a_hundred_times_its_size(
    tmp_path: Path, more_bytes: int, is_taken: bool
) -> None:
    path, journal = tmp_path / "a.zip", tmp_path / "j.db"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x", bytes(2_000_000))
    size = path.stat().st_size
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x", bytes(size * UNPACKED_MAX_TIMES + more_bytes))
        packed_bytes = archive.infolist()[0].compress_size
        archive.comment = bytes(size - path_bytes(archive, packed_bytes))
    assert path.stat().st_size == size
    with pytest.raises(JournalLost, match="no archive of ours" if is_taken else "far more"):
        open_archive(path, journal)  # either way it has no list


def path_bytes(archive: zipfile.ZipFile, packed_bytes: int) -> int:
    """Return how long the file will be without a comment: one entry called x."""
    assert len(archive.infolist()) == 1
    return 30 + 1 + packed_bytes + 46 + 1 + 22


def test_ten_thousand_entries_are_looked_at_and_not_one_more(tmp_path: Path) -> None:
    path, journal = tmp_path / "a.zip", tmp_path / "j.db"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(ENTRIES_MAX_COUNT):
            archive.writestr(str(number), b"")
    with pytest.raises(JournalLost, match="no archive of ours"):
        open_archive(path, journal)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("one more", b"")
    with pytest.raises(JournalLost, match="far more"):
        open_archive(path, journal)
