"""What an organiser should look at, from one fold and from what the units say of themselves.

Each kind has a rule that can be said in a sentence; docs/admin.md says them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from statistics import median
from typing import Literal

import msgspec

from pitboard.journal.replica import Replica
from pitboard.journal.stream_watch import NoticeKind
from pitboard.journal.views import on_track
from pitboard.race.roll import alike
from pitboard.race.run import Run
from pitboard.race.verdicts import Lap
from pitboard.unit_api.sensor_sentences import sensor_sentence
from pitboard.unit_api.unit_status import SensorState
from sync.central.enrolment.unit_register import list_units
from sync.central.ingest.unit_watch import UnitWatchView, WatchedUnit

OF_KIND_MAX_COUNT = 50
CLOCK_APART_MS = 5_000
IMPROBABLE_PERCENT = 70
"""A lap that counts and takes less of what the competitor's others take in the middle is improbable."""
OTHER_LAPS_COUNT = 3

_NOTICES: dict[NoticeKind, str] = {
    "records-missing": "{count} of its records are missing here; a unit or display that has them may be off.",
    "came-back-older": "Came back with an older card; {count} records are known here that it no longer has.",
    "two-machines": "Two machines write under its key: take one of them off the network.",
    "one-name-twice": "Two machines have this name; rename one.",
}

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
    """`who` names people or units as data, apart from the sentence."""

    kind: Kind
    sentence: str
    who: str = ""
    run_id: str = ""
    competitor_ids: tuple[str, ...] = ()


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
                yield self._about_run("run-changed", "This run has changed since it was confirmed.", run)

    def _waiting(self) -> Iterator[Attention]:
        driving = {run.run_id for run in on_track(self._fold)}
        for run in self._fold.race.undecided():
            waits = [lap for lap in self._fold.race.laps(run.run_id) if lap.waits_for_verdict]
            if waits:
                sentence = f"Lap {waits[0].number} is short and waits for a verdict."
                yield self._about_run("short-lap", sentence, run)
            elif run.finished is not None or run.run_id not in driving:
                yield self._about_run("run-waits", "This run ended and nobody has decided it.", run)

    def _improbable(self) -> Iterator[Attention]:
        for run in self._fold.race.runs.values():
            if run.decision != "confirmed":
                continue
            for place in self._fold.race.driven(run.run_id):
                counting = [lap for lap in place.laps if lap.counts]
                lap = _improbable_lap(counting)
                if lap is not None and lap.verdict is None and not lap.is_corrected:
                    sentence = f"Lap {lap.number} is far faster than the others of this run."
                    yield self._about_run("improbable-time", sentence, run)

    def _alike(self) -> Iterator[Attention]:
        what = {"name": "the same name", "number": "the same number", "transponder": "the same transponder"}
        for likeness, one, other in alike(self._fold.race.roll.entered()):
            names = " / ".join(self._fold.race.name_of(each) for each in (one, other))
            yield Attention(
                kind="alike",
                sentence=f"Two competitors have {what[likeness]}.",
                who=names,
                competitor_ids=(one, other),
            )

    def _about_run(self, kind: Kind, sentence: str, run: Run) -> Attention:
        people = tuple(filter(None, map(self._fold.race.roll.now, run.competitor_ids)))
        names = ", ".join(map(self._fold.race.name_of, people)) or "nobody"
        return Attention(kind=kind, sentence=sentence, who=names, run_id=run.run_id, competitor_ids=people)

    def _machines(self) -> Iterator[Attention]:
        for unit in self._watched().units:
            yield from self._unit(unit)
        for stranger in list_units(self._replica):
            if stranger.state == "unknown":
                sentence = f"A unit that is not enrolled has sent {stranger.records} records."
                yield Attention(kind="stranger", sentence=sentence, who=stranger.name or stranger.key[:8])
        for notice in self._replica.notices():
            sentence = _NOTICES[notice.kind].format(count=notice.count)
            yield Attention(kind="notice", sentence=sentence, who=notice.unit)
        for sentence in self._replica.alarms.values():
            yield Attention(kind="notice", sentence=sentence, who="Central")

    def _unit(self, unit: WatchedUnit) -> Iterator[Attention]:
        if unit.status is None or unit.age_ms is None:
            yield Attention(
                kind="unit-silent", sentence="Has said nothing since central started.", who=unit.name
            )
            return
        if unit.is_silent:
            sentence = f"Has said nothing for {unit.age_ms // 1_000} s."
            yield Attention(kind="unit-silent", sentence=sentence, who=unit.name)
        apart_ms = self._replica.clock.utc_ms() - unit.age_ms - unit.status.utc_ms
        if abs(apart_ms) > CLOCK_APART_MS:
            way = "behind" if apart_ms > 0 else "ahead of"
            sentence = f"Its clock is {abs(apart_ms) // 1_000} s {way} central's; labels of time are wrong."
            yield Attention(kind="clock-apart", sentence=sentence, who=unit.name)
        for light in unit.status.lights:
            if light.state != "ok":
                yield Attention(
                    kind="light", sentence=f"{light.light}: {light.detail or light.state}", who=unit.name
                )
        for sensor in unit.status.sensors:
            if sensor.state != SensorState.OK:
                yield Attention(
                    kind="sensor", sentence=f"{sensor.sensor}: {sensor_sentence(sensor)}", who=unit.name
                )
        for note in unit.status.machine:
            if note.colour == "red":
                yield Attention(kind="machine", sentence=f"{note.sentence} {note.advice}", who=unit.name)


def _improbable_lap(counting: list[Lap]) -> Lap | None:
    if len(counting) <= OTHER_LAPS_COUNT:
        return None
    fastest = min(counting, key=lambda lap: lap.lap_ns)
    others = [lap.lap_ns for lap in counting if lap is not fastest]
    return fastest if fastest.lap_ns * 100 < median(others) * IMPROBABLE_PERCENT else None
