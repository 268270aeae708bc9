"""What a sensor's notes mean, in words for the person who must act: one sentence a code.

Nothing decides by these words; they may be changed or translated, the codes may not."""

from __future__ import annotations

from pitboard.unit_api.unit_status import SensorNote, SensorState, SensorStatus

# What is told beside a green light: it is over, and its counter stays.
QUIET_NOTES = frozenset({"passings-lost", "systems-agree"})
OK_SENTENCE = "The beam is clear and the sensor answers."
_SENTENCES: dict[str, str] = {
    "port-gone": "{place}: {reason}",
    "silent": "No good line has come yet. Check the sensor's power and its cable.",
    "silent-for": "No good line for {silent_s} s. Check the sensor's power and its cable.",
    "nonsense": "Only bytes that make no sense come: wrong speed, or another kind of device.",
    "cousin": "It speaks {protocol}, another protocol than the one that is configured: see its `kind`.",
    "stale": "It says the same thing again and again: it hangs. Unplug it for a moment.",
    "loop-quiet": "The loop hears nothing, not even noise: is its cable plugged into the decoder?",
    "blocked": "Beam {channels} is interrupted: something stands in it, or it points beside its mirror.",
    "flickers": "Beam {channels} flickers: stray light or a loose cable. Use Manual lap; "
    "{uncounted} interruptions did not count.",
    "flickered": "Beam {channels} flickered a moment ago, {uncounted} interruptions were left out. "
    "A car may be among them.",
    "edges-lost": "{count} edges never came from the pins: a car may be missing. Look at the last laps.",
    "passings-lost": "{count} passings are lost on the way, for good.",
    "port-shared": "Another program reads this port too and takes lines away: {holders}. Stop it.",
    "wrong-device": "{place} has the sensor {found}, not {wanted}: have two changed places? Nothing counts.",
    "device-says": "The device itself says: {text}",
    "clock-set": "The device's clock was set {way} by {seconds} s. The lap across it is timed by this unit.",
    "clock-doubt": "A line came {seconds} s late, or the device's clock was set {way}. The next one tells; "
    "look at the lap.",
    "system-missed": "System {system} at {gate} missed what {other} saw, {count} times. Look at {system}.",
    "systems-part": "Systems A and B at {gate} part by {parted_ms} ms. Look whose clock was set.",
    "systems-agree": "A and B agree: {pairs} pairs, B minus A {median_ms} ms, spread {spread_ms} ms.",
    "raw-log": "{reason}",
}
_STATES: dict[SensorState, str] = {
    SensorState.OK: OK_SENTENCE,
    SensorState.PORT_GONE: "The sensor is unplugged. Plug it in; use Manual lap until then.",
    SensorState.SILENT: "The sensor says nothing. Check its power; use Manual lap until then.",
    SensorState.BLOCKED: "Something stands in the beam. Clear it or align the sensor.",
    SensorState.FLICKERS: "The beam flickers: stray light or a loose cable. Use Manual lap until then.",
    SensorState.PORT_SHARED: "Another program reads the sensor's port. Use Manual lap until it is stopped.",
    SensorState.WRONG_DEVICE: "Another sensor is plugged in here. Use Manual lap until it is changed.",
    SensorState.UNKNOWN: "The sensor is not well, as only a newer Pitboard can tell. Update this one.",
}


def note_sentence(note: SensorNote) -> str:
    """Return the note in words; a code without words, or with fields missing, is named as it is."""
    code = "silent-for" if note.code == "silent" and "silent_s" in note.fields else note.code
    try:
        return _SENTENCES[code].format_map(note.fields)
    except KeyError:
        return note.code


def sensor_sentence(status: SensorStatus) -> str:
    """Return all that the status says, as sentences in a row; never nothing."""
    said = [note_sentence(note) for note in status.notes if note.code in _SENTENCES]
    if not any(note.code == status.state for note in status.notes):
        said.insert(0, "" if status.state == SensorState.OK and said else _STATES[status.state])
    return " ".join(sentence for sentence in said if sentence)
