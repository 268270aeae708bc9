"""P3: numbers, restarts, gaps that close or stay, and ticks that measure."""

from __future__ import annotations

import pytest

from firmware_bridge.decoders.p3 import encode_time, request_resend, request_version
from firmware_bridge.decoders.p3_frame import DECODER_TAG, RecordType, encode_frame
from firmware_bridge.makers.mylaps_makers import P3Maker
from firmware_bridge.makers.reading import HoldOff, Reading
from firmware_bridge.simulated.p3_simulator import SimulatedP3
from pitboard.unit_api.program_calls import Passing

SECOND_US = 1_000_000
RTC_US = 1_437_769_372_993_000
MONO_NS = 50_000_000_000


class Line:
    """A decoder and its maker, a second of the decoder being a second of the host."""

    def __init__(self) -> None:
        self.device = SimulatedP3()
        self.maker = P3Maker(sensor="loop", hold_off=HoldOff(hold_off_ms=300))

    def passing(self, *, s: float, transponder: int = 7) -> bytes:
        return self.device.passing(transponder=transponder, rtc_us=RTC_US + round(s * SECOND_US))

    def feed(self, data: bytes, *, s: float, boot_id: str = "boot") -> Reading:
        return self.maker.feed(data, received_mono_ns=MONO_NS + round(s * 1e9), boot_id=boot_id)


def numbers(*readings: Reading) -> list[int]:
    return [passing.seq for reading in readings for passing in reading.passings]


def test_a_passing_carries_number_transponder_and_tick() -> None:
    line = Line()
    (passing,) = line.feed(line.passing(s=0, transponder=2906141), s=0).passings
    assert passing == Passing(
        sensor="loop",
        sensor_boot=f"p3-135059-1-{RTC_US}",
        seq=1,
        channel=0,
        tick_us=RTC_US,
        rate_ppb=0,
        boot_id="boot",
        mono_ns=MONO_NS,
        uncertainty_ns=passing.uncertainty_ns,
        received_mono_ns=MONO_NS,
        transponder=2906141,
        clock=f"p3-135059-1-{RTC_US}",
        flag="late",  # nothing tells yet how late the first line came
    )


def test_what_the_decoder_says_of_itself_is_shown_and_stands_in_the_report() -> None:
    line = Line()
    assert request_version() in line.maker.greetings()
    signs = line.feed(line.device.receive(request_version()), s=0).signs
    assert (signs["device"], signs["firmware"]) == ("TranX Pro 135059", "4.2 release 1.0 build 1071")


@pytest.mark.parametrize(
    ("told", "device", "firmware"),
    [
        ([(0x01, b"\x10"), (0x03, b"\x05\x00"), (0x0A, b"\x2f\x04\x00\x00")], "AMBrc 9", "5 build 1071"),
        ([(0x01, b"\x21"), (0x03, b"4.10\0\0")], "decoder type 33 9", "4.10"),
        (
            [(0x01, b"\x12"), (0x02, b"TranX3 loop A"), (0x04, b"\xff" * 40)],
            "TranX3 loop A 9",
            f"release {2**64 - 1}",
        ),
        ([], "9", None),
    ],
)
def test_a_version_is_text_or_number_as_it_shows(
    told: list[tuple[int, bytes]], device: str, firmware: str | None
) -> None:
    """No real answer was ever seen, so nothing is taken for granted of its values."""
    record = encode_frame(RecordType.VERSION, [*told, (DECODER_TAG, b"\x09")])
    signs = Line().feed(record, s=0).signs
    assert (signs["device"], signs.get("firmware")) == (device, firmware)


def test_the_host_being_late_changes_no_stamp() -> None:
    line = Line()
    line.feed(line.passing(s=0), s=0.001)
    (late,) = line.feed(line.passing(s=10), s=10.4).passings
    assert abs(late.mono_ns - (MONO_NS + 10_001_000_000)) < 1_000


def test_two_cars_side_by_side_are_two_passings_and_one_car_twice_is_one() -> None:
    line = Line()
    data = line.passing(s=0, transponder=7) + line.passing(s=0.01, transponder=8) + line.passing(s=0.02)
    assert numbers(line.feed(data, s=0.1)) == [1, 2]
    assert line.maker.counters.held_off == 1


def test_two_decoders_at_one_line_make_one_passing() -> None:
    line, backup = Line(), Line()
    backup.maker = P3Maker(sensor="backup", hold_off=line.maker.hold_off)
    passings = []
    for second in range(0, 30, 10):
        passings += line.feed(line.passing(s=second), s=second).passings
        passings += backup.feed(backup.passing(s=second + 0.004), s=second + 0.004).passings
    assert [passing.sensor for passing in passings] == ["loop"] * 3


def test_passings_that_a_stalled_line_brings_together_are_kept_apart_by_their_ticks() -> None:
    line = Line()
    data = b"".join(line.passing(s=second) for second in (0, 5, 10, 10.1))
    assert numbers(line.feed(data, s=12)) == [1, 2, 3]


def test_what_got_lost_is_asked_again_and_closes_the_gap() -> None:
    line = Line()
    first, _, _, fourth = (line.passing(s=second) for second in range(4))
    line.feed(first, s=0)
    line.feed(fourth, s=3)
    requests = line.maker.requests_due(MONO_NS + 3_000_000_000)
    assert request_resend(2, 3) in requests
    assert numbers(line.feed(line.device.receive(requests), s=3.2)) == [2, 3]
    assert request_resend(2, 3) not in line.maker.requests_due(MONO_NS + 10_000_000_000)
    assert line.maker.counters.gaps == 0


def test_a_gap_that_stays_is_counted_after_three_requests() -> None:
    line = Line()
    first, _, _, fourth = (line.passing(s=second) for second in range(4))
    line.feed(first + fourth, s=3)
    asked = [line.maker.requests_due(MONO_NS + second * 1_000_000_000) for second in range(3, 20)]
    assert sum(request_resend(2, 3) in requests for requests in asked) == 3
    reading = line.feed(line.device.status(), s=20)
    assert line.maker.counters.gaps == 2
    assert reading.signs["awaited"] == 0


def test_a_gap_over_a_lost_connection_is_seen() -> None:
    line = Line()
    first, _, third = (line.passing(s=second) for second in range(3))
    line.feed(first + third[:9], s=0)
    line.maker.open_port()
    line.feed(third, s=5)
    assert request_resend(2, 2) in line.maker.requests_due(MONO_NS + 5_000_000_000)


def test_a_decoder_that_numbers_anew_has_another_name() -> None:
    line = Line()
    before = line.feed(line.passing(s=0) + line.passing(s=5), s=5)
    line.device.restart()
    after = line.feed(line.passing(s=60) + line.passing(s=65), s=65)
    assert numbers(before, after) == [1, 2, 1, 2]
    assert len({passing.sensor_boot for passing in before.passings + after.passings}) == 2


def test_numbers_and_clock_that_both_went_back_a_little_never_hide_a_passing() -> None:
    line = Line()
    before = line.feed(line.passing(s=100) + line.passing(s=105), s=105)
    line.device.restart()
    after = line.feed(line.passing(s=50) + line.passing(s=55), s=165)
    names = {(passing.sensor_boot, passing.seq) for passing in before.passings + after.passings}
    assert len(names) == 4


def test_a_clock_that_was_set_makes_no_lap_by_ticks() -> None:
    for step_s in (-3, 3_600):
        line = Line()
        before = line.feed(line.passing(s=0), s=0).passings
        after = line.feed(line.passing(s=1 + step_s), s=1).passings
        assert before[0].sensor_boot != after[0].sensor_boot


def test_a_bridge_that_reads_its_raw_log_again_gives_the_same_names() -> None:
    line = Line()
    datas = [line.passing(s=second) for second in range(5)]
    days = [P3Maker(sensor="loop", hold_off=HoldOff(hold_off_ms=1)) for _ in range(2)]
    runs = [
        [
            passing
            for second, data in enumerate(datas)
            for passing in maker.feed(data, received_mono_ns=second * 10**9, boot_id="b").passings
        ]
        for maker in days
    ]
    assert runs[0] == runs[1]


def test_an_answer_that_is_no_time_of_the_decoder_is_not_believed() -> None:
    line = Line()
    line.feed(line.passing(s=0), s=0)
    line.feed(encode_time(rtc_us=2**61, decoder=135059), s=1)
    (passing,) = line.feed(line.passing(s=10), s=10).passings
    assert passing.mono_ns == MONO_NS + 10_000_000_000


def test_a_beam_passing_is_no_car() -> None:
    line = Line()
    (passing,) = line.feed(line.passing(s=0, transponder=9992), s=0).passings
    assert (passing.transponder, passing.channel) == (None, 2)


def test_another_boot_of_the_host_starts_the_clock_anew() -> None:
    line = Line()
    line.feed(line.passing(s=100), s=100)
    (passing,) = line.feed(line.passing(s=200), s=0, boot_id="next").passings
    assert (passing.boot_id, passing.mono_ns) == ("next", MONO_NS)


def test_a_resent_passing_with_a_senseless_time_is_kept_without_it() -> None:
    line = Line()
    line.device = SimulatedP3(first_passing_number=5)
    line.feed(line.passing(s=0), s=0)
    line.device = SimulatedP3(first_passing_number=3)
    senseless = line.device.passing(transponder=7, rtc_us=2**62 - 1)
    for data in (line.passing(s=1), senseless):
        for passing in line.feed(data, s=5).passings:
            assert passing.mono_ns < 2**62
            assert passing.uncertainty_ns < 2**62


def test_a_number_that_never_was_missing_is_no_old_one_so_its_clock_is_looked_at() -> None:
    """The decoder began at 1 again with its clock set back an hour; then its clock is set back once more."""
    line = Line()
    line.device = SimulatedP3(first_passing_number=5)
    line.feed(line.passing(s=3_600), s=0)
    line.device = SimulatedP3()
    for s in (10, 13, 16):
        (passing,) = line.feed(line.passing(s=s), s=s).passings
        assert abs(passing.mono_ns - (MONO_NS + s * 1_000_000_000)) <= passing.uncertainty_ns < 10**9
    (closing,) = line.feed(line.passing(s=16.5), s=17.5).passings  # it shows a second less from here on
    assert closing.seq == 4
    assert closing.flag == "clock-doubt"
    assert closing.uncertainty_ns > 1_000_000_000
