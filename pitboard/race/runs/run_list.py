"""Which runs there are, by competitor and by stage, and which of them nobody has decided yet."""

from __future__ import annotations

from collections.abc import Iterable

from pitboard.race.runs.run import Run


class RunList:
    """Holds each run as it stands; `runs` and `tracks` are only read by others."""

    def __init__(self) -> None:
        self.runs: dict[str, Run] = {}
        self.tracks: set[str] = set()  # where a run was ever armed
        self._of_competitor: dict[str, tuple[str, ...]] = {}  # as armed or given
        self._of_stage: dict[str, dict[str, None]] = {}  # armed in it
        self._undecided: dict[str, Run] = {}
        self._undecided_in_order: list[Run] | None = None  # until it is asked for again

    def put(self, run_id: str, run: Run | None) -> Run | None:
        """Let the run be this one now, None where there is none; return the former."""
        former = self.runs.pop(run_id, None) if run is None else self.runs.get(run_id)
        self._undecided_in_order = None
        self._undecided.pop(run_id, None)
        if run is not None:
            self.runs[run_id] = run
            self.tracks.add(run.track)
            if run.decision is None:
                self._undecided[run_id] = run
        self._list_by_stage(run_id, former, run)
        self._list_by_competitor(run_id, former, run)
        return former

    def _list_by_stage(self, run_id: str, former: Run | None, run: Run | None) -> None:
        if former is not None and former.armed.value.stage_id:
            self._of_stage[former.armed.value.stage_id].pop(run_id, None)
        if run is not None and run.armed.value.stage_id:
            self._of_stage.setdefault(run.armed.value.stage_id, {})[run_id] = None

    def _list_by_competitor(self, run_id: str, former: Run | None, run: Run | None) -> None:
        before = set(former.competitor_ids) if former is not None else set()
        now = set(run.competitor_ids) if run is not None else set()
        for competitor_id in before - now:
            left = tuple(one for one in self._of_competitor[competitor_id] if one != run_id)
            if left:
                self._of_competitor[competitor_id] = left
            else:
                del self._of_competitor[competitor_id]
        for competitor_id in now - before:
            self._of_competitor[competitor_id] = (*self._of_competitor.get(competitor_id, ()), run_id)

    def of_competitors(self, competitor_ids: Iterable[str]) -> list[Run]:
        """Return the runs in which one of these ids has a place, in the order armed."""
        run_ids = {run_id for one in competitor_ids for run_id in self._of_competitor.get(one, ())}
        return in_order(self.runs[run_id] for run_id in run_ids)

    def of_stage(self, stage_id: str) -> list[Run]:
        """Return the runs armed in the stage."""
        return [self.runs[run_id] for run_id in self._of_stage.get(stage_id, ())]

    def undecided(self) -> list[Run]:
        """Return the runs that nobody has decided yet, in the order armed."""
        if self._undecided_in_order is None:
            self._undecided_in_order = in_order(self._undecided.values())
        return list(self._undecided_in_order)

    def last_undecided(self) -> dict[tuple[str, str], Run]:
        """Return the run armed last on each (unit, track), of those that nobody has decided yet.

        Decided ones are left out: after a restored card one may come back with a later stamp than the run
        under way.
        """
        return {(run.unit, run.track): run for run in self.undecided()}


def in_order(runs: Iterable[Run]) -> list[Run]:
    """Return the runs in the order armed."""
    return sorted(runs, key=lambda run: run.armed.word.moment)
