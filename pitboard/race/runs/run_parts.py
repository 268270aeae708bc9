"""The parts of a run as every screen, page and export gets them, declared once for all who send or read them.

A time is as published, cut to the event's resolution, unless its name says that it was measured."""

from __future__ import annotations

from typing import Any

import msgspec

from pitboard.race.bodies.calculated import Calculated
from pitboard.race.bodies.verdict_bodies import PlaceStatus, Verdict
from pitboard.race.ranking.score import Column


class Sector(msgspec.Struct, frozen=True, kw_only=True):
    """`elapsed_ns` is the time from the lap's beginning."""

    gate: str
    elapsed_ns: int


class Lap(msgspec.Struct, frozen=True, kw_only=True):
    """A lap as it stands. `waits_for_verdict`: it counts only once somebody says so.

    `follows_void`: the lap before is void, so this one counts by a verdict only. `flag` is a doubt about the
    stamp that closed it. `calculated` marks those of its two ends that no sensor of the first system told of,
    `sector_marks` the same of each sector in order, up to the line; nothing where all were measured.
    """

    lap_id: str
    number: int
    lap_ns: int
    uncertainty_ns: int = 0
    is_short: bool = False
    verdict: Verdict | None = None
    counts: bool = True
    is_corrected: bool = False
    place: int = 1
    measured_ns: int = 0
    follows_void: bool = False
    waits_for_verdict: bool = False
    off_tracks: int = 0
    penalty_ns: int = 0
    sectors: tuple[Sector, ...] = ()
    flag: str | None = None
    calculated: tuple[Calculated, ...] = ()
    sector_marks: tuple[tuple[Calculated, ...], ...] = ()


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """One competitor's place in a run; `columns` is its score under the run's format."""

    place: int
    competitor_id: str | None
    name: str
    laps: tuple[Lap, ...] = ()
    best_ns: int | None = None
    car: str = ""
    lane: int | None = None
    told_by: str = "any"
    status: PlaceStatus = "finished"
    penalty_ns: int = 0
    penalty_laps: int = 0
    columns: tuple[Column, ...] = ()
    started_mono_ns: int | None = None


class Pause(msgspec.Struct, frozen=True, kw_only=True):
    from_mono_ns: int
    to_mono_ns: int | None = None


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A passing that the first system missed: `mono_ns` is calculated from what another saw, see `mark`.

    `InsertPassing` with `from_passing_id` takes it. `place` is 0 where a person has to say whose it is;
    without `is_by_the_book`, say how many pairs stand behind it.
    """

    place: int
    gate: str
    boot_id: str
    mono_ns: int
    seen_mono_ns: int
    is_by_the_book: bool
    mark: Calculated


class RawPassing(msgspec.Struct, frozen=True, kw_only=True):
    """A passing of the run's time; `run_id` and `place` say whose it is, None and 0 for nobody's.

    `is_given` says that a person said so, `is_ignored` that a person said it was no car.
    """

    passing_id: str
    unit: str
    boot_id: str
    mono_ns: int
    uncertainty_ns: int
    gate: str
    system: str
    channel: int
    lane: int | None = None
    transponder: int | str | None = None
    flag: str | None = None
    is_inserted: bool = False
    is_ignored: bool = False
    is_given: bool = False
    run_id: str | None = None
    place: int = 0


class SaidAct(msgspec.Struct, frozen=True, kw_only=True):
    """Something a person said of the run; it is withdrawn by its `stream` and `seq`. `said` is its body."""

    stream: str
    seq: int
    kind: str
    by: str
    by_name: str
    is_admin: bool
    unit: str
    where: str
    utc_ms: int
    reason: str
    is_withdrawn: bool
    said: dict[str, Any]
