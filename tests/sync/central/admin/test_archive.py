"""An event that is over as one sealed file, and what its seal notices."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pitboard.errors import ActRefused, JournalLost, Refusal
from pitboard.keeping.verify_restore import verify
from pitboard.trust.identity import Identity
from sync.central.command import central
from tests.race_story import armed
from tests.sync.central.admin.test_admin_door import Terminal
from tests.sync.central.central_stage import CentralThread, TrackStory


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The archive of a small event, made while central runs."""
    folder = tmp_path_factory.mktemp("event")
    with CentralThread(folder).running() as running:
        running.take(TrackStory().drives("c1", "Anna Berg", 12.0, 10.0).drives("c2", "Ben", 11.0).news())
        told = Terminal(folder).reads("archive", str(folder / "cup.zip"))
        assert "and the results in" in told
        assert Identity.load_or_create(folder / "root.key").key in told
        yield folder / "cup.zip"


def verified(path: Path, *options: str) -> Result:
    return CliRunner().invoke(verify, [str(path), *options])


def altered(sealed: Path, to: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    with zipfile.ZipFile(sealed) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    with zipfile.ZipFile(to, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return to


def test_an_archive_holds_journal_and_results_and_proves_itself(sealed: Path) -> None:
    with zipfile.ZipFile(sealed) as archive:
        assert set(archive.namelist()) == {
            "journal.db",
            "results.csv",
            "results.json",
            "results.pdf",
            "laps.csv",
            "laps.json",
            "list.json",
            "seal.txt",
        }
        assert b"Anna Berg" in archive.read("results.csv")
        assert archive.read("results.pdf").startswith(b"%PDF-")
    outcome = verified(sealed)
    assert outcome.exit_code == 0, outcome.output
    assert "Sound: " in outcome.stdout
    assert "Sealed by Summer Cup, key " in outcome.stdout
    assert json.loads(verified(sealed, "--json").stdout)["wrong"] == []
    assert sealed.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda files: files.update({"results.csv": b"1,Ben"}), "results.csv is not what was sealed."),
        (lambda files: files.pop("laps.json"), "laps.json is missing."),
        (lambda files: files.update(more=b"x"), "more was put in later."),
        (lambda files: files.update({"seal.txt": b"00" * 64}), "The seal is not of the event's key."),
        (lambda files: files.update({"seal.txt": b"no"}), "The seal is not of the event's key."),
        (
            lambda files: files.update({"list.json": files["list.json"].replace(b"Summer", b"Winter")}),
            "The seal is not of the event's key.",
        ),
    ],
)
def test_whatever_is_changed_is_named(
    sealed: Path, tmp_path: Path, change: Callable[[dict[str, bytes]], None], said: str
) -> None:
    outcome = verified(altered(sealed, tmp_path / "other.zip", change))
    assert outcome.exit_code == 1
    assert said in outcome.stdout
    assert "The seal does not hold." in outcome.stdout


def test_a_seal_under_another_key_does_not_make_the_journal_its_own(sealed: Path, tmp_path: Path) -> None:
    stranger = Identity.from_seed(b"x" * 32)

    def seal_anew(files: dict[str, bytes]) -> None:
        told = json.loads(files["list.json"]) | {"root_key": stranger.key}
        files["list.json"] = json.dumps(told).encode()
        files["seal.txt"] = stranger.sign(files["list.json"], domain=b"pitboard archive 1\0").hex().encode()

    outcome = verified(altered(sealed, tmp_path / "other.zip", seal_anew))
    assert outcome.exit_code == 1
    assert "The journal is of another event than the seal." in outcome.stdout


def test_a_zip_file_that_is_none_of_ours_is_said_so(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        archive.writestr("a.jpg", b"x")
    outcome = verified(tmp_path / "photos.zip")
    assert isinstance(outcome.exception, JournalLost)
    assert "no archive of ours" in str(outcome.exception)


def test_an_event_with_an_open_run_or_a_file_in_the_way_is_asked_about(sealed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "later"
    shutil.copytree(sealed.parent, folder, ignore=shutil.ignore_patterns("*.sock"))
    (folder / "cup.zip").unlink()
    story = TrackStory().drives("c3", "Carla", 12.0)
    story.teller.say(armed("live", "c3", s=500.0))
    with CentralThread(folder).running() as running:
        running.take(story.news())
        terminal = Terminal(folder)
        arguments = ["--config", str(terminal.config), "archive", str(folder / "cup.zip")]
        refused = CliRunner().invoke(central, arguments).exception
        assert isinstance(refused, ActRefused)
        assert str(refused) == "1 run not decided yet: Carla. Decide them, or say --yes."
        assert not (folder / "cup.zip").exists()
        terminal.reads("archive", str(folder / "cup.zip"), "--yes")
        assert isinstance(CliRunner().invoke(central, arguments).exception, Refusal)
    assert verified(folder / "cup.zip").exit_code == 0
