"""Our sensor line: what is whole is read once, whatever comes between."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.decoders.beamline import (
    COUNTER_SPAN_US,
    IDENTIFY,
    Acknowledgement,
    BeamlineDecoder,
    BeamPassing,
    Heartbeat,
    Hello,
    HostLineReader,
    Identify,
    encode_acknowledgement,
    encode_beam_passing,
    encode_heartbeat,
    encode_hello,
    frame,
    unwrap,
)
from firmware_bridge.decoders.decoder import Damaged, Event, Gap
from firmware_bridge.simulated.simulated_sensor import NoisyWire

BOOT = "9f3a01c2"


def beam_passing(seq: int, *, boot: str = BOOT, unwrapped_us: int | None = None) -> BeamPassing:
    unwrapped_us = seq * 3_000_000 if unwrapped_us is None else unwrapped_us
    return BeamPassing(
        boot=boot,
        seq=seq,
        channel=1,
        tick_us=unwrapped_us % COUNTER_SPAN_US,
        unwrapped_us=unwrapped_us,
        uptime_s=unwrapped_us // 1_000_000,
        blocked_us=0,
    )


def heartbeat(*, last_seq: int, oldest_seq: int | None = None, unwrapped_us: int = 5_000_000) -> Heartbeat:
    return Heartbeat(
        boot=BOOT,
        last_seq=last_seq,
        oldest_seq=last_seq + 1 if oldest_seq is None else oldest_seq,
        tick_us=unwrapped_us % COUNTER_SPAN_US,
        unwrapped_us=unwrapped_us,
        uptime_s=unwrapped_us // 1_000_000,
        levels=0b10,
        overruns=0,
    )


HELLO = Hello(boot=BOOT, protocol=1, firmware="1.0.2", device="E6614C311B4C2A31")


def decode(data: bytes) -> list[Event]:
    decoder = BeamlineDecoder()
    return decoder.feed(data) + decoder.finish()


def passings(events: list[Event]) -> list[int]:
    return [event.seq for event in events if isinstance(event, BeamPassing)]


def test_a_written_line_is_the_documented_one() -> None:
    assert (
        encode_beam_passing(beam_passing(17, unwrapped_us=COUNTER_SPAN_US + 5))
        == b"T,9f3a01c2,17,1,5,1073,0*481F\n"
    )
    assert IDENTIFY == b"?*264C\n"


def test_every_kind_of_line_comes_back_as_written() -> None:
    data = (
        encode_hello(HELLO) + encode_heartbeat(heartbeat(last_seq=0)) + encode_beam_passing(beam_passing(1))
    )
    assert decode(data) == [HELLO, heartbeat(last_seq=0), beam_passing(1)]


def test_events_do_not_depend_on_where_the_stream_is_cut() -> None:
    data = (
        encode_hello(HELLO)
        + b"\x00\xffT,9f"
        + encode_beam_passing(beam_passing(1))
        + b"noise\r\n"
        + encode_beam_passing(beam_passing(3))
    )
    whole = decode(data)
    for cut in range(len(data) + 1):
        decoder = BeamlineDecoder()
        assert decoder.feed(data[:cut]) + decoder.feed(data[cut:]) + decoder.finish() == whole
    decoder = BeamlineDecoder()
    assert [event for byte in data for event in decoder.feed(bytes([byte]))] == whole


@pytest.mark.parametrize("wraps", [0, 1, 2, 300])
@pytest.mark.parametrize("into_us", [0, 1, 999_999, COUNTER_SPAN_US // 2, COUNTER_SPAN_US - 1])
def test_the_counter_is_unwrapped_from_the_uptime_alone(wraps: int, into_us: int) -> None:
    counted_us = wraps * COUNTER_SPAN_US + into_us
    for uptime_error_s in (0, 1, 500, -500):
        assert unwrap(into_us, counted_us // 1_000_000 + uptime_error_s) == counted_us


def test_two_equal_bit_flips_are_noticed() -> None:
    line = bytearray(encode_beam_passing(beam_passing(17)))
    line[11] ^= 0x01
    line[15] ^= 0x01
    assert passings(decode(bytes(line))) == []


def test_a_cut_line_does_not_take_the_next_one_with_it() -> None:
    first, second = encode_beam_passing(beam_passing(1)), encode_beam_passing(beam_passing(2))
    for length in range(len(first)):
        assert passings(decode(first[:length] + second)) == [2]


def test_a_repeat_is_counted_and_reported_once() -> None:
    decoder = BeamlineDecoder()
    events = decoder.feed(
        encode_beam_passing(beam_passing(1))
        + encode_beam_passing(beam_passing(2))
        + encode_beam_passing(beam_passing(1))
    )
    assert passings(events) == [1, 2]
    assert decoder.counters.duplicates == 1
    assert passings(decoder.feed(encode_beam_passing(beam_passing(1, boot="00000001")))) == [1]


def test_a_lost_passing_is_a_gap_until_it_is_sent_again() -> None:
    decoder = BeamlineDecoder()
    data = (
        encode_beam_passing(beam_passing(1))
        + encode_beam_passing(beam_passing(4))
        + encode_beam_passing(beam_passing(2))
        + encode_beam_passing(beam_passing(3))
    )
    assert decoder.feed(data) == [
        beam_passing(1),
        Gap(first_missing=2, last_missing=3),
        beam_passing(4),
        beam_passing(2),
        beam_passing(3),
    ]
    assert (decoder.counters.gaps, decoder.counters.duplicates) == (1, 0)


def test_a_heartbeat_tells_of_passings_that_did_not_come() -> None:
    events = decode(
        encode_beam_passing(beam_passing(1)) + encode_heartbeat(heartbeat(last_seq=2, oldest_seq=1))
    )
    assert Gap(first_missing=2, last_missing=2) in events


def test_who_listens_in_mid_stream_misses_nothing_of_what_was_before() -> None:
    assert decode(encode_beam_passing(beam_passing(500))) == [beam_passing(500)]
    assert decode(encode_heartbeat(heartbeat(last_seq=500)) + encode_beam_passing(beam_passing(501)))[
        -1
    ] == beam_passing(501)


def test_damage_says_where_how_long_and_why() -> None:
    good = encode_beam_passing(beam_passing(1))
    decoder = BeamlineDecoder()
    assert decoder.feed(good + b"garbage\n" + b"\x00\x01" + good[:-1] + b"\n" + b"half") == [
        beam_passing(1),
        Damaged(offset=len(good), length=8, reason="no checksum at the end of the line"),
        Damaged(offset=len(good) + 8, length=2, reason="garbage before a line"),
    ]
    assert decoder.finish() == [
        Damaged(offset=2 * len(good) + 10, length=4, reason="the stream ended within a line")
    ]
    assert decoder.counters.bytes_skipped == 14


@pytest.mark.parametrize(
    "body",
    [
        b"T,9f3a01c2,0,1,5,0,0",
        b"T,9f3a01c2,1,1,1073741824,0,0",
        b"T,9f3a01c2,1,1,1073741823,0,0",
        b"H,9f3a01c2,3,5,1,1,0,0",
        b"T,9f3a01c2,1",
    ],
)
def test_a_line_with_impossible_fields_is_damaged(body: bytes) -> None:
    assert [type(event) for event in decode(frame(body))] == [Damaged]


@pytest.mark.parametrize(
    "storm", [b"x" * 1_000_000, bytes(1_000_000), b"T," * 500_000], ids=["x", "nul", "T,"]
)
def test_a_line_of_a_megabyte_is_one_damage_and_the_next_line_is_read(storm: bytes) -> None:
    decoder = BeamlineDecoder()
    events = [event for at in range(0, len(storm), 4096) for event in decoder.feed(storm[at : at + 4096])]
    assert events == []
    assert passings(decoder.feed(encode_beam_passing(beam_passing(1)))) == [1]


def test_a_device_that_resends_for_ever_fills_no_memory() -> None:
    decoder = BeamlineDecoder()
    decoder.feed(encode_beam_passing(beam_passing(7)) * 10_000)
    assert decoder.counters.duplicates == 9_999


@given(st.binary(max_size=400), st.integers(1, 50))
def test_after_any_garbage_the_next_line_is_read(garbage: bytes, chunk: int) -> None:
    data = garbage + encode_beam_passing(beam_passing(1))
    decoder = BeamlineDecoder()
    events = [event for at in range(0, len(data), chunk) for event in decoder.feed(data[at : at + chunk])]
    assert passings(events) == [1]


def test_what_leaves_a_noisy_wire_whole_is_read() -> None:
    wire, decoder = NoisyWire(random=Random(3)), BeamlineDecoder()
    for seq in range(1, 20_000):
        arrived = wire.carry(encode_beam_passing(beam_passing(seq)))
        assert (seq in passings(decoder.feed(arrived.data))) >= arrived.is_intact


def test_a_device_reads_its_host_and_ignores_what_is_damaged() -> None:
    reader = HostLineReader()
    data = encode_acknowledgement(Acknowledgement(boot=BOOT, seq=12)) + b"A,9f3a01c2,99*0000\n" + IDENTIFY
    assert [request for byte in data for request in reader.feed(bytes([byte]))] == [
        Acknowledgement(boot=BOOT, seq=12),
        Identify(),
    ]
    assert reader.feed(bytes(100_000)) == []
