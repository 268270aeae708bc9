"""From what an organiser types to a competitor, a run or a lap.

A competitor is named by a part of the name or the first digits of the id; a run by `anna/2`, a lap by
`anna/2/3` (blanks do as well). Runs are numbered in the order armed, discarded ones too, so that no act
renumbers another run. A page names by ids, which no late record renumbers: `RUN_ID@PLACE` and
`RUN_ID@PLACE#LAP_ID`."""

from __future__ import annotations

import re
from typing import NamedTuple

from pitboard.errors import ActRefused
from pitboard.journal.folding.fold import Fold
from pitboard.journal.views.competitor_search import CompetitorSearch
from pitboard.race.names import fold_name
from pitboard.race.runs.run import Run
from pitboard.race.runs.verdicts import Lap

ID_PREFIX_MIN_LENGTH = 4
LISTED_MAX_COUNT = 8
_RUN = re.compile(r"(.+?)[/\s]+(\d{1,6})", re.DOTALL | re.ASCII)
_LAP = re.compile(r"(.+?)[/\s]+(\d{1,6})[/\s]+(\d{1,6})", re.DOTALL | re.ASCII)


_RUN_ID = re.compile(r"(.+?)(?:@(\d{1,3}))?(?:#(.+))?", re.DOTALL | re.ASCII)


class PlaceInRun(NamedTuple):
    """A competitor's place in a run; `number` says which of their runs it is, 0 where it is nobody's."""

    number: int
    run: Run
    place: int


class LapReference:
    """Finds what is meant in one fold; raises ActRefused where nothing or more than one thing is."""

    def __init__(self, fold: Fold) -> None:
        self._fold = fold
        self._search = CompetitorSearch(fold)

    def competitor(self, text: str) -> str:
        """Return the id of the one competitor that the text names."""
        text = text.strip()
        found = self._found(text)
        if not found:
            raise ActRefused(
                code="unknown-competitor",
                reason=f"Nobody is called '{text}'; type another part of the name, or the id.",
                fields={"typed": text},
            )
        if len(found) > 1:
            listed = self._listed(found)
            question = f"'{text}' may be {listed}; type the whole name, or the id in brackets."
            raise ActRefused(code="ambiguous", reason=question, fields={"typed": text, "listed": listed})
        return found[0]

    def run(self, text: str) -> PlaceInRun:
        """Return the run that `COMPETITOR/RUN` names, and the competitor's place in it."""
        if (named := self._by_id(text)) is not None and named[1] is None:
            return named[0]
        match = _RUN.fullmatch(text.strip())
        if match is None:
            raise ActRefused(
                code="bad-reference", reason=f"'{text}' names no run; type competitor/run, like anna/2."
            )
        return self._run(self.competitor(match[1]), int(match[2]))

    def lap(self, text: str) -> tuple[int, Run, Lap]:
        """Return the run's number, the run and the lap that `COMPETITOR/RUN/LAP` names."""
        if (named := self._by_id(text)) is not None and named[1] is not None:
            return self._lap_by_id(*named)
        match = _LAP.fullmatch(text.strip())
        if match is None:
            raise ActRefused(
                code="bad-reference", reason=f"'{text}' names no lap; type competitor/run/lap, like anna/2/3."
            )
        number, run, place = self._run(self.competitor(match[1]), int(match[2]))
        laps = self._fold.race.laps(run.run_id, place)
        lap_number = int(match[3])
        if not 1 <= lap_number <= len(laps):
            raise ActRefused(
                code="unknown-lap",
                reason=f"Run {number} has {_counted(len(laps), 'lap')}, no lap {lap_number}.",
            )
        return number, run, laps[lap_number - 1]

    def holder(self, run: Run, place: int) -> str:
        """Return who has the place now, empty for nobody."""
        armed = run.place_of(place)
        return "" if armed is None else self._fold.race.roll.now(armed.competitor_id) or ""

    def runs_of(self, competitor: str) -> list[Run]:
        """Return all runs of the competitor, decided or not, in the order armed."""
        runs = [
            (run.armed.word.moment, run)
            for run in self._fold.race.runs.values()
            if competitor in map(self._fold.race.roll.now, run.competitor_ids)
        ]
        return [run for _, run in sorted(runs, key=lambda pair: pair[0])]

    def _run(self, competitor: str, number: int) -> PlaceInRun:
        runs = self.runs_of(competitor)
        if not 1 <= number <= len(runs):
            name = self._fold.race.name_of(competitor)
            raise ActRefused(
                code="unknown-run", reason=f"{name} has {_counted(len(runs), 'run')}, no run {number}."
            )
        run = runs[number - 1]
        places = [one.place for one in run.places if self.holder(run, one.place) == competitor]
        return PlaceInRun(number, run, places[0])

    def _by_id(self, text: str) -> tuple[PlaceInRun, str | None] | None:
        """Return the place that ids name, and the lap's id where one is named."""
        match = _RUN_ID.fullmatch(text)
        run = None if match is None else self._fold.race.runs.get(match[1])
        if match is None or run is None:
            return None
        place = int(match[2] or run.places[0].place)
        if run.place_of(place) is None:
            raise ActRefused(code="unknown-place", reason=f"This run has no place {place}.")
        competitor = self.holder(run, place)
        numbers = [number for number, one in enumerate(self.runs_of(competitor), start=1) if one is run]
        return PlaceInRun(numbers[0] if competitor and numbers else 0, run, place), match[3]

    def _lap_by_id(self, named: PlaceInRun, lap_id: str | None) -> tuple[int, Run, Lap]:
        for lap in self._fold.race.laps(named.run.run_id, named.place):
            if lap.lap_id == lap_id:
                return named.number, named.run, lap
        raise ActRefused(code="unknown-lap", reason="This lap is no longer part of the run.")

    def _found(self, text: str) -> list[str]:
        race = self._fold.race
        if text in race.competitors:
            return [text]
        wanted = fold_name(text)
        by_name = self._search.find(text, forgives=False).competitors if wanted else []
        same = [one for one in by_name if fold_name(race.name_of(one)) == wanted]
        if same:
            return same
        by_id = (
            [one for one in race.competitors if one.startswith(text.lower())]
            if len(text) >= ID_PREFIX_MIN_LENGTH
            else []
        )
        return list(dict.fromkeys([*by_id, *by_name]))

    def _listed(self, found: list[str]) -> str:
        listed = [f"{self._fold.race.name_of(one)} ({one})" for one in found[:LISTED_MAX_COUNT]]
        more = len(found) - len(listed)
        if more:
            listed.append(f"+ {more}")
        return ", ".join(listed)


def _counted(count: int, noun: str) -> str:
    return f"{count or 'no'} {noun}{'' if count == 1 else 's'}"
