"""What the power-loss test records: a node's day on disk, each acknowledgement written down as it is given.

python -m tests.pitboard.journal.disk.power_loss_writer journal|contacts|raw-log FOLDER"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from firmware_bridge.spool.raw_log import RawLog
from pitboard.clock import ScriptedClock
from pitboard.contacts.contact_seal import SEALED_BYTES, ContactEnvelope
from pitboard.journal.records.record import Record
from pitboard.journal.replica import Replica, WritingReplica
from pitboard.race.bodies.people_bodies import CompetitorRegistered, PersonErased
from pitboard.race.bodies.verdict_bodies import LapJudged
from pitboard.trust.identity import Identity
from tests.pitboard.journal.disk.recorded_files import ACKS
from tests.race_story import ROOT, Teller, central_enrols, passing
from trackside.api.contact_outbox import ContactOutbox

JOURNAL, KEY, CONTACTS, SPOOL = "unit.db", "unit.key", "contacts.db", "spool"
NAME_ERASED = "Erased Person"
STARTS = 3
ROUNDS = 36
BUSY_START = 1
TOGETHER = 6
LARGE_TEXT = "A body that this version does not understand. " * 350
DAY_MS = 86_400_000


class Acks:
    """The last thing before somebody may be told: one line, after all that it rests on."""

    def __init__(self, folder: Path) -> None:
        self._descriptor = os.open(folder / ACKS, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def say(self, *lines: str) -> None:
        os.write(self._descriptor, "".join(f"{line}\n" for line in lines).encode())

    def say_records(self, records: Sequence[Record]) -> None:
        self.say(*(f"{record.stream} {record.seq} {record.header_hash.hex()}" for record in records))


async def write_journal(folder: Path, acks: Acks) -> None:
    """A unit is started, races, hears other nodes, erases a person, stops, and is started again."""
    identity = Identity.load_or_create(folder / KEY)
    acks.say(f"key {identity.key}")
    clock = ScriptedClock()
    for start in range(STARTS):
        async with Replica.open(folder / JOURNAL, root_key=ROOT.key, clock=clock) as replica:
            replica = await replica.open_stream(identity, "Track A")
            central = central_enrols(identity)
            await replica.accept(central.records)
            acks.say_records(central.records)
            for number in range(ROUNDS):
                clock.advance(ms=10)
                acks.say_records(await replica.append(passing(number + 1, s=number, sensor_boot=f"{start}")))
                if number % 5 == 0:
                    await _append_together(replica, acks, number)
                if start == BUSY_START or number % 12 == 0:
                    await _hear_another(replica, acks)
            await _erase(replica, acks, central)


async def _append_together(replica: WritingReplica, acks: Acks, number: int) -> None:
    """Several callers at once: the journal commits them as one."""

    async def one(lap: int) -> None:
        acks.say_records(
            await replica.append(LapJudged(run_id=f"run{number}", lap_id=f"lap{lap}", verdict="valid"))
        )

    async with asyncio.TaskGroup() as tasks:
        for lap in range(TOGETHER):
            tasks.create_task(one(lap), name=f"lap {lap}")


async def _hear_another(replica: WritingReplica, acks: Acks) -> None:
    """Records of another writer arrive, large ones, so that the log is folded back into the file often."""
    other = Teller(Identity.from_seed(os.urandom(32)), "Track B")
    records = [*other.records, *(other.writer.write("note", {"text": LARGE_TEXT}) for _ in range(TOGETHER))]
    await replica.accept(records)
    acks.say_records(records)


async def _erase(replica: WritingReplica, acks: Acks, central: Teller) -> None:
    [named] = await replica.append(CompetitorRegistered(competitor_id="c1", name=NAME_ERASED))
    acks.say_records([named])
    erased = central.say(PersonErased(competitor_id="c1", records={named.stream: [named.seq]}))
    await replica.accept([erased])
    acks.say_records([erased])
    acks.say(f"erased {named.stream} {named.seq}")


async def write_contacts(folder: Path, acks: Acks) -> None:
    """Contacts wait, some are delivered and forgotten."""
    for start in range(STARTS):
        async with ContactOutbox.open(folder / CONTACTS) as outbox:
            for number in range(ROUNDS):
                contact = envelope(start * ROUNDS + number)
                await outbox.keep(contact)
                acks.say(f"kept {contact.contact} {contact.competitor_id}")
                if number % 4 == 3:
                    oldest = (await outbox.waiting())[0]
                    acks.say(f"forgetting {oldest.contact}")
                    await outbox.forget_delivered([oldest.contact])
                    acks.say(f"forgotten {oldest.contact} {oldest.sealed}")


def envelope(number: int) -> ContactEnvelope:
    return ContactEnvelope(
        competitor_id=f"c{number}",
        contact_key="c" * 64,
        sealed=(f"{number:08x}" * SEALED_BYTES)[: 2 * SEALED_BYTES],
        unit="a" * 64,
        signature="b" * 128,
    )


def write_raw_log(folder: Path, acks: Acks) -> None:
    """A bridge spools what its sensor sends, over midnight and over restarts."""
    clock = ScriptedClock()
    number = 0
    for _ in range(STARTS):
        with RawLog.open(folder, clock=clock) as raw_log:
            for count in range(ROUNDS):
                clock.advance(ms=DAY_MS // ROUNDS)
                for _ in range(1 + count % 4):
                    number += 1
                    raw_log.append_bytes("beam-1", b"%06d" % number * 30, mono_ns=clock.mono_ns())
                raw_log.sync()
                acks.say(f"{number}")


def main() -> None:
    what, folder = sys.argv[1], Path(sys.argv[2])
    acks = Acks(folder)
    match what:
        case "journal":
            asyncio.run(write_journal(folder, acks))
        case "contacts":
            asyncio.run(write_contacts(folder, acks))
        case "raw-log":
            write_raw_log(folder, acks)


if __name__ == "__main__":
    main()
