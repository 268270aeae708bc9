from firmware_bridge.decoders.decoder import Damaged
from firmware_bridge.decoders.lane_timers import (
    ChampDecoder,
    FastTrackDecoder,
    HeatResult,
    LaneTime,
    encode_result,
)
from tests.firmware_bridge.decoders.recorded_samples import (
    CHAMP_LINE,
    CHAMP_RESULT,
    FASTTRACK_LINE,
    FASTTRACK_RESULT,
)


def test_seconds_of_any_number_of_digits() -> None:
    (event,) = FastTrackDecoder().feed(b'A=10.009" B=9.5! C=123.4567891#\r')
    assert event == HeatResult(
        lanes=(
            LaneTime(lane=1, time_us=10_009_000, place=2),
            LaneTime(lane=2, time_us=9_500_000, place=1),
            LaneTime(lane=3, time_us=123_456_789, place=3),
        )
    )


def test_lanes_may_be_numbers() -> None:
    (event,) = ChampDecoder().feed(b"1=2.9108 2=2.5571\r\n")
    assert event == HeatResult(
        lanes=(
            LaneTime(lane=1, time_us=2_910_800, place=None),
            LaneTime(lane=2, time_us=2_557_100, place=None),
        )
    )


def test_echoes_and_known_answers_are_no_damage_and_no_result() -> None:
    fast_track, champ = FastTrackDecoder(), ChampDecoder()
    talk = b"Copyright (c) Micro Wizard 2002-2008\r\nK3 Version 1.09A  Serial Number 15985\r\nRG0\r\n*\r\n"
    assert fast_track.feed(talk + b"RA" + FASTTRACK_LINE) == [FASTTRACK_RESULT]
    talk = b"eTekGadget SmartLine Timer v20.06 (B0007)\r\n4\r\n1\r\nrg\r\n?\r\n"
    assert champ.feed(talk + CHAMP_LINE) == [CHAMP_RESULT]
    assert fast_track.counters.frames_damaged == champ.counters.frames_damaged == 0


def test_other_text_is_damage() -> None:
    (event,) = FastTrackDecoder().feed(b"hello world\r\n")
    assert isinstance(event, Damaged)


def test_an_unended_result_counts_only_where_no_place_is_missing() -> None:
    whole = FASTTRACK_LINE.rstrip()
    decoder = FastTrackDecoder()
    assert decoder.feed(whole) + decoder.finish() == [FASTTRACK_RESULT]
    decoder = FastTrackDecoder()
    (event,) = decoder.feed(whole[:26]) + decoder.finish()
    assert isinstance(event, Damaged)


def test_a_lane_twice_is_damage() -> None:
    (event,) = FastTrackDecoder().feed(b"B=1.000 A=1.000 A=1.000\r")
    assert isinstance(event, Damaged)


def test_encoding_gives_the_recorded_bytes() -> None:
    assert encode_result(FASTTRACK_RESULT.lanes) == FASTTRACK_LINE
    assert encode_result(CHAMP_RESULT.lanes, decimals=4) == CHAMP_LINE
