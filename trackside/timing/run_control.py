"""The runs on this unit's tracks: what an official may do to them now, and when the clock ends them.

All state is the fold's, so a unit that was killed goes on where its journal stands. A passing belongs to the
run by its stamp, whenever it arrives. Who may do what in which phase stands in `race/runs/phases.py`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from pitboard.clock import Clock
from pitboard.errors import ActRefused
from pitboard.journal.replica import WritingReplica
from pitboard.journal.views.views import on_track
from pitboard.race.bodies import (
    display_bodies,
    event_bodies,
    people_bodies,
    queue_bodies,
)
from pitboard.race.bodies.body import Body
from pitboard.race.bodies.formats import TimingRules
from pitboard.race.bodies.passing_bodies import PassingRecorded
from pitboard.race.bodies.run_bodies import RunArmed, RunPlace, RunTimedUp
from pitboard.race.runs.phases import TIMING, ActName, Phase, acts_in, may
from pitboard.race.runs.run import Run
from pitboard.race.runs.run_ids import run_id_of
from pitboard.unit_api.official_acts import (
    AnyAct,
    Arm,
    AttributePassing,
    CheckSystems,
    Confirm,
    Discard,
    KeepPublished,
    Reopen,
    RunAct,
    Stop,
)
from trackside.timing.act_writer import ActWriter, random_id, who
from trackside.timing.arming import Arming
from trackside.timing.bridge_records import BridgeRecords
from trackside.timing.desk import Desk
from trackside.timing.run_acts import RunActs
from trackside.timing.run_time import RunTime
from trackside.timing.systems_check import SystemsChecks

UnitPhase = Literal["idle", "armed", "running", "paused", "time-up", "review"]

REFUSALS: dict[Phase, str] = {
    "armed": "Not before the run has begun. Stop the run, or discard it.",
    "running": "Stop the run first.",
    "paused": "The run is paused. Continue it, or stop the run first.",
    "time-up": "Stop the run first.",
    "review": "The timing of this run has ended.",
    "confirmed": "This run is decided. Reopen it, or ask the admin.",
    "discarded": "This run is decided; the admin can still bring it back.",
}


class RunNow(NamedTuple):
    """A run as it stands at one moment: made once for each version of the replica, and asked by everybody."""

    run: Run
    phase: Phase
    started_mono_ns: int | None
    remaining_ns: int | None
    acts: tuple[ActName, ...]


class RunControl:
    """Takes the official's acts on this unit; each returns once its records are durable."""

    def __init__(
        self,
        replica: WritingReplica,
        clock: Clock,
        *,
        unit_key: str,
        track: str,
        tracks: Sequence[str] = (),
        track_units: Sequence[str] = (),
        new_id: Callable[[], str] = random_id,
    ) -> None:
        self._replica = replica
        self._clock = clock
        self.unit_key = unit_key
        self._track = track
        self.tracks = tuple(dict.fromkeys((track, *tracks)))
        self.time = RunTime(replica, clock)
        self._writer = ActWriter(replica, unit_key=unit_key, new_id=new_id)
        self._arming = Arming(replica, clock, self._writer, track_units=track_units)
        self._acts = RunActs(replica, clock, self._writer, self.time, unit_key=unit_key)
        self._desk = Desk(self._writer, track=track)
        self.checks = SystemsChecks(clock, own_track=track)
        self.bridge_records = BridgeRecords(self._writer, self.checks)
        self.deliverer = self._writer.deliverer

    def passing_recorded(self, passing_id: str) -> PassingRecorded | None:
        """Return the durable passing of this unit that has the name, None where none has."""
        passing = self._writer.race.passing((self.unit_key, passing_id))
        return None if passing is None else passing.body

    # The runs as they stand

    @property
    def run(self) -> Run | None:
        """The run on the unit's own track that nobody has decided yet, the one armed last."""
        return self.run_on(self._track)

    @property
    def phase(self) -> UnitPhase:
        run = self.run
        return "idle" if run is None else _undecided_phase(self.now(run).phase)

    def run_on(self, track: str) -> Run | None:
        return next((run for run in reversed(self.runs()) if run.track == track), None)

    def runs(self) -> list[Run]:
        """Return this unit's runs under way, in the order armed on each track."""
        return [run for run in on_track(self._replica.fold) if self.is_own(run)]

    def is_own(self, run: Run) -> bool:
        """Return whether the run is this unit's, on one of its tracks."""
        return run.unit == self.unit_key and run.track in self.tracks

    def now(self, run: Run) -> RunNow:
        """Return the run as it stands at this moment."""
        phase = self._replica.fold.race.phase(run)
        remaining_ns = self.time.remaining_ns(run)
        if phase == "running" and remaining_ns == 0:
            phase = "time-up"
        return RunNow(run, phase, self.time.started_mono_ns(run), remaining_ns, acts_in(phase, "official"))

    # What officials do

    async def carry_out(self, act: AnyAct) -> dict[str, str]:
        """Do it and return the answer once it is durable. Raises ActRefused with nothing changed."""
        self._writer.require_official(act)
        before = self._writer.done_before(act)
        if before is not None:
            return _answer(before)
        if isinstance(act, RunAct):
            await self._carry_out_on_run(act)
            return {}
        self._writer.require_enrolment()
        if isinstance(act, Arm):
            return {"run_id": await self._arm(act)}
        if isinstance(act, CheckSystems):
            if not act.stops and self.run_on(act.track or self._track) is not None:
                raise ActRefused(
                    code="wrong-phase", reason="A run is under way; check before the doors open."
                )
            self.checks.begin(act)
            return {}
        return await self._desk.carry_out(act) or {}

    async def _arm(self, act: Arm) -> str:
        places = self._arming.places(act)
        race = self._writer.race
        waiting = self._writer.waiting(act, "arm")
        if isinstance(waiting, RunArmed):
            if _drivers(waiting.places) != _drivers(places):
                raise ActRefused(code="wrong-phase", reason="The last start is not saved yet; wait for it.")
            return _run_id(await self._writer.write(act, waiting, same="arm"))
        track = act.track or self._track
        if track not in self.tracks:
            raise ActRefused(code="unknown-track", reason=f"This unit has no track '{track}'.")
        format_name = act.format or self._arming.format_of(act.stage_id, places)
        rules = race.programme.format(format_name) if format_name else self._replica.fold.rules
        if rules is None or rules.unknown_words():
            raise ActRefused(
                code="unknown-format", reason="This unit cannot race by this format; update Pitboard."
            )
        run = self.run_on(track)
        if run is None or _drivers(run.places) != _drivers(places):
            self._arming.check_runs_left(places, format_name, rules)
        if run is not None and not _lets_next_start(run, rules.timing):
            if _drivers(run.places) == _drivers(places) and self.now(run).phase == "armed":
                return run.run_id
            raise ActRefused(code="wrong-phase", reason="Confirm or discard the run under way first.")
        armed = RunArmed(
            run_id=run_id_of(self.unit_key, self._writer.new_id()),
            track=track,
            boot_id=self._clock.boot_id,
            mono_ns=self._clock.mono_ns(),
            places=places,
            timing=rules.timing,
            format=format_name,
            stage_id=act.stage_id,
            heat_id=act.heat_id,
            clocks=self._arming.clocks(),
            **who(act),
        )
        return _run_id(await self._writer.write(act, armed, same="arm"))

    async def _carry_out_on_run(self, act: RunAct) -> None:
        run = self._acts.known_run(act.run_id)
        phase = self.now(run).phase
        if _is_done(act, run, phase):
            return
        name = _act_name(act)
        if not may(name, phase, "official"):
            raise ActRefused(code="wrong-phase", reason=REFUSALS[phase])
        self._check_place(act, run)
        told = self._acts.bodies_of(act, run)
        if not told:
            return
        if isinstance(told[0], PassingRecorded):
            await self.deliverer.append(*told)
        elif len(told) > 1 or isinstance(act, Stop | Confirm | Discard | Reopen | KeepPublished):
            await self._writer.write(act, *told, same=f"{name} {run.run_id}")
        else:
            await self._writer.write(act, *told)
        await self.follow_time()

    # What the clock says

    async def resume(self) -> None:
        """After a new boot, let runs that were under way go on; laps are never timed across boots."""
        for run in self.runs():
            is_known = any(boot_id == self._clock.boot_id for boot_id, _, _ in run.openings)
            if not is_known and self.now(run).phase in TIMING:
                await self._replica.append(self._acts.resumption(run))

    async def follow_time(self) -> None:
        """Say that the time of a run is up, and end the timing once nothing that still counts can come."""
        for run in self.runs():
            if run.finished is None and not run.is_paused:
                told = self._what_the_clock_tells(run)
                if told is not None:
                    await self.deliverer.append(told)

    def wait_ns(self) -> int | None:
        """Return after how long the clock has something to tell, None while nothing is known to come."""
        left = [
            remaining
            for run in self.runs()
            if run.finished is None
            and (remaining := self.time.remaining_ns(run)) is not None
            and remaining > 0
        ]
        return min(left, default=None)

    def _what_the_clock_tells(self, run: Run) -> Body | None:
        rules = run.armed.value.timing
        driven_mono_ns = self.time.laps_driven_mono_ns(run)
        if driven_mono_ns is not None:
            return self._acts.finish(run, driven_mono_ns, "laps-driven")
        up_mono_ns = self.time.up_mono_ns(run)
        if up_mono_ns is None or up_mono_ns > self._clock.mono_ns():
            return None
        if rules.stops_at_once:
            return self._acts.finish(run, up_mono_ns, "time-up")
        closing_mono_ns = self.time.closing_mono_ns(run, up_mono_ns)
        if closing_mono_ns is not None:
            return self._acts.finish(run, closing_mono_ns, "time-up")
        return None if run.is_timed_up else RunTimedUp(run_id=run.run_id)

    def _check_place(self, act: RunAct, run: Run) -> None:
        place = getattr(act, "place", None)
        is_elsewhere = isinstance(act, AttributePassing)
        if isinstance(place, int) and not is_elsewhere and run.place_of(place) is None:
            raise ActRefused(code="unknown-place", reason="The run has no such place.")


def _lets_next_start(run: Run, rules: TimingRules) -> bool:
    """Where cars drive from start to finish, the next one may stand ready while others are under way."""
    return rules.clock == "start-gate" and run.is_start_to_finish


def _undecided_phase(phase: Phase) -> UnitPhase:
    """Return the phase of a run under way, which is never a decided one."""
    return "idle" if phase in ("confirmed", "discarded") else phase  # type: ignore[return-value]


def _drivers(places: Sequence[RunPlace]) -> list[tuple[int, str | None]]:
    return [(place.place, place.competitor_id) for place in places]


def _run_id(armed: Body) -> str:
    return armed.run_id if isinstance(armed, RunArmed) else ""


def _act_name(act: RunAct) -> ActName:
    return act.__struct_config__.tag  # type: ignore[return-value]


def _is_done(act: RunAct, run: Run, phase: Phase) -> bool:
    """Return whether a repetition without an id asks for what is so already."""
    match act:
        case Stop():
            return phase == "review" or run.decision is not None
        case Discard():
            return run.decision == "discarded"
        case Reopen():
            return phase == "review"
        case _:
            return False


def _answer(before: Body) -> dict[str, str]:
    """Return what the request was answered with when it was carried out first."""
    match before:
        case people_bodies.CompetitorRegistered():
            return {"competitor_id": before.competitor_id}
        case RunArmed():
            return {"run_id": before.run_id}
        case queue_bodies.QueueJoined():
            return {"entry_id": before.entry_id}
        case display_bodies.MessagePosted():
            return {"message_id": before.message_id}
        case event_bodies.StageSet() | event_bodies.HeatDrawn():
            return {"stage_id": before.stage_id}
        case _:
            return {}
