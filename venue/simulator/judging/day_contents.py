"""What a day had, by name and how often: so that it can be counted what days of a season are made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from pitboard.journal.records.kinds import read_body
from pitboard.journal.records.record import Record
from pitboard.race.bodies.event_bodies import DayMoved
from pitboard.race.bodies.passing_bodies import FINISH, PassingRecorded
from pitboard.race.bodies.run_bodies import RunArmed
from venue.simulator.cast.set_clock_loop import LOOP_TRACK
from venue.simulator.cast.simulated_venue import Venue
from venue.simulator.cast.two_systems_line import PAIR_TRACK
from venue.simulator.cast.unit_node import TRACK


def contents_of(venue: Venue) -> Counter[str]:
    """Return what was written, what happened and who was there."""
    had = Counter(venue.world.happened)
    for record in venue.central.disk.records.values():
        had[f"record {record.header.kind}"] += 1
        if record.body_bytes is not None:
            had.update(_told_by(record))
    had["units: " + str(len(venue.units))] += 1
    had["displays: " + str(len(venue.displays))] += 1
    had["display of an older version"] += sum(display.is_older for display in venue.displays)
    had["units that exchange with each other"] += any(unit.friends for unit in venue.units)
    had["two officials at each unit"] += venue.has_second_screens
    had["thief"] += venue.thief is not None
    had["central countersigns within the day"] += venue.central.countersigns
    had["boxes that are strangers"] += venue.world.plan.has_strangers
    race = venue.central.replica.fold.race
    for run in race.runs:
        for lap in race.laps(run):
            had[f"lap, verdict {lap.verdict or 'none'}"] += 1
            had["lap with a sector"] += bool(lap.sectors[1:])
    return +had


def _told_by(record: Record) -> Iterator[str]:
    body = read_body(record.header.kind, record.body_bytes or b"")
    match body:
        case RunArmed():
            yield from (f"place told by {place.told_by}" for place in body.places)
            if body.track != TRACK:
                yield "run on a second track"
            if body.timing.clock == "start-gate":
                yield "run from a start gate"
            if body.timing.ends == "laps":
                yield "run of so many laps"
            if body.stage_id:
                yield "heat of a stage"
            elif body.heat_id:
                yield "run of a day that drives itself"
        case PassingRecorded(track=track) if track == LOOP_TRACK:
            yield "passing by a clock that is set"
        case PassingRecorded(track=track, system=system) if track == PAIR_TRACK:
            yield f"passing by system {system} of two"
        case PassingRecorded():
            yield from _of_passing(body)
        case DayMoved():
            yield "day paused" if body.is_paused else "day moved" if body.shift_ms else "day goes on"


def _of_passing(body: PassingRecorded) -> Iterator[str]:
    if body.gate != FINISH:
        yield f"passing of gate {body.gate}"
    if body.track != TRACK:
        yield "passing of a second track"
    if body.lane == 0:
        yield "passing of a start of all lanes"
    elif body.lane is not None:
        yield "passing with a lane"
    if body.transponder is not None:
        yield "passing with a transponder"
