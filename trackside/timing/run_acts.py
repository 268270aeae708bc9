"""What is written for each act of an official on a run; nothing of whether it may be done now.

The clock's own words on a run, that it ended or goes on in another boot, are put together here too."""

from __future__ import annotations

from typing import Literal

from pitboard.clock import Clock
from pitboard.errors import ActRefused
from pitboard.journal.replica import WritingReplica
from pitboard.race.bodies import (
    run_bodies,
    verdict_bodies,
)
from pitboard.race.bodies.body import Body
from pitboard.race.bodies.passing_bodies import PassingRecorded
from pitboard.race.bodies.run_bodies import RunResumed
from pitboard.race.runs.published import digest_of, seen_places, sheets_of
from pitboard.race.runs.run import Run
from pitboard.race.runs.verdicts import Lap
from pitboard.unit_api.official_acts import (
    Act,
    AttributePassing,
    Confirm,
    ContinueRun,
    Discard,
    Go,
    HandOver,
    IgnorePassing,
    InsertPassing,
    Judge,
    JudgePlace,
    KeepPublished,
    ManualPassing,
    MoveStart,
    NoteOffTrack,
    PauseRun,
    Penalize,
    Reopen,
    RunAct,
    Stop,
)
from trackside.timing.act_writer import ActWriter, who
from trackside.timing.marshalling import Marshalling
from trackside.timing.run_time import RunTime

END_OF_A_BOOT_NS = 2**62 - 1
"""A stamp behind all others of a boot that is over."""
MANUAL_SENSOR = "manual"
MANUAL_UNCERTAINTY_NS = 100_000_000
"""A thumb on a screen: what published studies of hand timing call typical, about a tenth of a second."""


class RunActs:
    """Puts bodies together from what the race is now; writes nothing."""

    def __init__(
        self, replica: WritingReplica, clock: Clock, writer: ActWriter, time: RunTime, *, unit_key: str
    ) -> None:
        self._clock = clock
        self._writer = writer
        self._time = time
        self._unit_key = unit_key
        self._marshalling = Marshalling(replica, clock, writer, unit_key=unit_key)
        self._possible = self._marshalling.possible

    def known_run(self, run_id: str) -> Run:
        """Return the run of this unit's that has the id; raises ActRefused."""
        return self._marshalling.known_run(run_id)

    def bodies_of(self, act: RunAct, run: Run) -> list[Body]:
        """Return what to write for the act; nothing where it changes nothing. Raises ActRefused."""
        match act:
            case Go() | MoveStart() | PauseRun() | ContinueRun() | Stop():
                return self._of_time(act, run)
            case NoteOffTrack() | Penalize() | JudgePlace() | HandOver():
                return [self._of_place(act, run)]
            case ManualPassing():
                return self._manual_passing(act, run)
            case Judge():
                return self._judge(act, run)
            case InsertPassing() | AttributePassing() | IgnorePassing():
                return [self._marshalling.body_of(act, run)]
            case Confirm() | KeepPublished() | Discard() | Reopen():
                return self._decide(act, run)
            case _:
                raise ActRefused(code="bad-request", reason="This unit does not know this act.")

    def _of_time(self, act: Go | MoveStart | PauseRun | ContinueRun | Stop, run: Run) -> list[Body]:
        """Return what to write for an act that starts, holds or ends the run's time."""
        at = {"run_id": run.run_id, **who(act)}
        boot_id = self._clock.boot_id
        match act:
            case Go():
                return [
                    run_bodies.RunStarted(
                        boot_id=boot_id,
                        mono_ns=self._possible(act.mono_ns),
                        uncertainty_ns=MANUAL_UNCERTAINTY_NS,
                        **at,
                    )
                ]
            case MoveStart():
                passing = self._marshalling.known_passing(act.passing_id, run)
                return [
                    run_bodies.RunStarted(
                        boot_id=passing.boot_id,
                        mono_ns=passing.mono_ns,
                        uncertainty_ns=passing.uncertainty_ns,
                        passing_id=act.passing_id,
                        **at,
                    )
                ]
            case PauseRun():
                return [run_bodies.RunPaused(boot_id=boot_id, mono_ns=self._possible(act.mono_ns), **at)]
            case ContinueRun():
                continued = run_bodies.RunContinued(
                    boot_id=boot_id, mono_ns=self._possible(act.mono_ns), **at
                )
                latest_boot = run.openings[-1][0]
                if latest_boot == boot_id:
                    return [continued]
                # A run that came back from others after this start still waits in the boot before. Where the
                # clock was far ahead in that one, it stays the latest whatever is said now, so its pause ends
                # with it.
                ended = run_bodies.RunContinued(
                    run_id=run.run_id, boot_id=latest_boot, mono_ns=END_OF_A_BOOT_NS
                )
                return [self.resumption(run), ended, continued]
            case Stop():
                return [self.finish(run, act.mono_ns, "stopped", act)]

    def _of_place(self, act: NoteOffTrack | Penalize | JudgePlace | HandOver, run: Run) -> Body:
        """Return what to write of one place; raises ActRefused where the act says nothing."""
        at = {"run_id": run.run_id, "place": act.place, **who(act)}
        match act:
            case NoteOffTrack():
                return verdict_bodies.OffTrackNoted(
                    boot_id=self._clock.boot_id, mono_ns=self._possible(act.mono_ns), **at
                )
            case Penalize():
                if not act.penalty_ns and not act.laps:
                    raise ActRefused(code="no-change", reason="Say how much time or how many laps.")
                return verdict_bodies.PenaltyGiven(
                    penalty_ns=act.penalty_ns, laps=act.laps, code=act.code, **at
                )
            case JudgePlace():
                return verdict_bodies.PlaceJudged(status=act.status, **at)
            case HandOver():
                driver = None
                if act.competitor_id is not None:
                    driver = self._writer.known_competitor(act.competitor_id)
                return run_bodies.RunHanded(competitor_id=driver, car=act.car, **at)

    def _judge(self, act: Judge, run: Run) -> list[Body]:
        laps = {lap.lap_id: lap for lap in self._writer.race.laps(run.run_id)}
        if act.lap_id not in laps:
            raise ActRefused(code="unknown-lap", reason="This lap is not part of the run.")
        said = run.said_of_laps.get(act.lap_id)
        if said is not None and (said.verdict, said.cause) == (act.verdict, act.cause):
            return []
        return [
            verdict_bodies.LapJudged(
                run_id=run.run_id, lap_id=act.lap_id, verdict=act.verdict, cause=act.cause, **who(act)
            )
        ]

    def _decide(self, act: Confirm | KeepPublished | Discard | Reopen, run: Run) -> list[Body]:
        at = {"run_id": run.run_id, **who(act)}
        driven = self._writer.race.driven(run.run_id)
        if isinstance(act, Reopen):
            return [verdict_bodies.RunDecided(decision="reopened", **at)]
        if isinstance(act, Discard):
            told: list[Body] = [verdict_bodies.RunDecided(decision="discarded", **at)]
            if run.finished is None:
                ended = self.finish(run, self._clock.mono_ns(), "discarded")
                told.insert(0, ended)
            return told
        if isinstance(act, KeepPublished):
            decided = run.decided
            if decided is None or not self._writer.race.has_changed(run):
                return []
            return [
                verdict_bodies.RunDecided(
                    decision="confirmed",
                    sheet_id=decided.value.sheet_id,
                    places=decided.value.places,
                    weighed=digest_of(driven),
                    **at,
                )
            ]
        if run.decision == "confirmed" and not self._writer.race.has_changed(run):
            return []
        waiting = next((lap for place in driven for lap in place.laps if lap.waits_for_verdict), None)
        if waiting is not None:
            reason = f"Say Valid or Void for the {_what_waits(waiting)} {waiting.number} first."
            raise ActRefused(code="short-lap-waits", reason=reason)
        sheet_id = self._writer.new_id()
        return [
            *sheets_of(run.run_id, sheet_id, driven),
            verdict_bodies.RunDecided(
                decision="confirmed",
                sheet_id=sheet_id,
                places=seen_places(driven),
                weighed=digest_of(driven),
                **at,
            ),
        ]

    def _manual_passing(self, act: ManualPassing, run: Run) -> list[Body]:
        place = run.place_of(act.place)
        mono_ns = self._possible(act.mono_ns)
        passing = PassingRecorded(
            sensor=MANUAL_SENSOR,
            sensor_boot=self._clock.boot_id,
            seq=max(1, act.mono_ns // 1_000),
            track=run.track,
            boot_id=self._clock.boot_id,
            mono_ns=mono_ns,
            uncertainty_ns=MANUAL_UNCERTAINTY_NS,
            received_mono_ns=self._clock.mono_ns(),
            gate=act.gate,
            system="hand",
            lane=None if place is None else place.lane,
            transponder=place.transponders[0] if place is not None and place.transponders else None,
        )
        is_known = self._writer.race.has_passing(self._unit_key, passing.passing_id)
        return [] if is_known else [passing]

    def resumption(self, run: Run) -> RunResumed:
        return RunResumed(
            run_id=run.run_id,
            boot_id=self._clock.boot_id,
            mono_ns=self._clock.mono_ns(),
            elapsed_ns=self._time.known_elapsed_ns(run),
        )

    def finish(
        self,
        run: Run,
        mono_ns: int,
        ended: Literal["time-up", "laps-driven", "stopped", "discarded"],
        act: Act | None = None,
    ) -> run_bodies.RunFinished:
        return run_bodies.RunFinished(
            run_id=run.run_id,
            boot_id=self._clock.boot_id,
            mono_ns=self._possible(mono_ns),
            ended=ended,
            **({} if act is None else who(act)),
        )


def _what_waits(lap: Lap) -> str:
    if lap.is_short:
        return "short lap"
    return "lap after a void one, number" if lap.follows_void else "lap over a clock that was set, number"
