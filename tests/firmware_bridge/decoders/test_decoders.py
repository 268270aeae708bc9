"""What holds for every decoder: cuts do not matter, garbage does no harm, memory and work stay bounded."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.decoders.decoder import Counters, Damaged, Decoder, Event, FramedDecoder
from tests.firmware_bridge.decoders.recorded_samples import PROTOCOLS, Protocol

NAMES = list(PROTOCOLS)
MEGABYTE = 1_000_000
SEPARATOR = {"alge": b"\r", "fasttrack": b"\r", "champ": b"\r"}


def run(decoder: Decoder, *parts: bytes) -> tuple[list[Event], Counters]:
    events = [event for part in parts for event in decoder.feed(part)]
    return events + decoder.finish(), decoder.counters


def waiting_length(decoder: Decoder) -> int:
    assert isinstance(decoder, FramedDecoder)
    return decoder._splitter.waiting_length


def skipped(events: list[Event]) -> int:
    return sum(event.length for event in events if isinstance(event, Damaged))


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def protocol(name: str) -> Protocol:
    return PROTOCOLS[name]


def test_the_sample_decodes_to_the_stated_values(protocol: Protocol) -> None:
    events, counters = run(protocol.decoder(), protocol.good_frame)
    assert events[0] == protocol.good_event
    assert (counters.frames_good, counters.frames_damaged, counters.bytes_skipped) == (1, 0, 0)


def test_every_cut_gives_the_same_events(protocol: Protocol) -> None:
    stretch = b"\xffhalf" + protocol.stretch + protocol.good_frame[:7]
    whole = run(protocol.decoder(), stretch)
    for at in range(len(stretch) + 1):
        assert run(protocol.decoder(), stretch[:at], stretch[at:]) == whole
    assert run(protocol.decoder(), *(stretch[at : at + 1] for at in range(len(stretch)))) == whole


def test_half_frame_at_the_end_is_reported_once(protocol: Protocol) -> None:
    half = protocol.good_frame[: len(protocol.good_frame) // 2]
    events, counters = run(protocol.decoder(), protocol.good_frame + half)
    assert events[0] == protocol.good_event
    assert isinstance(events[-1], Damaged)
    assert (events[-1].offset, events[-1].length) == (len(protocol.good_frame), len(half))
    assert counters.frames_damaged == 1


def test_half_frame_before_a_whole_one_costs_only_itself(name: str, protocol: Protocol) -> None:
    half = protocol.good_frame[: len(protocol.good_frame) // 2]
    events, counters = run(protocol.decoder(), half + protocol.good_frame)
    assert protocol.good_event in events
    assert counters.frames_damaged == 1
    # A message has no start marker: the tail of the half is taken for the source's name of the next one.
    assert 0 < skipped(events) == counters.bytes_skipped <= len(half)
    assert name == "tns" or skipped(events) == len(half)


def test_line_of_a_megabyte(protocol: Protocol) -> None:
    decoder = protocol.decoder()
    events = decoder.feed(b"A" * MEGABYTE)
    assert waiting_length(decoder) < 200_000
    assert protocol.good_event in events + decoder.feed(protocol.good_frame)


def test_nul_storm(protocol: Protocol) -> None:
    decoder = protocol.decoder()
    for _ in range(MEGABYTE // 1000):
        assert decoder.feed(bytes(1000)) == []
        assert waiting_length(decoder) < 200_000
    assert protocol.good_event in decoder.feed(protocol.good_frame)


def test_baud_mismatch(name: str, protocol: Protocol) -> None:
    smeared = b"".join(bytes([value << 1 & 0xFF, value | 0x80, 0xFF]) for value in protocol.stretch * 50)
    decoder = protocol.decoder()
    events = decoder.feed(smeared + SEPARATOR.get(name, b""))
    assert all(isinstance(event, Damaged) for event in events)
    assert protocol.good_event in decoder.feed(protocol.good_frame)


def test_a_device_that_resends_for_ever_counts_once() -> None:
    for name in ("p3", "amb-text", "tns"):
        protocol = PROTOCOLS[name]
        decoder = protocol.decoder()
        events = decoder.feed(protocol.good_frame * 1000)
        assert events.count(protocol.good_event) == 1
        assert decoder.counters.duplicates == 999
        assert decoder.counters.gaps == 0


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_after_any_garbage_the_next_good_frame_is_decoded(name: str, data: st.DataObject) -> None:
    protocol = PROTOCOLS[name]
    pieces = st.one_of(
        st.binary(max_size=80),
        st.just(protocol.good_frame),
        st.integers(0, len(protocol.stretch)).map(lambda at: protocol.stretch[at : at + 40]),
        st.sampled_from(
            [b"\x8e", b"\x8f", b"\x8d", b"\x01", b"\r", b"\n", b"$", b"@", b"=", b"\t", b"\0" * 9]
        ),
    )
    garbage = b"".join(data.draw(st.lists(pieces, max_size=12)))
    # A frame that begins in the middle of a line cannot be told from its garbage by length alone.
    stream = garbage + SEPARATOR.get(name, b"") + protocol.good_frame
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=4)))
    parts = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    events, counters = run(protocol.decoder(), *parts)
    assert (events, counters) == run(protocol.decoder(), stream)
    assert protocol.good_event in events
    assert counters.bytes_skipped == skipped(events) <= len(stream)
    assert counters.frames_damaged == sum(isinstance(event, Damaged) for event in events)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=4000))
def test_damage_is_in_order_and_never_overlaps(name: str, garbage: bytes) -> None:
    end = 0
    for event in run(PROTOCOLS[name].decoder(), garbage)[0]:
        if isinstance(event, Damaged):
            assert event.offset >= end
            assert event.length > 0
            end = event.offset + event.length
    assert end <= len(garbage)
