"""A start gate at one unit, the finish at another: their clocks are compared before a run may start."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from pitboard.clock import ScriptedClock, SystemClock
from pitboard.doors.door_limits import DoorLimits
from pitboard.doors.http_api import new_app, serve_tcp
from pitboard.doors.session import ANY_CERTIFICATE
from pitboard.errors import ActRefused, LossCode, PeerLost
from pitboard.journal.replica import Replica, WritingReplica
from pitboard.race.bodies.event_bodies import EventConfigured, FormatSet
from pitboard.race.bodies.formats import Format
from pitboard.race.bodies.passing_bodies import PassingRecorded
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from pitboard.trust.certificate import Certificate
from pitboard.trust.identity import Identity
from pitboard.unit_api.official_acts import Arm, Discard
from sync.exchanging.clock_reading import read_clock
from sync.exchanging.exchange import SyncRequest, SyncResponse
from sync.exchanging.exchange_api import ExchangeApi, doorkeeper_of
from sync.exchanging.requests_peer import RequestsPeer
from tests.race_story import ROOT, STRANGER, UNIT_A, UNIT_B, Teller, central_enrols
from trackside.others.neighbours import Neighbour
from trackside.others.unit_clocks import SAID_EVERY_NS, UnitClocks
from trackside.timing.arming import CLOCK_DOUBT_MAX_NS
from trackside.timing.run_control import RunControl

MS, S = 1_000_000, 1_000_000_000
APART_NS = 7_777 * S
START_BOOT = "start-boot"


class StartUnit:
    """The unit at the start gate, `lag_ms` away in each direction."""

    name = "Start"

    def __init__(self, clock: ScriptedClock, identity: Identity = UNIT_B) -> None:
        self.finish_clock = clock
        self.identity = identity
        self.boot_id = START_BOOT
        self.lag_ms = 1
        self.is_gone = False
        self.knows_clocks = True

    @property
    def clock(self) -> ScriptedClock:
        return ScriptedClock(now_mono_ns=self.finish_clock.now_mono_ns + APART_NS, boot_id=self.boot_id)

    async def sync(self, request: SyncRequest) -> SyncResponse:
        if self.is_gone:
            raise PeerLost(peer=self.name, code=LossCode.NO_ANSWER)
        self.finish_clock.advance(ms=self.lag_ms)
        assert request.nonce is not None
        clock = self.clock
        reading = read_clock(self.identity, clock, request.nonce, received_mono_ns=clock.mono_ns())
        self.finish_clock.advance(ms=self.lag_ms)
        return SyncResponse(have={}, records=[], clock=reading if self.knows_clocks else None)

    def close(self) -> None:
        """Nothing is held."""


class Finish:
    """The unit at the finish, which arms the runs."""

    def __init__(self, clock: ScriptedClock, replica: WritingReplica) -> None:
        self.clock = clock
        self.replica = replica
        self.start = StartUnit(clock)
        self.start_writes = Teller(UNIT_B, "Start", clock=ScriptedClock(boot_id=START_BOOT))
        self.watch = UnitClocks(
            replica, clock, track_units=(UNIT_B.key,), connect=lambda url, name: self.start
        )
        self.watch.follow({UNIT_B.key: Neighbour(name="Start", urls=("https://192.0.2.9:8441",))})
        self.control = RunControl(replica, clock, unit_key=UNIT_A.key, track="1", track_units=(UNIT_B.key,))

    async def hear_from_start(self) -> None:
        await self.replica.accept(self.start_writes.records)

    async def arm(self) -> str:
        return (await self.control.carry_out(Arm(competitor_id="c1")))["run_id"]

    async def passing(self, gate: str, mono_ns: int, seq: int) -> PassingRecorded:
        boot_id = START_BOOT if gate == "start" else self.clock.boot_id
        body = PassingRecorded(
            sensor=gate,
            sensor_boot="dev",
            seq=seq,
            track="1",
            boot_id=boot_id,
            mono_ns=mono_ns,
            uncertainty_ns=1_000,
            received_mono_ns=mono_ns,
            gate=gate,
        )
        if gate == "start":
            self.start_writes.say(body)
            await self.hear_from_start()
        else:
            await self.replica.append(body)
        return body

    def said_count(self) -> int:
        return len(self.replica.fold.race.statements.in_force(("clocks", self.clock.boot_id, START_BOOT)))


def at_the_finish(folder: Path, story: Callable[[Finish], Awaitable[None]]) -> None:
    async def run() -> None:
        clock = ScriptedClock()
        async with Replica.open(folder / "unit.db", root_key=ROOT.key, clock=clock) as replica:
            central = central_enrols(UNIT_A, UNIT_B)
            rules = Format(name="Climb", clock="start-gate", ends="open", ranking="net", lap_min_ms=0)
            central.say(FormatSet(name="Climb", format=rules))
            central.say(EventConfigured(name="Hill", format="Climb"))
            central.say(CompetitorRegistered(competitor_id="c1", name="Ann"))
            await replica.accept(central.records)
            await story(Finish(clock, await replica.open_stream(UNIT_A, "Finish")))

    asyncio.run(run())


def test_a_run_from_gate_to_gate_is_timed_across_both_clocks(tmp_path: Path) -> None:
    async def story(finish: Finish) -> None:
        with pytest.raises(ActRefused) as refused:
            await finish.arm()
        assert refused.value.code == "clock-unknown"
        await finish.hear_from_start()
        relation = await finish.watch.compare(UNIT_B.key)
        assert relation is not None
        assert abs(relation.offset_ns + APART_NS) <= relation.uncertainty_ns < 2 * MS
        run_id = await finish.arm()
        began_ns = finish.clock.now_mono_ns + 5 * S
        await finish.passing("start", began_ns + APART_NS, 1)
        finish.clock.advance(ms=60_000)
        await finish.passing("finish", began_ns + 42 * S, 1)
        (lap,) = finish.replica.fold.race.laps(run_id)
        assert abs(lap.lap_ns - 42 * S) <= lap.uncertainty_ns
        assert MS <= lap.uncertainty_ns < CLOCK_DOUBT_MAX_NS

    at_the_finish(tmp_path, story)


def test_a_start_is_refused_while_the_clock_is_known_too_little(tmp_path: Path) -> None:
    async def story(finish: Finish) -> None:
        await finish.hear_from_start()
        finish.start.lag_ms = 15
        await finish.watch.compare(UNIT_B.key)
        with pytest.raises(ActRefused) as refused:
            await finish.arm()
        assert refused.value.code == "clock-unsure"
        assert "within 16 ms. Connect it and wait." in str(refused.value)
        finish.start.lag_ms = 1
        finish.clock.advance(ms=10_000)
        await finish.watch.compare(UNIT_B.key)
        assert await finish.arm()

    at_the_finish(tmp_path, story)


def test_a_unit_that_went_away_is_known_less_from_minute_to_minute(tmp_path: Path) -> None:
    async def story(finish: Finish) -> None:
        await finish.hear_from_start()
        await finish.watch.compare(UNIT_B.key)
        finish.start.is_gone = True
        finish.clock.advance(ms=30_000)
        await finish.watch.compare(UNIT_B.key)
        await finish.control.carry_out(Discard(run_id=await finish.arm()))
        finish.clock.advance(ms=600_000)
        await finish.watch.compare(UNIT_B.key)
        with pytest.raises(ActRefused) as refused:
            await finish.arm()
        assert refused.value.code == "clock-unsure"

    at_the_finish(tmp_path, story)


def test_after_a_reboot_of_the_other_unit_its_new_clock_is_compared(tmp_path: Path) -> None:
    async def story(finish: Finish) -> None:
        await finish.hear_from_start()
        await finish.watch.compare(UNIT_B.key)
        later = ScriptedClock(boot_id="second-boot", now_utc_ms=finish.clock.now_utc_ms + 60_000)
        rebooted = Teller(UNIT_B, "Start", clock=later)
        await finish.replica.accept(rebooted.records)
        with pytest.raises(ActRefused) as refused:
            await finish.arm()
        assert refused.value.code == "clock-unknown"
        finish.start.boot_id = "second-boot"
        relation = await finish.watch.compare(UNIT_B.key)
        assert relation is not None
        assert relation.boot_id == "second-boot"
        assert await finish.arm()

    at_the_finish(tmp_path, story)


@pytest.mark.parametrize("who", ["a stranger", "an older version"])
def test_who_does_not_sign_as_the_unit_itself_changes_nothing(tmp_path: Path, who: str) -> None:
    async def story(finish: Finish) -> None:
        await finish.hear_from_start()
        if who == "a stranger":
            finish.start.identity = STRANGER
        else:
            finish.start.knows_clocks = False
        assert await finish.watch.compare(UNIT_B.key) is None
        assert finish.said_count() == 0

    at_the_finish(tmp_path, story)


def test_the_journal_is_told_once_a_minute_and_when_it_is_far_surer(tmp_path: Path) -> None:
    async def story(finish: Finish) -> None:
        finish.start.lag_ms = 20
        await finish.watch.compare(UNIT_B.key)
        await finish.watch.compare(UNIT_B.key)
        assert finish.said_count() == 1
        finish.start.lag_ms = 1
        await finish.watch.compare(UNIT_B.key)
        assert finish.said_count() == 2
        for _ in range(60):
            finish.clock.advance(ms=10_000)
            await finish.watch.compare(UNIT_B.key)
        settled, now_ns = finish.said_count(), finish.clock.now_mono_ns
        for _ in range(60):
            finish.clock.advance(ms=10_000)
            await finish.watch.compare(UNIT_B.key)
        minutes = (finish.clock.now_mono_ns - now_ns) / SAID_EVERY_NS
        assert finish.said_count() - settled == pytest.approx(minutes, abs=1)

    at_the_finish(tmp_path, story)


def test_two_units_compare_their_clocks_over_the_network_as_it_is(tmp_path: Path) -> None:
    async def story(unit: WritingReplica, port: int) -> None:
        clocks = UnitClocks(
            unit,
            unit.clock,
            track_units=(UNIT_B.key,),
            connect=lambda url, name: RequestsPeer(url, name=name, pin=ANY_CERTIFICATE),
        )
        clocks.follow({UNIT_B.key: Neighbour(name="Start", urls=(f"https://127.0.0.1:{port}",))})
        relation = await clocks.compare(UNIT_B.key)
        assert relation is not None
        assert abs(relation.offset_ns) <= relation.uncertainty_ns  # one machine, one clock
        said = unit.fold.race.related_clock(unit.clock.boot_id, UNIT_B.key, unit.clock.boot_id)
        assert said == relation

    async def run() -> None:
        clock = SystemClock()
        certificate = Certificate.load_or_create(tmp_path / "start.pem")
        async with (
            Replica.open(tmp_path / "start.db", root_key=ROOT.key, clock=clock) as start,
            Replica.open(tmp_path / "finish.db", root_key=ROOT.key, clock=clock) as finish,
        ):
            app = new_app(DoorLimits(), doorkeeper_of(start, clock, fingerprint=certificate.fingerprint))
            ExchangeApi(start, UNIT_B).add_to(app)
            async with serve_tcp(app, "127.0.0.1", 0, tls=certificate.server_context()) as port:
                await finish.accept(central_enrols(UNIT_A, UNIT_B).records)
                await story(await finish.open_stream(UNIT_A, "Finish"), port)

    asyncio.run(run())
