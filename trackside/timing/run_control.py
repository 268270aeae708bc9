"""One run at a time on one track: what the official may do now, and the records that say it was done.

All state is the fold's, so a unit that was killed goes on where its journal stands. A passing belongs to the
run by its stamp, whenever it arrives."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Literal

from pitboard.clock import Clock
from pitboard.errors import ActRefused
from pitboard.journal.delivery import Deliverer
from pitboard.journal.replica import WritingReplica
from pitboard.journal.views import on_track
from pitboard.race.bodies import (
    CompetitorRegistered,
    EventConfigured,
    LapJudged,
    PassingRecorded,
    RunArmed,
    RunDecided,
    RunFinished,
    RunResumed,
    RunTimedUp,
    Verdict,
)
from pitboard.race.laps import NANOSECONDS_PER_MS, Crossing
from pitboard.race.names import clean_name
from pitboard.race.race_state import Run

UnitPhase = Literal["idle", "armed", "running", "time-up", "review"]

MANUAL_SENSOR = "manual"
MANUAL_UNCERTAINTY_NS = 100_000_000
"""A thumb on a screen: what published studies of hand timing call typical, about a tenth of a second."""

DEFAULT_EVENT = EventConfigured(name="Pitboard")
TIMING_PHASES: tuple[UnitPhase, ...] = ("armed", "running", "time-up")


def random_id() -> str:
    """Return an id that nobody gives out twice."""
    return secrets.token_hex(8)


class RunControl:
    """Takes the official's acts for one track of this unit; each returns once its records are durable."""

    def __init__(
        self,
        replica: WritingReplica,
        clock: Clock,
        *,
        unit_key: str,
        track: str,
        new_id: Callable[[], str] = random_id,
    ) -> None:
        self._replica = replica
        self._clock = clock
        self._unit_key = unit_key
        self._track = track
        self._new_id = new_id
        self.deliverer = Deliverer(replica, unit_key=unit_key)

    @property
    def run(self) -> Run | None:
        """The run that nobody has decided yet."""
        for run in on_track(self._replica.fold):
            if run.unit == self._unit_key and run.armed is not None and run.armed.value.track == self._track:
                return run
        return None

    @property
    def phase(self) -> UnitPhase:
        run = self.run
        if run is None:
            return "idle"
        phase = self._replica.fold.race.phase(run)
        if phase == "running" and self.remaining_ns(run) == 0:
            return "time-up"
        assert phase != "confirmed"
        assert phase != "discarded"
        return phase

    def started_mono_ns(self, run: Run) -> int | None:
        """Return when, on this boot's clock, the run's time began; None before its first passing here."""
        for segment, boot_id in self._segments(run):
            if boot_id == self._clock.boot_id and segment:
                return segment[0].passing.mono_ns - self._elapsed_before(run)
        return None

    def remaining_ns(self, run: Run) -> int | None:
        """Return the time left, 0 once it is up, None while the run has not started on this boot."""
        started_mono_ns = self.started_mono_ns(run)
        if started_mono_ns is None or run.armed is None:
            return None
        up_mono_ns = started_mono_ns + run.armed.value.run_ms * NANOSECONDS_PER_MS
        return max(0, up_mono_ns - self._clock.mono_ns())

    async def resume(self) -> None:
        """After a new boot, let a run that was under way go on; laps are never timed across boots."""
        run = self.run
        if run is None or self.phase not in TIMING_PHASES or run.armed is None:
            return
        if self._clock.boot_id == run.armed.value.boot_id or self._clock.boot_id in run.resumed:
            return
        await self._replica.append(
            RunResumed(
                run_id=run.run_id,
                boot_id=self._clock.boot_id,
                mono_ns=self._clock.mono_ns(),
                elapsed_ns=self._known_elapsed_ns(run),
            )
        )

    async def register(self, name: str) -> str:
        """Register a competitor under a display name and return the new id."""
        self._require_enrolment()
        cleaned = clean_name(name)
        if not cleaned:
            raise ActRefused(code="bad-name", reason="Type a name with at least one letter or digit.")
        registered = await self.deliverer.append_unless_waiting(
            f"register {cleaned}", CompetitorRegistered(competitor_id=self._new_id(), name=cleaned)
        )
        assert isinstance(registered, CompetitorRegistered)
        return registered.competitor_id

    async def arm(self, competitor: str) -> str:
        """Make the track ready for the competitor and return the run's id."""
        self._require_enrolment()
        if competitor not in self._replica.fold.race.competitors:
            raise ActRefused(code="unknown-competitor", reason="This competitor is not registered.")
        waiting = self.deliverer.waiting("arm")
        if isinstance(waiting, RunArmed) and waiting.competitor_id != competitor:
            raise ActRefused(code="wrong-phase", reason="The last start is not saved yet; wait for it.")
        run = self.run
        if run is not None:
            if (
                run.armed is not None
                and run.armed.value.competitor_id == competitor
                and self.phase == "armed"
            ):
                return run.run_id
            raise ActRefused(code="wrong-phase", reason="Confirm or discard the run under way first.")
        event = self._replica.fold.race.event.value or DEFAULT_EVENT
        armed = RunArmed(
            run_id=self._new_id(),
            track=self._track,
            competitor_id=competitor,
            boot_id=self._clock.boot_id,
            mono_ns=self._clock.mono_ns(),
            run_ms=event.run_ms,
            lap_min_ms=event.lap_min_ms,
        )
        durable = await self.deliverer.append_unless_waiting("arm", armed)
        assert isinstance(durable, RunArmed)
        return durable.run_id

    def _require_enrolment(self) -> None:
        """Refuse what would be written, shown as saved, and count nowhere."""
        roster = self._replica.fold.roster
        if roster.is_revoked(self._unit_key):
            raise ActRefused(code="not-enrolled", reason="This unit is revoked. Call the admin.")
        if self._unit_key not in roster.enrolled():
            raise ActRefused(
                code="not-enrolled",
                reason="This unit is not enrolled. Connect it to central, call the admin.",
            )

    async def stop(self, run_id: str, mono_ns: int) -> None:
        """End the timing at this instant; what was stamped before it still counts."""
        run = self._known(run_id)
        if self._phase_of(run) in TIMING_PHASES:
            await self.deliverer.append_unless_waiting(
                f"stop {run_id}", self._finish(run, mono_ns, "stopped")
            )

    async def record_manual_passing(self, run_id: str, mono_ns: int) -> None:
        """Record a passing that the official saw; its uncertainty says that a thumb stamped it."""
        run = self._known(run_id)
        if self._phase_of(run) not in TIMING_PHASES:
            raise ActRefused(code="wrong-phase", reason="The timing of this run has ended.")
        passing = PassingRecorded(
            sensor=MANUAL_SENSOR,
            sensor_boot=self._clock.boot_id,
            seq=max(1, mono_ns // 1_000),
            track=self._track,
            boot_id=self._clock.boot_id,
            mono_ns=self._possible(mono_ns),
            uncertainty_ns=MANUAL_UNCERTAINTY_NS,
            received_mono_ns=self._clock.mono_ns(),
        )
        if await self.deliverer.append(passing):
            await self.follow_time()

    async def judge(self, run_id: str, lap_id: str, verdict: Verdict) -> None:
        """Give a lap its verdict; a later one replaces it until the run is decided."""
        run = self._known(run_id)
        if run.decision is not None:
            raise ActRefused(
                code="wrong-phase", reason="This run is decided; the admin can still correct it."
            )
        laps = {lap.lap_id: lap for lap in self._replica.fold.race.laps(run_id)}
        if lap_id not in laps:
            raise ActRefused(code="unknown-lap", reason="This lap is not part of the run.")
        if laps[lap_id].verdict != verdict:
            await self.deliverer.append_unless_said_last(
                f"judge {lap_id}", LapJudged(run_id=run_id, lap_id=lap_id, verdict=verdict)
            )

    async def confirm(self, run_id: str) -> None:
        """Publish the run; refused while a short lap has no verdict."""
        run = self._known(run_id)
        if run.decision == "confirmed":
            return
        if self._phase_of(run) != "review":
            raise ActRefused(code="wrong-phase", reason="Stop the run before confirming it.")
        waiting = [lap.number for lap in self._replica.fold.race.laps(run_id) if lap.waits_for_verdict]
        if waiting:
            raise ActRefused(
                code="short-lap-waits", reason=f"Say Valid or Void for the short lap {waiting[0]} first."
            )
        await self.deliverer.append_unless_waiting(
            f"confirm {run_id}", RunDecided(run_id=run_id, decision="confirmed")
        )

    async def discard(self, run_id: str) -> None:
        """Keep the run in the journal and off the board."""
        run = self._known(run_id)
        if run.decision == "discarded":
            return
        if run.decision == "confirmed":
            raise ActRefused(code="wrong-phase", reason="This run is confirmed; the admin can correct it.")
        decided = RunDecided(run_id=run_id, decision="discarded")
        if self._phase_of(run) in TIMING_PHASES:
            finished = self._finish(run, self._clock.mono_ns(), "discarded")
            await self.deliverer.append_unless_waiting(f"discard {run_id}", finished, decided)
        else:
            await self.deliverer.append_unless_waiting(f"discard {run_id}", decided)

    async def follow_time(self) -> None:
        """Say that the time is up, and end the timing once the lap that was under way then has closed."""
        run = self.run
        if run is None or run.finished.said is not None or self.remaining_ns(run) != 0:
            return
        started_mono_ns = self.started_mono_ns(run)
        assert started_mono_ns is not None
        assert run.armed is not None
        up_mono_ns = started_mono_ns + run.armed.value.run_ms * NANOSECONDS_PER_MS
        closing = next(
            (
                crossing.passing.mono_ns
                for segment, boot_id in self._segments(run)
                if boot_id == self._clock.boot_id
                for crossing in segment
                if crossing.passing.mono_ns >= up_mono_ns
            ),
            None,
        )
        if closing is not None:
            await self.deliverer.append(self._finish(run, closing, "time-up"))
        elif not run.timed_up:
            await self.deliverer.append(RunTimedUp(run_id=run.run_id))

    def _finish(
        self, run: Run, mono_ns: int, reason: Literal["time-up", "stopped", "discarded"]
    ) -> RunFinished:
        return RunFinished(
            run_id=run.run_id, boot_id=self._clock.boot_id, mono_ns=self._possible(mono_ns), reason=reason
        )

    def _possible(self, mono_ns: int) -> int:
        """Return the instant, but no later than now: nobody stamps the future."""
        return max(0, min(mono_ns, self._clock.mono_ns()))

    def _known(self, run_id: str) -> Run:
        run = self._replica.fold.race.runs.get(run_id)
        if run is None or run.armed is None or run.unit != self._unit_key:
            raise ActRefused(code="unknown-run", reason="This run is not known on this unit.")
        return run

    def _phase_of(self, run: Run) -> UnitPhase | Literal["decided"]:
        current = self.run
        return self.phase if current is not None and current.run_id == run.run_id else "decided"

    def _segments(self, run: Run) -> list[tuple[list[Crossing], str]]:
        return [
            (list(segment.crossings), segment.crossings[0].passing.boot_id)
            for segment in self._replica.fold.race.segments(run)
            if segment.crossings
        ]

    def _elapsed_before(self, run: Run) -> int:
        resumed = run.resumed.get(self._clock.boot_id)
        return 0 if resumed is None else resumed.value.elapsed_ns

    def _known_elapsed_ns(self, run: Run) -> int:
        """Return how much of the run's time its passings prove to be used, over all boots."""
        elapsed_ns = 0
        for segment in self._replica.fold.race.segments(run):
            if segment.crossings:
                driven_ns = segment.crossings[-1].passing.mono_ns - segment.crossings[0].passing.mono_ns
                elapsed_ns = segment.elapsed_ns + driven_ns
        return elapsed_ns
