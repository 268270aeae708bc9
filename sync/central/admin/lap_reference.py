"""From what an organiser types to a competitor, a run or a lap.

A competitor is named by a part of the name or the first digits of the id; a run by `anna/2`, a lap by
`anna/2/3` (blanks do as well). Runs are numbered in the order armed, discarded ones too, so that no decision
renumbers another run."""

from __future__ import annotations

import re

from pitboard.errors import ActRefused
from pitboard.journal.competitor_search import CompetitorSearch
from pitboard.journal.fold import Fold
from pitboard.race.names import fold_name
from pitboard.race.run import Run
from pitboard.race.verdicts import Lap

ID_PREFIX_MIN_LENGTH = 4
LISTED_MAX_COUNT = 8
_RUN = re.compile(r"(.+?)[/\s]+(\d{1,6})", re.DOTALL | re.ASCII)
_LAP = re.compile(r"(.+?)[/\s]+(\d{1,6})[/\s]+(\d{1,6})", re.DOTALL | re.ASCII)


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
            )
        if len(found) > 1:
            raise ActRefused(code="ambiguous", reason=self._question(text, found))
        return found[0]

    def run(self, text: str) -> tuple[int, Run]:
        """Return the number and the run that `COMPETITOR/RUN` names."""
        match = _RUN.fullmatch(text.strip())
        if match is None:
            raise ActRefused(
                code="bad-reference", reason=f"'{text}' names no run; type competitor/run, like anna/2."
            )
        return self._run(self.competitor(match[1]), int(match[2]))

    def lap(self, text: str) -> tuple[int, Run, Lap]:
        """Return the run's number, the run and the lap that `COMPETITOR/RUN/LAP` names."""
        match = _LAP.fullmatch(text.strip())
        if match is None:
            raise ActRefused(
                code="bad-reference", reason=f"'{text}' names no lap; type competitor/run/lap, like anna/2/3."
            )
        number, run = self._run(self.competitor(match[1]), int(match[2]))
        laps = self._fold.race.laps(run.run_id)
        lap_number = int(match[3])
        if not 1 <= lap_number <= len(laps):
            raise ActRefused(
                code="unknown-lap",
                reason=f"Run {number} has {_counted(len(laps), 'lap')}, no lap {lap_number}.",
            )
        return number, run, laps[lap_number - 1]

    def runs_of(self, competitor: str) -> list[Run]:
        """Return all runs of the competitor, decided or not, in the order armed."""
        runs = [
            (run.armed.word.moment, run)
            for run in self._fold.race.runs.values()
            if competitor in map(self._fold.race.roll.now, run.competitor_ids)
        ]
        return [run for _, run in sorted(runs, key=lambda pair: pair[0])]

    def _run(self, competitor: str, number: int) -> tuple[int, Run]:
        runs = self.runs_of(competitor)
        if not 1 <= number <= len(runs):
            name = self._fold.race.name_of(competitor)
            raise ActRefused(
                code="unknown-run", reason=f"{name} has {_counted(len(runs), 'run')}, no run {number}."
            )
        return number, runs[number - 1]

    def _found(self, text: str) -> list[str]:
        race = self._fold.race
        if text in race.competitors:
            return [text]
        wanted = fold_name(text)
        by_name = self._search.find(text)[0] if wanted else []
        same = [one for one in by_name if fold_name(race.name_of(one)) == wanted]
        if same:
            return same
        by_id = (
            [one for one in race.competitors if one.startswith(text.lower())]
            if len(text) >= ID_PREFIX_MIN_LENGTH
            else []
        )
        return list(dict.fromkeys([*by_id, *by_name]))

    def _question(self, text: str, found: list[str]) -> str:
        listed = [f"{self._fold.race.name_of(one)} ({one})" for one in found[:LISTED_MAX_COUNT]]
        more = len(found) - len(listed)
        if more:
            listed.append(f"and {more} more")
        return f"'{text}' may be {', '.join(listed)}; type the whole name, or the id in brackets."


def _counted(count: int, noun: str) -> str:
    return f"{count or 'no'} {noun}{'' if count == 1 else 's'}"
