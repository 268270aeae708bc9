"""The official at a unit and the cars on its track: random, but each by the rules of the touchscreen."""

from __future__ import annotations

import asyncio
from random import Random

import msgspec

from pitboard.errors import ActRefused, JournalLost
from pitboard.race.bodies.body import Act
from pitboard.race.bodies.run_bodies import RunPlace
from pitboard.race.bodies.verdict_bodies import PlaceStatus, Verdict
from pitboard.race.runs.run import Run
from pitboard.race.stages.heats import LaneHeat, lane_heats
from pitboard.unit_api.official_acts import (
    AnyAct,
    Arm,
    AttributePassing,
    Confirm,
    ContinueRun,
    Discard,
    HandOver,
    IgnorePassing,
    InsertPassing,
    Judge,
    JudgePlace,
    ManualPassing,
    MoveDay,
    MoveStart,
    NoteOffTrack,
    PauseRun,
    Penalize,
    PlanDay,
    Register,
    Stop,
    Withdraw,
)
from trackside.timing.run_control import RunControl
from venue.simulator.cast.unit_node import TRACK, UnitNode
from venue.simulator.judging.day_judge import begins_too_soon
from venue.simulator.judging.heat_judge import lanes_had_before
from venue.simulator.world.world import World

NAMES = ("Ann", "Bo", "Cy", "Dee", "Eve", "Flo", "Gus", "Hal")
OFFICIALS = ("olga", "otto")
ACT_MAX_S = 4.0
HEATS_STAGE = "heats of "
LANES = 2


class Official:
    """Registers, arms, stops, judges and decides at one unit."""

    def __init__(self, world: World, unit: UnitNode) -> None:
        self._world = world
        self._unit = unit

    async def work(self) -> None:
        """Do one thing after the other until cancelled."""
        chance = self._world.chance
        while True:
            await asyncio.sleep(self._world.plan.pace * chance.uniform(0.3, 1.6))
            await self._act(chance, may_begin=True)

    async def settle(self) -> None:
        """Bring the runs under way to their decision; nothing new begins."""
        for _ in range(24):
            run_control = self._unit.run_control
            if run_control is None or not run_control.runs():
                return
            await self._act(self._world.chance, may_begin=False)
            await asyncio.sleep(0.2)

    async def _act(self, chance: Random, *, may_begin: bool) -> None:
        run_control = self._unit.run_control
        if run_control is None:
            return
        try:
            await asyncio.wait_for(self._choose(run_control, chance, may_begin=may_begin), 3 * ACT_MAX_S)
        except (ActRefused, JournalLost, TimeoutError) as error:
            self._world.trace.say(self._unit.name, f"official: {type(error).__name__} {error}")

    async def _do(self, act: AnyAct) -> dict[str, str]:
        """Send the act; whoever sees no "saved" within seconds sends it again, under the same id."""
        by = self._world.chance.choice(OFFICIALS)
        act = msgspec.structs.replace(act, act_id=self._world.new_id(), by=by)
        try:
            return await asyncio.wait_for(self._send(act), ACT_MAX_S)
        except (JournalLost, TimeoutError):
            await asyncio.sleep(0.1)
            return await asyncio.wait_for(self._send(act), ACT_MAX_S)

    async def _send(self, act: AnyAct) -> dict[str, str]:
        run_control = self._unit.run_control
        if run_control is None:
            raise ActRefused(code="gone", reason="The unit is down.")
        answer = await run_control.carry_out(act)
        if self._world.chance.random() < 0.05:
            raise TimeoutError  # it was saved, and the answer was lost on its way
        return answer

    async def _choose(self, run_control: RunControl, chance: Random, *, may_begin: bool) -> None:
        runs = run_control.runs()
        if may_begin and not runs and self._has_day() and chance.random() < 0.8:
            await self._drive_day(chance.choice(list(self._unit.replica.fold.race.competitors)), chance)
            return
        if not runs or (may_begin and run_control.run is None) or (may_begin and chance.random() < 0.05):
            if may_begin:
                await self._arm(chance)
            return
        run = chance.choice(runs)
        phase = run_control.now(run).phase
        if may_begin and chance.random() < 0.3:
            await self._marshal(run, chance)
            return
        now_mono_ns = self._unit.clock.mono_ns()
        match phase:
            case "review":
                await self._decide(run.run_id, chance)
            case "paused":
                await self._do(ContinueRun(run_id=run.run_id, mono_ns=now_mono_ns))
            case "time-up":
                if not may_begin or chance.random() < 0.5:
                    await self._do(Stop(run_id=run.run_id, mono_ns=now_mono_ns))
            case _:
                if not may_begin or chance.random() < 0.12:
                    await self._do(Stop(run_id=run.run_id, mono_ns=now_mono_ns))
                elif chance.random() < 0.06:
                    await self._do(Discard(run_id=run.run_id))
                elif chance.random() < 0.1:
                    await self._do(ManualPassing(run_id=run.run_id, mono_ns=now_mono_ns))

    async def _marshal(self, run: Run, chance: Random) -> None:
        """Something that an official puts right by hand, or takes back."""
        race = self._unit.replica.fold.race
        run_id, now_mono_ns = run.run_id, self._unit.clock.mono_ns()
        place = chance.choice(run.places).place
        passings = [passing.passing_id for passing in race.raw_passings(run)]
        kinds = ["off-track", "penalty", "hand-over", "status", "pause", "insert", "withdraw"]
        kind = chance.choice(kinds + ["ignore", "give", "give", "nobody", "copy", "start"] * bool(passings))
        passing_id = chance.choice(passings) if passings else ""
        match kind:
            case "off-track":
                await self._do(NoteOffTrack(run_id=run_id, mono_ns=now_mono_ns, place=place))
            case "penalty":
                await self._do(Penalize(run_id=run_id, place=place, penalty_ns=5_000_000_000, laps=1))
            case "hand-over":
                competitor = chance.choice([*race.competitors, None])
                await self._do(HandOver(run_id=run_id, place=place, competitor_id=competitor))
            case "status":
                status: PlaceStatus = chance.choice(("finished", "did-not-finish", "disqualified"))
                await self._do(JudgePlace(run_id=run_id, place=place, status=status))
            case "pause":
                await self._do(PauseRun(run_id=run_id, mono_ns=now_mono_ns))
            case "insert":
                mono_ns = max(0, now_mono_ns - chance.randint(0, 3_000_000_000))
                insert = InsertPassing(
                    run_id=run_id, place=place, mono_ns=mono_ns, uncertainty_ns=100_000_000
                )
                await self._do(insert)
            case "copy":
                await self._do(InsertPassing(run_id=run_id, place=place, copy_of=passing_id))
            case "ignore":
                await self._do(IgnorePassing(run_id=run_id, passing_id=passing_id))
            case "give":
                give = AttributePassing(run_id=run_id, passing_id=passing_id, to_run_id=run_id, place=place)
                await self._do(give)
            case "nobody":
                await self._do(AttributePassing(run_id=run_id, passing_id=passing_id))
            case "start":
                await self._do(MoveStart(run_id=run_id, passing_id=passing_id))
            case "withdraw":
                subjects = [("run", run_id), *(("passing", *one.key) for one in race.raw_passings(run))]
                heard = [one for subject in subjects for one in race.statements.all_about(subject)]
                acts = [one for one in heard if isinstance(one.body, Act)]
                if acts:
                    named = chance.choice(acts).word
                    await self._do(Withdraw(stream=named.stream, seq=named.seq))

    async def _arm(self, chance: Random) -> None:
        known = list(self._unit.replica.fold.race.competitors)
        if known and chance.random() < 0.4:
            competitor = chance.choice(known)
        else:
            name = chance.choice(NAMES)
            self._take_contact(name)
            register = Register(
                name=name,
                race_class=chance.choice(("", "kids", "pros")),
                team=chance.choice(self._world.plan.teams),
            )
            competitor = (await self._do(register))["competitor_id"]
        other = chance.choice([*known, None])
        track = chance.choice(("", "", "", "2"))
        match chance.choice(self._world.plan.runs):
            case "lanes":
                places = tuple(
                    RunPlace(place=number, competitor_id=one, told_by="lane", lane=number)
                    for number, one in ((1, competitor), (2, other))
                )
                runs = self._unit.replica.fold.race.runs.values()
                # No draw: every second heat of the unit begins at one switch for both lanes.
                is_derby = sum(run.armed.value.places[0].told_by == "lane" for run in runs) % 2
                await self._do(Arm(places=places, track=track, format="Derby" if is_derby else ""))
            case "cars":
                places = tuple(
                    RunPlace(place=number, competitor_id=one, told_by="transponder", transponders=(car,))
                    for number, one, car in ((1, competitor, 7), (2, other, 8))
                )
                await self._do(Arm(places=places, track=track))
            case "ski":
                await self._do(Arm(competitor_id=competitor, track=track, format="Ski"))
            case "laps":
                await self._do(Arm(competitor_id=competitor, track=track, format="Laps"))
            case "heat":
                await self._arm_heat(track)
            case "day":
                await self._drive_day(competitor, chance)
            case _:
                await self._do(Arm(competitor_id=competitor, track=track))

    def _has_day(self) -> bool:
        race = self._unit.replica.fold.race
        return bool(race.competitors and race.day(TRACK, self._unit.clock.boot_id).next_up())

    async def _drive_day(self, competitor: str, chance: Random) -> None:
        """Plan a few runs of the unit's track; begin the next when it is due, or pause or move it."""
        clock = self._unit.clock
        now_mono_ns = clock.mono_ns()
        day = self._unit.replica.fold.race.day(TRACK, clock.boot_id)
        up = day.next_up()
        if not up:
            turns = tuple(f"turn {self._world.new_id()[:8]}" for _ in range(3))
            await self._do(PlanDay(turns=turns, is_automatic=True, gap_ms=self._world.plan.gap_ms))
        elif day.is_due(now_mono_ns // 1_000_000) or (day.ended_at_ms is None and not day.is_paused):
            race = self._unit.replica.fold.race
            if (broken := begins_too_soon(race, TRACK, clock.boot_id, now_mono_ns)) is not None:
                self._world.truth.violate(broken[0], f"{self._unit.name}: {broken[1]}")
            await self._do(Arm(competitor_id=competitor, heat_id=up[0]))
        else:
            move = chance.choice(
                (
                    MoveDay(mono_ns=now_mono_ns, is_paused=not day.is_paused),
                    MoveDay(mono_ns=now_mono_ns, is_paused=False),
                    MoveDay(mono_ns=now_mono_ns, shift_ms=chance.choice((-1_000, 1_000))),
                )
            )
            await self._do(move)

    async def _arm_heat(self, track: str) -> None:
        """Draw the next heat by lane of all who are known here by now, the best of the board first."""
        fold = self._unit.replica.fold
        stage = f"{HEATS_STAGE}{self._unit.name}"
        driven = [
            _seats(run)
            for run in fold.race.runs.values()
            if run.armed.value.stage_id == stage and run.unit == self._unit.identity.key
        ]
        drivers = [one.competitor for one in fold.board.in_order()] + sorted(fold.race.competitors)
        heats = lane_heats(drivers, LANES, driven)
        if heats:
            again = lanes_had_before(fold.race, self._unit.identity.key, stage, heats[0])
            if again:
                self._world.truth.violate("each-lane-once", f"{stage}: {again} in {heats[0]}")
            places = tuple(
                RunPlace(place=lane, competitor_id=driver, told_by="lane", lane=lane)
                for lane, driver in enumerate(heats[0], start=1)
            )
            await self._do(Arm(places=places, track=track, stage_id=stage, heat_id=f"heat {len(driven) + 1}"))

    def _take_contact(self, name: str) -> None:
        """The person types a contact too; it goes into the sealed side table, never into a record."""
        number = self._world.chance.randrange(10**6)
        contacts = (f"{name.lower()}.{number}@example.org", f"+49 170 {number:06}")
        self._world.truth.contacts.extend(contact.encode() for contact in contacts)

    async def _decide(self, run: str, chance: Random) -> None:
        race = self._unit.replica.fold.race
        for lap in race.laps(run):
            if chance.random() < self._world.plan.judged_share:
                await self._do(Judge(run_id=run, lap_id=lap.lap_id, verdict=_verdict(chance)))
        for _ in range(40):
            waiting = [lap for lap in race.laps(run) if lap.waits_for_verdict]
            if not waiting:
                break
            await self._do(Judge(run_id=run, lap_id=waiting[0].lap_id, verdict=_verdict(chance)))
        if chance.random() < 0.88:
            await self._do(Confirm(run_id=run))
        else:
            await self._do(Discard(run_id=run))


def _seats(run: Run) -> LaneHeat:
    """Return who was to drive on each lane, whoever it was handed to since."""
    on_lane = {place.lane: place.competitor_id for place in run.armed.value.places}
    return tuple(on_lane.get(lane) for lane in range(1, LANES + 1))


def _verdict(chance: Random) -> Verdict:
    return "valid" if chance.random() < 0.5 else "void"


async def drive(world: World, unit: UnitNode) -> None:
    """Let cars cross the unit's beam, sometimes with bounces, sometimes suspiciously soon."""
    chance, pace = world.chance, world.plan.car_pace
    while True:
        run_control = unit.run_control
        is_racing = run_control is not None and bool(run_control.runs())
        is_soon = chance.random() < 0.15
        await asyncio.sleep(pace * (chance.uniform(0.4, 0.8) if is_soon else chance.uniform(1.0, 2.2)))
        if not is_racing and chance.random() < 0.9:
            continue
        unit.cross()
        if chance.random() < 0.25:
            await asyncio.sleep(chance.uniform(0.002, 0.2))
            unit.cross()
