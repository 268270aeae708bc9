from dataclasses import replace

import pytest

from firmware_bridge.decoders.alge import (
    AlgeAnnouncement,
    AlgeDecoder,
    AlgeImpulse,
    AlgeNet,
    AlgeText,
    encode_announcement,
    encode_impulse,
    encode_net,
)
from firmware_bridge.decoders.decoder import Damaged, Event
from tests.firmware_bridge.decoders.recorded_samples import ALGE_IMPULSE, ALGE_IMPULSE_LINE, ALGE_STRETCH

RANKING = b"""\
                                \r
CLASSEMENT:\r
                                \r
ALL\r
                                \r
RUN TIME\r
                                \r
 0001 RTM 00:00:13.39   00 0001\r
 0004 RTM 00:00:13.89   00 0003\r
                                \r
  ALGE TIMING\r
   TdC  8001\r
  DEU V 18.92\r
21-11-28  17:04\r
"""


def decoded(line: str) -> list[Event]:
    return AlgeDecoder().feed(line.encode("ascii") + b"\r")


def impulses(events: list[Event]) -> list[AlgeImpulse]:
    return [event for event in events if isinstance(event, AlgeImpulse)]


def test_a_race_day_keeps_every_line_in_its_order_with_its_flag() -> None:
    events = AlgeDecoder().feed(ALGE_STRETCH)
    assert [event.as_fields()["flag"] for event in events] == list("n cn?   cii")
    assert events[-1] == AlgeNet(flag="i", number=43, channel="RT", time_us=54_860_000)
    assert events[1] == AlgeImpulse(
        flag=" ", number=1, channel="C0", manual=True, time_of_day_us=32_438_760_000
    )
    assert events[0].as_fields() == {"kind": "announcement", "flag": "n", "number": 1}


def test_the_net_time_is_what_the_impulses_give() -> None:
    stream = (
        b" 0001 C0  10:04:55.6513 00\r 0001 C1  10:05:55.4113 00\r 0001 RT  00:00:59.76   00\r"
        b" 0131 C0  12:31:49.1918 00\r 0131 C1  12:32:47.4912 00\r 0131 RT  00:00:58.29   00\r"
    )
    events = AlgeDecoder().feed(stream)
    for start, finish, net in (events[:3], events[3:]):
        assert isinstance(start, AlgeImpulse)
        assert isinstance(finish, AlgeImpulse)
        assert isinstance(net, AlgeNet)
        run_us = finish.time_of_day_us - start.time_of_day_us
        assert net.time_us == run_us - run_us % 10_000  # the device cuts to hundredths


@pytest.mark.parametrize("line_end", [b"\r", b"\n", b"\r\n"])
def test_line_ends_of_every_kind(line_end: bytes) -> None:
    stream = ALGE_STRETCH.replace(b"\n", line_end)
    assert AlgeDecoder().feed(stream) == AlgeDecoder().feed(ALGE_STRETCH)


@pytest.mark.parametrize(
    ("line", "time_us", "decimals"),
    [
        ("?0034 C1M 21:46:48.1230 00", 78_408_123_000, 4),
        ("?0034 C1M 21:46:48.123  00", 78_408_123_000, 3),
        ("?0034 C1M 21:46:48.12   00", 78_408_120_000, 2),
        ("?0034 C1M 21:46:48.1    00", 78_408_100_000, 1),
        ("?0034 C1M 21:46:48      00", 78_408_000_000, 0),
        ("?0034 C1M 21:46:48.1234567 00", 78_408_123_456, 4),
    ],
)
def test_decimals_of_any_number(line: str, time_us: int, decimals: int) -> None:
    said = AlgeImpulse(
        flag="?", number=34, channel="C1", manual=True, time_of_day_us=time_us, decimals=decimals
    )
    assert decoded(line) == [said]


def test_seconds_of_any_number_of_digits() -> None:
    assert decoded(" 0001 RT  00:00:123.45 00") == [
        AlgeNet(flag=" ", number=1, channel="RT", time_us=123_450_000)
    ]


def test_the_lane_of_a_parallel_slalom_is_shown_only_where_there_is_one() -> None:
    (red,) = decoded(" 0003rC1  16:01:56.6585 00")
    assert red.as_fields()["lane"] == "r"
    assert "lane" not in ALGE_IMPULSE.as_fields()


def test_a_ranking_gives_its_net_times_and_its_captions_do_no_harm() -> None:
    decoder = AlgeDecoder()
    assert decoder.feed(RANKING + ALGE_IMPULSE_LINE) == [
        AlgeNet(flag=" ", number=1, channel="RT", time_us=13_390_000),
        AlgeNet(flag=" ", number=4, channel="RT", time_us=13_890_000),
        ALGE_IMPULSE,
    ]
    assert decoder.counters.frames_damaged == 0


def test_captions_without_a_ranking_are_damage() -> None:
    assert isinstance(decoded("ALL")[0], Damaged)


def test_a_line_without_its_group_is_read_only_where_its_time_is_whole() -> None:
    assert decoded(" 0001 C0  10:04:55.6513") == [ALGE_IMPULSE]
    assert decoded(" 0001 C0  10:04:55.6513 0") == [ALGE_IMPULSE]
    assert isinstance(decoded(" 0001 RT  00:00:59.76")[0], AlgeNet)
    for cut in (" 0001 C0  10:04:55.651", " 0001 C0  10:04:5", " 0001 RT  00:00:59.7", " 0001 C0  "):
        assert isinstance(decoded(cut)[0], Damaged)


def test_the_last_line_may_lack_its_end_but_nothing_else() -> None:
    for length in range(6, len(ALGE_IMPULSE_LINE)):
        decoder = AlgeDecoder()
        events = decoder.feed(ALGE_IMPULSE_LINE[:length]) + decoder.finish()
        assert (events == [ALGE_IMPULSE]) == (length >= 26)


def test_the_checksum_of_a_line_is_checked_where_it_is_there() -> None:
    line = encode_impulse(ALGE_IMPULSE, with_checksum=True)
    assert AlgeDecoder().feed(line) == [ALGE_IMPULSE]
    (event,) = AlgeDecoder().feed(line.replace(b"55.6", b"55.7"))
    assert isinstance(event, Damaged)
    assert event.reason == "checksum does not hold"


def test_a_line_glued_to_half_a_line_is_read() -> None:
    events = AlgeDecoder().feed(b" 0001 C0  10:0" + ALGE_IMPULSE_LINE)
    assert events == [Damaged(offset=0, length=14, reason="bytes in front of a timing line"), ALGE_IMPULSE]


def test_the_same_line_twice_is_two_decisions() -> None:
    inserted = replace(ALGE_IMPULSE, flag="i")
    cancelled = replace(ALGE_IMPULSE, flag="c")
    story: list[AlgeImpulse] = [inserted, cancelled, inserted]
    assert AlgeDecoder().feed(b"".join(map(encode_impulse, story))) == story


def test_encoding_gives_the_recorded_bytes() -> None:
    assert encode_impulse(ALGE_IMPULSE) == ALGE_IMPULSE_LINE
    net = AlgeNet(flag=" ", number=1, channel="RT", time_us=59_760_000)
    assert encode_net(net) == b" 0001 RT  00:00:59.76   00\r"
    assert encode_announcement(AlgeAnnouncement(flag="n", number=1)) == b"n0001\r"


def test_what_the_device_says_of_itself_is_read_and_half_a_timing_line_is_not() -> None:
    assert decoded("  PULSE HOLD  C1") == [AlgeText(text="PULSE HOLD  C1")]
    assert decoded("TIMY V 0974") == [AlgeText(text="TIMY V 0974")]
    line = encode_impulse(ALGE_IMPULSE).decode("ascii").rstrip("\r")
    for at in range(1, len(line)):
        assert not any(isinstance(event, AlgeText) for event in decoded(line[:at]) + decoded(line[at:]))
