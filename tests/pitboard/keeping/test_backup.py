"""Backups of running and of stopped nodes, and what happens when one is restored."""

from __future__ import annotations

import asyncio
import contextlib
import random
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pitboard.clock import ScriptedClock
from pitboard.doors.http_api import new_app, serve_unix
from pitboard.errors import JournalLost, PeerLost
from pitboard.journal.replica import Replica
from pitboard.journal.views.views import encode_view, view_board
from pitboard.keeping.backup_command import backup
from pitboard.keeping.backup_stream import (
    BackupApi,
    BackupEnd,
    BackupRows,
    BackupStart,
    encode_part,
    read_parts,
)
from pitboard.keeping.verify_restore import check_file, restore
from pitboard.race.bodies.people_bodies import CompetitorRegistered, PersonErased
from tests.pitboard.journal.test_erasure import files_with
from tests.race_story import ROOT, UNIT_A, UNIT_B, Teller, central_enrols, confirmed_run


@contextlib.asynccontextmanager
async def node_at(folder: Path, name: str = "unit") -> AsyncIterator[Replica]:
    """A node that runs and serves its socket, with a config file beside it."""
    config = folder / f"{name}.toml"
    config.write_text(f'journal = "{name}.db"\n[api]\nsocket = "{name}.sock"\n')
    async with Replica.open(folder / f"{name}.db", root_key=ROOT.key, clock=ScriptedClock()) as replica:
        app = new_app()
        BackupApi(replica.journal).add_to(app)
        async with serve_unix(app, folder / f"{name}.sock"):
            yield replica


def run(command: object, *arguments: object) -> Result:
    return CliRunner().invoke(command, [str(one) for one in arguments])  # type: ignore[arg-type]


def said(outcome: Result) -> str:
    return str(outcome.exception) if outcome.exception else outcome.output


async def carry(source: Replica, target: Replica) -> None:
    while batch := await source.beyond(target.have()):
        before = target.have()
        await target.accept(batch)
        if target.have() == before:
            return


def board(replica: Replica) -> bytes:
    return encode_view(view_board(replica.fold))


def named(number: int) -> CompetitorRegistered:
    return CompetitorRegistered(competitor_id=f"c{number}", name=f"Name {number}")


def test_a_backup_under_load_is_whole_sound_and_holds_all_that_was_durable_before(tmp_path: Path) -> None:
    async def story() -> None:
        async with node_at(tmp_path) as unit:
            await unit.accept(central_enrols(UNIT_A).records)
            unit = await unit.open_stream(UNIT_A, "Track A")
            await unit.append(*[named(number) for number in range(3_000)])
            stop = asyncio.Event()

            async def write(first: int) -> None:
                number = first
                while not stop.is_set():
                    await unit.append(named(number))
                    number += 1

            writing = [asyncio.create_task(write(10_000 * one)) for one in range(1, 5)]
            before = unit.have()
            outcome = await asyncio.to_thread(
                run, backup, "--config", tmp_path / "unit.toml", tmp_path / "unit.backup"
            )
            after = unit.have()
            stop.set()
            await asyncio.gather(*writing)
        assert outcome.exit_code == 0, said(outcome)
        assert sum(after.values()) > sum(before.values())
        checked = check_file(tmp_path / "unit.backup")
        assert checked.sound
        assert sum(before.values()) <= checked.records <= sum(after.values())

    asyncio.run(story())


def test_a_stopped_nodes_file_is_backed_up_directly_and_a_running_ones_is_not(tmp_path: Path) -> None:
    async def story() -> None:
        async with node_at(tmp_path) as unit:
            unit = await unit.open_stream(UNIT_A, "Track A")
            await unit.append(named(1))
            outcome = await asyncio.to_thread(run, backup, "--journal", tmp_path / "unit.db", tmp_path / "b")
            assert "a program has it open; stop it, or" in said(outcome)

    asyncio.run(story())
    for option, file in (("--journal", "unit.db"), ("--config", "unit.toml")):
        out = tmp_path / f"b{option}"
        outcome = run(backup, option, tmp_path / file, out)
        assert outcome.output.startswith("2 records in "), said(outcome)
        assert check_file(out).records == 2
        assert out.stat().st_mode & 0o777 == 0o600
    outcome = run(backup, "--journal", tmp_path / "unit.db", tmp_path / "b--journal")
    assert "exists; name another file, or say --yes" in said(outcome)
    assert sorted(one.name for one in tmp_path.iterdir() if "partial" in one.name) == []


def test_a_killed_nodes_file_is_backed_up_with_what_only_its_log_holds(tmp_path: Path) -> None:
    killed = tmp_path / "killed"
    killed.mkdir()

    async def story() -> None:
        async with node_at(tmp_path) as unit:
            unit = await unit.open_stream(UNIT_A, "Track A")
            await unit.append(*[named(number) for number in range(50)])
            for file in ("unit.db", "unit.db-wal"):
                shutil.copy(tmp_path / file, killed / file)

    asyncio.run(story())
    before = {file.name: file.read_bytes() for file in killed.iterdir()}
    outcome = run(backup, "--journal", killed / "unit.db", tmp_path / "b")
    assert outcome.output.startswith("51 records"), said(outcome)
    assert {file.name: file.read_bytes() for file in killed.iterdir()} == before
    outcome = run(restore, tmp_path / "b", killed / "unit.db")
    assert outcome.exit_code == 0, said(outcome)
    assert sorted(file.name for file in killed.iterdir()) == ["unit.db", "unit.db.replaced-1"]
    assert check_file(killed / "unit.db.replaced-1").records == 51


def test_an_erased_name_that_a_backup_brings_back_is_erased_again(tmp_path: Path) -> None:
    async def story() -> None:
        async with node_at(tmp_path) as unit, node_at(tmp_path, "central") as central:
            unit = await unit.open_stream(UNIT_A, "Track A")
            await unit.append(CompetitorRegistered(competitor_id="c1", name="Zebulon"))
            outcome = await asyncio.to_thread(
                run, backup, "--config", tmp_path / "unit.toml", tmp_path / "old"
            )
            assert outcome.exit_code == 0, said(outcome)
            await carry(unit, central)
            central = await central.open_stream(ROOT, "Central")
            await central.append(PersonErased(competitor_id="c1", records={next(iter(unit.have())): [2]}))
            await carry(central, unit)
        assert run(restore, tmp_path / "old", tmp_path / "unit.db", "--yes").exit_code == 0
        async with node_at(tmp_path) as unit, node_at(tmp_path, "central") as central:
            assert files_with("Zebulon", tmp_path) == ["old", "unit.db"]
            await carry(central, unit)
            assert files_with("Zebulon", tmp_path) == ["old"]

    asyncio.run(story())


def test_a_backup_that_breaks_off_is_no_backup() -> None:
    whole = b"".join(
        [
            encode_part(BackupStart(schema="1", root_key="k", arrivals=1)),
            encode_part(BackupRows(rows=[("s", 1, b"h", b"g", None)])),
            encode_part(BackupEnd(count=1, quarantine=[])),
        ]
    )
    chance = random.Random(1)
    for cut in [*range(0, len(whole), 7), len(whole) - 1]:
        chunks = [whole[:cut][start : start + 5] for start in range(0, cut, chance.randint(5, 5))]
        with pytest.raises(PeerLost, match="broke off"):
            list(read_parts(chunks))
    assert len(list(read_parts([whole[:3], whole[3:50], whole[50:]]))) == 3


def test_a_restored_unit_goes_on_in_a_new_stream_and_gets_back_what_the_backup_lacks(tmp_path: Path) -> None:
    async def story() -> None:
        teller = Teller(UNIT_B, "Track B")
        confirmed_run(teller, "r", "c1", start_s=10, laps_s=[5.0], first_seq=1)
        async with node_at(tmp_path) as unit, node_at(tmp_path, "central") as central:
            await central.accept(central_enrols(UNIT_A, UNIT_B).records)
            await carry(central, unit)
            unit = await unit.open_stream(UNIT_A, "Track A")
            await unit.append(named(1))
            outcome = await asyncio.to_thread(
                run, backup, "--config", tmp_path / "unit.toml", tmp_path / "old"
            )
            assert outcome.exit_code == 0, said(outcome)
            await unit.append(named(2), named(3))
            await unit.accept(teller.records)
            await carry(unit, central)
            held = await asyncio.to_thread(run, restore, tmp_path / "old", tmp_path / "unit.db")
            assert "stop that program, then restore" in said(held)
        outcome = run(restore, tmp_path / "old", tmp_path / "unit.db")
        lacking = 2 + len(teller.records)
        assert f"has {lacking} records that" in said(outcome)
        assert "Say --yes" in said(outcome)
        outcome = run(restore, tmp_path / "old", tmp_path / "unit.db", "--yes")
        assert outcome.exit_code == 0, said(outcome)
        assert check_file(tmp_path / "unit.db.replaced-1").records > check_file(tmp_path / "unit.db").records
        async with node_at(tmp_path) as unit, node_at(tmp_path, "central") as central:
            lost = unit.have()
            unit = await unit.open_stream(UNIT_A, "Track A")
            await unit.append(named(4))
            assert len(unit.have()) == len(lost) + 1  # a stream of its own for what is new
            await carry(central, unit)
            await carry(unit, central)
            assert unit.have() == central.have()
            assert (unit.alarms, central.alarms) == ({}, {})
            assert board(unit) == board(central)
            assert sorted(central.fold.race.competitors) == ["c1", "c2", "c3", "c4"]

    asyncio.run(story())


def test_restoring_what_is_already_there_needs_no_yes_and_deletes_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        async with node_at(tmp_path) as unit:
            unit = await unit.open_stream(UNIT_A, "Track A")

    asyncio.run(story())
    assert run(backup, "--journal", tmp_path / "unit.db", tmp_path / "b").exit_code == 0
    for number in (1, 2):
        outcome = run(restore, tmp_path / "b", tmp_path / "unit.db")
        assert outcome.exit_code == 0, said(outcome)
        assert (tmp_path / f"unit.db.replaced-{number}").exists()
    outcome = run(restore, tmp_path / "b", tmp_path / "new" / "unit.db")
    assert outcome.output.startswith("1 record restored"), said(outcome)


def test_a_damaged_or_foreign_backup_and_a_broken_journal_are_told_apart(tmp_path: Path) -> None:
    async def story(root_key: str, name: str) -> None:
        async with Replica.open(tmp_path / name, root_key=root_key, clock=ScriptedClock()) as replica:
            replica = await replica.open_stream(UNIT_A, "Track A")
            await replica.append(named(1))

    asyncio.run(story(ROOT.key, "unit.db"))
    asyncio.run(story(UNIT_B.key, "other.db"))
    assert "of another event" in said(run(restore, tmp_path / "other.db", tmp_path / "unit.db", "--yes"))
    damaged = tmp_path / "damaged"
    damaged.write_bytes((tmp_path / "unit.db").read_bytes().replace(b"Name 1", b"Fame 1"))
    outcome = run(restore, damaged, tmp_path / "unit.db", "--yes")
    assert "has a body that was not signed" in said(outcome)
    assert isinstance(run(restore, tmp_path / "none", tmp_path / "unit.db").exception, JournalLost)
    (tmp_path / "broken.db").write_bytes(b"no database at all" * 500)
    outcome = run(restore, tmp_path / "unit.db", tmp_path / "broken.db")
    assert "cannot be read, so what the backup lacks is unknown; say --yes" in said(outcome)
    outcome = run(restore, tmp_path / "unit.db", tmp_path / "broken.db", "--yes")
    assert outcome.exit_code == 0, said(outcome)
    assert (tmp_path / "broken.db.replaced-1").read_bytes().startswith(b"no database")
