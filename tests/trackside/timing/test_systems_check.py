"""The check of two systems at the touchscreen: one switch, twice, kept for the day's report."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pitboard.errors import ActRefused
from pitboard.keeping.report_command import report_lines
from pitboard.sentences.language import language
from pitboard.unit_api.official_acts import CheckSystems
from pitboard.unit_api.program_calls import BridgeReport
from pitboard.unit_api.screen_state import SystemsLine
from pitboard.unit_api.unit_status import SensorState, SensorStatus, SystemsStatus
from tests.trackside.unit_story import Unit, with_unit

MS = 1_000_000
CHECK = CheckSystems(gate="finish", by="olga")


async def tell(unit: Unit, pairs: int, *, b_ms: float = 0.0) -> None:
    """The bridge says how many pairs there are, the last one now."""
    now_mono_ns = unit.clock.mono_ns()
    systems = SystemsStatus(
        gate="finish",
        pairs=pairs,
        latest_a_mono_ns=now_mono_ns,
        latest_b_mono_ns=now_mono_ns + round(b_ms * MS),
    )
    sensor = SensorStatus(
        sensor="beam-1",
        state=SensorState.OK,
        kind="beamline",
        gate="finish",
        system="A",
        device="7f3a",
        firmware="1.2",
    )
    await unit.run_control.bridge_records.take(BridgeReport(sensors=[sensor], systems=[systems]))


def shown(unit: Unit) -> tuple[str, SystemsLine]:
    (line,) = unit.feed.now().systems
    return language().tell(list(line.says)), line


def report(unit: Unit) -> str:
    day = datetime.fromtimestamp(unit.clock.utc_ms() // 1_000, UTC).date()
    return "\n".join(report_lines(unit.replica.fold, day))


@pytest.mark.parametrize(
    ("second_ms", "said", "is_synchronised"),
    [
        (0.4, "A and B agree: 0.200 ms and 0.400 ms.", True),
        (1.7, "The clocks run apart by 1.500 ms in 60 s, A is the faster", False),
    ],
)
def test_a_switch_closed_twice_says_whether_both_systems_run_alike(
    tmp_path: Path, second_ms: float, said: str, is_synchronised: bool
) -> None:
    async def story(unit: Unit) -> None:
        await tell(unit, 4)
        await unit.run_control.carry_out(CHECK)
        assert shown(unit)[0] == "Close the switch for both systems now."
        unit.clock.advance(ms=2_000)
        await tell(unit, 5, b_ms=0.2)
        assert shown(unit)[0] == "Both saw it. Close it again in 60 s."
        unit.clock.advance(ms=20_000)
        await tell(unit, 6)  # too soon: the minute goes on
        assert shown(unit)[0] == "Both saw it. Close it again in 40 s."
        unit.clock.advance(ms=40_000)
        assert shown(unit)[0] == "Close the switch again now."
        await tell(unit, 7, b_ms=second_ms)
        sentence, line = shown(unit)
        assert sentence.startswith(said)
        assert (line.is_checking, line.is_synchronised) == (False, is_synchronised)
        kept = report(unit)
        assert f"B minus A 0.200 ms and {second_ms:.3f} ms, 60 s apart, " in kept
        assert "by olga" in kept
        assert kept.count("beam-1, beamline, finish, system A, 7f3a 1.2") == 1  # told four times

    with_unit(tmp_path, story)


def test_nobody_waits_for_the_switch_for_ever(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        await tell(unit, 4)
        await unit.run_control.carry_out(CHECK)
        unit.clock.advance(ms=300_001)
        await tell(unit, 4)
        sentence, line = shown(unit)
        assert sentence.startswith("The switch was not seen by both systems")
        assert not line.is_checking
        await unit.run_control.carry_out(CHECK)
        await unit.run_control.carry_out(CheckSystems(gate="finish", stops=True))
        assert shown(unit)[1].says == ()

    with_unit(tmp_path, story)


def test_no_system_is_checked_during_a_run_nor_where_only_one_stands(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        with pytest.raises(ActRefused, match="Only one system stands at 'finish'"):
            await unit.run_control.carry_out(CHECK)
        await tell(unit, 0)
        await unit.arm_new()
        with pytest.raises(ActRefused, match="A run is under way"):
            await unit.run_control.carry_out(CHECK)

    with_unit(tmp_path, story)
