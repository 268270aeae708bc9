"""What a unit says of its sensors reaches central's admin, signed, and only from enrolled units."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import msgspec
import pytest
from aiohttp import web

from pitboard.clock import ScriptedClock
from pitboard.doors.http_api import answer_refusals, serve_tcp
from pitboard.errors import StatusRefused
from pitboard.health.findings import machine_findings
from pitboard.health.machine_facts import MachineFacts
from pitboard.journal.records.kinds import UnitRevoked
from pitboard.journal.replica import Replica
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from pitboard.trust.identity import Identity
from pitboard.unit_api.program_calls import BridgeReport, CentralStatus, SyncReport
from pitboard.unit_api.unit_status import (
    STATUS_DOMAIN,
    SealedStatus,
    SensorState,
    SensorStatus,
    UnitStatus,
    seal_status,
)
from sync.central.admin.desk.attention import AttentionList
from sync.central.commands.admin_commands import lines_of
from sync.central.ingest.unit_watch import SILENT_AFTER_MS, STATUS_PATH, UnitWatch
from sync.relay import TELL_EVERY_COUNT, StatusCourier
from tests.race_story import ROOT, STRANGER, UNIT_A, Teller, central_enrols
from trackside.api.local_api import UnitStatusApi
from trackside.machine_watch import lines_of as lines_of_machine
from trackside.timing.lights import Lights


def status(identity: Identity = UNIT_A, *, mono_ns: int = 1, boot_id: str = "boot") -> UnitStatus:
    return UnitStatus(
        key=identity.key, name="Track A", boot_id=boot_id, mono_ns=mono_ns, utc_ms=0, lights=[], sensors=[]
    )


def with_watch(folder: Path, story: Callable[[UnitWatch, Replica, ScriptedClock], Awaitable[None]]) -> None:
    async def run() -> None:
        clock = ScriptedClock()
        async with Replica.open(folder / "central.db", root_key=ROOT.key, clock=clock) as replica:
            await replica.accept(central_enrols(UNIT_A).records)
            await story(UnitWatch(replica, clock), replica, clock)

    asyncio.run(run())


def test_only_the_unit_itself_speaks_for_itself(tmp_path: Path) -> None:
    async def story(watch: UnitWatch, replica: Replica, clock: ScriptedClock) -> None:
        watch.take(seal_status(status(), UNIT_A))
        changed = seal_status(status(mono_ns=2), UNIT_A)
        for bad, sentence in (
            (seal_status(status(mono_ns=2), STRANGER), "not signed"),
            (seal_status(status(STRANGER), STRANGER), "not enrolled"),
            (
                msgspec.structs.replace(changed, status=changed.status.replace("Track A", "Track B")),
                "not sign",
            ),
            (SealedStatus(status="{}", signature="0" * 128), "makes no sense"),
            (seal_status(status(mono_ns=1), UNIT_A), "later status"),
        ):
            with pytest.raises(StatusRefused, match=sentence):
                watch.take(bad)
        watch.take(seal_status(status(mono_ns=0, boot_id="next"), UNIT_A))

    with_watch(tmp_path, story)


def test_a_unit_tells_64_kib_of_itself_and_not_a_byte_more(tmp_path: Path) -> None:
    async def story(watch: UnitWatch, replica: Replica, clock: ScriptedClock) -> None:
        app = web.Application(middlewares=[answer_refusals])
        watch.add_to_ingest(app)
        text = msgspec.json.encode(status()).decode()
        async with serve_tcp(app, "127.0.0.1", 0) as port, aiohttp.ClientSession() as session:
            for length, answered in ((64 * 1_024 + 1, 400), (64 * 1_024, 200)):
                padded = text.ljust(length)
                signature = UNIT_A.sign(padded.encode(), domain=STATUS_DOMAIN).hex()
                sealed = {"status": padded, "signature": signature}
                async with session.post(f"http://127.0.0.1:{port}{STATUS_PATH}", json=sealed) as answer:
                    assert answer.status == answered, await answer.text()
                    assert watch.hears_anybody() == (answered == 200)

    with_watch(tmp_path, story)


def test_a_units_clock_that_is_a_day_ahead_of_centrals_is_told(tmp_path: Path) -> None:
    async def story(watch: UnitWatch, replica: Replica, clock: ScriptedClock) -> None:
        day_ms = 86_400_000
        for ahead_ms, sentence in (
            (day_ms, "    clock 24 h ahead of central's: set the one that is wrong"),
            (-600_000, "    clock 10 min behind central's: set the one that is wrong"),
        ):
            clock.advance(ms=1)
            said = status(mono_ns=clock.mono_ns())
            watch.take(seal_status(msgspec.structs.replace(said, utc_ms=clock.utc_ms() + ahead_ms), UNIT_A))
            assert sentence in lines_of(watch.view().units[0])
        clock.advance(ms=1)
        said = status(mono_ns=clock.mono_ns())
        watch.take(seal_status(msgspec.structs.replace(said, utc_ms=clock.utc_ms() + 60_000), UNIT_A))
        assert watch.view().units[0].clock is None
        newer = msgspec.structs.replace(said, mono_ns=said.mono_ns + 1, version="0.2.0")
        watch.take(seal_status(newer, UNIT_A))
        assert lines_of(watch.view().units[0])[0].endswith(", version 0.2.0")
        clock.advance(ms=1)
        watch.take(seal_status(status(mono_ns=clock.mono_ns()), UNIT_A))  # its clock was never set
        assert watch.view().units[0].clock is None

    with_watch(tmp_path, story)


def test_silence_shows_and_a_revoked_unit_does_not(tmp_path: Path) -> None:
    async def story(watch: UnitWatch, replica: Replica, clock: ScriptedClock) -> None:
        (unit,) = watch.view().units
        assert (unit.is_silent, unit.status) == (True, None)
        assert lines_of(unit) == [f"{unit.name}: has said nothing since central started"]
        watch.take(seal_status(status(), UNIT_A))
        assert not watch.view().units[0].is_silent
        clock.advance(ms=SILENT_AFTER_MS + 1)
        assert watch.view().units[0].is_silent
        assert "SILENT" in lines_of(watch.view().units[0])[0]
        central = central_enrols(UNIT_A)
        central.say(UnitRevoked(key=UNIT_A.key))
        await replica.accept(central.records)
        assert watch.view().units == []

    with_watch(tmp_path, story)


class Unit:
    """The unit's answer, made by the parts that make it there."""

    def __init__(self, lights: Lights, clock: ScriptedClock) -> None:
        self.api = UnitStatusApi(lights, UNIT_A, clock, name="Track A")

    async def call(
        self, method: str, path: str, body: bytes | None = None, *, wait_ms: int = 0, max_bytes: int = 0
    ) -> bytes:
        return msgspec.json.encode(seal_status(self.api.status(), UNIT_A))


def test_what_the_doctor_says_of_a_unit_and_its_backlog_reach_central(tmp_path: Path) -> None:
    facts = MachineFacts(temperature_mc=84_000, disk_free_bytes=2**30, utc_ms=2**41, addresses=("192.0.2.7",))

    async def story(watch: UnitWatch, replica: Replica, clock: ScriptedClock) -> None:
        lights = Lights(replica, clock, unit_key=UNIT_A.key, journal_folder=tmp_path)
        unit = Unit(lights, clock)
        courier = StatusCourier(unit, Central(watch))
        assert await courier.carry_once()
        clock.advance(ms=1_000)
        unit.api.show_machine(lines_of_machine(list(machine_findings(facts))))
        lights.take(SyncReport(central=CentralStatus(state="ok", waiting_count=1_204)))
        assert await courier.carry_once(), "what became red is told at once"
        (seen,) = watch.view().units
        assert seen.status is not None
        assert seen.status.machine[0].code == "temperature-hot"
        assert {one.code for one in seen.status.machine} >= {"disk", "clock-alone", "network"}
        said = lines_of(seen)
        assert "    1204 records still to come" in said
        assert any("84 °C and slows itself down. Put it in the shade" in line for line in said)
        [red] = [one for one in AttentionList(replica, watch.view).now() if one.kind == "machine"]
        assert (red.who, red.sentence[:24]) == ("Track 0", "The machine is at 84 °C ")

    with_watch(tmp_path, story)


def test_a_fork_is_told_of_the_unit_whose_stream_it_is(tmp_path: Path) -> None:
    async def story(watch: UnitWatch, replica: Replica, clock: ScriptedClock) -> None:
        unit = Teller(UNIT_A, "Track A", stream="0" * 32)
        clone = Teller(UNIT_A, "Track A", stream="0" * 32)
        for teller, name in ((unit, "Ann"), (clone, "Ben")):
            teller.say(CompetitorRegistered(competitor_id="c1", name=name))
            await replica.accept(teller.records)
        needed = AttentionList(replica, watch.view).now()
        [fork] = [one for one in needed if one.code == "desk.attention-fork"]
        assert fork.who == replica.fold.roster.enrolled()[UNIT_A.key] != "Central"

    with_watch(tmp_path, story)


class Central:
    def __init__(self, watch: UnitWatch) -> None:
        self._watch = watch

    async def call(
        self, method: str, path: str, body: bytes | None = None, *, wait_ms: int = 0, max_bytes: int = 0
    ) -> bytes:
        self._watch.take(msgspec.json.decode(body or b"", type=SealedStatus))
        return b"{}"


def test_each_trouble_of_a_sensor_reaches_central_at_the_next_look(tmp_path: Path) -> None:
    async def story(watch: UnitWatch, replica: Replica, clock: ScriptedClock) -> None:
        lights = Lights(replica, clock, unit_key=UNIT_A.key, journal_folder=tmp_path)
        courier = StatusCourier(Unit(lights, clock), Central(watch))
        words = ("ok", "port-gone", "silent", "blocked", "flickers", "ok")
        states = [SensorState(word) for word in words]
        for state in states:
            lights.take(
                BridgeReport(sensors=[SensorStatus(sensor="beam-1", state=state, counters={"gaps": 2})])
            )
            clock.advance(ms=1_000)
            assert await courier.carry_once()
            (unit,) = watch.view().units
            assert unit.status is not None
            assert [(sensor.sensor, sensor.state) for sensor in unit.status.sensors] == [("beam-1", state)]
            assert (unit.status.lights[0].state == "ok") == (state == "ok")
        assert "    beam-1 ok (gaps 2)" in lines_of(unit)
        clock.advance(ms=1_000)
        assert not await courier.carry_once()
        told = []
        for _ in range(TELL_EVERY_COUNT):
            lights.take(BridgeReport(sensors=[SensorStatus(sensor="beam-1", state=SensorState.OK)]))
            clock.advance(ms=1_000)
            told.append(await courier.carry_once())
        assert told.count(True) == 1

    with_watch(tmp_path, story)
