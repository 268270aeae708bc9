"""Units pull from each other: whom they ask, and that each ends up with the other's runs."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from pathlib import Path

import msgspec

from pitboard.clock import ScriptedClock
from pitboard.doors.node_client import CONNECT_MAX_S
from pitboard.errors import LossCode, PeerLost
from pitboard.journal.folding.roster import Roster
from pitboard.journal.replica import Replica
from pitboard.journal.views.views import encode_view, view_board
from pitboard.presence.heard_nodes import FoundNode
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from pitboard.trust.identity import Identity
from sync.exchanging.exchange import ReplicaPeer, SyncRequest, SyncResponse, UnitPlace
from sync.exchanging.freshness import prove
from sync.exchanging.requests_peer import ANSWER_MARGIN_S
from tests.display.jumping_loop import run_jumping
from tests.leaping_loop import LeapingLoop, run_leaping
from tests.race_story import ROOT, STRANGER, UNIT_A, UNIT_B, Teller, central_enrols
from trackside.others.neighbours import (
    PLACES_MAX_COUNT,
    STRANGERS_AT_ONCE,
    STRANGERS_MAX_COUNT,
    STRANGERS_REST_S,
    ClosablePeer,
    ManyPlaces,
    Neighbour,
    Neighbours,
    Turns,
    neighbours_of,
    places_of_keys,
    with_configured,
)


class Door(ReplicaPeer):
    """A unit in this process that proves its answers, as its door does."""

    def __init__(self, replica: Replica, identity: Identity) -> None:
        super().__init__(replica)
        self._identity = identity

    def close(self) -> None:
        """Nothing is held."""

    async def sync(self, request: SyncRequest) -> SyncResponse:
        response = await super().sync(request)
        assert request.nonce is not None
        return msgspec.structs.replace(response, proof=prove(self._identity, request.nonce, response.have))


class Gone:
    """A place where nobody is any more."""

    name = "gone"

    async def sync(self, request: SyncRequest) -> SyncResponse:
        raise PeerLost(peer=self.name, code=LossCode.NO_ANSWER)

    def close(self) -> None:
        """Nothing is held."""


def node(number: int, *, event: str = "e", key: str = "k", **more: str) -> FoundNode:
    return FoundNode(
        name=f"unit {number}",
        host="192.0.2.7",
        port=8_000 + number,
        properties={"event": event, "key": key, **more},
    )


def asked(*nodes: FoundNode, enrolled: tuple[str, ...] = ()) -> dict[str, Neighbour]:
    found = {f"n{number}": found_node for number, found_node in enumerate(nodes)}
    return neighbours_of(found, event_key="e", own_key="own", enrolled=enrolled)


def test_only_other_units_of_the_same_event_are_asked() -> None:
    wanted = asked(node(1, unit="Track B"), node(2, event="other"), node(3, key="own"))
    assert list(wanted.values()) == [Neighbour(name="Track B", urls=("https://192.0.2.7:8001",))]


def test_a_copied_card_is_told_by_its_own_addresses_and_not_by_ours() -> None:
    hosts = ("192.0.2.7", "192.0.2.9", "10.42.0.1", "fe80::5%eth0", "fe80::9%eth0")
    heard = [replace(node(1, key="copied"), host=host, is_signed=True) for host in hosts]
    own = {"192.0.2.7", "10.42.0.1", "fe80::5%eth0", "127.0.0.1"}
    assert places_of_keys(heard, own=own) == {"copied": ["192.0.2.9", "fe80::9%eth0"]}
    assert places_of_keys([replace(heard[1], is_signed=False)]) == {"copied": []}


def test_a_crowd_of_strangers_pushes_no_enrolled_unit_out() -> None:
    crowd = [node(number, key="stranger") for number in range(50)]
    wanted = asked(*crowd, node(99, key="true"), enrolled=("true",))
    assert len(wanted) == STRANGERS_MAX_COUNT + 1
    assert wanted["true"].urls == ("https://192.0.2.7:8099",)


def test_sixteen_adverts_that_repeat_a_units_key_are_one_neighbour_and_its_own_place_comes_first() -> None:
    crowd = [node(number, key="true") for number in range(16)]
    true = replace(node(99, key="true", unit="Track B"), is_signed=True)
    wanted = asked(*crowd, true, enrolled=("true",))
    assert list(wanted) == ["true"]
    assert wanted["true"].name == "Track B"
    assert wanted["true"].urls[0] == "https://192.0.2.7:8099"
    assert len(wanted["true"].urls) == PLACES_MAX_COUNT


def test_a_neighbour_that_moves_is_asked_at_its_new_place_and_a_false_one_is_left(tmp_path: Path) -> None:
    async def story() -> None:
        async with Replica.open(tmp_path / "b.db", root_key=ROOT.key, clock=ScriptedClock()) as b:
            await b.accept(central_enrols(UNIT_A, UNIT_B).records)
            doors: dict[str, ClosablePeer] = {
                "old": Gone(),
                "false": Door(b, STRANGER),
                "new": Door(b, UNIT_B),
            }
            asked: list[str] = []

            def connect(url: str, name: str) -> ClosablePeer:
                asked.append(url)
                return doors[url]

            places = ManyPlaces(
                Neighbour(name="Track B", urls=("old", "false", "new")),
                connect=connect,
                roster=lambda: b.fold.roster,
                on_answerer=lambda name, address, standing: None,
            )
            for _ in range(3):
                assert (await places.sync(SyncRequest(have={}))).proof is not None
            assert asked == ["old", "false", "new"], "where it proved itself it is asked again"
            doors["new"], doors["next"] = Gone(), Door(b, UNIT_B)
            places.close()
            places.is_told(Neighbour(name="Track B", urls=("next",)))
            await places.sync(SyncRequest())
            assert asked[3:] == ["new", "next"]

    asyncio.run(story())


def test_displays_are_told_of_enrolled_neighbours_where_they_proved_themselves(tmp_path: Path) -> None:
    places = {
        "https://192.0.2.7:8001": "https://192.0.2.7:8001",  # configured: who is there, its proof says
        "https://192.0.2.8:1": "https://192.0.2.8:1",  # a stranger, known by its place alone
        UNIT_A.key: "https://[fe80::1%eth0]:8001",  # means nothing to anybody on another cable
    }

    async def story() -> None:
        async with (
            Replica.open(tmp_path / "a.db", root_key=ROOT.key, clock=ScriptedClock()) as replica,
            Replica.open(tmp_path / "b.db", root_key=ROOT.key, clock=ScriptedClock()) as theirs,
        ):
            enrolments = central_enrols(UNIT_A, UNIT_B).records
            await replica.accept(enrolments)
            await theirs.accept([*enrolments, *Teller(UNIT_B, "Track B").records])
            signers = {"https://192.0.2.7:8001": UNIT_B, places[UNIT_A.key]: UNIT_A}
            neighbours = Neighbours(
                replica, connect=lambda url, name: Door(theirs, signers.get(url, STRANGER))
            )
            neighbours.follow({who: Neighbour(name="Track", urls=(url,)) for who, url in places.items()})
            assert neighbours.proven_places() == []
            pulling = asyncio.create_task(neighbours.run())
            await asyncio.sleep(0.05)
            assert neighbours.proven_places() == [
                UnitPlace(
                    url="https://192.0.2.7:8001",
                    name=replica.fold.roster.enrolled()[UNIT_B.key],
                    key=UNIT_B.key,
                )
            ]
            pulling.cancel()
            await asyncio.wait({pulling})

    asyncio.run(story())


def test_a_configured_unit_is_asked_once_whether_mdns_finds_it_or_not() -> None:
    url = "https://192.0.2.7:8001"
    assert with_configured({}, [url + "/"]) == {url: Neighbour(name="192.0.2.7:8001", urls=(url,))}
    heard = asked(node(1, key="true"), enrolled=("true",))
    assert with_configured(heard, [url]) == heard


def test_two_units_without_central_end_up_with_the_same_board(tmp_path: Path) -> None:
    async def story() -> None:
        clock = ScriptedClock()
        async with (
            Replica.open(tmp_path / "a.db", root_key=ROOT.key, clock=clock) as a,
            Replica.open(tmp_path / "b.db", root_key=ROOT.key, clock=clock) as b,
            asyncio.TaskGroup() as tasks,
        ):
            for replica in (a, b):
                await replica.accept(central_enrols(UNIT_A, UNIT_B).records)
            a = await a.open_stream(UNIT_A, "unit")
            b = await b.open_stream(UNIT_B, "unit")

            def reach(replica: Replica) -> Neighbours:
                def connect(url: str, name: str) -> ClosablePeer:
                    return {"a": Door(a, UNIT_A), "b": Door(b, UNIT_B)}[url]

                return Neighbours(replica, connect=connect)

            pullers = [
                (reach(a), {"b": Neighbour(name="B", urls=("b",))}),
                (reach(b), {"a": Neighbour(name="A", urls=("a",))}),
            ]
            running = [tasks.create_task(puller.run()) for puller, _ in pullers]
            for puller, wanted in pullers:
                puller.follow(wanted)
            await a.append(CompetitorRegistered(competitor_id="c1", name="Ann"))
            await b.append(CompetitorRegistered(competitor_id="c2", name="Bob"))
            async with asyncio.timeout(10):
                while a.have() != b.have():
                    await asyncio.sleep(0.001)
            assert encode_view(view_board(a.fold)) == encode_view(view_board(b.fold))
            pullers[0][0].follow({})  # B is switched off
            await asyncio.sleep(0)
            for task in running:
                task.cancel()

    asyncio.run(story())


def test_of_all_strangers_two_are_asked_at_once_and_none_is_waited_for(tmp_path: Path) -> None:
    """Each that is asked takes a thread and a handshake, and sixty announced themselves."""
    asked: list[SyncRequest] = []
    at_once: list[int] = [0]

    class Silent(Gone):
        async def sync(self, request: SyncRequest) -> SyncResponse:
            asked.append(request)
            at_once.append(at_once[-1] + 1)
            try:
                await asyncio.Event().wait()
            finally:
                at_once.append(at_once[-1] - 1)
            return await super().sync(request)

    def announced(machine: int) -> dict[str, Neighbour]:
        urls = [f"https://192.0.2.{machine}:{number}" for number in range(STRANGERS_MAX_COUNT)]
        return {url: Neighbour(name="X", urls=(url,)) for url in urls}

    async def story(loop: LeapingLoop) -> None:
        async with Replica.open(tmp_path / "a.db", root_key=ROOT.key, clock=ScriptedClock()) as replica:
            neighbours = Neighbours(replica, connect=lambda url, name: Silent())
            neighbours.follow(announced(1))
            pulling = asyncio.create_task(neighbours.run())
            await loop.leap(60)
            assert len(asked) == STRANGERS_AT_ONCE
            neighbours.follow(announced(2))  # others instead, in the middle of a call
            await loop.leap(1)
            await loop.leap(CONNECT_MAX_S)
            assert len(asked) == STRANGERS_AT_ONCE, "their threads are still at it"
            await loop.leap(ANSWER_MARGIN_S)
            assert len(asked) == 2 * STRANGERS_AT_ONCE
            pulling.cancel()
            await asyncio.wait({pulling})

    run_leaping(story)
    assert max(at_once) == STRANGERS_AT_ONCE
    assert {request.wait_ms for request in asked} == {0}


def test_a_stranger_that_answers_at_once_is_not_asked_again_at_once() -> None:
    asked_s: list[float] = []

    class Quick(Gone):
        async def sync(self, request: SyncRequest) -> SyncResponse:
            asked_s.append(clock.now_mono_ns / 1_000_000_000)
            return await super().sync(request)

    async def ask_for_ever(number: int, turns: Turns) -> None:
        places = ManyPlaces(
            Neighbour(name="X", urls=(f"https://192.0.2.1:{number}",)),
            connect=lambda url, name: Quick(),
            roster=lambda: Roster(root_key=ROOT.key),
            on_answerer=lambda name, address, standing: None,
            turns=turns,
        )
        while True:
            with contextlib.suppress(PeerLost):
                await places.sync(SyncRequest())

    async def story() -> None:
        turns = Turns()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
                for number in range(STRANGERS_MAX_COUNT):
                    tasks.create_task(ask_for_ever(number, turns))

    clock = ScriptedClock()
    run_jumping(clock, story())
    assert len(asked_s) == STRANGERS_AT_ONCE * 10 / STRANGERS_REST_S
