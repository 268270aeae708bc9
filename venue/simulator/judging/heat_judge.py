"""Whether a heat gives somebody a lane that they had already, worked out a second time.

Judged in the moment in which the official draws, by what that unit knows then. A run whose id names no unit
is of whoever says to have armed it first, an enrolled rogue too, until he is revoked."""

from __future__ import annotations

from pitboard.race.bodies.run_bodies import RunArmed
from pitboard.race.race_state import RaceState
from pitboard.race.stages.heats import LaneHeat
from venue.simulator.judging.lap_oracle import is_armed_by_its_unit


def lanes_had_before(race: RaceState, unit: str, stage: str, heat: LaneHeat) -> list[tuple[str, int]]:
    """Return (driver, lane) of each seat of the heat that the driver had in a run of this unit's stage, or
    has twice in it."""
    had: set[tuple[str, int]] = set()
    for subject in race.statements.subjects("run"):
        armings = [
            (one.word.moment, one.unit, one.body)
            for one in race.statements.in_force(subject)
            if isinstance(one.body, RunArmed) and is_armed_by_its_unit(one.body.run_id, one.unit)
        ]
        if not armings:
            continue
        _, armed_by, armed = min(armings, key=lambda one: one[0])
        if armed_by == unit and armed.stage_id == stage:
            had |= {(one.competitor_id, one.lane) for one in armed.places if one.competitor_id and one.lane}
    drivers = [driver for driver in heat if driver is not None]
    seats = [(driver, lane) for lane, driver in enumerate(heat, start=1) if driver is not None]
    return [seat for seat in seats if seat in had or drivers.count(seat[0]) > 1]
