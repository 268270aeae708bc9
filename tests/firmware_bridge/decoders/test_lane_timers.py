import pytest

from firmware_bridge.decoders.decoder import Damaged
from firmware_bridge.decoders.lane_timers import (
    CHAMP_BANNER,
    FASTTRACK_BANNER,
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


def lane(number: int, time_us: int | None, place: int | None) -> LaneTime:
    return LaneTime(lane=number, time_us=time_us, place=place)


ECHO_INSIDE = b'RG0\r\n*\r\nA=1.6412! B=2.0090" C=2.160LR\r\n*\r\n1# D=2.3088$ E=0.0000  F=0.0000\r\n'
K2_TALK = (
    b"RV\r\nCOPYRIGHT (c) MICRO WIZARD 2002\r\nK2 Version 1.05a  Serial Number 10000\r\n"
    b"RE\r\n*\r\nN1\r\n*\r\nN2\r\n*\r\nLR\r\n*\r\n"
)
Q1_TALK = (
    b"RV\r\nCopyright Micro Wizard 2021\r\nModel: Q1 v0.07.12\r\nSerial Number: 10000\r\n*\r\n"
    b"RE\r\n*\r\nRF\r\n1111 1111\r\n*\r\n"
)


def test_a_heat_torn_by_the_echo_of_a_question_is_no_heat() -> None:
    decoder = FastTrackDecoder()
    events = decoder.feed(ECHO_INSIDE)
    assert [type(event) for event in events] == [Damaged, Damaged]
    assert decoder.counters.frames_good == 0


def test_a_heat_torn_anywhere_is_never_shown_as_a_smaller_one() -> None:
    heat = b'A=1.641! B=2.009" C=2.160# D=2.308$ E=0.000  F=0.000'
    for at in range(1, len(heat)):
        events = FastTrackDecoder().feed(heat[:at] + b"RG0\r\n*\r\n" + heat[at:] + b"\r\n")
        results = [event for event in events if isinstance(event, HeatResult)]
        # Behind the last place nothing is lost but the lanes without a car.
        assert results == [] or at >= heat.index(b"$"), (at, results)


def test_after_damage_the_next_whole_heat_counts_again() -> None:
    decoder = FastTrackDecoder()
    decoder.feed(ECHO_INSIDE)
    assert decoder.feed(FASTTRACK_LINE) == [FASTTRACK_RESULT]
    assert decoder.feed(FASTTRACK_LINE) == [FASTTRACK_RESULT]


@pytest.mark.parametrize(
    "line", [b'A=1.0" B=2.0#', b"D=2.3$ E=0.000", b"A=1.0! B=2.0# C=3.0$", b"A=1.0! B=2.0! C=3.0%"]
)
def test_places_that_are_not_one_to_n_are_no_heat(line: bytes) -> None:
    (event,) = FastTrackDecoder().feed(line + b"\r\n")
    assert isinstance(event, Damaged)
    assert event.reason == "places are missing"


@pytest.mark.parametrize("line", [b"A=1.0! B=1.0! C=3.0#", b'A=1.0! B=1.0! C=3.0"'])
def test_two_cars_may_share_a_place(line: bytes) -> None:
    (event,) = FastTrackDecoder().feed(line + b"\r\n")
    assert isinstance(event, HeatResult)


def test_a_winner_at_zero_is_first_and_nines_without_a_place_did_not_finish() -> None:
    (event,) = ChampDecoder().feed(b'A=0.000! B=0.112" C=0.305# D=9.999 E=0.000 \r')
    assert event == HeatResult(
        lanes=(
            lane(1, 0, 1),
            lane(2, 112_000, 2),
            lane(3, 305_000, 3),
            lane(4, None, None),
            lane(5, None, None),
        )
    )


@pytest.mark.parametrize("line", [b"A=9.999  B=9.999  C=9.999\r\n", b"A=9.9999 B=0.0000 C=9.9999 \r\n"])
def test_nines_in_all_lanes_are_a_heat_that_nobody_finished(line: bytes) -> None:
    """A gate that bounced, or a reset, ends a heat at once with ten seconds for each."""
    for decoder in (ChampDecoder(), FastTrackDecoder()):
        (event,) = decoder.feed(line)
        assert isinstance(event, HeatResult)
        assert [(lane.time_us, lane.place) for lane in event.lanes] == [(None, None)] * 3


def test_nines_are_a_time_where_no_lane_has_a_place() -> None:
    (event,) = ChampDecoder().feed(b"1=9.999 2=2.5571\r\n")
    assert isinstance(event, HeatResult)
    assert event.lanes[0].time_us == 9_999_000


@pytest.mark.parametrize("talk", [K2_TALK, Q1_TALK])
def test_the_talk_of_timers_of_other_years_is_no_damage(talk: bytes) -> None:
    decoder = FastTrackDecoder()
    assert decoder.feed(talk) == []
    assert decoder.counters.frames_damaged == 0
    assert FASTTRACK_BANNER.search(talk)


def test_a_champ_of_another_maker_is_known() -> None:
    decoder = ChampDecoder()
    assert decoder.feed(b"v\r\nSRM Rev H\r\n(c) SRM Enterprises 1999\r\n") == []
    assert CHAMP_BANNER.search(b"SRM Rev H")


def test_a_cable_that_loops_our_questions_back_is_no_timer() -> None:
    fast_track, champ = FastTrackDecoder(), ChampDecoder()
    fast_track.feed(b"RVN1N2RGRGRG\r\nRG\r\n")
    champ.feed(b"\rv\rol0\rop3\rrs\rrs\r")
    assert (fast_track.answers_count, champ.answers_count) == (0, 0)
    fast_track.feed(b"RG1\r\n")
    champ.feed(b"1\r\n")
    assert (fast_track.answers_count, champ.answers_count) == (1, 1)
