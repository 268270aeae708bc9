import struct
from dataclasses import replace

from firmware_bridge.decoders.decoder import Damaged, Event, Gap
from firmware_bridge.decoders.p3 import (
    DECODERS_MAX_COUNT,
    P3Decoder,
    P3Passing,
    P3Status,
    P3Time,
    encode_passing,
    encode_status,
    request_resend,
    request_time,
    request_version,
)
from firmware_bridge.decoders.p3_frame import RecordType, amb_checksum, encode_frame, escape, unescape
from firmware_bridge.simulated.p3_simulator import SimulatedP3
from tests.firmware_bridge.decoders.recorded_samples import P3_DAY, P3_PASSING, P3_PASSING_FRAME

SECOND_US = 1_000_000


def passing(number: int, *, rtc_us: int | None = None, decoder: int = 1) -> P3Passing:
    seconds_us = 1_700_000_000 * SECOND_US + number * SECOND_US if rtc_us is None else rtc_us
    return replace(P3_PASSING, passing_number=number, rtc_us=seconds_us, decoder=decoder)


def decoded(*passings: P3Passing) -> list[Event]:
    return P3Decoder().feed(b"".join(map(encode_passing, passings)))


def gaps(events: list[Event]) -> list[tuple[int, int]]:
    return [(event.first_missing, event.last_missing) for event in events if isinstance(event, Gap)]


def test_checksum_gives_the_published_check_value() -> None:
    assert amb_checksum(b"123456789") == 0xA69D


def test_a_day_of_karting_with_an_escape_a_checksum_of_0000_and_a_gap() -> None:
    decoder = P3Decoder()
    events = decoder.feed(P3_DAY)
    assert events[0] == P3Status(noise=39, temperature=22, supply_decivolt=118, decoder=268307)
    assert events[1] == P3Status(noise=49, temperature=22, supply_decivolt=118, decoder=268307)
    numbers = [event.passing_number for event in events if isinstance(event, P3Passing)]
    assert numbers == [157820, 157821, 157828, 157830]
    assert gaps(events) == [(157822, 157827), (157829, 157829)]
    assert decoder.counters.frames_good == 6
    assert decoder.counters.gaps == 2
    assert decoder.counters.frames_damaged == 0


def test_fields_of_another_decoder_model_are_read_in_its_order() -> None:
    frame = bytes.fromhex("8e021f0018c30000020001023b0007020a000601010a01008104d0000c008f")
    assert P3Decoder().feed(frame) == [
        P3Status(noise=59, temperature=10, supply_decivolt=None, decoder=0x000C00D0)
    ]


def test_a_gate_passing_has_nulls_for_what_it_lacks() -> None:
    gate = replace(P3_PASSING, transponder=9992, strength=None, hits=None, flags=None)
    (event,) = decoded(gate)
    assert event.as_fields() == {
        "kind": "passing",
        "passing_number": 113736,
        "transponder": 9992,
        "rtc_us": 1_437_769_372_993_000,
        "strength": None,
        "hits": None,
        "flags": None,
        "decoder": 135059,
    }


def test_encoding_gives_the_recorded_bytes() -> None:
    assert encode_passing(P3_PASSING) == P3_PASSING_FRAME


def test_requests_are_the_published_ones() -> None:
    assert request_time() == bytes.fromhex("8e0211004e4e000024000100040005008f")
    assert request_version() == bytes.fromhex("8e021700f50a0000030001000200030004000800 0a008f")
    assert request_resend(711881, 711881) == bytes.fromhex("8e0217007fc3000004000104c9dc0a000204c9dc0a008f")


def test_escaping_comes_undone_for_every_byte() -> None:
    frame = b"\x8e" + bytes(range(256)) + b"\x8f"
    assert unescape(escape(frame)) == frame
    assert escape(frame).count(b"\x8e") == escape(frame).count(b"\x8f") == 1


def test_one_flipped_bit_is_damage_and_nothing_else_is_lost() -> None:
    flipped = bytearray(P3_PASSING_FRAME)
    flipped[14] ^= 0x04
    heartbeat = P3Status(noise=40, temperature=22, supply_decivolt=119, decoder=1)
    before = encode_status(heartbeat)
    assert P3Decoder().feed(before + bytes(flipped) + P3_PASSING_FRAME) == [
        heartbeat,
        Damaged(offset=len(before), length=51, reason="checksum does not hold"),
        P3_PASSING,
    ]


def test_line_ends_that_a_recorder_put_between_records_are_no_damage() -> None:
    decoder = P3Decoder()
    assert decoder.feed(P3_PASSING_FRAME + b"\r\n" + P3_PASSING_FRAME + b"\n") == [P3_PASSING]
    assert (decoder.counters.duplicates, decoder.counters.frames_damaged) == (1, 0)


def test_checksum_0000_passes_only_where_asked_for_and_is_marked() -> None:
    unchecked = bytearray(P3_PASSING_FRAME)
    struct.pack_into("<H", unchecked, 4, 0)
    (refused,) = P3Decoder().feed(bytes(unchecked))
    assert isinstance(refused, Damaged)
    (accepted,) = P3Decoder(accept_unchecked=True).feed(bytes(unchecked))
    assert accepted == replace(P3_PASSING, is_checked=False)
    assert accepted.as_fields()["unchecked"] is True
    assert "unchecked" not in P3_PASSING.as_fields()


def test_a_wrong_checksum_never_passes() -> None:
    wrong = bytearray(P3_PASSING_FRAME)
    struct.pack_into("<H", wrong, 4, 0x1234)
    assert isinstance(P3Decoder(accept_unchecked=True).feed(bytes(wrong))[0], Damaged)


def test_a_field_running_over_the_end_is_damage() -> None:
    frame = encode_frame(RecordType.PASSING, [(0x01, b"\1\0\0\0")])
    lying = bytearray(frame)
    lying[11] = 0x7F
    struct.pack_into("<H", lying, 4, 0)
    struct.pack_into("<H", lying, 4, amb_checksum(bytes(lying)))
    (event,) = P3Decoder().feed(bytes(lying))
    assert isinstance(event, Damaged)
    assert event.reason == "a field runs over the end of the record"


def test_a_loss_is_named_before_the_passing_that_shows_it() -> None:
    events = decoded(passing(7), passing(10))
    assert events == [passing(7), Gap(first_missing=8, last_missing=9), passing(10)]


def test_passings_sent_again_fill_a_gap_without_opening_another() -> None:
    events = decoded(passing(7), passing(10), passing(8), passing(9), passing(11))
    assert gaps(events) == [(8, 9)]
    assert [event.passing_number for event in events if isinstance(event, P3Passing)] == [7, 10, 8, 9, 11]


def test_a_restarted_decoder_counts_from_the_start_and_that_is_no_gap() -> None:
    later_us = 1_800_000_000 * SECOND_US
    before, after = passing(113_736), [passing(1, rtc_us=later_us), passing(3, rtc_us=later_us + 1)]
    assert gaps(decoded(before, *after)) == [(2, 2)]


def test_a_restarted_decoder_that_lost_its_clock_is_no_gap_either() -> None:
    assert gaps(
        decoded(passing(113_736), passing(1, rtc_us=5), passing(2, rtc_us=6), passing(4, rtc_us=7))
    ) == [(3, 3)]


def test_the_passing_number_may_wrap() -> None:
    latest = 2**32 - 1
    start_us = 1_700_000_000 * SECOND_US
    events = decoded(
        passing(latest - 1, rtc_us=start_us), passing(latest, rtc_us=start_us), passing(0, rtc_us=start_us)
    )
    assert gaps(events) == []


def test_each_decoder_has_numbers_of_its_own() -> None:
    assert gaps(decoded(passing(7, decoder=1), passing(900, decoder=2), passing(8, decoder=1))) == []


def test_the_same_number_after_a_restart_is_another_passing() -> None:
    first, second = passing(1), passing(1, rtc_us=1_800_000_000 * SECOND_US)
    assert decoded(first, second) == [first, second]


def test_an_endless_row_of_decoders_does_not_fill_the_memory() -> None:
    decoder = P3Decoder()
    for number in range(3 * DECODERS_MAX_COUNT):
        decoder.feed(encode_passing(passing(1, decoder=number)))
    assert len(decoder._sequences) == DECODERS_MAX_COUNT


def test_the_simulated_decoder_sends_again_what_it_is_asked_for() -> None:
    simulated, decoder = SimulatedP3(), P3Decoder()
    records = [simulated.passing(transponder=5, rtc_us=number * SECOND_US) for number in range(1, 6)]
    events = decoder.feed(records[0] + records[3] + simulated.status())
    assert gaps(events) == [(2, 3)]
    request = request_resend(2, 3)
    answer = b"".join(simulated.receive(request[at : at + 1]) for at in range(len(request)))
    assert [event.passing_number for event in decoder.feed(answer) if isinstance(event, P3Passing)] == [2, 3]
    (time,) = decoder.feed(simulated.receive(request_time()))
    assert isinstance(time, P3Time)
    assert time.rtc_us == 5 * SECOND_US
