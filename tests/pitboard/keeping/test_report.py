"""The timing report says which devices timed, how two systems agreed, and who made which time another one."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from pitboard.clock import ScriptedClock
from pitboard.errors import Refusal
from pitboard.journal.records.record import stamp_utc_ms
from pitboard.journal.replica import Replica
from pitboard.keeping.report_command import report
from pitboard.race.bodies.body import ActWithdrawn
from pitboard.race.bodies.people_bodies import OfficialAppointed
from pitboard.race.bodies.verdict_bodies import LapCorrected, PenaltyGiven
from tests.pitboard.race.passings.test_missed import missed_after_ten, offers, taken
from tests.race_story import ROOT


def told(tmp_path: Path) -> tuple[Path, str]:
    """A day with one calculated time, a corrected lap, a penalty, and one that was withdrawn."""
    story = missed_after_ten()
    story.central.say(OfficialAppointed(official_id="o1", name="Olga"))
    story.say(taken(offers(story)[0]))
    story.say(PenaltyGiven(run_id="r", penalty_ns=2_000_000_000, code="false-start", by="o1", reason="early"))
    wrong = story.say(PenaltyGiven(run_id="r", laps=3, by="o1"))
    story.say(ActWithdrawn(stream=wrong.stream, seq=wrong.seq, by="o1"))
    story.central.say(LapCorrected(run_id="r", lap_id="beam-1/dev/3", lap_ns=9_500_000_000, reason="photo"))
    path = tmp_path / "j.db"

    async def write() -> None:
        async with Replica.open(path, root_key=ROOT.key, clock=ScriptedClock()) as replica:
            await replica.accept([*story.central.records, *story.unit.records])

    asyncio.run(write())
    utc_ms = stamp_utc_ms(wrong.header.stamp)
    return path, datetime.fromtimestamp(utc_ms // 1000, UTC).date().isoformat()


def printed(*options: str) -> str:
    outcome = CliRunner().invoke(report, list(options))
    assert outcome.exit_code == 0, outcome.output
    return outcome.output


def test_a_report_says_who_made_which_time_another_one(tmp_path: Path) -> None:
    journal, day = told(tmp_path)
    text = printed("--journal", str(journal), "--day", day)
    assert text.startswith(f"Timing report: Test race, {day} (UTC)\nMade by Pitboard ")
    assert "track 1, finish, system A: beam-1, 11 passings, 1 starts, each within 0.001 ms" in text
    assert "A and B: 11 pairs, B minus A 12.400 ms in the middle, spread 262.900 ms, first 12.400 ms" in text
    assert "last -250.000 ms; A missed 1, B missed 0" in text
    kept, _, withdrawn = text.partition("\nWithdrawn\n")
    assert "passing-inserted  Ann, run r: calculated from B, +-3 ms, by 10 pairs before and 0 after" in kept
    assert "penalty-given  Ann, run r: penalty 2.000 s code false-start  by Olga (early)" in kept
    assert "lap 9.500 s  by the admin (photo)" in kept
    assert "penalty-given  Ann, run r: laps 3" not in kept
    assert "act-withdrawn  penalty-given Ann, run r: laps 3  by Olga" in kept
    assert "penalty-given  Ann, run r: laps 3  by Olga" in withdrawn


def test_another_day_has_nothing_and_a_raw_log_tells_of_its_ports(tmp_path: Path) -> None:
    journal, _ = told(tmp_path)
    folder = tmp_path / "raw"
    folder.mkdir()
    at_ms = 1_780_736_400_000  # 2026-06-06 09:00 UTC
    lines: list[dict[str, object]] = [{"mark": "port-opened", "sensor": "beam-1", "utc_ms": at_ms}] * 2
    lines += [{"mark": "port-opened", "sensor": "beam-1", "utc_ms": at_ms - 86_400_000}, {"raw": "x"}]
    text = "\n".join(json.dumps(line) for line in lines)
    (folder / "raw-000001-2026-06-06.jsonl").write_text(text + "\n{torn", encoding="utf-8")
    out = printed("--journal", str(journal), "--day", "2026-06-06", "--bridge", str(folder))
    assert "Devices\n  nothing\n" in out
    assert out.endswith("Raw log\n  09:00:00  port-opened beam-1, 2 times\n")


def test_what_is_no_day_is_refused_with_a_sentence(tmp_path: Path) -> None:
    outcome = CliRunner().invoke(report, ["--journal", str(tmp_path / "j.db"), "--day", "6.6.2026"])
    assert isinstance(outcome.exception, Refusal)
    assert "write it as 2026-06-06" in str(outcome.exception)


@pytest.mark.parametrize("day", ["2026-02-30", ""])
def test_a_day_that_never_was_is_refused(tmp_path: Path, day: str) -> None:
    assert isinstance(CliRunner().invoke(report, ["--journal", "x", "--day", day]).exception, Refusal)
