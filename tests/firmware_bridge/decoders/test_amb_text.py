from dataclasses import replace

import pytest

from firmware_bridge.decoders.amb_text import (
    AmbTextDecoder,
    AmbTextOther,
    AmbTextPassing,
    AmbTextStatus,
    encode_passing,
    encode_status,
)
from firmware_bridge.decoders.decoder import Damaged, Event, Gap
from tests.firmware_bridge.decoders.recorded_samples import (
    AMB_PASSING,
    AMB_PASSING_LINE,
    AMB_STRETCH,
    amb_line,
)


def passing(seq: int, *, time_us: int | None = None) -> bytes:
    return encode_passing(
        replace(AMB_PASSING, seq=seq, time_us=seq * 1_000_000 if time_us is None else time_us)
    )


def gaps(events: list[Event]) -> list[tuple[int, int]]:
    return [(event.first_missing, event.last_missing) for event in events if isinstance(event, Gap)]


def test_a_stretch_of_a_vostok_with_lines_lost_twice() -> None:
    events = AmbTextDecoder().feed(AMB_STRETCH)
    assert gaps(events) == [(1382, 1383)]
    assert [event.time_us for event in events if isinstance(event, AmbTextPassing)] == [
        2_434_835_000,
        2_438_000_000,
        2_444_320_000,
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("# 20 0 72 0 x6B89", AmbTextStatus(seq=0, noise=72)),
        ("# 101 1380 0 xF64A", AmbTextStatus(seq=1380, noise=0)),
        ("$ 40 3 5 28800 xF9EB", AmbTextOther(seq=3, type="$", fields=["5", "28800"])),
        (
            "@ 20 27 3885036 688.41 70 103 2 x4C27",
            AmbTextPassing(seq=27, transponder=3885036, time_us=688_410_000, hits=70, strength=103, status=2),
        ),
        (
            "@ 101 9788 8110984 52083.691 127 40 2 x3DAF",
            AmbTextPassing(
                seq=9788, transponder=8110984, time_us=52_083_691_000, hits=127, strength=40, status=2
            ),
        ),
    ],
)
def test_recorded_lines_of_three_decoder_types(line: str, expected: Event) -> None:
    assert AmbTextDecoder().feed(amb_line(line)) == [expected]


def test_encoding_gives_the_recorded_bytes() -> None:
    assert encode_passing(AMB_PASSING) == AMB_PASSING_LINE
    assert encode_status(AmbTextStatus(seq=0, noise=72)) == amb_line("# 20 0 72 0 x6B89")


def test_a_number_written_anew_no_longer_fits_its_checksum() -> None:
    (event,) = AmbTextDecoder().feed(amb_line("@ 101 12 3444425 46.82 61 40 2 xE934"))
    assert isinstance(event, Damaged)
    assert AmbTextDecoder().feed(amb_line("@ 101 12 3444425 46.820 61 40 2 xE934")) != [event]


def test_a_line_cut_by_the_next_is_damaged_and_the_next_is_read() -> None:
    events = AmbTextDecoder().feed(AMB_PASSING_LINE[:20] + AMB_PASSING_LINE)
    assert events == [Damaged(offset=0, length=20, reason="no checksum"), AMB_PASSING]


def test_a_restart_is_no_gap_and_the_counting_goes_on() -> None:
    events = AmbTextDecoder().feed(
        passing(900) + passing(0, time_us=5) + passing(1, time_us=6) + passing(3, time_us=7)
    )
    assert gaps(events) == [(2, 2)]


def test_status_lines_count_in_the_sequence() -> None:
    stream = passing(5) + encode_status(AmbTextStatus(seq=6, noise=1)) + passing(7) + passing(9)
    assert gaps(AmbTextDecoder().feed(stream)) == [(8, 8)]


def test_a_line_delivered_twice_counts_once() -> None:
    decoder = AmbTextDecoder()
    assert len(decoder.feed(passing(5) + passing(6) + passing(5) + passing(6) + passing(7))) == 3
    assert (decoder.counters.duplicates, decoder.counters.gaps) == (2, 0)


def test_a_line_without_checksum_passes_only_where_asked_for_and_is_marked() -> None:
    line = b"\x01@\t20\t2\t8533156\t596.126\t400\t163\t2\r\n"
    assert isinstance(AmbTextDecoder().feed(line)[0], Damaged)
    (event,) = AmbTextDecoder(accept_unchecked=True).feed(line)
    assert event == replace(AMB_PASSING, is_checked=False)
    assert event.as_fields()["unchecked"] is True


@pytest.mark.parametrize("seconds", ["1", "12.5", "1234567890123.123456789"])
def test_seconds_of_any_length_are_read_exactly(seconds: str) -> None:
    whole, _, fraction = seconds.partition(".")
    line = b"\x01@\t20\t2\t8533156\t" + seconds.encode() + b"\t400\t163\t2\t\r\n"
    (event,) = AmbTextDecoder(accept_unchecked=True).feed(line)
    assert isinstance(event, AmbTextPassing)
    assert event.time_us == int(whole + fraction[:6].ljust(6, "0"))


def test_a_checksum_over_nothing_is_damage() -> None:
    for line in (b"\x01\tx3442\r", b"\x01x1234\r", b"\x01\t\r", b"\t\r"):
        assert isinstance(AmbTextDecoder(accept_unchecked=True).feed(line)[0], Damaged)
