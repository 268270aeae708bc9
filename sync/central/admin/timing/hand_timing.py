"""A run that somebody timed by hand, from typed times to the records of a unit.

Each typed run has a stopwatch of its own, so its stamps compare with no other's. The times are typed
passings: boards, history and reports mark them as such."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec
from msgspec import Meta

from pitboard.drawing.time_text import format_lap_ns, parse_lap_time
from pitboard.errors import ActRefused
from pitboard.journal.folding.fold import Fold
from pitboard.race.bodies.body import Act, Body, Id, OptionalId
from pitboard.race.bodies.formats import NANOSECONDS_PER_MS, Format
from pitboard.race.bodies.passing_bodies import START, PassingInserted
from pitboard.race.bodies.run_bodies import RunArmed, RunFinished, RunPlace, RunStarted
from pitboard.race.bodies.verdict_bodies import LapJudged, OffTrackNoted, PlaceJudged, PlaceStatus
from pitboard.race.names import clean_name
from pitboard.race.runs.run_ids import run_id_of

HAND_UNCERTAINTY_NS = 100_000_000
"""Of each press on a stopwatch."""
LAPS_MAX_COUNT = 100
OFF_TRACKS_MAX_COUNT = 20
START_MONO_NS = 1_000_000_000
"""Where the stopwatch of a typed run stands at its start; it was armed at zero."""
HAND = "hand-"
RUN_MAX_NS = 24 * 3_600 * 1_000_000_000
Typed = Annotated[str, Meta(min_length=1, max_length=40)]


class TypedLap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    time: Typed
    off_tracks: Annotated[int, Meta(ge=0, le=OFF_TRACKS_MAX_COUNT)] = 0


class TimedRun(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`act_id` is one form's: the same run sent twice is one run. A lap under the rules' shortest needs
    `short_is_right`."""

    act_id: Annotated[str, Meta(pattern=r"^[0-9a-f]{16,40}\Z")]
    competitor_id: Id
    track: Typed
    laps: Annotated[list[TypedLap], Meta(max_length=LAPS_MAX_COUNT)]
    status: PlaceStatus = "finished"
    short_is_right: bool = False
    stage_id: OptionalId = ""
    heat_id: OptionalId = ""

    def run_id(self, unit: str) -> str:
        """Return the id of the run that the desk's unit of this key makes of the form."""
        return run_id_of(unit, f"{HAND}{self.act_id}")


def run_bodies(run: TimedRun, fold: Fold, unit: str) -> list[Body]:
    """Return what is said of the run before it is decided; raises ActRefused where it cannot be so."""
    competitor = fold.race.roll.now(run.competitor_id)
    if competitor is None or competitor not in fold.race.competitors:
        raise ActRefused(code="unknown-competitor", reason="Nobody here has this id; search by name.")
    track = clean_name(run.track)
    if not track:
        raise ActRefused(code="bad-name", reason="Say the track, such as 1.")
    if not run.laps and run.status == "finished":
        raise ActRefused(code="no-laps", reason="Type at least one time.")
    name, rules = _format_of(run, fold, competitor)
    times_ns = [parse_lap_time(lap.time) for lap in run.laps]
    _refuse_short(run, times_ns, rules, fold)
    _refuse_lost(times_ns, rules)
    if sum(times_ns) > RUN_MAX_NS:
        raise ActRefused(code="too-long", reason="These times together are more than a day.")
    run_id = boot_id = run.run_id(unit)
    bodies: list[Body] = [
        RunArmed(
            run_id=run_id,
            track=track,
            boot_id=boot_id,
            mono_ns=0,
            places=(RunPlace(competitor_id=competitor),),
            timing=rules.timing,
            format=name,
            stage_id=run.stage_id,
            heat_id=run.heat_id,
        )
    ]
    bodies += _driven(run, run_id, times_ns, rules)
    ended = START_MONO_NS + sum(times_ns) + 1
    bodies.append(RunFinished(run_id=run_id, boot_id=boot_id, mono_ns=ended, ended="stopped"))
    if run.status != "finished":
        bodies.append(PlaceJudged(run_id=run_id, status=run.status))
    return bodies


def _driven(run: TimedRun, run_id: str, times_ns: list[int], rules: Format) -> Iterator[Act]:
    at_ns = START_MONO_NS
    if rules.clock == "go":
        yield RunStarted(run_id=run_id, boot_id=run_id, mono_ns=at_ns, uncertainty_ns=HAND_UNCERTAINTY_NS)
    elif run.laps:
        yield _passing(run, run_id, 0, at_ns, gate=START if rules.clock == "start-gate" else "")
    for number, (lap, lap_ns) in enumerate(zip(run.laps, times_ns, strict=True), start=1):
        for off_track in range(lap.off_tracks):
            within_ns = lap_ns * (off_track + 1) // (lap.off_tracks + 1)
            yield OffTrackNoted(run_id=run_id, boot_id=run_id, mono_ns=at_ns + within_ns)
        at_ns += lap_ns
        passing = _passing(run, run_id, number, at_ns)
        yield passing
        if lap_ns < rules.lap_min_ms * NANOSECONDS_PER_MS:
            yield LapJudged(run_id=run_id, lap_id=passing.passing_id, verdict="valid")


def _passing(run: TimedRun, run_id: str, number: int, mono_ns: int, *, gate: str = "") -> PassingInserted:
    made = PassingInserted(
        passing_id=f"hand/{run.act_id}/{number}",
        run_id=run_id,
        boot_id=run_id,
        mono_ns=mono_ns,
        uncertainty_ns=HAND_UNCERTAINTY_NS,
    )
    return msgspec.structs.replace(made, gate=gate) if gate else made


def _refuse_short(run: TimedRun, times_ns: list[int], rules: Format, fold: Fold) -> None:
    short = [one for one in times_ns if one < rules.lap_min_ms * NANOSECONDS_PER_MS]
    if short and not run.short_is_right:
        shortest = format_lap_ns(rules.lap_min_ms * NANOSECONDS_PER_MS, resolution_ns=fold.resolution_ns)
        typed = format_lap_ns(short[0], resolution_ns=fold.resolution_ns)
        raise ActRefused(
            code="short-lap",
            reason=f"{typed} is shorter than the rules' shortest lap of {shortest}. Look at it again, or say"
            " that it is right.",
            fields={"typed": typed, "shortest": shortest},
        )


def _refuse_lost(times_ns: list[int], rules: Format) -> None:
    """Raise ActRefused where a typed time lies behind the run's end: it would be dropped unseen."""
    fitting = _fitting_count(times_ns, rules)
    if fitting < len(times_ns):
        raise ActRefused(
            code="laps-after-the-end",
            reason=f"By the rules the run was over after {fitting} of these {len(times_ns)} laps. Take the"
            " others away, or give the event other rules.",
            fields={"number": fitting, "typed": len(times_ns)},
        )


def _fitting_count(times_ns: list[int], rules: Format) -> int:
    """Return how many of the laps the run takes, as `pitboard/race/runs/laps.py` ends it."""
    most = rules.laps_asked or len(times_ns)
    up_ns = rules.run_ms * NANOSECONDS_PER_MS if rules.run_ms and rules.ends != "open" else None
    at_ns = 0
    for number, lap_ns in enumerate(times_ns[:most]):
        if up_ns is not None and (at_ns + lap_ns > up_ns if rules.stops_at_once else at_ns >= up_ns):
            return number
        at_ns += lap_ns
    return min(most, len(times_ns))


def _format_of(run: TimedRun, fold: Fold, competitor: str) -> tuple[str, Format]:
    """Return the format of the run's stage, else of the driver's class, else the event's under no name."""
    programme = fold.race.programme
    stage = next((one for one in programme.stages() if one.stage_id == run.stage_id), None)
    if run.stage_id and stage is None:
        raise ActRefused(code="unknown-stage", reason=f"There is no stage {run.stage_id}.")
    race_class = fold.race.competitors[competitor].race_class
    its_class = next((one for one in programme.classes() if one.race_class == race_class), None)
    rules, name = fold.rules, ""
    for one in (stage, its_class):
        if one is not None and one.format and (found := programme.format(one.format)) is not None:
            rules, name = found, one.format
            break
    if rules.unknown_words():
        raise ActRefused(code="unknown-format", reason="The format was written by a newer Pitboard.")
    return name, rules
