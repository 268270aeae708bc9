"""`pitboard replay --laps`: the laps driven, or said to be unknown, whatever a device's clock did."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from firmware_bridge.decoders.alge import AlgeImpulse, encode_impulse
from firmware_bridge.decoders.amb_text import AmbTextPassing, encode_passing
from firmware_bridge.decoders.beamline import encode_beam_passing, encode_heartbeat
from firmware_bridge.lap_replay import ReplayedLap, laps_between
from firmware_bridge.makers.reading import HoldOff
from firmware_bridge.replay_command import SensorSetting, replay, replay_command
from firmware_bridge.simulated.p3_simulator import SimulatedP3
from firmware_bridge.spool.raw_log import HOST_SLEPT, PORT_OPENED, SENSOR_SET, RawRecord
from tests.firmware_bridge.decoders.test_beamline import beam_passing, heartbeat

CASES = Path(__file__).parent / "cases"
SECOND_US = 1_000_000
UNCERTAINTY_MAX_NS = 350_000_000
NOON = datetime(2026, 6, 6, 12, tzinfo=UTC)
Say = Callable[[int, datetime], bytes]
"""What a device says of its numberth passing at that time of its own clock."""


def tns(number: int, at: datetime) -> bytes:
    said = f"t={at:%H:%M:%S}.{at.microsecond // 1000:03}|c=AB12345|d={at:%y%m%d}|l=1|dv=1|n=1"
    return f"Loop@Passing@{said}@{number}@$".encode()


def tns_without_date(number: int, at: datetime) -> bytes:
    return f"Loop@Passing@t={at:%H:%M:%S}.{at.microsecond // 1000:03}|c=AB12345@{number}@$".encode()


def alge(number: int, at: datetime) -> bytes:
    of_day = at - at.replace(hour=0, minute=0, second=0, microsecond=0)
    channel = "C1" if number % 2 == 0 else "C0"
    time_us = of_day // timedelta(microseconds=100) * 100
    return encode_impulse(
        AlgeImpulse(flag=" ", number=1, channel=channel, manual=False, time_of_day_us=time_us)
    )


def p3(number: int, at: datetime) -> bytes:
    device = SimulatedP3(first_passing_number=number)
    return device.passing(transponder=1234567, rtc_us=int(at.timestamp() * 1000) * 1000)


def amb(number: int, at: datetime) -> bytes:
    since_us = (at - NOON + timedelta(hours=2)) // timedelta(milliseconds=1) * 1000
    return encode_passing(
        AmbTextPassing(seq=number, transponder=7, time_us=since_us, hits=9, strength=9, status=2)
    )


def log(
    kind: str,
    say: Say,
    driven_s: Sequence[float],
    *,
    steps_s: dict[int, float] | None = None,
    late_s: dict[int, float] | None = None,
    began: datetime = NOON,
) -> list[RawRecord]:
    """Return a raw log: a first passing at 100 s, then these laps, the clock set before some passings."""
    setting: Any = {"gate": "g", "hold_off_ms": 300, "kind": kind}
    records = [
        RawRecord(mono_ns=10**9, boot_id="b", sensor="s", mark=SENSOR_SET, detail=json.dumps(setting)),
        RawRecord(mono_ns=10**9, boot_id="b", sensor="s", mark=PORT_OPENED),
    ]
    lines, at_s, clock_s = [], 0.0, 0.0
    for number, lap_s in enumerate([0.0, *driven_s], start=1):
        at_s, clock_s = at_s + lap_s, clock_s + (steps_s or {}).get(number, 0.0)
        data = say(number, began + timedelta(seconds=at_s + clock_s))
        received_ns = round((100 + at_s + 0.003 + (late_s or {}).get(number, 0.0)) * 1e9)
        lines.append(RawRecord(mono_ns=received_ns, boot_id="b", sensor="s", raw=data.decode("latin-1")))
    return records + sorted(lines, key=lambda record: record.mono_ns)


def laps(records: Sequence[RawRecord]) -> list[ReplayedLap]:
    return list(laps_between(replay(records)))


def assert_true(timed: Sequence[ReplayedLap], driven_s: Sequence[float], *, unknown: int = 0) -> None:
    """Each lap is the one driven within its uncertainty, and no more than so many are not known."""
    assert len(timed) == len(driven_s)
    for lap, lap_s in zip(timed, driven_s, strict=True):
        assert lap.lap_ns is None or abs(lap.lap_ns - lap_s * 1e9) <= (lap.uncertainty_ns or 0), lap
        assert lap.lap_ns is None or (lap.uncertainty_ns or 0) < UNCERTAINTY_MAX_NS, lap
    assert sum(lap.lap_ns is None for lap in timed) <= unknown


SET_CLOCKS = [
    ("tns", tns, 1.8, -5.0),
    ("tns", tns, 1.8, -3600.0),
    ("tns", tns, 1.8, 2.5),
    ("tns", tns, 30.0, -12.0),
    ("tns", tns_without_date, 1.8, -5.0),
    ("p3", p3, 20.0, 18.0),
    ("p3", p3, 20.0, -5.0),
    ("p3", p3, 20.0, -37.0),
    ("p3", p3, 20.0, 70.0),
    ("p3", p3, 20.0, -1.0),
    ("alge", alge, 30.0, 20.0),
    ("alge", alge, 30.0, -20.0),
    ("alge", alge, 30.0, 3600.0),
    ("alge", alge, 30.0, -3600.0),
    ("amb-text", amb, 12.0, 25.0),
]


def alge_cut_to(decimals: int) -> Say:
    def say(number: int, at: datetime) -> bytes:
        of_day_us = (at - at.replace(hour=0, minute=0, second=0, microsecond=0)) // timedelta(microseconds=1)
        step_us = 10 ** (6 - decimals)
        impulse = AlgeImpulse(
            flag=" ",
            number=1,
            channel="C1",
            manual=False,
            time_of_day_us=of_day_us // step_us * step_us,
            decimals=decimals,
        )
        return encode_impulse(impulse)

    return say


@pytest.mark.parametrize("decimals", [4, 3, 2, 1])
def test_what_a_clock_cuts_off_is_in_the_uncertainty(decimals: int) -> None:
    driven_s = [0.738778 + number % 7 * 0.031311 for number in range(40)]
    timed = laps(log("alge", alge_cut_to(decimals), driven_s))
    # A tenth of a second in laps of less than one is nothing to rank by.
    assert_true(timed, driven_s, unknown=0 if decimals > 1 else 40)
    assert decimals < 3 or all((lap.uncertainty_ns or 0) < 6_000_000 for lap in timed[-10:])


@pytest.mark.parametrize(("decimals", "step_us"), [(4, 13), (3, 130), (2, 1_300)])
def test_so_it_is_where_two_lines_of_a_doubtful_clock_agree_by_luck(decimals: int, step_us: int) -> None:
    driven_s = [1.0] * 10 + [0.738778]
    for offset, luck in product(range(8), range(-7, 8)):
        began = NOON + timedelta(microseconds=offset * step_us)
        late_s = {12: luck * step_us / 1e6}
        records = log("alge", alge_cut_to(decimals), driven_s, steps_s={11: -0.3}, late_s=late_s, began=began)
        assert_true(laps(records), driven_s, unknown=2)


@pytest.mark.parametrize(("kind", "say", "lap_s", "step_s"), SET_CLOCKS)
def test_a_clock_set_in_the_race_costs_one_lap_its_sharpness_and_none_its_truth(
    kind: str, say: Say, lap_s: float, step_s: float
) -> None:
    driven_s = [lap_s * (1 + number / 1000) for number in range(8)]
    timed = laps(log(kind, say, driven_s, steps_s={5: step_s}))
    assert_true(timed, driven_s)
    assert {lap.flag for lap in timed[:3]} | {lap.flag for lap in timed[6:]} == {timed[0].flag}
    assert timed[3].flag in ("clock-set", "new-start")


@pytest.mark.parametrize(("kind", "say", "lap_s", "step_s"), SET_CLOCKS)
def test_what_the_last_line_of_a_log_leaves_open_is_said_to_be_unknown(
    kind: str, say: Say, lap_s: float, step_s: float
) -> None:
    driven_s = [lap_s * (1 + number / 1000) for number in range(4)]
    timed = laps(log(kind, say, driven_s, steps_s={5: step_s}))
    # A doubtful line that claims to be an old one cuts the lap in which it says it was.
    assert_true(timed, driven_s, unknown=2)
    assert {lap.flag for lap in timed} & {"clock-set", "new-start", "clock-doubt"}


@pytest.mark.parametrize("step_s", [0.04, -0.04, 0.3, -0.3])
def test_a_step_too_small_to_be_told_from_a_slow_line_is_covered(step_s: float) -> None:
    driven_s = [20.0] * 8
    assert_true(laps(log("p3", p3, driven_s, steps_s={5: step_s})), driven_s, unknown=1)


def test_a_clock_set_back_to_where_a_car_passed_before_loses_no_car() -> None:
    """The line claims to be of the very instant of an earlier passing: the hold-off must not believe it."""
    driven_s = [1.26] * 8
    assert_true(laps(log("tns", tns, driven_s, steps_s={7: -5.0})), driven_s)


@pytest.mark.parametrize(("kind", "say"), [("p3", p3), ("amb-text", amb), ("alge", alge)])
def test_a_clock_set_back_by_just_a_lap_loses_no_car(kind: str, say: Say) -> None:
    driven_s = [5.0, 5.1, 4.9, 5.2, 4.95, 5.05]
    assert_true(laps(log(kind, say, driven_s, steps_s={3: -5.1})), driven_s)


def test_a_clock_that_is_set_back_and_not_yet_believed_keeps_the_laps_in_order() -> None:
    """For 25 s it may be repeats; the laps among those lines are sure either way."""
    driven_s = [1.803, 1.704, 1.909, 1.602, 1.857, 1.751]
    timed = laps(log("tns", tns, driven_s, steps_s={4: -12.0}))
    assert_true(timed, driven_s, unknown=1)
    assert [lap.lap_ns is None for lap in timed] == [False, False, True, False, False, False]
    assert all(lap.lap_ns is None or (lap.uncertainty_ns or 0) < 10_000_000 for lap in timed)


@pytest.mark.parametrize(("kind", "say"), [("p3", p3), ("amb-text", amb), ("alge", alge)])
def test_a_clock_set_back_beyond_the_line_before_is_known_at_once(kind: str, say: Say) -> None:
    """Nothing overtakes on a line, so this one was not late."""
    driven_s = [3.5, 3.0]
    timed = laps(log(kind, say, driven_s, steps_s={3: -5.0}))
    assert_true(timed, driven_s)
    assert timed[1].flag in ("clock-set", "new-start")


def test_lines_late_by_the_same_may_hide_a_lap_and_that_is_said() -> None:
    """Set back for two cars only: they may have passed now or then, so the lap around them is not sure."""
    driven_s = [8.6, 8.0, 7.8, 8.5, 7.7]
    around = laps(log("tns", tns, driven_s, steps_s={3: -18.0, 5: 18.0}))[3]
    assert (around.lap_ns, around.flag) == (None, "clock-doubt")


def test_a_small_step_back_costs_no_more_than_twice_its_size() -> None:
    driven_s = [1.8] * 8
    for step_s in (-0.04, -0.1):
        timed = laps(log("p3", p3, driven_s, steps_s={4: step_s}))
        assert_true(timed, driven_s, unknown=1)
        assert max(lap.uncertainty_ns or 0 for lap in timed) < -2e9 * step_s + 10e6


@pytest.mark.parametrize(("kind", "say"), [("tns", tns), ("p3", p3), ("alge", alge)])
def test_a_host_that_slept_takes_nothing_from_a_lap(kind: str, say: Say) -> None:
    """CLOCK_MONOTONIC stood still for 12 s, and CLOCK_BOOTTIME, which went on, tells."""
    slept_ns = 12 * 10**9
    records = log(kind, say, [20.0] * 6)
    after = [record for record in records if record.mono_ns > 165 * 10**9]
    before = [record for record in records if record not in after]
    mark = RawRecord(mono_ns=155 * 10**9, boot_id="b", sensor="s", mark=HOST_SLEPT, detail=str(slept_ns))
    awake = [RawRecord(mono_ns=one.mono_ns - slept_ns, boot_id="b", sensor="s", raw=one.raw) for one in after]
    timed = laps([*before, mark, *awake])
    assert_true(timed, [20.0] * 6)
    assert all((lap.uncertainty_ns or 0) < 20_000_000 and lap.flag == timed[0].flag for lap in timed)


WEEK_S = 7 * 86_400.0
EDGES = {
    "midnight": datetime(2026, 6, 6, 23, 58, 40, tzinfo=UTC),
    "new year": datetime(2026, 12, 31, 23, 58, 40, tzinfo=UTC),
    "leap day": datetime(2028, 2, 28, 23, 58, 40, tzinfo=UTC),
    "end of summer time": datetime(2026, 10, 25, 1, 58, 40, tzinfo=UTC),
}
"""The fifth passing, at which the clock is set, comes at the very turn."""


@pytest.mark.parametrize(
    ("kind", "say"), [("tns", tns), ("tns", tns_without_date), ("p3", p3), ("alge", alge)]
)
@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("step_s", [-1024 * WEEK_S, -3600.0, -1.0, 0.0, 1.0, 3600.0, 1024 * WEEK_S])
def test_a_clock_set_at_the_turn_of_a_day_year_or_week_count_costs_no_truth(
    kind: str, say: Say, edge: str, step_s: float
) -> None:
    driven_s = [20.0 + number / 1000 for number in range(8)]
    assert_true(laps(log(kind, say, driven_s, steps_s={5: step_s}, began=EDGES[edge])), driven_s)


@pytest.mark.parametrize(("kind", "say"), [("tns", tns), ("p3", p3), ("alge", alge)])
def test_a_clock_that_learns_the_year_in_a_race_costs_no_truth(kind: str, say: Say) -> None:
    """It began in 1970, as one without a battery does, and gets the time from the network."""
    driven_s = [20.0] * 8
    began = datetime(1970, 1, 1, tzinfo=UTC)
    steps_s = {5: (NOON - began).total_seconds()}
    assert_true(laps(log(kind, say, driven_s, steps_s=steps_s, began=began)), driven_s)


@pytest.mark.parametrize("modulo", [9_999, 65_536, 2**24, 2**31, 2**32])
@pytest.mark.parametrize(("kind", "say"), [("tns", tns), ("p3", p3), ("amb-text", amb)])
def test_a_number_that_wraps_round_loses_no_lap(kind: str, say: Say, modulo: int) -> None:
    driven_s = [20.0] * 8
    for least in (0, 1):
        count = modulo - least
        wrapped = lambda number, at, least=least, count=count: say((count - 3 + number) % count + least, at)  # noqa: E731
        assert_true(laps(log(kind, wrapped, driven_s)), driven_s)


@pytest.mark.parametrize("cut", [1, 3, 10, -1])
@pytest.mark.parametrize(("kind", "say"), [("tns", tns), ("p3", p3), ("alge", alge), ("amb-text", amb)])
def test_a_device_that_restarts_in_the_middle_of_a_line_loses_no_lap(kind: str, say: Say, cut: int) -> None:
    """It numbers anew from the passing whose line was torn; the channel of an `alge` is the number's."""
    driven_s = [20.0] * 8
    anew = lambda number, at: say(number if number < 5 or kind == "alge" else number - 4, at)  # noqa: E731
    records = log(kind, anew, driven_s)
    whole = records[6]
    torn = msgspec.structs.replace(whole, raw=(whole.raw or "")[:cut], mono_ns=whole.mono_ns - 1_000_000)
    records.insert(6, torn)
    assert_true(laps(records), driven_s)


@pytest.mark.parametrize(("kind", "say"), [("tns", tns), ("p3", p3), ("alge", alge), ("amb-text", amb)])
def test_two_readers_at_one_line_that_both_send_it_make_one_lap(kind: str, say: Say) -> None:
    driven_s = [20.0] * 6
    records = log(kind, say, driven_s)
    again = [msgspec.structs.replace(one, mono_ns=one.mono_ns + 50_000_000) for one in records if one.raw]
    assert_true(laps(sorted([*records, *again], key=lambda one: one.mono_ns)), driven_s)


def test_a_leap_second_is_a_clock_set_back_by_one() -> None:
    driven_s = [30.0] * 6
    assert_true(laps(log("tns", tns, driven_s, steps_s={4: -1.0})), driven_s)


@pytest.mark.parametrize(("kind", "say"), [("tns", tns), ("p3", p3), ("alge", alge), ("amb-text", amb)])
def test_a_line_held_up_changes_no_lap_once_the_next_one_came(kind: str, say: Say) -> None:
    driven_s = [30.0] * 6
    timed = laps(log(kind, say, driven_s, late_s={3: 12.0, 5: 0.4}))
    assert_true(timed, driven_s)
    assert all((lap.uncertainty_ns or 0) < 20_000_000 for lap in timed)
    assert {lap.flag for lap in timed} == {timed[0].flag}


@pytest.mark.parametrize(("kind", "say"), [("tns", tns), ("p3", p3), ("amb-text", amb)])
@pytest.mark.parametrize("lap_s", [2.0, 25.0])
def test_what_comes_together_after_a_stall_is_no_step(kind: str, say: Say, lap_s: float) -> None:
    """A minute and more of silence too: the network was away, and all comes at once."""
    driven_s = [lap_s] * 10
    late_s = {number: lap_s * (7 - number) for number in range(3, 7)}
    timed = laps(log(kind, say, driven_s, late_s=late_s))
    assert_true(timed, driven_s)
    assert all((lap.uncertainty_ns or 0) < (20_000_000 if lap_s < 20 else 110_000_000) for lap in timed)


def together(records: list[RawRecord], first: int, last: int) -> list[RawRecord]:
    """Let these passings, the first of which is 1, come when the last one does."""
    at_ns = records[last + 1].mono_ns
    return [
        msgspec.structs.replace(record, mono_ns=at_ns + at) if first <= at - 1 <= last else record
        for at, record in enumerate(records)
    ]


@pytest.mark.parametrize(("kind", "say"), [("p3", p3), ("alge", alge), ("amb-text", amb)])
@pytest.mark.parametrize("step_s", [-3600.0, -5.0, 2.5, 3600.0])
def test_a_clock_set_while_its_lines_were_held_up_makes_no_sure_lap_of_two(
    kind: str, say: Say, step_s: float
) -> None:
    driven_s = [1.8, 1.7, 1.9, 1.6, 1.85, 1.75, 1.95, 1.65]
    for first in (3, 4, 5):
        timed = laps(together(log(kind, say, driven_s, steps_s={4: step_s}), first, 5))
        assert len(timed) == len(driven_s)
        for lap in timed:
            off_ns = min(abs((lap.lap_ns or 0) - lap_s * 1e9) for lap_s in driven_s)
            assert lap.lap_ns is None or off_ns <= (lap.uncertainty_ns or 0), lap
        assert sum(lap.lap_ns is None for lap in timed) <= 4


def test_a_first_line_that_was_late_leaves_its_lap_open() -> None:
    first, *rest = laps(log("tns", tns, [30.0] * 4, late_s={1: 12.0}))
    assert (first.lap_ns, first.flag) == (None, "clock-doubt")
    assert first.uncertainty_ns is not None
    assert first.uncertainty_ns >= 11_900_000_000
    assert_true(rest, [30.0] * 3)


def test_midnight_is_no_step() -> None:
    for kind, say in (("tns", tns), ("tns", tns_without_date), ("alge", alge)):
        before = datetime(2026, 6, 6, 23, 59, tzinfo=UTC)
        timed = laps(log(kind, say, [30.0] * 4, began=before))
        assert_true(timed, [30.0] * 4)
        assert all((lap.uncertainty_ns or 0) < 20_000_000 for lap in timed)


def test_the_laps_of_two_boots_of_this_machine_are_not_joined() -> None:
    records = log("p3", p3, [20.0] * 3)
    later = [
        RawRecord(mono_ns=record.mono_ns, boot_id="b2", sensor="s", raw=record.raw)
        for record in log(
            "p3", lambda number, at: p3(number + 4, at), [20.0], began=NOON + timedelta(hours=1)
        )
        if record.raw
    ]
    timed = laps(records + later)
    assert [(lap.lap_ns, lap.flag) for lap in timed[3:4]] == [(None, "new-boot")]
    assert_true(timed[4:], [20.0])


def test_a_device_that_restarts_or_wraps_its_counter_is_timed_on() -> None:
    detail = SensorSetting(gate="g", hold_off_ms=300).as_detail()
    records = [RawRecord(mono_ns=10**9, boot_id="b", sensor="s", mark=SENSOR_SET, detail=detail)]
    crossed_s = (1071.0, 1073.5, 1076.0, 1080.0)
    for second in range(1070, 1082):
        started_s, boot = (0, "aaaa1111") if second < 1078 else (1078, "bbbb2222")
        ticks_us = (second - started_s) * SECOND_US
        beat = replace(heartbeat(last_seq=0, unwrapped_us=ticks_us), boot=boot)
        records.append(
            RawRecord(mono_ns=second * 10**9, boot_id="b", sensor="s", raw=_text(encode_heartbeat(beat)))
        )
        for seq, at_s in enumerate(crossed_s, start=1):
            if second <= at_s < second + 1:
                number = seq if boot == "aaaa1111" else 1
                said = beam_passing(number, unwrapped_us=round((at_s - started_s) * SECOND_US), boot=boot)
                records.append(
                    RawRecord(
                        mono_ns=round(at_s * 1e9),
                        boot_id="b",
                        sensor="s",
                        raw=_text(encode_beam_passing(said)),
                    )
                )
    timed = laps(records)
    assert_true(timed, [2.5, 2.5, 4.0])
    assert [lap.flag for lap in timed] == [timed[0].flag, timed[0].flag, "new-start"]


def _text(data: bytes) -> str:
    return data.decode("latin-1")


@pytest.mark.parametrize(
    ("name", "driven_s"),
    [("p3-clock-forward-18s", [20.0] * 4), ("tns-over-midnight-late", [30.0] * 3)],
)
def test_a_case_from_the_field_is_timed_as_driven(name: str, driven_s: list[float]) -> None:
    result = CliRunner().invoke(replay_command, ["--laps", str(CASES / f"{name}.jsonl")])
    rows = [json.loads(line) for line in result.output.splitlines()]
    assert [row["lap_ns"] for row in rows] == [round(lap_s * 1e9) for lap_s in driven_s]
    assert {key for row in rows for key in row} - {"flag"} == {
        "sensor",
        "transponder",
        "lap_ns",
        "uncertainty_ns",
    }
    assert all(row["uncertainty_ns"] < 300_000_000 for row in rows)


@pytest.mark.parametrize(("kind", "say"), [("p3", p3), ("amb-text", amb)])
def test_a_lap_over_a_number_that_is_missing_says_that_a_passing_may_be_lost(kind: str, say: Say) -> None:
    records = log(kind, say, [20.0] * 5)
    del records[2 + 3]
    timed = laps(records)
    assert [(lap.lap_ns, lap.flag) for lap in timed] == [
        (20_000_000_000, msgspec.UNSET),
        (20_000_000_000, msgspec.UNSET),
        (40_000_000_000, "passing-lost"),
        (20_000_000_000, msgspec.UNSET),
    ]


def test_a_number_that_came_when_it_was_asked_for_again_is_not_lost() -> None:
    records = log("p3", p3, [20.0] * 5)
    late = records.pop(2 + 3)
    records.append(msgspec.structs.replace(late, mono_ns=records[-1].mono_ns + 10**9))
    timed = laps(records)
    assert_true(timed, [20.0] * 5)
    assert {lap.flag for lap in timed} == {msgspec.UNSET}


@pytest.mark.parametrize(("kind", "number"), [("lost", 4), ("flickered", 20)])
def test_what_a_sensor_of_ours_lost_or_left_out_is_said_of_the_lap_across_it(kind: str, number: int) -> None:
    maker = SensorSetting(gate="g", hold_off_ms=50).make_maker(sensor="s", hold_off=HoldOff(hold_off_ms=50))
    passings = []
    for second in range(40):
        oldest = number if kind == "lost" and second >= 20 else 1
        beat = heartbeat(last_seq=max(oldest - 1, 2 if second > 4 else 0), unwrapped_us=second * SECOND_US)
        sent = encode_heartbeat(replace(beat, oldest_seq=oldest))
        if second in (2, 4):
            sent += encode_beam_passing(beam_passing(second // 2, unwrapped_us=second * SECOND_US + 1_000))
        if kind == "flickered" and second == 10:
            spaced = [
                encode_beam_passing(beam_passing(3 + at, unwrapped_us=10_100_000 + at * 50_000))
                for at in range(17)
            ]
            sent += b"".join(spaced)
        if second in (30, 35):
            sent += encode_beam_passing(
                beam_passing(number + (second - 30) // 5, unwrapped_us=second * SECOND_US + 1_000)
            )
        reading = maker.feed(sent, received_mono_ns=(100 + second) * 10**9, boot_id="b")
        passings += reading.passings
    flags = [passing.flag for passing in passings if passing.seq in (1, 2, number, number + 1)]
    assert flags == [None, None, "passing-lost" if kind == "lost" else "flickered", None]


def test_a_log_without_a_lap_says_so(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"no log\n")
    result = CliRunner().invoke(replay_command, ["--laps", str(tmp_path / "empty")])
    assert (result.exit_code, result.output) == (1, "no lap in these files\n")


def edge_line(number: int, at_ms: int, *, is_high: bool, kernel_seq: int) -> bytes:
    stamp_ns = at_ms * 1_000_000
    return (f"E,aabbccdd,{number},1,{int(is_high)},{stamp_ns},{kernel_seq},50000,high,both,20\n").encode()


def gpio_laps(*edges: tuple[int, bool]) -> list[ReplayedLap]:
    """Return the laps of a beam on a pin, from edges (at ms, is high) as the kernel numbered them."""
    maker = SensorSetting(gate="g", hold_off_ms=300, kind="gpio").make_maker(
        sensor="s", hold_off=HoldOff(hold_off_ms=300)
    )
    passings = []
    for number, (at_ms, is_high) in enumerate(edges, start=1):
        line = edge_line(number, at_ms, is_high=is_high, kernel_seq=number)
        passings += maker.feed(line, received_mono_ns=at_ms * 1_000_000, boot_id="b").passings
    return list(laps_between(passings))


def test_a_lap_in_which_an_edge_was_lost_says_that_a_car_may_have_been() -> None:
    seen = [(5_000, True), (5_050, False), (25_000, True), (25_050, False), (45_000, True), (45_050, False)]
    assert [lap.flag for lap in gpio_laps(*seen)] == [msgspec.UNSET, msgspec.UNSET]
    lost = [*seen[:2], (15_050, False), *seen[2:]]
    laps = gpio_laps(*lost)
    assert [(lap.lap_ns, lap.flag) for lap in laps] == [
        (20_000_000_000, "edge-lost"),
        (20_000_000_000, msgspec.UNSET),
    ]


def test_a_lap_in_which_the_beam_flickered_says_that_a_car_may_have_been() -> None:
    seen = [(5_000, True), (5_050, False)]
    flicker = [(10_000 + 17 * at, at % 2 == 0) for at in range(120)]
    laps = gpio_laps(*seen, *flicker, (30_000, True), (30_050, False))
    assert laps[-1].flag == "flickered"
