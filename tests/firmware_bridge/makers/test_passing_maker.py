"""From bytes to passings: once each, stamped, acknowledged only as far as nothing is missing."""

from __future__ import annotations

from dataclasses import replace

from firmware_bridge.decoders.beamline import (
    Acknowledgement,
    BeamlineDecoder,
    BeamPassing,
    Heartbeat,
    encode_beam_passing,
    encode_heartbeat,
)
from firmware_bridge.makers.beamline_maker import PassingMaker
from firmware_bridge.makers.reading import HoldOff, Reading
from pitboard.unit_api.program_calls import Passing
from tests.firmware_bridge.decoders.test_beamline import BOOT, beam_passing, heartbeat

SECOND_NS = 1_000_000_000
DEVICE_STARTED_MONO_NS = 100 * SECOND_NS


def maker(hold_off_ms: int = 300) -> PassingMaker:
    return PassingMaker(sensor="beam-1", hold_off=HoldOff(hold_off_ms=hold_off_ms))


def feed(passing_maker: PassingMaker, *lines: bytes, device_us: int | None = None) -> Reading:
    """Receive lines when the device's counter stood at `device_us`, by default as they were written."""
    data = b"".join(lines)
    if device_us is None:
        written = BeamlineDecoder().feed(data)
        device_us = max(event.unwrapped_us for event in written if isinstance(event, BeamPassing | Heartbeat))
    return passing_maker.feed(
        data, received_mono_ns=DEVICE_STARTED_MONO_NS + device_us * 1000, boot_id="boot"
    )


def beat(*, last_seq: int = 0, oldest_seq: int | None = None, at_us: int = 1_000_000) -> bytes:
    return encode_heartbeat(heartbeat(last_seq=last_seq, oldest_seq=oldest_seq, unwrapped_us=at_us))


def numbers(reading: Reading) -> list[int]:
    return [passing.seq for passing in reading.passings]


def acknowledged(reading: Reading) -> int | None:
    return None if reading.acknowledgement is None else reading.acknowledgement.seq


def test_a_passing_becomes_a_passing_stamped_at_its_tick() -> None:
    made = maker()
    feed(made, beat(), device_us=1_000_000)
    reading = feed(made, encode_beam_passing(beam_passing(1)), device_us=3_004_000)
    assert reading.passings == [
        Passing(
            sensor="beam-1",
            sensor_boot=BOOT,
            seq=1,
            channel=1,
            tick_us=3_000_000,
            rate_ppb=0,
            boot_id="boot",
            mono_ns=DEVICE_STARTED_MONO_NS + 3 * SECOND_NS,
            uncertainty_ns=reading.passings[0].uncertainty_ns,
            received_mono_ns=DEVICE_STARTED_MONO_NS + 3_004_000_000,
        )
    ]
    assert reading.acknowledgement == Acknowledgement(boot=BOOT, seq=1)


def test_a_passing_that_waited_in_the_device_is_stamped_by_its_tick_once_a_heartbeat_tells() -> None:
    made = maker()
    assert numbers(feed(made, encode_beam_passing(beam_passing(1)), device_us=60_000_000)) == []
    (passing,) = feed(made, beat(last_seq=1, oldest_seq=1, at_us=61_000_000), device_us=61_000_000).passings
    assert passing.mono_ns == DEVICE_STARTED_MONO_NS + 3 * SECOND_NS


def test_a_missing_passing_holds_the_acknowledgement_back_and_is_taken_when_it_comes() -> None:
    made = maker()
    feed(made, beat())
    assert acknowledged(feed(made, encode_beam_passing(beam_passing(1)))) == 1
    third = feed(made, encode_beam_passing(beam_passing(3)))
    assert (numbers(third), acknowledged(third)) == ([3], 1)
    second = feed(made, encode_beam_passing(beam_passing(2)))
    assert (numbers(second), acknowledged(second)) == ([2], 3)


def test_a_repeat_is_acknowledged_again_and_makes_no_passing() -> None:
    made = maker()
    feed(made, beat(), encode_beam_passing(beam_passing(1)))
    made.open_port()
    reading = feed(made, encode_beam_passing(beam_passing(1)))
    assert (numbers(reading), acknowledged(reading)) == ([], 1)
    assert made.counters.repeats == 1


def test_a_heartbeat_that_still_holds_what_we_have_is_answered() -> None:
    made = maker()
    feed(made, beat(), encode_beam_passing(beam_passing(1)))
    assert acknowledged(feed(made, beat(last_seq=1, oldest_seq=1))) == 1
    assert acknowledged(feed(made, beat(last_seq=1))) is None


def test_passings_that_the_device_no_longer_has_are_counted_and_waited_for_no_more() -> None:
    made = maker()
    feed(made, beat(), encode_beam_passing(beam_passing(1)))
    overrun = replace(heartbeat(last_seq=300, oldest_seq=45, unwrapped_us=9_000_000), overruns=44)
    feed(made, encode_heartbeat(overrun))
    assert (made.counters.gaps, made.counters.overruns) == (43, 44)
    assert acknowledged(feed(made, encode_beam_passing(beam_passing(45)))) == 45


def test_who_hears_a_device_for_the_first_time_claims_no_loss() -> None:
    made = maker()
    feed(
        made, encode_beam_passing(beam_passing(501)), beat(last_seq=501, oldest_seq=501, at_us=1_504_000_000)
    )
    assert made.counters.gaps == 0
    assert acknowledged(feed(made, encode_beam_passing(beam_passing(501)))) == 501


def test_both_beams_of_a_gate_give_one_passing() -> None:
    gate = HoldOff(hold_off_ms=300)
    left, right = (PassingMaker(sensor=name, hold_off=gate) for name in ("left", "right"))
    feed(left, beat())
    feed(right, beat())
    assert numbers(feed(left, encode_beam_passing(beam_passing(1)))) == [1]
    assert numbers(feed(right, encode_beam_passing(beam_passing(1, unwrapped_us=3_001_000)))) == []
    assert right.counters.held_off == 1


def test_after_a_reboot_of_the_host_the_device_is_stamped_anew() -> None:
    made = maker()
    feed(made, beat(), encode_beam_passing(beam_passing(1)), device_us=3_000_000)
    reading = made.feed(
        beat(last_seq=1, at_us=50_000_000) + encode_beam_passing(beam_passing(2)),
        received_mono_ns=7 * SECOND_NS,
        boot_id="next",
    )
    assert reading.has_new_clock
    assert [(passing.boot_id, passing.seq) for passing in reading.passings] == [("next", 2)]


def test_a_device_that_never_sends_a_heartbeat_is_timed_all_the_same() -> None:
    made = maker()
    sent = [feed(made, encode_beam_passing(beam_passing(seq))) for seq in range(1, 4)]
    assert [numbers(reading) for reading in sent] == [[], [1, 2], [3]]


def test_a_heartbeat_whose_clock_stands_still_is_no_sign_of_life() -> None:
    passing_maker = maker()
    assert feed(passing_maker, beat(at_us=1_000_000)).has_lines
    for _ in range(3):
        again = feed(passing_maker, beat(at_us=1_000_000))
        assert (again.has_lines, again.is_stale) == (False, True)
    assert feed(passing_maker, beat(at_us=2_000_000)).has_lines
    with_passing = feed(
        passing_maker,
        beat(at_us=2_000_000, last_seq=1),
        encode_beam_passing(beam_passing(1, unwrapped_us=2_100_000)),
    )
    assert with_passing.has_lines
