"""Every page of a journal file damaged in turn: a sentence, what can be read is kept, the rest comes back."""

from __future__ import annotations

import asyncio
import logging
import shutil
from pathlib import Path
from random import Random

import pytest

from pitboard.clock import ScriptedClock
from pitboard.errors import JournalDamaged, JournalLost
from pitboard.journal.disk.storage import read_all
from pitboard.journal.records.record import Record
from pitboard.journal.replica import Replica
from pitboard.journal.salvage import ASIDE_MAX_COUNT, open_or_salvage
from pitboard.journal.views.views import encode_view, view_board
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from tests.race_story import ROOT, UNIT_A, Teller, central_enrols, confirmed_run

PAGE_BYTES = 4_096


def race() -> list[Record]:
    unit = Teller(UNIT_A, "Track A")
    unit.say(CompetitorRegistered(competitor_id="c", name="Ann"))
    seq = 1
    for number in range(6):
        laps_s = [4.0 + number / 8] * 4
        seq = confirmed_run(unit, f"r{number}", "c", start_s=10 + 100 * number, laps_s=laps_s, first_seq=seq)
    return [*central_enrols(UNIT_A).records, *unit.records]


def board_of(replica: Replica) -> bytes:
    return encode_view(view_board(replica.fold))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    path = tmp_path_factory.mktemp("sound") / "j.db"

    async def story() -> bytes:
        async with Replica.open(path, root_key=ROOT.key, clock=ScriptedClock()) as replica:
            await replica.accept(race())
            return board_of(replica)

    return path, asyncio.run(story())


def damage(kind: str, page: bytes, chance: Random) -> bytes:
    match kind:
        case "zeroed":
            return bytes(len(page))
        case "random":
            return chance.randbytes(len(page))
    flipped = bytearray(page)
    for _ in range(20):
        flipped[chance.randrange(len(page))] ^= 1 << chance.randrange(8)
    return bytes(flipped)


@pytest.mark.parametrize("kind", ["zeroed", "random", "flipped"])
def test_any_damaged_page_costs_no_more_than_what_stood_on_it(
    kind: str, sound: tuple[Path, bytes], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One in the small table of the event was a bug with a traceback, and the screen stayed dark."""
    original, board = sound
    content = original.read_bytes()
    records = race_of(original)
    salvaged_count = 0

    async def reopened(path: Path) -> int:
        async with open_or_salvage(path, root_key=ROOT.key, clock=ScriptedClock()) as replica:
            kept = [record async for record in read_all(replica.journal)]
            assert {record.header_hash for record in kept} <= {record.header_hash for record in records}
            await replica.accept(records)  # a neighbour has them all
            assert board_of(replica) == board
            await replica.open_stream(UNIT_A, "Track A")
            return len(kept)

    for number in range(len(content) // PAGE_BYTES):
        path = tmp_path / f"{number}.db"
        start = number * PAGE_BYTES
        page = damage(kind, content[start : start + PAGE_BYTES], Random(number))
        path.write_bytes(content[:start] + page + content[start + PAGE_BYTES :])
        caplog.clear()
        with caplog.at_level(logging.ERROR):
            kept_count = asyncio.run(reopened(path))
        if (tmp_path / f"{number}.db.damaged-1").exists():
            salvaged_count += 1
            assert f"{kept_count} records of the damaged journal could be read" in caplog.text
            assert "Traceback" not in caplog.text
        else:
            assert kept_count == len(records)
    assert salvaged_count > len(content) // PAGE_BYTES // 2


def race_of(path: Path) -> list[Record]:
    async def story() -> list[Record]:
        async with Replica.open(path, root_key=ROOT.key, clock=ScriptedClock()) as replica:
            return [record async for record in read_all(replica.journal)]

    return asyncio.run(story())


def test_a_flipped_bit_in_the_events_key_is_damage_and_not_another_event(
    sound: tuple[Path, bytes], tmp_path: Path
) -> None:
    path = tmp_path / "j.db"
    content = sound[0].read_bytes()
    key = ROOT.key.encode()
    other = bytes([ord("1") if key[:1] == b"0" else ord("0")]) + key[1:]
    at = content.index(b"root_key" + key) + len(b"root_key")
    path.write_bytes(content[:at] + other + content[at + len(key) :])

    async def story() -> None:
        with pytest.raises(JournalDamaged):
            async with Replica.open(path, root_key=ROOT.key, clock=ScriptedClock()):
                pass

    asyncio.run(story())


def test_a_record_changed_on_the_disk_is_damage(sound: tuple[Path, bytes], tmp_path: Path) -> None:
    """A header that still reads as one was believed, and later taken for a fork by everybody else."""
    path = tmp_path / "j.db"
    content = sound[0].read_bytes()
    record = next(one for one in race_of(sound[0]) if one.header.kind == "run-armed")
    changed = record.header_bytes.replace(b'"stamp":1', b'"stamp":2')
    assert content.count(record.header_bytes) == 1
    path.write_bytes(content.replace(record.header_bytes, changed))

    async def story() -> None:
        with pytest.raises(JournalDamaged, match="does not follow"):
            async with Replica.open(path, root_key=ROOT.key, clock=ScriptedClock()):
                pass

    asyncio.run(story())


def test_of_many_damaged_files_only_the_newest_stay(sound: tuple[Path, bytes], tmp_path: Path) -> None:
    path = tmp_path / "j.db"

    async def damaged_again() -> None:
        path.write_bytes(b"no journal " * 500)
        async with open_or_salvage(path, root_key=ROOT.key, clock=ScriptedClock()) as replica:
            assert replica.have() == {}

    for _ in range(5):
        asyncio.run(damaged_again())
    kept = sorted(one.name for one in tmp_path.glob("j.db.damaged-*"))
    assert kept == [f"j.db.damaged-{number}" for number in range(6 - ASIDE_MAX_COUNT, 6)]


def test_a_journal_that_another_program_holds_is_not_taken_for_damaged(tmp_path: Path) -> None:
    async def story() -> None:
        async with Replica.open(tmp_path / "j.db", root_key=ROOT.key, clock=ScriptedClock()):
            with pytest.raises(JournalLost, match="another process"):
                async with open_or_salvage(tmp_path / "j.db", root_key=ROOT.key, clock=ScriptedClock()):
                    pass

    asyncio.run(story())
    assert not list(tmp_path.glob("*.damaged-*"))


def test_a_display_on_a_card_that_takes_nothing_holds_the_board_in_memory(
    sound: tuple[Path, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from display import display_replica

    folder = tmp_path / "card"
    folder.mkdir()
    shutil.copyfile(sound[0], folder / "j.db")
    (folder / "j.db").chmod(0o400)
    folder.chmod(0o500)
    monkeypatch.setattr(display_replica, "_takes_writes", lambda path: False)  # root may write everywhere
    monkeypatch.setattr(display_replica, "open_or_salvage", refused)

    async def story() -> None:
        async with display_replica.open_display_replica(
            folder / "j.db", root_key=ROOT.key, clock=ScriptedClock()
        ) as replica:
            assert board_of(replica) == sound[1]
            await replica.accept(Teller(UNIT_A, "Track A").records)
            assert replica.journal.trouble == display_replica.NOT_WRITTEN

    asyncio.run(story())
    folder.chmod(0o700)


def refused(path: Path, **_: object) -> object:
    raise JournalLost(path=path, reason="attempt to write a readonly database")
