"""The first official is appointed at the track; the admin stands above, and later units learn the PIN."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pitboard.clock import ScriptedClock
from pitboard.errors import ActRefused
from pitboard.journal.records.kinds import UnitEnrolled
from pitboard.journal.records.record import Record
from pitboard.journal.replica import Replica
from pitboard.race.bodies.event_bodies import EventConfigured
from pitboard.race.bodies.people_bodies import OfficialDismissed
from pitboard.trust.pin import pin_verifier
from pitboard.trust.pin_box import is_for, open_pin
from pitboard.unit_api.official_acts import Register, Withdraw
from sync.central.admin.pin_keeper import keep_pins
from tests.race_story import ROOT, UNIT_A, UNIT_B, Teller
from tests.trackside.unit_story import Unit, with_unit


def cheap(pin: str) -> str:
    return pin_verifier(pin, memory_kib=64)


async def olga_at(unit: Unit) -> str:
    unit.appointing.make_verifier = cheap
    return await unit.appointing.appoint("Olga", "112233")


def test_the_first_official_signs_in_here_and_is_the_only_one_appointed_here(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        with pytest.raises(ActRefused, match="6 digits"):
            await unit.appointing.appoint("Olga", "12")
        olga = await olga_at(unit)
        await unit.sign_in.check(olga, "112233")
        with pytest.raises(ActRefused, match="not the PIN"):
            await unit.sign_in.check(olga, "112234")
        with pytest.raises(ActRefused, match="appointed already"):
            await unit.appointing.appoint("Otto", "445566")
        with pytest.raises(ActRefused, match="Sign in"):
            await unit.run_control.carry_out(Register(name="Ada"))
        await unit.run_control.carry_out(Register(name="Ada", by=olga))
        screen = unit.feed.now()
        assert [(one.official_id, one.name) for one in screen.officials] == [(olga, "Olga")]
        assert "argon2id" not in str(screen)

    with_unit(tmp_path, story)


def test_two_at_once_appoint_one_and_the_appointment_is_taken_back_like_any_act(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        said = await asyncio.gather(olga_at(unit), olga_at(unit), return_exceptions=True)
        assert sum(isinstance(one, str) for one in said) == 1
        act = unit.feed.now().acts[0]
        assert act.kind == "official-appointed"
        olga = unit.feed.now().officials[0].official_id
        await unit.run_control.carry_out(Withdraw(stream=act.stream, seq=act.seq, by=olga))
        assert unit.feed.now().officials == ()
        await unit.run_control.carry_out(Register(name="Ada"))  # nobody has to sign in again

    with_unit(tmp_path, story)


def test_the_admin_dismisses_whom_the_track_appointed(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        olga = await olga_at(unit)
        central = Teller(ROOT, "Central")
        central.say(OfficialDismissed(official_id=olga))
        await unit.replica.accept(central.records)
        assert unit.feed.now().officials == ()
        with pytest.raises(ActRefused, match="Nobody is appointed"):
            await unit.sign_in.check(olga, "112233")

    with_unit(tmp_path, story)


def test_a_unit_that_is_enrolled_later_gets_the_pins_from_central(tmp_path: Path) -> None:
    records: list[Record] = []
    named: list[str] = []

    async def story(unit: Unit) -> None:
        named.append(await olga_at(unit))
        records.extend(await unit.replica.beyond({}))

    with_unit(tmp_path, story)

    async def at_central() -> None:
        clock = ScriptedClock()
        async with Replica.open(tmp_path / "central.db", root_key=ROOT.key, clock=clock) as reader:
            await reader.accept(records)
            replica = await reader.open_stream(ROOT, "Central")
            keeping = asyncio.create_task(keep_pins(replica))
            await replica.append(UnitEnrolled(key=UNIT_B.key, name="Track B"))
            async with asyncio.timeout(5):
                while not is_for(replica.fold.race.roll.officials()[0].pin_keys, UNIT_B.key):
                    await replica.wait_for_news(replica.version, timeout_s=1)
            count = sum(replica.have().values())
            await replica.append(EventConfigured(name="Another name"))
            for _ in range(20):
                await asyncio.sleep(0)
            count += 1
            assert sum(replica.have().values()) == count  # said once, not for ever
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
            (official,) = replica.fold.race.roll.officials()
            for machine in (UNIT_A, UNIT_B):
                assert (
                    open_pin(official.pin_box, official.pin_keys, machine, official_id=named[0]) is not None
                )

    asyncio.run(at_central())
