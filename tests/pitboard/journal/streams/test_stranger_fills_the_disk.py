"""What is sent and refused leaves little: millions of bytes of every kind, at the real bounds, twice."""

from __future__ import annotations

import asyncio
import io
import logging
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from pitboard.clock import ScriptedClock
from pitboard.journal.records.kinds import UnitRevoked
from pitboard.journal.records.record import Record, WireRecord, to_wire, write_record
from pitboard.journal.replica import Replica
from pitboard.journal.streams import quarantine
from pitboard.journal.streams.stream_watch import BYTES_MAX, STREAMS_MAX_COUNT
from pitboard.journal.taking_in import BAD_MAX_COUNT
from pitboard.program.log_lines import BoundedLines
from pitboard.trust.identity import Identity
from sync.exchanging.exchange import accept_wire
from tests.race_story import ROOT, STRANGER, UNIT_A, UNIT_B, Teller, central_enrols

LARGE = {"x": "y" * 16_000}
RECORDS_COUNT = 200  # 3.2 MB of bodies for each kind
EVIDENCE_MAX_BYTES = quarantine.ALL_MAX_COUNT * 18 * 1_024
FILE_MAX_BYTES = BYTES_MAX + EVIDENCE_MAX_BYTES + 4 * 1_024 * 1_024


def forged(identity: Identity, *, stream: str, seq: int, previous: str, kind: str = "x") -> Record:
    return write_record(
        identity, stream=stream, seq=seq, previous=previous, stamp=1, kind=kind, body=LARGE | {"n": seq}
    )


def opened(identity: Identity) -> Teller:
    return Teller(identity, "Box", stream=secrets.token_hex(16))


def first_records_that_chain_to_nothing() -> Iterator[Record]:
    for number in range(RECORDS_COUNT):
        identity = Identity.from_seed(number.to_bytes(32, "big"))
        teller = opened(identity)
        body = msgspec.json.decode(teller.records[0].body_bytes or b"") | LARGE
        yield write_record(
            identity,
            stream=teller.writer.stream,
            seq=1,
            previous=secrets.token_hex(32),
            stamp=1,
            kind="stream-opened",
            body=body,
        )


def a_stranger_who_contradicts_himself() -> Iterator[Record]:
    teller = opened(STRANGER)
    yield teller.records[0]
    for _ in range(RECORDS_COUNT):
        yield forged(STRANGER, stream=teller.writer.stream, seq=2, previous=secrets.token_hex(32))


def signatures_that_do_not_hold() -> Iterator[Record]:
    teller = opened(UNIT_A)
    yield teller.records[0]
    for _ in range(RECORDS_COUNT):
        yield forged(STRANGER, stream=teller.writer.stream, seq=2, previous="0" * 64)


def records_past_a_gap() -> Iterator[Record]:
    for seq in range(2, RECORDS_COUNT + 2):
        yield forged(STRANGER, stream=secrets.token_hex(16), seq=seq, previous="0" * 64)


def streams_without_end() -> Iterator[Record]:
    for number in range(RECORDS_COUNT):
        yield from opened(Identity.from_seed(bytes([9]) * 28 + number.to_bytes(4, "big"))).records


def one_stream_without_end() -> Iterator[Record]:
    teller = opened(STRANGER)
    previous = teller.records[0].header_hash.hex()
    yield teller.records[0]
    for seq in range(2, 3 * RECORDS_COUNT + 2):
        record = forged(STRANGER, stream=teller.writer.stream, seq=seq, previous=previous)
        previous = record.header_hash.hex()
        yield record


def a_thief_who_contradicts_every_stream() -> Iterator[Record]:
    for _ in range(RECORDS_COUNT):
        teller = opened(UNIT_A)
        yield teller.records[0]
        for _ in range(5):
            yield forged(UNIT_A, stream=teller.writer.stream, seq=2, previous=secrets.token_hex(32))


def a_revoked_unit_that_goes_on() -> Iterator[Record]:
    teller = opened(UNIT_B)
    previous = teller.records[0].header_hash.hex()
    yield teller.records[0]
    for seq in range(2, 3 * RECORDS_COUNT + 2):
        record = forged(UNIT_B, stream=teller.writer.stream, seq=seq, previous=previous)
        previous = record.header_hash.hex()
        yield record


KINDS: Sequence[Callable[[], Iterator[Record]]] = [
    first_records_that_chain_to_nothing,
    a_stranger_who_contradicts_himself,
    signatures_that_do_not_hold,
    records_past_a_gap,
    streams_without_end,
    one_stream_without_end,
    a_thief_who_contradicts_every_stream,
    a_revoked_unit_that_goes_on,
]


@contextmanager
def written_log() -> Iterator[io.StringIO]:
    lines = io.StringIO()
    handler, root = BoundedLines(lines), logging.getLogger()
    root.addHandler(handler)
    try:
        yield lines
    finally:
        root.removeHandler(handler)


def on_disk(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


async def send(replica: Replica, records: Sequence[Record]) -> None:
    for start in range(0, len(records), 10):
        await replica.accept(records[start : start + 10])


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_what_is_refused_fills_neither_disk_nor_log(
    tmp_path: Path, kind: Callable[[], Iterator[Record]]
) -> None:
    async def story() -> None:
        central = central_enrols(UNIT_A, UNIT_B)
        central.say(UnitRevoked(key=UNIT_B.key))
        for _ in range(2):  # the second time as if it had not been told of the first
            async with Replica.open(tmp_path / "j.db", root_key=ROOT.key, clock=ScriptedClock()) as replica:
                await replica.accept(central.records)
                await send(replica, list(kind()))
                strange = [one for one in replica.streams_by_key() if one not in (ROOT.key, UNIT_A.key)]
                assert sum(len(replica.streams_by_key()[key]) for key in strange) <= STREAMS_MAX_COUNT
                assert len(await replica.journal.quarantined()) <= quarantine.ALL_MAX_COUNT
                assert len(replica.alarms) <= quarantine.ALARMS_MAX_COUNT
            assert on_disk(tmp_path) < FILE_MAX_BYTES

    with written_log() as lines:
        asyncio.run(story())
    assert len(lines.getvalue()) < 64 * 1_024


def test_a_strangers_contradiction_is_no_fork_and_an_enrolled_units_is(tmp_path: Path) -> None:
    async def story() -> None:
        async with Replica.open(tmp_path / "j.db", root_key=ROOT.key, clock=ScriptedClock()) as replica:
            await replica.accept(central_enrols(UNIT_A).records)
            await send(replica, list(first_records_that_chain_to_nothing()))
            await send(replica, list(a_stranger_who_contradicts_himself()))
            assert (replica.alarms, await replica.journal.quarantined()) == ({}, [])
            await send(replica, list(a_thief_who_contradicts_every_stream()))
            assert len(replica.alarms) == quarantine.ALARMS_MAX_COUNT
            assert len(await replica.journal.quarantined()) == quarantine.ALL_MAX_COUNT

    asyncio.run(story())


def test_a_batch_ends_at_its_last_bad_record_that_is_borne(tmp_path: Path) -> None:
    async def story() -> None:
        async with Replica.open(tmp_path / "j.db", root_key=ROOT.key, clock=ScriptedClock()) as replica:
            bad = list(signatures_that_do_not_hold())
            good = opened(UNIT_B).records
            acceptance = await replica.accept([*bad[:BAD_MAX_COUNT], *good])
            assert (acceptance.taken, acceptance.refused) == (2, BAD_MAX_COUNT - 1)
            acceptance = await replica.accept([*bad[: BAD_MAX_COUNT + 1], *opened(UNIT_B).records])
            assert (acceptance.taken, acceptance.refused) == (0, BAD_MAX_COUNT)

    asyncio.run(story())


def test_records_that_are_none_leave_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        async with Replica.open(tmp_path / "j.db", root_key=ROOT.key, clock=ScriptedClock()) as replica:
            before = on_disk(tmp_path)
            one = to_wire(opened(STRANGER).records[0])
            for _ in range(10):
                await accept_wire(replica, [WireRecord(h="{" * 20_000, s="00", b=one.b)] * 400)
            assert on_disk(tmp_path) == before
            assert replica.have() == {}

    with written_log() as lines:
        asyncio.run(story())
    assert len(lines.getvalue()) < 64 * 1_024
