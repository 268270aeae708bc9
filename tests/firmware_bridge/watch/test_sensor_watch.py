"""Three troubles, three states, each with a sentence that says what to do."""

from __future__ import annotations

from firmware_bridge.watch.sensor_watch import SensorWatch
from pitboard.errors import PortCode, PortTrouble
from pitboard.sentences.language import language
from pitboard.unit_api.sensor_sentences import note_said, note_sentence, sensor_sentence
from pitboard.unit_api.unit_status import SensorNote, SensorState, SensorStatus

MS = 1_000_000


def watch() -> SensorWatch:
    watched = SensorWatch(place="tty", silent_max_ms=2_500)
    watched.port_opened()
    watched.heard_line(0)
    return watched


def state(watched: SensorWatch, at_ms: int) -> SensorState:
    return SensorState(watched.health(at_ms * MS).code)


def words(watched: SensorWatch, at_ms: int) -> str:
    return note_sentence(watched.health(at_ms * MS))


def test_a_port_that_goes_is_gone_until_it_is_open_and_heard() -> None:
    watched = watch()
    assert state(watched, 100) == SensorState.OK
    watched.port_lost(PortTrouble(PortCode.FAILED, {"text": "I/O error"}))
    assert words(watched, 200) == "tty: it was unplugged or failed (I/O error)"
    said = note_said(watched.health(200 * MS))
    assert language("de").say(said.code, **said.fields) == "tty: ausgesteckt oder defekt (I/O error)"
    assert state(watched, 200) == SensorState.PORT_GONE
    watched.port_opened()
    assert state(watched, 300) == SensorState.SILENT
    watched.heard_line(400 * MS)
    assert state(watched, 400) == SensorState.OK


def test_no_line_for_long_is_silence_and_noise_is_named() -> None:
    watched = watch()
    assert watched.silent_at_mono_ns == 2_500 * MS
    assert state(watched, 2_499) == SensorState.OK
    assert "No good line for 2 s" in words(watched, 2_500)
    watched.heard_noise(50)
    assert watched.notes() == []
    watched.heard_noise(5_000)
    assert [note.code for note in watched.notes()] == ["nonsense"]
    assert state(watched, 2_700) == SensorState.SILENT


def test_a_beam_interrupted_over_two_heartbeats_is_blocked() -> None:
    watched = watch()
    watched.heard_levels(0b10, 5_000_000)
    assert state(watched, 10) == SensorState.OK
    watched.heard_levels(0b10, 6_000_000)
    assert state(watched, 1_010) == SensorState.BLOCKED
    assert words(watched, 1_010).startswith("Beam 1 is interrupted")
    watched.heard_levels(0, 7_000_000)
    assert state(watched, 2_010) == SensorState.OK


def test_two_cars_met_by_two_heartbeats_do_not_block_the_beam() -> None:
    watched = watch()
    watched.heard_levels(0b10, 5_000_000)
    watched.heard_passing(1, 5_990_000)
    watched.heard_levels(0b10, 6_000_000)
    assert state(watched, 1_010) == SensorState.OK


def test_a_restarted_device_begins_anew() -> None:
    watched = watch()
    watched.heard_levels(0b10, 900_000_000)
    watched.heard_levels(0b10, 100_000)
    assert state(watched, 10) == SensorState.OK
    watched.heard_levels(0b10, 1_100_000)
    assert state(watched, 1_010) == SensorState.BLOCKED


def test_a_cousin_of_the_protocol_is_named_at_its_first_lines() -> None:
    watched = watch()
    watched.heard_cousin("I-Lap")
    assert state(watched, 10) == SensorState.SILENT
    assert "speaks I-Lap" in note_sentence(watched.notes()[0])
    watched.heard_line(20 * MS)
    assert (state(watched, 30), watched.notes()) == (SensorState.OK, [])


def test_what_a_device_says_of_itself_is_shown_until_it_is_over() -> None:
    watched = watch()
    watched.heard_complaint("PULSE HOLD C1")
    watched.heard_stuck("C1")
    assert state(watched, 10) == SensorState.BLOCKED
    assert note_sentence(watched.notes()[0]) == "The device itself says: PULSE HOLD C1"
    watched.heard_complaint("")
    watched.heard_stuck("")
    assert state(watched, 10) == SensorState.OK
    assert watched.notes() == []


def test_a_loop_without_any_noise_is_doubted_after_three_statuses() -> None:
    watched = watch()
    for _ in range(2):
        watched.heard_loop(hears_noise=False)
    assert watched.notes() == []
    watched.heard_loop(hears_noise=False)
    assert "cable" in note_sentence(watched.notes()[0])
    watched.heard_loop(hears_noise=True)
    assert watched.notes() == []


def test_every_state_and_note_has_its_words() -> None:
    for word in SensorState:
        assert sensor_sentence(SensorStatus(sensor="beam-1", state=word)) != ""
    assert SensorState("a word of next year") == SensorState.UNKNOWN
    assert note_sentence(SensorNote(code="a code of next year")) == "a code of next year"
