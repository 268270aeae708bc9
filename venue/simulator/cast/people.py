"""The official at a unit and the cars on its track: random, but each by the rules of the touchscreen."""

from __future__ import annotations

import asyncio
from random import Random

from pitboard.errors import ActRefused, JournalLost
from pitboard.unit_api.unit_calls import (
    AnyAct,
    Arm,
    Confirm,
    Discard,
    Judge,
    ManualPassing,
    Register,
    Stop,
)
from trackside.timing.run_control import RunControl
from venue.simulator.cast.unit_node import UnitNode
from venue.simulator.world.world import World

NAMES = ("Ann", "Bo", "Cy", "Dee", "Eve", "Flo", "Gus", "Hal")
ACT_MAX_S = 4.0


class Official:
    """Registers, arms, stops, judges and decides at one unit."""

    def __init__(self, world: World, unit: UnitNode) -> None:
        self._world = world
        self._unit = unit

    async def work(self) -> None:
        """Do one thing after the other until cancelled."""
        chance = self._world.chance
        while True:
            await asyncio.sleep(chance.uniform(0.3, 1.6))
            await self._act(chance, may_begin=True)

    async def settle(self) -> None:
        """Bring the run under way to its decision; nothing new begins."""
        for _ in range(12):
            run_control = self._unit.run_control
            if run_control is None or run_control.run is None:
                return
            await self._act(self._world.chance, may_begin=False)
            await asyncio.sleep(0.2)

    async def _act(self, chance: Random, *, may_begin: bool) -> None:
        run_control = self._unit.run_control
        if run_control is None:
            return
        try:
            # A person who sees no "saved" within seconds tries again; the act may have happened all the same.
            await asyncio.wait_for(self._choose(run_control, chance, may_begin=may_begin), ACT_MAX_S)
        except (ActRefused, JournalLost, TimeoutError) as error:
            self._world.trace.say(self._unit.name, f"official: {type(error).__name__} {error}")

    async def _do(self, act: AnyAct) -> dict[str, str]:
        run_control = self._unit.run_control
        if run_control is None:
            raise ActRefused(code="gone", reason="The unit is down.")
        return await run_control.carry_out(act)

    async def _choose(self, run_control: RunControl, chance: Random, *, may_begin: bool) -> None:
        run = run_control.run
        if run is None:
            if may_begin:
                await self._arm(run_control, chance)
            return
        match run_control.phase:
            case "review":
                await self._decide(run_control, run.run_id, chance)
            case "time-up":
                if not may_begin or chance.random() < 0.5:
                    await self._do(Stop(run_id=run.run_id, mono_ns=self._unit.clock.mono_ns()))
            case _:
                if not may_begin or chance.random() < 0.12:
                    await self._do(Stop(run_id=run.run_id, mono_ns=self._unit.clock.mono_ns()))
                elif chance.random() < 0.06:
                    await self._do(Discard(run_id=run.run_id))
                elif chance.random() < 0.1:
                    await self._do(ManualPassing(run_id=run.run_id, mono_ns=self._unit.clock.mono_ns()))

    async def _arm(self, run_control: RunControl, chance: Random) -> None:
        known = list(self._unit.replica.fold.race.competitors)
        if known and chance.random() < 0.4:
            competitor = chance.choice(known)
        else:
            name = chance.choice(NAMES)
            self._take_contact(name)
            competitor = (await self._do(Register(name=name)))["competitor_id"]
        await self._do(Arm(competitor_id=competitor))

    def _take_contact(self, name: str) -> None:
        """The person types a contact too; it goes into the sealed side table, never into a record."""
        number = self._world.chance.randrange(10**6)
        contacts = (f"{name.lower()}.{number}@example.org", f"+49 170 {number:06}")
        self._world.truth.contacts.extend(contact.encode() for contact in contacts)

    async def _decide(self, run_control: RunControl, run: str, chance: Random) -> None:
        laps = self._unit.replica.fold.race.laps(run)
        for lap in laps:
            if lap.waits_for_verdict or chance.random() < 0.08:
                await self._do(Judge(run_id=run, lap_id=lap.lap_id, verdict=chance.choice(("valid", "void"))))
        if chance.random() < 0.88:
            await self._do(Confirm(run_id=run))
        else:
            await self._do(Discard(run_id=run))


async def drive(world: World, unit: UnitNode) -> None:
    """Let cars cross the unit's beam, sometimes with bounces, sometimes suspiciously soon."""
    chance = world.chance
    while True:
        run_control = unit.run_control
        is_racing = run_control is not None and run_control.phase in ("armed", "running", "time-up")
        await asyncio.sleep(chance.uniform(0.4, 0.8) if chance.random() < 0.15 else chance.uniform(1.0, 2.2))
        if not is_racing and chance.random() < 0.9:
            continue
        unit.cross()
        if chance.random() < 0.25:
            await asyncio.sleep(chance.uniform(0.002, 0.2))
            unit.cross()
