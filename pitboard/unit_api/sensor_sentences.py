"""What a sensor's notes mean, in words for the person who must act: one sentence a code.

The words stand in `pitboard/sentences/*.po` as `sensor.CODE`. Nothing decides by them; they may change."""

from __future__ import annotations

from pitboard.sentences.language import Sentence, language
from pitboard.unit_api.unit_status import SensorNote, SensorState, SensorStatus

# What is told beside a green light: it is over, and its counter stays.
QUIET_NOTES = frozenset({"passings-lost", "systems-agree", "systems-pairs"})
OK_SENTENCE = "The beam is clear and the sensor answers."
_STATES: dict[SensorState, str] = {
    SensorState.OK: "sensor.state.ok",
    SensorState.PORT_GONE: "sensor.state.port-gone",
    SensorState.SILENT: "sensor.state.silent",
    SensorState.BLOCKED: "sensor.state.blocked",
    SensorState.FLICKERS: "sensor.state.flickers",
    SensorState.PORT_SHARED: "sensor.state.port-shared",
    SensorState.WRONG_DEVICE: "sensor.state.wrong-device",
    SensorState.UNKNOWN: "sensor.state.unknown",
}
_NOTES_PREFIX = "sensor."
_TOLD_MORE = {"silent": (("silent-for", "silent_s"),), "port-gone": (("port-gone-why", "why"),)}
"""Notes that have a sentence which says more, where the note has the field that it needs."""


def note_said(note: SensorNote) -> Sentence:
    """Return the note as a code of the catalogue."""
    code = next((code for code, name in _TOLD_MORE.get(note.code, ()) if name in note.fields), note.code)
    return Sentence(_NOTES_PREFIX + code, dict(note.fields))


def note_sentence(note: SensorNote) -> str:
    """Return the note in English; a code without words is named as it is."""
    said = note_said(note)
    return language().say(said.code, **said.fields) if language().knows(said.code) else note.code


def sensor_says(status: SensorStatus) -> list[Sentence]:
    """Return all that the status says; never nothing."""
    said = [note_said(note) for note in status.notes if language().knows(note_said(note).code)]
    if not any(note.code == status.state for note in status.notes) and not (
        status.state == SensorState.OK and said
    ):
        said.insert(0, Sentence(_STATES[status.state]))
    return said


def sensor_sentence(status: SensorStatus) -> str:
    """Return the same in English, as sentences in a row."""
    return language().tell(sensor_says(status))
