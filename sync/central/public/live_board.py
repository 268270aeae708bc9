"""The board as phones follow it: its first entries and who is on the track.

Ranks and gaps are left out: a new leader would change them all. An entry that changed is sent; a phone counts
ranks down the list and takes gaps from `amounts`. Nothing here is null, see `board_change`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec

from pitboard.journal.folding.fold import Fold
from pitboard.journal.views.run_views import ClockView, RunView, view_run
from pitboard.journal.views.views import on_track, view_event
from pitboard.race.bodies.calculated import Calculated
from pitboard.race.ranking.board import Standing
from pitboard.race.ranking.results import amount_kinds
from pitboard.race.roll import Competitor
from pitboard.race.runs.run_parts import Lap, Place
from sync.central.public.board_change import Form

ENTRIES_MAX_COUNT = 100
RUNS_MAX_COUNT = 40
TAG_LENGTH = 10


@dataclass(frozen=True)
class LiveBoard:
    """A board as followers get it; `tag` names its content, in every process the same.

    `at` orders boards: how many records had arrived when it was first so, by the journal's count, which all
    processes over one database share.
    """

    form: Form
    at: int = 0

    @cached_property
    def tag(self) -> str:
        return hashlib.sha256(msgspec.json.encode(self.form)).hexdigest()[:TAG_LENGTH]

    @cached_property
    def body(self) -> bytes:
        return msgspec.json.encode({"tag": self.tag, "at": self.at} | self.form)


class LiveBoards:
    """Makes the live board of a fold; an entry that is as it was is the same object as before."""

    def __init__(self, fold: Fold) -> None:
        self._fold = fold
        self._entries: dict[str, tuple[Standing, Competitor | None, bool, Form]] = {}

    def newest(self, at: int = 0) -> LiveBoard:
        """Return the board of now, with so many records arrived."""
        fold = self._fold
        board = fold.board
        kept: dict[str, tuple[Standing, Competitor | None, bool, Form]] = {}
        entries = []
        before: Standing | None = None
        for standing in board.in_order(count=ENTRIES_MAX_COUNT):
            known = fold.race.competitors.get(standing.competitor)
            is_tied = before is not None and board.is_tie(before, standing)
            former = self._entries.get(standing.competitor)
            if former is None or former[0] is not standing or former[1:3] != (known, is_tied):
                name = fold.race.name_of(standing.competitor)
                former = (standing, known, is_tied, _entry(standing, name, known, is_tied=is_tied))
            kept[standing.competitor] = former
            entries.append(former[3])
            if not standing.is_outside_awards:
                before = standing
        self._entries = kept
        event = view_event(fold, board.rules.resolution_ns)
        form: Form = {
            "event": {
                "id": event.id,
                "name": event.name,
                "resolution_ns": event.resolution_ns,
                "amounts": list(amount_kinds(board.rules)),
                **_said(closed=event.is_closed, next_name=event.next_name, next_day=event.next_day),
                **_said(joins=not event.is_closed and fold.race.programme.join_code() is not None),
            },
            "count": len(board),
            "entries": entries,
            "on_track": [_run(view_run(fold, run)) for run in on_track(fold)[:RUNS_MAX_COUNT]],
        }
        newest = board.newest()
        if newest is not None:
            form["newest"] = newest
        return LiveBoard(form, at)


def _entry(standing: Standing, name: str, known: Competitor | None, *, is_tied: bool) -> Form:
    entry: Form = {
        "id": standing.competitor,
        "name": name,
        "laps": standing.laps,
        "runs": standing.runs,
        "columns": [list(column) for column in standing.columns],
    }
    if standing.outcome.amounts is not None:
        entry["amounts"] = list(standing.outcome.amounts)
    if known is not None:
        entry |= _said(number=known.number, race_class=known.race_class, team=known.team, flag=known.flag)
    return entry | _said(
        tied=is_tied,
        disqualified=standing.is_disqualified,
        outside=standing.is_outside_awards,
        **_made(standing.outcome.calculated),
    )


def _run(view: RunView) -> Form:
    run: Form = {
        "id": view.run_id,
        "unit": view.unit,
        "track": view.track,
        "phase": view.phase,
        "places": [_place(place) for place in view.places],
    }
    return run if view.clock is None else run | {"clock": _clock(view.clock)}


def _clock(clock: ClockView) -> Form:
    """Return when the run began by the unit's own wall clock, how long it lasts, and its pauses."""
    began: Form = {"run_ms": clock.run_ms}
    if clock.started_mono_ns is None:
        return began
    offset_ms = clock.armed_utc_ms - clock.armed_mono_ns // 1_000_000
    began["started_utc_ms"] = offset_ms + clock.started_mono_ns // 1_000_000
    if clock.pauses:
        began["pauses_utc_ms"] = [
            [
                offset_ms + at_ns // 1_000_000
                for at_ns in (pause.from_mono_ns, pause.to_mono_ns)
                if at_ns is not None
            ]
            for pause in clock.pauses
        ]
    return began


def _place(place: Place) -> Form:
    driven: Form = {"id": place.place, "name": place.name, "laps": len(place.laps)}
    if place.laps:
        driven["last"] = _lap(place.laps[-1])
    driven |= _said(competitor=place.competitor_id, best_ns=place.best_ns, lane=place.lane, car=place.car)
    bests = [lap.calculated for lap in place.laps if lap.counts and lap.lap_ns == place.best_ns]
    return driven | (_made(bests[0]) if bests and all(bests) else {})


def _lap(lap: Lap) -> Form:
    return {"ns": lap.lap_ns} | _said(
        out=not lap.counts,
        short=lap.is_short,
        verdict=lap.verdict,
        corrected=lap.is_corrected,
        waits=lap.waits_for_verdict,
        **_made(lap.calculated),
    )


def _made(marks: Sequence[Calculated]) -> Form:
    """Return from what a time was calculated and how far off it may be, nothing where it was measured."""
    least_sure = max(marks, key=lambda mark: mark.uncertainty_ns, default=None)
    if least_sure is None:
        return {}
    return {
        "calculated_ms": -(-least_sure.uncertainty_ns // 1_000_000),
        "calculated_from": least_sure.from_system,
    }


def _said(**values: Any) -> Form:
    """Return what there is: not null, not false, not empty."""
    return {
        key: value
        for key, value in values.items()
        if value is not None and value is not False and value != ""
    }
