"""Boxes that lie on the venue's network: no board changes, no badge says live, and the official is told."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from aiohttp import web

from display.following.source_choice import Candidate
from display.following.source_follower import SourceFollower
from pitboard.clock import SystemClock
from pitboard.doors.http_api import json_response, new_app, serve_tcp
from pitboard.doors.session import ANY_CERTIFICATE
from pitboard.journal.records.kinds import UnitRevoked
from pitboard.journal.records.record import Record, WireRecord, to_wire
from pitboard.journal.replica import Replica
from pitboard.journal.views.views import encode_view, view_board
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from pitboard.race.bodies.verdict_bodies import RunDecided
from pitboard.trust.certificate import Certificate
from pitboard.trust.identity import Identity
from sync.exchanging.exchange import Proof, ReplicaPeer, SyncRequest, SyncResponse
from sync.exchanging.exchange_api import ExchangeApi
from sync.exchanging.freshness import prove
from sync.exchanging.requests_peer import RequestsPeer
from tests.race_story import ROOT, STRANGER, UNIT_A, UNIT_B, Teller, central_enrols, confirmed_run
from trackside.others.neighbours import Neighbour, Neighbours
from trackside.timing.lights import Lights

Sign = Callable[[str, dict[str, int]], Proof | None]


@dataclass(frozen=True, kw_only=True)
class Lie:
    """What a box offers, how it signs, and what the display and the unit's light say then."""

    records: Sequence[WireRecord]
    sign: Sign
    display_says: str
    light_says: str


def the_race() -> tuple[list[Record], list[Record], Record]:
    """Return what central said, what a unit did on whose track Anna drove two runs, and what it says next."""
    central, unit = central_enrols(UNIT_A, UNIT_B), Teller(UNIT_A, "Track A")
    central.say(UnitRevoked(key=UNIT_B.key))
    unit.say(CompetitorRegistered(competitor_id="c1", name="Anna"))
    seq = confirmed_run(unit, "r1", "c1", start_s=10, laps_s=[12.5], first_seq=1)
    confirmed_run(unit, "r2", "c1", start_s=60, laps_s=[11.5], first_seq=seq)
    so_far = list(unit.records)
    return central.records, so_far, unit.say(RunDecided(run_id="r2", decision="discarded"))


CENTRAL, UNIT, NEXT = the_race()


def a_race_of(identity: Identity) -> list[Record]:
    teller = Teller(identity, "Track A")
    teller.say(CompetitorRegistered(competitor_id="c1", name="Mallory"))
    teller.say(CompetitorRegistered(competitor_id="m", name="Mallory"))
    confirmed_run(teller, "r9", "m", start_s=10, laps_s=[3.5], first_seq=1)
    return teller.records


def nobody(nonce: str, have: dict[str, int]) -> Proof | None:
    return None


def of(identity: Identity) -> Sign:
    return lambda nonce, have: prove(identity, nonce, have)


def recorded_of(identity: Identity) -> Sign:
    """Sign as in an answer of this unit that was overheard once."""
    return lambda nonce, have: prove(identity, "00" * 16, have)


def wires(records: Sequence[Record]) -> list[WireRecord]:
    return [to_wire(record) for record in records]


def lies() -> dict[str, Lie]:
    tampered = [
        msgspec.structs.replace(one, b=(one.b or "").replace("discarded", "confirmed"))
        for one in wires([NEXT])
    ]
    return {
        "a stranger's own race": Lie(
            records=wires(a_race_of(STRANGER)),
            sign=of(STRANGER),
            display_says="is not enrolled",
            light_says="A unit that is not enrolled offers records: Track A at 127.0.0.1",
        ),
        "an unknown key and no proof": Lie(
            records=wires(a_race_of(STRANGER)),
            sign=nobody,
            display_says="cannot show that it belongs to this event",
            light_says="A stranger's box offers records",
        ),
        "an older journal, replayed": Lie(
            records=wires([*CENTRAL, *UNIT[:8]]),
            sign=recorded_of(UNIT_A),
            display_says="cannot show that it belongs to this event",
            light_says="A stranger's box offers records",
        ),
        "a true record with another body": Lie(
            records=tampered,
            sign=of(STRANGER),
            display_says="is not enrolled",
            light_says="Damaged or forged records arrive",
        ),
        "a revoked unit that goes on": Lie(
            records=wires(a_race_of(UNIT_B)),
            sign=of(UNIT_B),
            display_says="is revoked",
            light_says="A revoked unit is on the network: Track A at 127.0.0.1",
        ),
    }


@contextlib.asynccontextmanager
async def lying_box(folder: Path, lie: Lie) -> AsyncIterator[str]:
    async def answer(http_request: web.Request) -> web.Response:
        request = msgspec.json.decode(await http_request.read(), type=SyncRequest)
        have = {"f" * 32: 99}
        proof = None if request.nonce is None else lie.sign(request.nonce, have)
        await asyncio.sleep(0.01)
        records = [] if request.have is None else list(lie.records)
        return json_response(SyncResponse(have=have, records=records, proof=proof))

    app = new_app()
    app.router.add_post("/v1/sync", answer)
    certificate = Certificate.load_or_create(folder / "rogue.pem")
    async with serve_tcp(app, "127.0.0.1", 0, tls=certificate.server_context()) as port:
        yield f"https://127.0.0.1:{port}"


@contextlib.asynccontextmanager
async def replica_of_the_race(path: Path) -> AsyncIterator[Replica]:
    async with Replica.open(path, root_key=ROOT.key, clock=SystemClock()) as replica:
        await replica.accept([*CENTRAL, *UNIT])
        yield replica


def follower_of(replica: Replica, *urls: str) -> SourceFollower:
    return SourceFollower(
        ReplicaPeer(replica),
        SystemClock(),
        have=replica.have,
        candidates=lambda: [Candidate(url=url, name=f"Box {at}") for at, url in enumerate(urls)],
        connect=lambda candidate: RequestsPeer(candidate.url, name=candidate.name, pin=ANY_CERTIFICATE),
        on_change=lambda: None,
        roster=lambda: replica.fold.roster,
    )


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def running(task: asyncio.Task[None]) -> AsyncIterator[None]:
    try:
        yield
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.wait([task])


def board_of(replica: Replica) -> bytes:
    return encode_view(view_board(replica.fold))


@pytest.mark.parametrize("name", list(lies()))
def test_a_lying_box_changes_no_displays_board_and_is_never_live(name: str, tmp_path: Path) -> None:
    lie = lies()[name]

    async def story() -> None:
        async with replica_of_the_race(tmp_path / "display.db") as replica, lying_box(tmp_path, lie) as url:
            board, follower = board_of(replica), follower_of(replica, url)
            async with running(asyncio.create_task(follower.run())):
                await until(lambda: follower.trouble is not None)
                assert follower.trouble is not None
                assert follower.trouble.sentence == f"Box 0 {lie.display_says}"
                assert follower.contact is None, "nothing said that the board is of now"
                assert board_of(replica) == board

    asyncio.run(story())


@pytest.mark.parametrize("name", list(lies()))
def test_a_lying_box_changes_no_units_board_and_the_official_sees_it(name: str, tmp_path: Path) -> None:
    lie = lies()[name]

    async def story() -> None:
        async with replica_of_the_race(tmp_path / "unit.db") as replica, lying_box(tmp_path, lie) as url:
            board = board_of(replica)
            lights = Lights(replica, SystemClock(), unit_key=UNIT_A.key, journal_folder=tmp_path)
            neighbours = Neighbours(replica, on_answerer=lights.trust.see)
            neighbours.follow({url: Neighbour(name="Track A", urls=(url,))})
            async with running(asyncio.create_task(neighbours.run())):
                await until(lambda: lie.light_says in lights.all()[1].detail)
                assert lights.all()[1].state == "warning"
                assert board_of(replica) == board

    asyncio.run(story())


def test_a_true_unit_is_found_behind_a_lying_box_and_what_is_new_comes_from_it(tmp_path: Path) -> None:
    lie = lies()["an older journal, replayed"]

    async def story() -> None:
        async with (
            replica_of_the_race(tmp_path / "display.db") as replica,
            Replica.open(tmp_path / "unit.db", root_key=ROOT.key, clock=SystemClock()) as unit,
            lying_box(tmp_path, lie) as rogue,
        ):
            await unit.accept(await replica.beyond({}))
            unit = await unit.open_stream(UNIT_A, "Track A")
            app = new_app()
            ExchangeApi(unit, UNIT_A).add_to(app)
            tls = Certificate.load_or_create(tmp_path / "unit.pem").server_context()
            async with serve_tcp(app, "127.0.0.1", 0, tls=tls) as port:
                follower = follower_of(replica, rogue, f"https://127.0.0.1:{port}")
                async with running(asyncio.create_task(follower.run())):
                    await until(lambda: follower.source is not None)
                    assert follower.source is not None
                    assert follower.source.name == "Box 1"
                    await unit.append(CompetitorRegistered(competitor_id="c2", name="Ben"))
                    await until(lambda: "c2" in replica.fold.race.competitors)

    asyncio.run(story())


def test_a_unit_that_was_revoked_says_so_itself(tmp_path: Path) -> None:
    async def story() -> None:
        async with replica_of_the_race(tmp_path / "unit.db") as replica:
            lights = Lights(replica, SystemClock(), unit_key=UNIT_B.key, journal_folder=tmp_path)
            assert lights.all()[1].state == "bad"
            assert "revoked" in lights.all()[1].detail

    asyncio.run(story())
