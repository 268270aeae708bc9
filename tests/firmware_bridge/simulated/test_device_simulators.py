"""Decoder and simulated device agree; it shows no more than that."""

from firmware_bridge.decoders.decoder import Event
from firmware_bridge.decoders.lane_timers import ChampDecoder, FastTrackDecoder
from firmware_bridge.decoders.tns import TnsDecoder
from firmware_bridge.decoders.tns_messages import TnsMessage, acknowledgement
from firmware_bridge.simulated.lane_timer_simulator import SimulatedChamp, SimulatedFastTrack
from firmware_bridge.simulated.tns_simulator import SimulatedTimingSoftware
from tests.firmware_bridge.decoders.recorded_samples import (
    CHAMP_RESULT,
    FASTTRACK_RESULT,
    TNS_PASSING,
    TNS_STORE_PASSING,
)


def answer(events: list[Event], *fields: str) -> bytes:
    messages = [event for event in events if isinstance(event, TnsMessage)]
    return b"".join(acknowledgement(message, our_name="Kiosk", fields=fields) or b"" for message in messages)


def test_a_passing_is_repeated_until_acknowledged_and_counts_once() -> None:
    software, decoder = SimulatedTimingSoftware(), TnsDecoder()
    events = decoder.feed(software.deliver([TNS_STORE_PASSING]))
    for _ in range(5):
        events += decoder.feed(software.repeat())
    assert events.count(TNS_STORE_PASSING) == 1
    assert decoder.counters.duplicates == 5
    assert software.receive(answer(events)) == b""
    assert software.unacknowledged_count == 0


def test_version_2_is_spoken_once_it_was_asked_for() -> None:
    software, decoder = SimulatedTimingSoftware(), TnsDecoder()
    software.receive(answer(decoder.feed(software.greeting()), "c", "t", "d"))
    message = software.deliver([TNS_PASSING])
    assert b"@Passing@" in message
    assert TNS_PASSING in decoder.feed(message)
    assert software.receive(b"Kiosk@Ping@$") == b"Finish@AckPing@$"


def test_a_fast_track_is_found_watched_and_read() -> None:
    timer, decoder = SimulatedFastTrack(), FastTrackDecoder()
    assert b"Micro Wizard" in timer.receive(b"RV")
    assert timer.receive(b"RG").endswith(b"RG1\r\n")
    talk = timer.receive(b"RVN2RG") + timer.run_heat(FASTTRACK_RESULT.lanes) + timer.receive(b"RARE")
    assert decoder.feed(talk) == [FASTTRACK_RESULT, FASTTRACK_RESULT]
    assert decoder.counters.frames_damaged == 0


def test_a_champ_is_found_watched_and_read() -> None:
    timer, decoder = SimulatedChamp(), ChampDecoder()
    assert b"SmartLine" in timer.receive(b"\rv\r")
    assert timer.receive(b"rs\r") == b"0\r\n"
    talk = timer.receive(b"r\rol0\rop3\ron\rxx\rrg\r") + timer.run_heat(CHAMP_RESULT.lanes)
    assert decoder.feed(talk) == [CHAMP_RESULT]
    assert decoder.counters.frames_damaged == 0
