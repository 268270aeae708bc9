"""AMB text, ALGE, Timing & Scoring and lane timers: what their events mean for a race."""

from __future__ import annotations

import pytest

from firmware_bridge.decoders.alge import AlgeImpulse, encode_impulse
from firmware_bridge.decoders.amb_text import AmbTextPassing, AmbTextStatus, encode_passing, encode_status
from firmware_bridge.makers.device_kinds import make_maker
from firmware_bridge.makers.mylaps_makers import AmbTextMaker, P3Maker, TnsMaker
from firmware_bridge.makers.reading import HoldOff, PassingSource
from firmware_bridge.makers.timer_makers import DIFFERENCES, AlgeMaker, ChampMaker, FastTrackMaker
from firmware_bridge.simulated.lane_timer_simulator import SimulatedChamp, SimulatedFastTrack
from firmware_bridge.simulated.p3_simulator import SimulatedP3
from firmware_bridge.simulated.tns_simulator import SimulatedTimingSoftware
from pitboard.unit_api.program_calls import Passing
from tests.firmware_bridge.decoders.recorded_samples import (
    ALGE_IMPULSE,
    CHAMP_RESULT,
    FASTTRACK_RESULT,
    TNS_PASSING,
    TNS_STORE_PASSING,
)

SECOND_US = 1_000_000
MORNING_US = 36_000 * SECOND_US
DAY_US = 86_400 * SECOND_US


def fed(maker: PassingSource, data: bytes, *, s: float) -> list[Passing]:
    return maker.feed(data, received_mono_ns=round((100 + s) * 1e9), boot_id="boot").passings


def amb(seq: int, *, s: float, transponder: int = 7) -> bytes:
    return encode_passing(
        AmbTextPassing(
            seq=seq, transponder=transponder, time_us=round(s * SECOND_US), hits=400, strength=163, status=2
        )
    )


def test_amb_lines_are_numbered_and_a_lost_one_is_counted() -> None:
    maker = AmbTextMaker(sensor="loop", hold_off=HoldOff(hold_off_ms=300))
    data = amb(1, s=10) + encode_status(AmbTextStatus(seq=2, noise=40)) + amb(5, s=20)
    passings = fed(maker, data, s=20)
    assert [(passing.seq, passing.tick_us, passing.transponder) for passing in passings] == [
        (1, 10_000_000, 7),
        (5, 20_000_000, 7),
    ]
    assert maker.counters.gaps == 2


def test_an_amb_decoder_switched_on_again_has_another_name() -> None:
    maker = AmbTextMaker(sensor="loop", hold_off=HoldOff(hold_off_ms=300))
    passings = fed(maker, amb(1, s=10) + amb(2, s=20), s=20) + fed(maker, amb(1, s=11) + amb(2, s=21), s=60)
    assert len({(passing.sensor_boot, passing.seq) for passing in passings}) == 4


def impulse(
    at_us: int, *, channel: str = "C0", number: int = 1, flag: str = " ", manual: bool = False
) -> bytes:
    return encode_impulse(
        AlgeImpulse(flag=flag, number=number, channel=channel, manual=manual, time_of_day_us=at_us)
    )


def alge() -> AlgeMaker:
    return AlgeMaker(sensor="gate", hold_off=HoldOff(hold_off_ms=300))


def test_start_and_finish_give_the_net_time_of_the_device() -> None:
    maker = alge()
    start = fed(maker, impulse(MORNING_US), s=0)
    finish = fed(maker, impulse(MORNING_US + 59_760_000, channel="C1"), s=59.9)
    assert [passing.channel for passing in start + finish] == [0, 1]
    assert start[0].sensor_boot == finish[0].sensor_boot
    ticks_us = [passing.tick_us or 0 for passing in start + finish]
    assert ticks_us[1] - ticks_us[0] == 59_760_000


def test_one_impulse_given_to_three_racers_is_one_passing() -> None:
    maker = alge()
    lines = [impulse(MORNING_US, number=42)]
    lines += [impulse(MORNING_US, number=number, flag="i") for number in (43, 44)]
    lines += [impulse(MORNING_US, number=43, flag="c"), impulse(MORNING_US, number=42, flag="d")]
    assert len(fed(maker, b"".join(lines), s=0)) == 1
    assert maker.counters.repeats == 2


def test_what_nobody_was_ready_for_is_a_passing_too() -> None:
    assert len(fed(alge(), impulse(MORNING_US, flag="?", number=0), s=0)) == 1


def test_an_inserted_impulse_lies_where_its_time_says() -> None:
    maker = alge()
    fed(maker, impulse(MORNING_US), s=0)
    (inserted,) = fed(maker, impulse(MORNING_US - 600 * SECOND_US, flag="i"), s=30)
    assert inserted.mono_ns == 0 or inserted.mono_ns == (100 - 600) * 10**9
    assert inserted.tick_us == MORNING_US - 600 * SECOND_US


def test_midnight_is_no_step_back() -> None:
    maker = alge()
    before = fed(maker, impulse(DAY_US - SECOND_US), s=0)
    after = fed(maker, impulse(SECOND_US, channel="C1"), s=2)
    assert before[0].sensor_boot == after[0].sensor_boot
    assert (after[0].tick_us or 0) - (before[0].tick_us or 0) == 2 * SECOND_US


def test_a_clock_set_on_the_device_begins_anew() -> None:
    maker = alge()
    before = fed(maker, impulse(MORNING_US), s=0)
    after = fed(maker, impulse(MORNING_US + 3_600 * SECOND_US), s=10)
    assert before[0].sensor_boot != after[0].sensor_boot


def test_a_key_pressed_by_hand_is_no_better_than_a_hundredth() -> None:
    (passing,) = fed(alge(), impulse(MORNING_US, manual=True), s=0)
    assert passing.uncertainty_ns >= 10_000_000


def test_timing_software_is_acknowledged_and_counted_once_over_reconnects() -> None:
    maker, software = TnsMaker(sensor="finish", hold_off=HoldOff(hold_off_ms=0)), SimulatedTimingSoftware()
    message = software.deliver([TNS_STORE_PASSING])
    passings = fed(maker, message, s=0)
    maker.open_port()
    reading = maker.feed(software.repeat(), received_mono_ns=10**12, boot_id="boot")
    assert (len(passings), reading.passings) == (1, [])
    software.receive(reading.answer)
    assert software.unacknowledged_count == 0


def test_a_restarted_bridge_gives_the_same_number_again() -> None:
    makers = [TnsMaker(sensor="finish", hold_off=HoldOff(hold_off_ms=0)) for _ in range(2)]
    message = SimulatedTimingSoftware().deliver([TNS_STORE_PASSING])
    first, again = (fed(maker, message, s=at_s) for maker, at_s in zip(makers, (0, 900), strict=True))
    assert (first[0].sensor_boot, first[0].seq) == (again[0].sensor_boot, again[0].seq)
    assert first[0].transponder == TNS_STORE_PASSING.chip


def test_a_greeting_asks_for_version_2() -> None:
    maker, software = TnsMaker(sensor="finish", hold_off=HoldOff(hold_off_ms=0)), SimulatedTimingSoftware()
    greeted = maker.feed(software.greeting(), received_mono_ns=0, boot_id="boot")
    software.receive(greeted.answer)
    assert b"@Passing@" in software.deliver([TNS_PASSING])


def test_a_fast_track_is_asked_each_second_and_its_heat_is_shown() -> None:
    maker, timer = FastTrackMaker(sensor="derby", hold_off=HoldOff(hold_off_ms=0)), SimulatedFastTrack()
    asked = [maker.requests_due(ms * 1_000_000) for ms in range(0, 3_000, 500)]
    assert asked == [b"RG", b"", b"RG", b"", b"RG", b""]
    assert maker.feed(timer.receive(b"RG"), received_mono_ns=0, boot_id="b").has_lines
    reading = maker.feed(timer.run_heat(FASTTRACK_RESULT.lanes), received_mono_ns=0, boot_id="b")
    assert len(reading.passings) == 8
    assert str(reading.signs["last"]).startswith("lane 1 4.0090 s (2.), lane 2 3.2610 s (1.)")
    assert not maker.feed(b"\xff\xfe nonsense\r\n", received_mono_ns=0, boot_id="b").has_lines


def test_a_champ_is_left_alone_from_the_start_until_its_result() -> None:
    maker, timer = ChampMaker(sensor="derby", hold_off=HoldOff(hold_off_ms=0)), SimulatedChamp()
    maker.feed(timer.receive(maker.requests_due(0)), received_mono_ns=0, boot_id="b")
    timer.is_gate_closed = False
    opened = maker.feed(timer.receive(maker.requests_due(10**9)), received_mono_ns=10**9, boot_id="b")
    assert opened.request == b"rg\r"
    assert maker.may_be_quiet
    assert maker.requests_due(5 * 10**9) == b""
    maker.feed(timer.run_heat(CHAMP_RESULT.lanes), received_mono_ns=6 * 10**9, boot_id="b")
    assert maker.requests_due(7 * 10**9) == b"rs\r"


def test_a_fast_track_is_left_alone_while_its_gate_is_open() -> None:
    maker, timer = FastTrackMaker(sensor="derby", hold_off=HoldOff(hold_off_ms=0)), SimulatedFastTrack()
    timer.is_gate_closed = False
    maker.feed(timer.receive(maker.requests_due(0)), received_mono_ns=0, boot_id="b")
    assert maker.may_be_quiet
    assert [maker.requests_due(second * 10**9) for second in range(1, 12)] == [b""] * 11
    maker.feed(timer.run_heat(FASTTRACK_RESULT.lanes), received_mono_ns=11 * 10**9, boot_id="b")
    assert not maker.may_be_quiet
    assert maker.requests_due(11 * 10**9) == b"RG"


def test_a_fast_track_whose_heat_never_comes_is_asked_again() -> None:
    maker, timer = FastTrackMaker(sensor="derby", hold_off=HoldOff(hold_off_ms=0)), SimulatedFastTrack()
    timer.is_gate_closed = False
    maker.feed(timer.receive(maker.requests_due(0)), received_mono_ns=0, boot_id="b")
    assert maker.requests_due(13 * 10**9) == b"RG"
    assert not maker.may_be_quiet


def test_a_fast_track_without_a_gate_switch_is_not_asked_into_its_heats() -> None:
    maker = FastTrackMaker(sensor="derby", hold_off=HoldOff(hold_off_ms=0))
    assert maker.requests_due(0) == b"RG"
    maker.feed(b"RGX\r\n*\r\n", received_mono_ns=0, boot_id="b")
    assert maker.may_be_quiet
    assert [maker.requests_due(second * 10**9) for second in range(1, 100)] == [b""] * 99


def test_a_timer_that_prints_differences_times_no_heat_and_that_is_said() -> None:
    maker = ChampMaker(sensor="derby", hold_off=HoldOff(hold_off_ms=0))
    told = maker.feed(b'A=0.000! B=0.112" C=0.305# D=0.411$\r\n', received_mono_ns=10**9, boot_id="b")
    assert (told.passings, told.complaint) == ([], DIFFERENCES)
    timed = maker.feed(b'A=3.000! B=3.112"\r\n', received_mono_ns=9 * 10**9, boot_id="b")
    assert ([one.tick_us for one in timed.passings], timed.complaint) == ([0, 3_000_000, 0, 3_112_000], "")


def test_an_i_lap_is_named_at_its_first_line() -> None:
    maker = AmbTextMaker(sensor="loop", hold_off=HoldOff(hold_off_ms=0))
    talk = b"\x01%\t204\t0\t0\r\n\x01@\t204\t3456789\t324.620\r\n"
    for line in talk.splitlines(keepends=True):
        reading = maker.feed(line, received_mono_ns=0, boot_id="b")
        assert (reading.cousin, reading.has_lines, reading.passings) == ("I-Lap", False, [])


@pytest.mark.parametrize("kind", ["p3", "alge"])
@pytest.mark.parametrize("step_s", [-3_600, -120, 3_600])
def test_a_clock_set_so_far_that_a_start_begins_is_said_to_people(kind: str, step_s: int) -> None:
    maker, decoder = make_maker(kind, sensor="loop", hold_off=HoldOff(hold_off_ms=0)), SimulatedP3()
    said = []
    for number in range(8):
        at_us = MORNING_US + (2 * number + step_s * (number >= 4)) * SECOND_US
        line = decoder.passing(transponder=7, rtc_us=at_us) if kind == "p3" else impulse(at_us, channel="C1")
        reading = maker.feed(line, received_mono_ns=(100 + 2 * number) * 10**9, boot_id="boot")
        said += [(number, step.step_ns, step.is_sure) for step in reading.clock_steps]
    assert said == [(4, step_s * 10**9, True)]


def test_a_decoder_that_was_switched_off_is_not_called_a_clock_that_was_set() -> None:
    maker, decoder = P3Maker(sensor="loop", hold_off=HoldOff(hold_off_ms=0)), SimulatedP3()
    steps = []
    for number in range(8):
        if number == 4:
            decoder.restart()
        rtc_us = MORNING_US + (2 * number - 3_600 * (number >= 4)) * SECOND_US
        line = decoder.passing(transponder=7, rtc_us=rtc_us)
        steps += maker.feed(line, received_mono_ns=(100 + 2 * number) * 10**9, boot_id="boot").clock_steps
    assert steps == []


def test_an_input_that_is_stuck_is_said_until_the_next_impulse() -> None:
    maker = AlgeMaker(sensor="alge", hold_off=HoldOff(hold_off_ms=0))
    stuck = maker.feed(b"  PULSE HOLD  C1\r", received_mono_ns=0, boot_id="b")
    assert (stuck.complaint, stuck.stuck_input) == ("PULSE HOLD  C1", "C1")
    again = maker.feed(encode_impulse(ALGE_IMPULSE), received_mono_ns=0, boot_id="b")
    assert (again.complaint, again.stuck_input) == ("", "")


def test_a_decoder_that_repeats_one_line_for_ever_does_not_live() -> None:
    maker = AmbTextMaker(sensor="loop", hold_off=HoldOff(hold_off_ms=0))
    status = encode_status(AmbTextStatus(seq=7, noise=40))
    assert maker.feed(status, received_mono_ns=0, boot_id="b").has_lines
    for second in range(5, 100, 5):
        again = maker.feed(status, received_mono_ns=second * 10**9, boot_id="b")
        assert (again.has_lines, again.is_stale) == (False, True)
    moved_on = encode_status(AmbTextStatus(seq=8, noise=0))
    reading = maker.feed(moved_on, received_mono_ns=100 * 10**9, boot_id="b")
    assert (reading.has_lines, reading.is_stale, reading.hears_noise) == (True, False, False)


@pytest.mark.parametrize("kind", ["beamline", "p3", "fasttrack", "champ"])
def test_our_own_questions_that_come_back_show_no_device(kind: str) -> None:
    """A cable that is looped, or a port server that echoes: the light must not be green."""
    maker = make_maker(kind, sensor="s", hold_off=HoldOff(hold_off_ms=0))
    asked = [*maker.greetings(), *(maker.requests_due(number * 10**9) for number in range(40))]
    for number, question in enumerate(one for one in asked if one):
        reading = maker.feed(question, received_mono_ns=number * 10**9, boot_id="b")
        assert not reading.has_lines
        assert not reading.passings


def test_a_decoder_whose_line_echoes_our_questions_too_lives() -> None:
    maker, decoder = P3Maker(sensor="s", hold_off=HoldOff(hold_off_ms=0)), SimulatedP3()
    both = maker.greetings()[0] + decoder.passing(transponder=7, rtc_us=1_700_000_000_000_000)
    reading = maker.feed(both, received_mono_ns=10**9, boot_id="b")
    assert reading.has_lines
    assert len(reading.passings) == 1


def test_our_own_acknowledgements_that_come_back_are_no_timing_software() -> None:
    maker = TnsMaker(sensor="s", hold_off=HoldOff(hold_off_ms=0))
    software = SimulatedTimingSoftware()
    answered = maker.feed(software.deliver([TNS_PASSING]), received_mono_ns=0, boot_id="b")
    assert (answered.has_lines, len(answered.passings)) == (True, 1)
    echoed = maker.feed(answered.answer, received_mono_ns=1, boot_id="b")
    assert (echoed.has_lines, echoed.answer, echoed.passings) == (False, b"", [])


@pytest.mark.parametrize("kind", ["fasttrack", "champ"])
def test_a_heat_that_is_printed_again_is_no_second_heat(kind: str) -> None:
    maker = make_maker(kind, sensor="derby", hold_off=HoldOff(hold_off_ms=0))
    heat, other, alone = (
        b'A=1.641! B=2.009" C=0.000  \r\n',
        b'A=1.642! B=2.009" C=0.000  \r\n',
        b"A=3.001! B=0.000  C=0.000  \r\n",
    )
    counts = []
    for at, line in enumerate((heat, heat, other, heat, alone, alone)):
        reading = maker.feed(line, received_mono_ns=(20 + at) * 10**9, boot_id="b")
        assert str(reading.signs["last"]).startswith("lane 1")
        counts.append(len(reading.passings))
    # One car alone may drive the same time again.
    assert counts == [4, 0, 4, 4, 2, 2]
    assert maker.counters.repeats == 1
