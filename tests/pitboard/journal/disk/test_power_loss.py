"""The power is cut at a thousand places of a day on disk: what was acknowledged is there, always.

The writes are those that the real code made, recorded once; a cut leaves any part of the unsynced ones."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from random import Random

import pytest

from tests.pitboard.journal.disk.after_power_loss import check_contacts, check_journal, check_raw_log
from tests.pitboard.journal.disk.forgetful_disk import ForgetfulDisk
from tests.pitboard.journal.disk.power_loss_writer import STARTS
from tests.pitboard.journal.disk.recorded_files import DiskStep, Synced, Written, can_trace, record

SEED = 1
WORKERS = 2


def recorded(what: str, tmp_path: Path) -> list[DiskStep]:
    """Return the steps of one writer's day; where nobody may trace, the test is left out, but not in CI."""
    folder = tmp_path / "day"
    folder.mkdir()
    if not (can_trace() or os.environ.get("CI")):
        pytest.skip("strace is not there or not allowed; make system-packages installs it")
    return record(
        "tests.pitboard.journal.disk.power_loss_writer",
        what,
        str(folder),
        folder=folder,
        trace=tmp_path / "trace",
    )


def cut_often(what: str, steps: Sequence[DiskStep], *, count: int) -> None:
    """Cut at `count` seeded places and check what each leaves; raises with the first that is not right."""
    random = Random(f"{what} {SEED}")
    places = sorted(random.randrange(len(steps) + 1) for _ in range(count))
    # Forked workers would inherit pygame's and pytest's threads.
    with ProcessPoolExecutor(WORKERS, mp_context=multiprocessing.get_context("forkserver")) as workers:
        parts = [workers.submit(check_cuts, what, steps, places[part::WORKERS]) for part in range(WORKERS)]
        for part in parts:
            part.result()


def check_cuts(what: str, steps: Sequence[DiskStep], places: Sequence[int]) -> None:
    disk = ForgetfulDisk()
    taken = 0
    for number, place in enumerate(places):
        for step in steps[taken:place]:
            disk.take(step)
        taken = place
        with tempfile.TemporaryDirectory(dir=_quick_folder()) as name:
            folder = Path(name)
            disk.cut(folder, Random(f"{what} {SEED} {place} {number}"))
            try:
                match what:
                    case "journal":
                        asyncio.run(check_journal(folder, disk.acknowledged))
                    case "contacts":
                        asyncio.run(check_contacts(folder, disk.acknowledged))
                    case "raw-log":
                        check_raw_log(folder, disk.acknowledged)
            except Exception as error:
                raise AssertionError(f"cut {number} after step {place} of {len(steps)}: {error!r}") from error


def _quick_folder() -> str | None:
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def test_a_thousand_power_cuts_lose_no_acknowledged_record(tmp_path: Path) -> None:
    steps = recorded("journal", tmp_path)
    begun = [s for s in steps if isinstance(s, Written) and s.path.endswith("-wal") and s.offset == 0]
    assert len(begun) > STARTS, "the write-ahead log was never begun anew while a program ran"
    cut_often("journal", steps, count=1_000)


def test_power_cuts_lose_no_contact_and_bring_none_back(tmp_path: Path) -> None:
    cut_often("contacts", recorded("contacts", tmp_path), count=300)


def test_power_cuts_lose_no_line_of_the_raw_log(tmp_path: Path) -> None:
    cut_often("raw-log", recorded("raw-log", tmp_path), count=300)


def test_a_program_that_acknowledges_before_the_sync_would_be_caught(tmp_path: Path) -> None:
    """The test itself is tested: without the syncs the same cuts must find losses."""
    steps = recorded("journal", tmp_path)
    unsynced = [step for step in steps if not (isinstance(step, Synced) and step.path.endswith("-wal"))]
    with pytest.raises(AssertionError, match="cut"):
        cut_often("journal", unsynced, count=40)


def test_a_torn_write_leaves_whole_sectors_only() -> None:
    disk = ForgetfulDisk()
    disk.take(Written("/d/file", 100, b"x" * 2_000))
    disk.take(Synced("/d"))
    sectors = set()
    for seed in range(200):
        with tempfile.TemporaryDirectory() as name:
            disk.cut(Path(name), Random(seed))
            content = (Path(name) / "file").read_bytes()
        sectors |= {content[start : start + 512] for start in range(512, len(content) - 511, 512)}
    assert sectors == {b"x" * 512, bytes(512)}
