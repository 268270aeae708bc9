"""The sensor light tells of two systems that part or miss a car, and of a device's clock that was set."""

from __future__ import annotations

import msgspec
import pytest

from firmware_bridge.makers.device_clock import ClockStep
from firmware_bridge.watch.clock_watch import SHOWN_NS, ClockWatch
from firmware_bridge.watch.systems_watch import SystemsWatch
from pitboard.race.passings.two_systems import MISSED_AFTER_NS
from pitboard.unit_api.program_calls import Passing
from pitboard.unit_api.sensor_sentences import QUIET_NOTES, note_sentence

SECOND_NS = 1_000_000_000
A, B = ("", "finish", "A"), ("", "finish", "B")


def passing(system: str, seq: int, *, ms: float, gate: str = "finish") -> Passing:
    return Passing(
        sensor=f"beam-{system}",
        sensor_boot="boot",
        seq=seq,
        channel=0,
        tick_us=None,
        rate_ppb=0,
        boot_id="b",
        mono_ns=round(ms * 1e6),
        uncertainty_ns=1_000,
        received_mono_ns=round(ms * 1e6),
        gate=gate,
        system=system,
    )


def driven(watch: SystemsWatch, count: int, *, first: int = 1, b_ms: float = 12.0, missing: str = "") -> int:
    """Let so many cars pass, 5 s apart; return the instant when all of them are settled."""
    for number in range(first, first + count):
        for system, off_ms in (("A", 0.0), ("B", b_ms + number % 3)):
            if system != missing:
                watch.take([passing(system, number, ms=number * 5_000 + off_ms)])
    return (first + count) * 5 * SECOND_NS


def codes(watch: SystemsWatch, line: tuple[str, str, str], now_mono_ns: int) -> list[str]:
    return [note.code for note in watch.notes(line, now_mono_ns)]


def test_two_systems_that_agree_say_so_and_the_light_stays_green() -> None:
    watch = SystemsWatch([A, B])
    now_mono_ns = driven(watch, 12)
    for line in (A, B):
        assert codes(watch, line, now_mono_ns) == ["systems-agree"]
        assert set(codes(watch, line, now_mono_ns)) <= QUIET_NOTES
    (note,) = watch.notes(A, now_mono_ns)
    assert note_sentence(note) == "A and B agree: 12 pairs, B minus A 13.000 ms, spread 2.000 ms."
    (view,) = watch.views()
    assert (view.pairs, view.missed_by_a, view.missed_by_b) == (12, 0, 0)


def test_the_one_that_missed_a_car_is_the_one_to_look_at() -> None:
    watch = SystemsWatch([A, B])
    driven(watch, 3)
    now_mono_ns = driven(watch, 1, first=4, missing="A")
    assert codes(watch, A, now_mono_ns) == ["system-missed", "systems-agree"]
    assert codes(watch, B, now_mono_ns) == ["systems-agree"]
    sentence = note_sentence(watch.notes(A, now_mono_ns)[0])
    assert sentence == "System A at finish missed what B saw, 1 times. Look at A."


def test_a_line_that_is_still_on_its_way_is_not_missed() -> None:
    watch = SystemsWatch([A, B])
    driven(watch, 3)
    watch.take([passing("B", 4, ms=20_000)])
    assert codes(watch, A, 20 * SECOND_NS + MISSED_AFTER_NS) == ["systems-agree"]


def test_systems_that_part_turn_the_light_yellow() -> None:
    watch = SystemsWatch([A, B])
    driven(watch, 8)
    now_mono_ns = driven(watch, 3, first=9, b_ms=212.0)
    for line in (A, B):
        assert codes(watch, line, now_mono_ns) == ["systems-part", "systems-pairs"]
    assert note_sentence(watch.notes(A, now_mono_ns)[0]) == (
        "A and B at finish differ by 199.000 ms, and both clocks run on. Look at the beams: one was moved."
    )


@pytest.mark.parametrize("system", ["A", "B"])
@pytest.mark.parametrize("sign", ["late against its own arrival", "its clock was set"])
def test_of_two_systems_that_part_the_one_that_moved_is_named(system: str, sign: str) -> None:
    watch = SystemsWatch([A, B])
    driven(watch, 8)
    for number in range(9, 12):
        for one, off_ms in (("A", 0.0), ("B", 12.0)):
            seen = passing(one, number, ms=number * 5_000 + off_ms + (150.0 if one == system else 0.0))
            if one == system and sign == "its clock was set":
                seen = msgspec.structs.replace(seen, clock="beam~2")
            elif one == system:
                seen = msgspec.structs.replace(seen, received_mono_ns=seen.received_mono_ns - 150_000_000)
            watch.take([seen])
    sentence = note_sentence(watch.notes(A, 60 * SECOND_NS)[0])
    assert f"Look at {system}: its clock was set or its line is slow." in sentence


def test_a_line_with_one_system_and_another_gate_are_left_alone() -> None:
    watch = SystemsWatch([A, B, ("", "start", "A")])
    watch.take([passing("A", 1, ms=1_000, gate="start")])
    assert watch.notes(("", "start", "A"), 60 * SECOND_NS) == []
    assert watch.notes(B, 60 * SECOND_NS) == []


def test_a_clock_that_was_set_is_said_for_two_minutes() -> None:
    watch = ClockWatch()
    watch.take([ClockStep(step_ns=-5 * SECOND_NS, received_mono_ns=SECOND_NS, is_sure=False)])
    assert [note.code for note in watch.notes(SECOND_NS)] == ["clock-doubt"]
    watch.take([ClockStep(step_ns=-5 * SECOND_NS, received_mono_ns=3 * SECOND_NS, is_sure=True)])
    (note,) = watch.notes(3 * SECOND_NS + SHOWN_NS)
    assert note_sentence(note).startswith("The device's clock was set back by 5.000 s.")
    assert watch.notes(3 * SECOND_NS + SHOWN_NS + 1) == []


def test_a_doubt_that_a_line_in_time_ended_is_said_no_more() -> None:
    watch = ClockWatch()
    watch.take([ClockStep(step_ns=-12 * SECOND_NS, received_mono_ns=SECOND_NS, is_sure=False)])
    watch.take([ClockStep(step_ns=0, received_mono_ns=2 * SECOND_NS, is_sure=True)])
    assert watch.notes(2 * SECOND_NS) == []
