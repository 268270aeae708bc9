"""A day that drives itself, tried on a table of laps: when each run of the plan begins and ends.

The first run begins at 0, by hand as on the track; how long each takes, the table says, or the format."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta

from pitboard.drawing.time_text import format_lap_ns
from pitboard.keeping.scoring.score_tables import PER_LAP, LapTable
from pitboard.keeping.scoring.score_text import aligned, shown
from pitboard.program.config import Config
from pitboard.race.bodies.formats import Format
from pitboard.race.stages.day_schedule import DaySchedule

_NS_PER_MS = 1_000_000
_Ms = Annotated[int, Meta(ge=0, le=86_400_000)]
_Name = Annotated[str, Meta(min_length=1, max_length=200)]


class Moved(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """At `at_ms` the day stands still, goes on, or its next start moves."""

    at_ms: _Ms
    is_paused: bool | None = None
    shift_ms: Annotated[int, Meta(ge=-86_400_000, le=86_400_000)] = 0


class DayPlan(Config, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`turns` are runs by their names in the table; the other keys are those of a unit's plan."""

    turns: Annotated[tuple[_Name, ...], Meta(min_length=1, max_length=150)]
    is_automatic: bool = True
    gap_ms: _Ms = 60_000
    moved: tuple[Moved, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """None where it does not begin by itself: a person begins it, or the day stands still."""

    name: str
    begins_ms: int | None
    ends_ms: int | None


def turns_of(plan: DayPlan, table: LapTable, rules: Format) -> list[Turn]:
    """Return the runs in the plan's order, as the day drives them."""
    day = DaySchedule(
        turns=tuple(dict.fromkeys(plan.turns)), is_automatic=plan.is_automatic, gap_ms=plan.gap_ms
    )
    moves = sorted(plan.moved, key=lambda one: one.at_ms)
    turns: list[Turn] = []
    now_ms: int | None = 0
    while next_up := day.next_up():
        if turns and now_ms is not None:
            day, moves, now_ms = _waited(day, moves, now_ms)
        if now_ms is None:
            turns += [Turn(name, None, None) for name in day.next_up(len(plan.turns))]
            break
        ends_ms = now_ms + _length_ms(next_up[0], table, rules)
        turns.append(Turn(next_up[0], now_ms, ends_ms))
        while moves and moves[0].at_ms < ends_ms:
            day = _after(day, moves.pop(0))
        day, now_ms = day.with_done(next_up[0], ends_ms), ends_ms
    return turns


def _waited(day: DaySchedule, moves: list[Moved], now_ms: int) -> tuple[DaySchedule, list[Moved], int | None]:
    """Return when the next turn begins by itself, after what moves it until then."""
    while True:
        left_ms = day.starts_in_ms(now_ms)
        begins_ms = None if left_ms is None or day.is_paused else now_ms + left_ms
        if not moves or (begins_ms is not None and moves[0].at_ms > begins_ms):
            return day, moves, begins_ms
        now_ms = max(now_ms, moves[0].at_ms)
        day = _after(day, moves[0])
        moves = moves[1:]


def _after(day: DaySchedule, move: Moved) -> DaySchedule:
    if move.is_paused is not None:
        day = day.paused(move.at_ms) if move.is_paused else day.resumed(move.at_ms)
    return day.shifted(move.shift_ms, move.at_ms) if move.shift_ms else day


def _length_ms(name: str, table: LapTable, rules: Format) -> int:
    """Return how long the longest drive of the run was; a run that nobody drove takes its time."""
    driven = [sum(numbers[::PER_LAP]) for (_, run), numbers in table.laps.items() if run == name]
    return max(driven) // _NS_PER_MS if driven else rules.run_ms


def day_text(turns: Sequence[Turn], *, as_json: bool) -> str:
    if as_json:
        told = [{"turn": one.name, "begins_ms": one.begins_ms, "ends_ms": one.ends_ms} for one in turns]
        return json.dumps(told, ensure_ascii=False)
    rows = [["begins", "ends", "run"]]
    rows += [[_said(one.begins_ms), _said(one.ends_ms), shown(one.name)] for one in turns]
    return aligned(rows, right=2)


def _said(at_ms: int | None) -> str:
    return "by hand" if at_ms is None else format_lap_ns(at_ms * _NS_PER_MS)
