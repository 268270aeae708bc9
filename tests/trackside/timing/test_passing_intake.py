"""What the bridge delivers counts once; what a device's clock names twice is two passings."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from pitboard.unit_api.program_calls import Delivery, Passing
from tests.race_story import UNIT_A
from tests.trackside.unit_story import Unit, with_unit

START = "tns-2026-06-06"
SEQ = 4_711


def kept(unit: Unit) -> list[tuple[str, int]]:
    """Return (boot, arrival) of what the journal holds, oldest first."""
    fold = unit.replica.fold
    passings = [
        passing.body
        for seq in fold.race.passing_seqs(UNIT_A.key, "beam-1", START)
        if (passing := fold.race.passing((UNIT_A.key, f"beam-1/{START}/{seq}"))) is not None
    ]
    return sorted((body.boot_id, body.received_mono_ns) for body in passings)


async def deliver(unit: Unit, *passings: Passing) -> int:
    return await unit.intake.take(Delivery(passings=list(passings)))


def line(
    unit: Unit, *, at_s: float, boot_id: str = "b1", flag: str | None = None, start: str = START
) -> Passing:
    passing = unit.passing(SEQ, sensor_boot=start, mono_ns=round(at_s * 1e9))
    return replace(passing, tick_us=5_000_000, boot_id=boot_id, flag=flag, clock=start)


def test_the_same_time_after_the_next_boot_is_another_passing_and_counts_once(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        first = line(unit, at_s=9.5)
        other = line(unit, at_s=6.2, boot_id="b2", flag="late")
        assert [await deliver(unit, one) for one in (first, other, first, other)] == [1, 1, 0, 0]
        # Where the raw log takes nothing it comes again after each start of the bridge.
        assert await deliver(unit, line(unit, at_s=21.0, boot_id="b2", flag="late")) == 0
        assert kept(unit) == [("b1", 9_500_000_000), ("b2", 6_200_000_000)]

    with_unit(tmp_path, story)


def test_a_line_in_time_is_none_that_came_before_and_a_late_one_may_be(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        first = line(unit, at_s=9.5)
        said_again = line(unit, at_s=21.5, flag="late")
        live = line(unit, at_s=40.0)
        told_anew = replace(first, mono_ns=first.mono_ns + 900)  # from a part of the raw log
        delivered = (first, said_again, told_anew, live, live, first)
        assert [await deliver(unit, one) for one in delivered] == [1, 0, 0, 1, 0, 0]
        assert kept(unit) == [("b1", 9_500_000_000), ("b1", 40_000_000_000)]

    with_unit(tmp_path, story)


def test_what_a_device_numbers_is_one_passing_whenever_it_comes(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        numbered = [line(unit, at_s=at_s, boot_id=boot, start="dev") for at_s, boot in ((9, "b1"), (2, "b2"))]
        assert [await deliver(unit, one) for one in numbered] == [1, 0]

    with_unit(tmp_path, story)
