"""A journal of 1,000 starts and 100,000 passings: what it takes in memory, and a disk that stalls over it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

from pitboard.clock import SystemClock
from pitboard.journal.delivery import Deliverer
from pitboard.journal.replica import Replica
from pitboard.race.bodies.passing_bodies import PassingRecorded
from tests.pitboard.journal import great_journal
from tests.pitboard.journal.great_journal import said_at_a_start, write_journal
from tests.race_story import ROOT, UNIT_A

STARTS, PASSINGS_EACH = 1_000, 100
RESIDENT_MAX_MIB = 80


def test_a_thousand_starts_and_a_hundred_thousand_passings_stay_small_and_survive_a_stalled_disk(
    tmp_path: Path,
) -> None:
    path = tmp_path / "journal.db"
    write_journal(path, root_key=ROOT.key, unit_key=UNIT_A.key, starts=STARTS, passings=PASSINGS_EACH)
    script = [sys.executable, "-m", great_journal.__name__, str(path), ROOT.key, UNIT_A.key]
    said = json.loads(subprocess.run(script, check=True, capture_output=True).stdout)
    assert said["passings"] == STARTS * PASSINGS_EACH
    assert said["records"] == STARTS * (PASSINGS_EACH + 1) + 2
    assert said["last"] == PASSINGS_EACH
    assert said["after_kib"] <= RESIDENT_MAX_MIB * 1_024

    again = [one for one in said_at_a_start(UNIT_A.key, STARTS - 1, 130) if isinstance(one, PassingRecorded)]

    async def deliver_while_the_disk_stalls() -> int:
        async with Replica.open(path, root_key=ROOT.key, clock=SystemClock()) as replica:
            writing = await replica.open_stream(UNIT_A, "A")
            deliverer = Deliverer(writing, unit_key=UNIT_A.key)
            journal = replica.journal
            async with journal._transacting:  # type: ignore[attr-defined]
                calls = [asyncio.create_task(deliverer.append(*again)) for _ in range(10)]
                await asyncio.sleep(0)
                assert not any(call.done() for call in calls)
            await asyncio.gather(*calls)
            assert replica.fold.race.passing_seqs(UNIT_A.key, "beam-1", f"s{STARTS - 1}") == list(
                range(1, 131)
            )
            return sum(replica.have().values())

    assert asyncio.run(deliver_while_the_disk_stalls()) == said["records"] + 1 + 30
