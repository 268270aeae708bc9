"""What was confirmed stays confirmed: the laps that the person saw, until a person decides again.

Published are the laps that the decision's sheet names, with what an admin said of single laps since: that is
a decision too. Everything else that comes later is only shown, as a change."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from pitboard.race.bodies.calculated import Calculated
from pitboard.race.bodies.formats import TimingRules
from pitboard.race.bodies.verdict_bodies import (
    SHEET_LAPS_MAX_COUNT,
    SHEET_MARKS_MAX_COUNT,
    PlaceStatus,
    RunDecided,
    RunSheet,
    SeenLap,
    SeenMark,
    SeenPlace,
)
from pitboard.race.ranking.score import Drive, Moment, ScoredLap
from pitboard.race.runs.verdicts import DRIVERS_FAULT, DrivenPlace, SaidOfLap

NOTHING_SAID = SaidOfLap()


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedPlace:
    """A place of a confirmed run as every board has it; `calculated` marks laps, by their ids."""

    place: int
    competitor_id: str | None
    laps: tuple[SeenLap, ...]
    status: PlaceStatus
    penalty_ns: int
    penalty_laps: int
    calculated: Mapping[str, tuple[Calculated, ...]] = field(default_factory=dict)

    def drive(self, set_at: Callable[[str], Moment], *, timing: TimingRules) -> Drive:
        """Return what the rules score; `set_at` tells when the passing that closed a lap was recorded."""
        laps = [
            ScoredLap(
                number,
                lap.lap_ns,
                lap.counts,
                lap.closed_ns,
                set_at(lap.lap_id),
                lap.penalty_ns,
                lap.off_tracks,
                self.calculated.get(lap.lap_id, ()),
            )
            for number, lap in enumerate(self.laps, start=1)
        ]
        return Drive(
            laps,
            status=self.status,
            penalty_ns=self.penalty_ns,
            penalty_laps=self.penalty_laps,
            is_practice=timing.is_practice,
            laps_asked=timing.laps_asked,
            is_cancelled=timing.cancels(len(laps)),
        )


def seen_places(driven: Iterable[DrivenPlace]) -> tuple[SeenPlace, ...]:
    """Return the places as a decision names them."""
    return tuple(
        SeenPlace(
            place=one.place,
            competitor_id=one.competitor_id,
            status=one.status,
            penalty_ns=one.penalty_ns,
            penalty_laps=one.penalty_laps,
            laps_count=len(one.laps),
        )
        for one in driven
    )


def sheets_of(run_id: str, sheet_id: str, driven: Iterable[DrivenPlace]) -> list[RunSheet]:
    """Return the sheets that name every lap of the run, each small enough for one record."""
    sheets = []
    for one in driven:
        laps = [lap.as_seen() for lap in one.laps]
        for first in range(0, len(laps), SHEET_LAPS_MAX_COUNT):
            part = tuple(laps[first : first + SHEET_LAPS_MAX_COUNT])
            sheets.append(_sheet(run_id, sheet_id, one.place, first=first, laps=part))
        marks = [SeenMark(lap_id=lap.lap_id, calculated=mark) for lap in one.laps for mark in lap.calculated]
        for first in range(0, len(marks), SHEET_MARKS_MAX_COUNT):
            some = tuple(marks[first : first + SHEET_MARKS_MAX_COUNT])
            sheets.append(_sheet(run_id, sheet_id, one.place, marks=some))
    return sheets


def _sheet(
    run_id: str,
    sheet_id: str,
    place: int,
    *,
    first: int = 0,
    laps: Sequence[SeenLap] = (),
    marks: tuple[SeenMark, ...] = (),
) -> RunSheet:
    told = msgspec.Raw(msgspec.json.encode(laps))
    return RunSheet(run_id=run_id, sheet_id=sheet_id, place=place, first=first, laps=told, marks=marks)


def digest_of(driven: Sequence[DrivenPlace]) -> str:
    """Return what tells two versions of a run apart."""
    laps = [[lap.as_seen() for lap in one.laps] for one in driven]
    return hashlib.sha256(msgspec.json.encode([seen_places(driven), laps])).hexdigest()[:32]


def published_places(
    decided: RunDecided, sheets: Iterable[RunSheet], said_by_admin: Mapping[str, SaidOfLap]
) -> list[PublishedPlace] | None:
    """Return the places of a confirmed run, None where the decision names no laps or they are not all
    here."""
    if not decided.sheet_id or not decided.places:
        return None
    laps: dict[int, dict[int, SeenLap]] = {}
    marks: dict[int, dict[str, tuple[Calculated, ...]]] = {}
    for sheet in sheets:
        if sheet.sheet_id == decided.sheet_id:
            of_place = laps.setdefault(sheet.place, {})
            of_place.update({sheet.first + index: lap for index, lap in enumerate(sheet.seen_laps)})
            marked = marks.setdefault(sheet.place, {})
            for mark in sheet.marks:
                marked[mark.lap_id] = (*marked.get(mark.lap_id, ()), mark.calculated)
    places = []
    for seen in decided.places:
        of_place = laps.get(seen.place, {})
        if sorted(of_place) != list(range(seen.laps_count)):
            return None
        places.append(
            PublishedPlace(
                place=seen.place,
                competitor_id=seen.competitor_id,
                laps=tuple(_with_admins_word([of_place[i] for i in sorted(of_place)], said_by_admin)),
                status=seen.status,
                penalty_ns=seen.penalty_ns,
                penalty_laps=seen.penalty_laps,
                calculated={
                    lap_id: calculated
                    for lap_id, calculated in marks.get(seen.place, {}).items()
                    if said_by_admin.get(lap_id, NOTHING_SAID).corrected_ns is None
                },
            )
        )
    return places


def _with_admins_word(laps: Sequence[SeenLap], said_by_admin: Mapping[str, SaidOfLap]) -> Iterable[SeenLap]:
    follows_void = False
    for lap in laps:
        verdict, cause, corrected_ns = said_by_admin.get(lap.lap_id, NOTHING_SAID)
        counts = lap.counts and not follows_void
        if verdict is not None:
            counts = verdict == "valid"
        elif corrected_ns is not None:
            counts = lap.counts
        lap_ns = lap.lap_ns if corrected_ns is None else corrected_ns
        yield SeenLap(lap.lap_id, lap_ns, counts, lap.closed_ns, lap.off_tracks, lap.penalty_ns)
        follows_void = verdict == "void" and cause != DRIVERS_FAULT
