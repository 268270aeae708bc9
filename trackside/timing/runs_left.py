"""How many of the runs that its format gives a competitor has had."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pitboard.journal.folding.fold import Fold
from pitboard.race.bodies.formats import Format
from pitboard.race.race_state import RaceState
from pitboard.race.runs.run import Run
from pitboard.race.stages.programme import Programme


@dataclass(frozen=True, slots=True)
class ClassRuns:
    """A competitor's class by its name, and the runs that are left there; None where none are counted."""

    race_class: str = ""
    left: int | None = None


def runs_had(race: RaceState, competitor_id: str, format_name: str) -> list[Run]:
    """Return the runs of this format that count as theirs, also one that nobody has decided yet."""
    now = race.roll.now(competitor_id) or competitor_id
    return [
        run
        for run in race.run_list.of_competitors(race.roll.same_person(now))
        if run.decision != "discarded"
        and run.armed.value.format == format_name
        and not run.armed.value.timing.is_practice
    ]


def has_no_run_left(race: RaceState, competitor_id: str, format_name: str, rules: Format) -> bool:
    """Return whether the format refuses one more; where it only warns the screen does."""
    had = len(runs_had(race, competitor_id, format_name))
    return rules.may_start_again(had) == "no"


def class_runs(fold: Fold, competitor_id: str) -> ClassRuns:
    """Return what the queue shows of who waits there."""
    race = fold.race
    known = race.competitors.get(race.roll.now(competitor_id) or competitor_id)
    race_class = "" if known is None else known.race_class
    rules = fold.boards.rules_of(race_class)
    left = None
    if rules.runs_max_count:
        had = runs_had(race, competitor_id, _format_name(race.programme, race_class))
        left = max(0, rules.runs_max_count - len(had))
    return ClassRuns(_class_name(race.programme, race_class), left)


def run_number(fold: Fold, run: Run) -> tuple[int, int]:
    """Return which run of its driver's it is, and how many the format gives; zeros where none are counted.

    Of several drivers that of whoever has had the most.
    """
    name = run.armed.value.format
    rules = fold.race.programme.format(name) if name else fold.rules
    if rules is None or not rules.runs_max_count or run.armed.value.timing.is_practice:
        return 0, 0
    return max(_numbers(fold.race, run), default=0), rules.runs_max_count


def _numbers(race: RaceState, run: Run) -> Iterable[int]:
    for competitor_id in run.competitor_ids:
        had = [one.run_id for one in runs_had(race, competitor_id, run.armed.value.format)]
        if run.run_id in had:
            yield had.index(run.run_id) + 1


def _format_name(programme: Programme, race_class: str) -> str:
    named = next((one.format for one in programme.classes() if one.race_class == race_class), "")
    return named if programme.format(named) is not None else ""


def _class_name(programme: Programme, race_class: str) -> str:
    return next((one.name for one in programme.classes() if one.race_class == race_class), race_class)
