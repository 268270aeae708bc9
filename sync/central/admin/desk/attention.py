"""What an organiser should look at, from one fold and from what the units say of themselves.

Each kind has a rule that can be said in a sentence; docs/admin.md says them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from statistics import median
from typing import Literal

import msgspec

from pitboard.journal.replica import Replica
from pitboard.journal.views.views import on_track
from pitboard.race.roll import alike
from pitboard.race.runs.run import Run
from pitboard.race.runs.verdicts import Lap
from pitboard.sentences.language import Sentence, language
from pitboard.unit_api.sensor_sentences import sensor_says, sensor_sentence
from pitboard.unit_api.unit_status import SensorState
from sync.central.enrolment.unit_register import list_units
from sync.central.ingest.unit_watch import UnitWatchView, WatchedUnit

OF_KIND_MAX_COUNT = 50
CLOCK_APART_MS = 5_000
IMPROBABLE_PERCENT = 70
"""A lap that counts and takes less of what the competitor's others take in the middle is improbable."""
OTHER_LAPS_COUNT = 3

_ENGLISH = language()

Kind = Literal[
    "run-changed",
    "short-lap",
    "run-waits",
    "improbable-time",
    "alike",
    "unit-silent",
    "light",
    "sensor",
    "machine",
    "clock-apart",
    "stranger",
    "notice",
]


class Attention(msgspec.Struct, frozen=True, kw_only=True):
    """`who` names people or units as data, apart from the sentence.

    `code` and `fields` say the same in another language; in their place `says` are what a unit said.
    """

    kind: Kind
    sentence: str
    code: str = ""
    fields: dict[str, str | int] = {}
    says: tuple[Sentence, ...] = ()
    who: str = ""
    run_id: str = ""
    competitor_ids: tuple[str, ...] = ()


def _attention(kind: Kind, code: str, *, who: str = "", **fields: str | int) -> Attention:
    code = f"desk.attention-{code}"
    return Attention(kind=kind, sentence=_ENGLISH.say(code, **fields), code=code, fields=fields, who=who)


class AttentionList:
    """Asks one replica; the look at all names is repeated only when the race changed."""

    def __init__(self, replica: Replica, watched: Callable[[], UnitWatchView]) -> None:
        self._replica = replica
        self._fold = replica.fold
        self._watched = watched
        self._version = -1
        self._of_race: list[Attention] = []

    def now(self) -> list[Attention]:
        """Return what needs a person, the race first."""
        if self._version != self._fold.version:
            self._version = self._fold.version
            self._of_race = list(self._race())
        return [*self._of_race, *self._machines()]

    def _race(self) -> Iterator[Attention]:
        yield from islice(self._changed(), OF_KIND_MAX_COUNT)
        yield from islice(self._waiting(), OF_KIND_MAX_COUNT)
        yield from islice(self._improbable(), OF_KIND_MAX_COUNT)
        yield from islice(self._alike(), OF_KIND_MAX_COUNT)

    def _changed(self) -> Iterator[Attention]:
        for run in self._fold.race.runs.values():
            if self._fold.race.has_changed(run):
                yield self._about_run(_attention("run-changed", "run-changed"), run)

    def _waiting(self) -> Iterator[Attention]:
        driving = {run.run_id for run in on_track(self._fold)}
        for run in self._fold.race.run_list.undecided():
            waits = [lap for lap in self._fold.race.laps(run.run_id) if lap.waits_for_verdict]
            if waits:
                yield self._about_run(_attention("short-lap", "short-lap", number=waits[0].number), run)
            elif run.finished is not None or run.run_id not in driving:
                yield self._about_run(_attention("run-waits", "run-waits"), run)

    def _improbable(self) -> Iterator[Attention]:
        for run in self._fold.race.runs.values():
            if run.decision != "confirmed":
                continue
            for place in self._fold.race.driven(run.run_id):
                counting = [lap for lap in place.laps if lap.counts]
                lap = _improbable_lap(counting)
                if lap is not None and lap.verdict is None and not lap.is_corrected:
                    improbable = _attention("improbable-time", "improbable-time", number=lap.number)
                    yield self._about_run(improbable, run)

    def _alike(self) -> Iterator[Attention]:
        for likeness, one, other in alike(self._fold.race.roll.entered()):
            names = " / ".join(self._fold.race.name_of(each) for each in (one, other))
            yield msgspec.structs.replace(
                _attention("alike", f"same-{likeness}", who=names), competitor_ids=(one, other)
            )

    def _about_run(self, attention: Attention, run: Run) -> Attention:
        people = tuple(filter(None, map(self._fold.race.roll.now, run.competitor_ids)))
        names = ", ".join(map(self._fold.race.name_of, people)) or "nobody"
        return msgspec.structs.replace(attention, who=names, run_id=run.run_id, competitor_ids=people)

    def _machines(self) -> Iterator[Attention]:
        for unit in self._watched().units:
            yield from self._unit(unit)
        for stranger in list_units(self._replica):
            if stranger.state == "unknown":
                who = stranger.name or stranger.key[:8]
                yield _attention("stranger", "stranger", who=who, number=stranger.records)
        for notice in self._replica.notices():
            yield _attention("notice", notice.kind, who=notice.unit, number=notice.count)
        for stream, alarm in self._replica.alarms.items():
            # A fork is the writer's; that somebody has our own key is central's.
            who = self._writer_of(stream) if alarm.code == "fork" else "Central"
            yield _attention("notice", alarm.code, who=who, **alarm.fields)

    def _writer_of(self, stream: str) -> str:
        writers = self._replica.streams_by_key()
        key = next((key for key, streams in writers.items() if stream in streams), "")
        return self._fold.roster.enrolled().get(key) or self._fold.claimed_name(key) or key[:8] or "Central"

    def _unit(self, unit: WatchedUnit) -> Iterator[Attention]:
        if unit.status is None or unit.age_ms is None:
            yield _attention("unit-silent", "silent-since-start", who=unit.name)
            return
        if unit.is_silent:
            yield _attention("unit-silent", "silent", who=unit.name, seconds=unit.age_ms // 1_000)
        apart_ms = self._replica.clock.utc_ms() - unit.age_ms - unit.status.utc_ms
        if abs(apart_ms) > CLOCK_APART_MS:
            way = "clock-behind" if apart_ms > 0 else "clock-ahead"
            yield _attention("clock-apart", way, who=unit.name, seconds=abs(apart_ms) // 1_000)
        sick = [one for one in unit.status.sensors if one.state != SensorState.OK]
        for light in unit.status.lights:
            if light.state != "ok" and not (light.light == "sensor" and sick):
                sentence = f"{light.light}: {light.detail or light.state}"
                yield Attention(kind="light", sentence=sentence, says=tuple(light.says), who=unit.name)
        for sensor in sick:
            said, who = tuple(sensor_says(sensor)), f"{unit.name}, {sensor.sensor}"
            yield Attention(kind="sensor", sentence=sensor_sentence(sensor), says=said, who=who)
        for note in unit.status.machine:
            if note.colour == "red":
                yield Attention(
                    kind="machine",
                    sentence=f"{note.sentence} {note.advice}",
                    code=f"touch.machine-{note.code}",
                    fields=note.fields,
                    who=unit.name,
                )


def _improbable_lap(counting: list[Lap]) -> Lap | None:
    if len(counting) <= OTHER_LAPS_COUNT:
        return None
    fastest = min(counting, key=lambda lap: lap.lap_ns)
    others = [lap.lap_ns for lap in counting if lap is not fastest]
    return fastest if fastest.lap_ns * 100 < median(others) * IMPROBABLE_PERCENT else None
