"""How the time of a run stands on this unit's own clock, read from the passings of this boot.

It asks and never writes. Laps are not timed across boots, so what a boot before has used is only reckoned."""

from __future__ import annotations

from dataclasses import replace

from pitboard.clock import Clock
from pitboard.journal.replica import Replica
from pitboard.race.runs.laps import started_mono_ns, time_up_mono_ns
from pitboard.race.runs.run import Run
from pitboard.unit_api.screen_state import Interruption


class RunTime:
    """Looks at the fold anew for each answer."""

    def __init__(self, replica: Replica, clock: Clock) -> None:
        self._replica = replica
        self._clock = clock
        self._began_mono_ns = clock.mono_ns()

    def started_mono_ns(self, run: Run) -> int | None:
        """Return when, on this boot's clock, the run's time began; None before its first passing here."""
        race, rules = self._replica.fold.race, run.armed.value.timing
        began = [
            started_mono_ns(segment, rules, run.start_of(place.place))
            for place in run.places
            for segment in race.segments(run, place.place)
            if segment.boot_id == self._clock.boot_id
        ]
        return min((one for one in began if one is not None), default=None)

    def remaining_ns(self, run: Run) -> int | None:
        """Return the time left, 0 once it is up; None while the run has not started on this boot, and where
        its time is not limited."""
        up_mono_ns = self.up_mono_ns(run)
        return None if up_mono_ns is None else max(0, up_mono_ns - self._clock.mono_ns())

    def up_mono_ns(self, run: Run) -> int | None:
        """Return when the run's time is up, and None while it has not started on this boot."""
        began = self.started_mono_ns(run)
        if began is None:
            return None
        now_mono_ns = self._clock.mono_ns()
        pauses = [
            replace(one, to_mono_ns=max(one.from_mono_ns, now_mono_ns)) if one.to_mono_ns is None else one
            for one in run.pauses
        ]
        return time_up_mono_ns(began, self._clock.boot_id, run.armed.value.timing, pauses)

    def interruption(self, run: Run) -> Interruption | None:
        """Return what ended this program while the run was under way, the worst of it; None for nothing."""
        boot_id, armed = self._clock.boot_id, run.armed.value
        if armed.boot_id == boot_id:
            is_older = armed.mono_ns < self._began_mono_ns
            return Interruption(kind="restart") if is_older else None
        resumed = next((one for one in run.resumed if one.boot_id == boot_id), None)
        if resumed is None:
            return None
        race = self._replica.fold.race
        before = {
            passing.passing_id
            for segment in race.segments(run)
            if segment.boot_id != boot_id
            for passing in segment.passings
        }
        laps = sum(lap.lap_id in before for lap in race.laps(run.run_id))
        return Interruption(kind="power", laps=laps, used_ns=resumed.elapsed_ns)

    def closing_mono_ns(self, run: Run, up_mono_ns: int) -> int | None:
        """Return when the last lap that was under way at time-up closed; None while one is still open."""
        closings = []
        for place in run.places:
            stamps = [
                passing.mono_ns
                for segment in self._replica.fold.race.segments(run, place.place)
                if segment.boot_id == self._clock.boot_id
                for passing in segment.passings
            ]
            if stamps:
                closings.append(next((one for one in stamps if one >= up_mono_ns), None))
        closed = [one for one in closings if one is not None]
        return max(closed) if closed and len(closed) == len(closings) else None

    def laps_driven_mono_ns(self, run: Run) -> int | None:
        """Return when everybody had driven what the rules ask for; None before that, and without such a
        rule."""
        rules = run.armed.value.timing
        wanted = 1 if run.is_start_to_finish else rules.run_laps if rules.ends == "laps" else 0
        driven = self._replica.fold.race.driven(run.run_id)
        if not wanted or any(len(place.laps) < wanted and place.status == "finished" for place in driven):
            return None
        stamps = [
            passing.mono_ns
            for place in driven
            for lap in place.laps[wanted - 1 : wanted]
            for segment in self._replica.fold.race.segments(run, place.place)
            for passing in segment.passings
            if passing.passing_id == lap.lap_id and segment.boot_id == self._clock.boot_id
        ]
        return max(stamps, default=None)

    def known_elapsed_ns(self, run: Run) -> int:
        """Return how much of the run's time its passings prove to be used, over all boots."""
        elapsed_ns = 0
        for segment in self._replica.fold.race.segments(run):
            if segment.passings:
                driven_ns = segment.passings[-1].mono_ns - segment.passings[0].mono_ns
                elapsed_ns = segment.elapsed_ns + driven_ns
        return elapsed_ns
