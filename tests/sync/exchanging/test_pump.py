"""The pump between real replicas over a link that loses, repeats and breaks."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

from pitboard.clock import ScriptedClock
from pitboard.errors import JournalLost, LossCode, PeerLost
from pitboard.journal.records.record import Record
from pitboard.journal.replica import Replica
from pitboard.journal.views.views import encode_view, view_board
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from sync.exchanging.exchange import EventSeen, Peer, ReplicaPeer, SyncRequest, SyncResponse
from sync.exchanging.pump import LinkState, Pump
from tests.race_story import ROOT, STRANGER, UNIT_A, Teller, central_enrols


class LossyLink:
    """A peer behind a bad network: requests or answers get lost, or are delivered twice."""

    def __init__(self, peer: Peer, *, seed: int, loss: float) -> None:
        self.name = "lossy link"
        self._peer = peer
        self._chance = random.Random(seed)
        self._loss = loss

    async def sync(self, request: SyncRequest) -> SyncResponse:
        if self._chance.random() < self._loss:
            raise PeerLost(peer=self.name, reason="the request was lost")
        response = await self._peer.sync(request)
        if self._chance.random() < self._loss:
            response = await self._peer.sync(request)
        if self._chance.random() < self._loss:
            raise PeerLost(peer=self.name, reason="the answer was lost")
        return response


def test_a_pump_brings_everything_over_a_link_that_loses_a_third(tmp_path: Path) -> None:
    async def story() -> None:
        clock = ScriptedClock()
        async with (
            Replica.open(tmp_path / "unit.db", root_key=ROOT.key, clock=clock) as unit,
            Replica.open(tmp_path / "central.db", root_key=ROOT.key, clock=clock) as central,
        ):
            await central.accept(central_enrols(UNIT_A).records)
            unit = await unit.open_stream(UNIT_A, "Track A")
            pumps = [
                Pump(
                    ReplicaPeer(source),
                    LossyLink(ReplicaPeer(target), seed=seed, loss=0.3),
                    wait_ms=20,
                    back_off_max_s=0.01,
                    back_off_first_s=0.001,
                )
                for seed, (source, target) in enumerate([(unit, central), (central, unit)])
            ]
            async with asyncio.TaskGroup() as tasks:
                running = [tasks.create_task(pump.run()) for pump in pumps]
                for number in range(40):
                    await unit.append(CompetitorRegistered(competitor_id=f"c{number}", name="x"))
                async with asyncio.timeout(20):
                    while unit.have() != central.have():
                        await asyncio.sleep(0.001)
                for task in running:
                    task.cancel()
            assert sum(central.have().values()) == 44
            assert encode_view(view_board(unit.fold)) == encode_view(view_board(central.fold))

    asyncio.run(story())


def forked_streams() -> tuple[Teller, Teller]:
    """The same stream told twice: shortly, and with more large records than a batch holds."""
    short, long = Teller(STRANGER, "Box", stream="f" * 32), Teller(STRANGER, "Box", stream="f" * 32)
    short.records.append(short.writer.write("weather-noted", {"rain": True}))
    for number in range(20):
        long.records.append(long.writer.write("weather-noted", {"rain": number, "text": "w" * 15_000}))
    return short, long


def test_a_forked_stream_longer_than_a_batch_holds_up_no_other_stream(tmp_path: Path) -> None:
    """Found by the venue simulator: the target takes none of it, and it was offered first for ever."""
    short, long = forked_streams()
    asked: list[float] = []

    class CountedPeer(ReplicaPeer):
        async def sync(self, request: SyncRequest) -> SyncResponse:
            asked.append(asyncio.get_running_loop().time())
            return await super().sync(request)

    async def story() -> None:
        clock = ScriptedClock()
        async with (
            Replica.open(tmp_path / "unit.db", root_key=ROOT.key, clock=clock) as unit,
            Replica.open(tmp_path / "central.db", root_key=ROOT.key, clock=clock) as central,
        ):
            await central.accept(short.records)
            await unit.accept(long.records)
            unit = await unit.open_stream(UNIT_A, "Track A")
            pump = Pump(CountedPeer(unit), ReplicaPeer(central), wait_ms=500, back_off_first_s=0.2)
            running = asyncio.create_task(pump.run())
            async with asyncio.timeout(5):
                while sum(central.have().values()) < 3:
                    await asyncio.sleep(0.001)
                asked.clear()
                await unit.append(CompetitorRegistered(competitor_id="c", name="x"))
                while sum(central.have().values()) < 4:
                    await asyncio.sleep(0.001)
            await asyncio.sleep(0.3)
            running.cancel()
            assert len(asked) < 8  # what is refused is not offered in a tight circle

    asyncio.run(story())


def test_a_pump_outlives_a_journal_that_cannot_be_used(tmp_path: Path) -> None:
    """Found by the venue simulator: a failing disk ended the display's pump, and the display with it."""
    states: list[LinkState] = []

    async def story() -> None:
        async with Replica.open(tmp_path / "j.db", root_key=ROOT.key, clock=ScriptedClock()) as replica:

            async def refuse(*_: object, **__: object) -> list[Record]:
                raise JournalLost(path="j.db", reason="disk I/O error")

            replica.beyond = refuse  # type: ignore[method-assign]
            pump = Pump(ReplicaPeer(replica), ReplicaPeer(replica), on_state=states.append)
            running = asyncio.create_task(pump.run())
            async with asyncio.timeout(5):
                while not states:
                    await asyncio.sleep(0)
            assert not running.done()
            running.cancel()

    asyncio.run(story())
    assert "disk I/O error" in (states[0].trouble or "")


def test_a_waiting_call_returns_the_moment_there_is_news(tmp_path: Path) -> None:
    async def story() -> None:
        async with Replica.open(tmp_path / "j.db", root_key=ROOT.key, clock=ScriptedClock()) as replica:
            replica = await replica.open_stream(UNIT_A, "Track A")
            asked = asyncio.create_task(
                ReplicaPeer(replica).sync(SyncRequest(have=replica.have(), wait_ms=10_000))
            )
            await asyncio.sleep(0)
            await replica.append(CompetitorRegistered(competitor_id="c", name="x"))
            async with asyncio.timeout(5):
                assert len((await asked).records) == 1

    asyncio.run(story())


def test_a_lost_link_is_reported_with_its_reason_and_what_waits() -> None:
    states: list[LinkState] = []

    class Nowhere:
        name = "central"

        async def sync(self, request: SyncRequest) -> SyncResponse:
            raise PeerLost(peer="central", reason="nothing answers there")

    async def story() -> None:
        pump = Pump(Nowhere(), Nowhere(), on_state=states.append)
        running = asyncio.create_task(pump.run())
        while not states:
            await asyncio.sleep(0)
        running.cancel()

    asyncio.run(story())
    assert states[0].trouble == "central cannot be reached: nothing answers there"


class ChangesItsEvent:
    """A peer that begins the next event after the first answer, and would take whatever it is given."""

    name = "central"

    def __init__(self) -> None:
        self.offered = 0
        self._event = EventSeen(key=ROOT.key, name="Summer Cup")

    async def sync(self, request: SyncRequest) -> SyncResponse:
        self.offered += len(request.records)
        answer = SyncResponse(have={}, records=(), event=self._event)
        self._event = EventSeen(key=STRANGER.key, name="Autumn Cup")
        return answer if not request.records else SyncResponse(have={}, records=(), event=self._event)


def test_a_target_that_begins_another_event_meanwhile_is_noticed_at_the_first_delivery(
    tmp_path: Path,
) -> None:
    states: list[LinkState] = []

    async def story() -> None:
        async with Replica.open(tmp_path / "unit.db", root_key=ROOT.key, clock=ScriptedClock()) as unit:
            await unit.open_stream(UNIT_A, "Track A")
            target = ChangesItsEvent()
            pump = Pump(
                ReplicaPeer(unit),
                target,
                wait_ms=5,
                back_off_first_s=0.001,
                back_off_max_s=0.002,
                on_state=states.append,
            )
            async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
                running = tasks.create_task(pump.run())
                while not any(state.code == LossCode.ANOTHER_EVENT for state in states):
                    await asyncio.sleep(0.001)
                offered = target.offered
                await asyncio.sleep(0.03)
                running.cancel()
            assert offered == target.offered == 1  # and nothing more is carried there

    asyncio.run(story())
    assert [state.event for state in states if state.code is not None][:1] == ["Autumn Cup"]
