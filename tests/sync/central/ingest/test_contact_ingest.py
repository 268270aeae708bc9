"""Central keeps sealed contacts of enrolled units only, durably and apart from everything public."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import aiohttp
import msgspec
import requests

from pitboard.clock import ScriptedClock
from pitboard.contacts.contact_seal import ENVELOPES_MAX_COUNT, DeliveryNote, EnvelopeBatch
from pitboard.doors.door_limits import Rate
from pitboard.doors.http_api import new_app, serve_tcp
from pitboard.errors import PeerLost
from pitboard.journal.records.kinds import UnitRevoked
from pitboard.journal.replica import Replica
from pitboard.race.bodies.people_bodies import CompetitorRegistered, PersonErased
from sync.central.contacts.contact_store import ContactStore
from sync.central.ingest.ingest_app import INGEST_LIMITS, add_contact_ingest, take_contacts
from sync.relay import ContactCourier
from tests.race_story import ROOT, STRANGER, UNIT_A, UNIT_B, central_enrols
from tests.sync.central.central_stage import CentralThread
from tests.sync.central.contact_story import envelope

EVENT = ROOT.key


class Central:
    """The ingest call over a replica and a store."""

    def __init__(self, replica: Replica, store: ContactStore) -> None:
        self.replica = replica
        self.store = store
        self.is_lost = False

    async def call(
        self, method: str, path: str, body: bytes | None = None, *, wait_ms: int = 0, max_bytes: int = 0
    ) -> bytes:
        assert (method, path) == ("POST", "/v1/contacts")
        if self.is_lost:
            raise PeerLost(peer="central", reason="no network")
        batch = msgspec.json.decode(body or b"", type=EnvelopeBatch)
        return msgspec.json.encode(await take_contacts(batch, self.replica, self.store, ScriptedClock()))

    async def take(self, *contacts: object) -> DeliveryNote:
        answer = await self.call("POST", "/v1/contacts", msgspec.json.encode({"contacts": contacts}))
        return msgspec.json.decode(answer, type=DeliveryNote)


def with_central(folder: Path, story: object) -> None:
    async def run() -> None:
        async with (
            Replica.open(folder / "central.db", root_key=EVENT, clock=ScriptedClock()) as replica,
            ContactStore.open(folder / "contacts.db") as store,
        ):
            await replica.accept(central_enrols(UNIT_A).records)
            await story(Central(replica, store))  # type: ignore[operator]

    asyncio.run(run())


def test_a_repeat_is_kept_once_and_said_to_be_kept_again(tmp_path: Path) -> None:
    async def story(central: Central) -> None:
        contact = envelope("zoe@example.org", "c1", event_key=EVENT)
        for _ in range(2):
            assert (await central.take(contact)).kept == [contact.contact]
        assert await central.store.all() == [contact]

    with_central(tmp_path, story)


def test_one_that_is_refused_blocks_no_other(tmp_path: Path) -> None:
    async def story(central: Central) -> None:
        good = envelope("zoe@example.org", "c1", event_key=EVENT)
        stranger = envelope("zoe@example.org", "c1", event_key=EVENT, unit=STRANGER)
        elsewhere = envelope("zoe@example.org", "c1", event_key=UNIT_B.key)
        moved = msgspec.structs.replace(good, competitor_id="c2")
        note = await central.take(stranger, moved, elsewhere, good)
        assert note.kept == [good.contact]
        assert set(note.refused) == {stranger.contact, moved.contact, elsewhere.contact}
        assert await central.store.all() == [good]

    with_central(tmp_path, story)


def test_a_revoked_unit_hands_in_nothing_more(tmp_path: Path) -> None:
    async def story(central: Central) -> None:
        teller = central_enrols(UNIT_A)
        teller.say(UnitRevoked(key=UNIT_A.key))
        await central.replica.accept(teller.records)
        note = await central.take(envelope("01234", "c1", event_key=EVENT))
        assert (note.kept, len(note.refused)) == ([], 1)

    with_central(tmp_path, story)


def test_an_erased_person_leaves_no_contact_and_the_unit_may_forget_it(tmp_path: Path) -> None:
    async def story(central: Central) -> None:
        teller = central_enrols(UNIT_A)
        teller.say(CompetitorRegistered(competitor_id="c1", name="Zoe"))
        teller.say(PersonErased(competitor_id="c1", records={}))
        await central.replica.accept(teller.records)
        contact = envelope("01234", "c1", event_key=EVENT)
        assert (await central.take(contact)).kept == [contact.contact]
        assert await central.store.all() == []

    with_central(tmp_path, story)


class Unit:
    """A unit's outbox in memory."""

    def __init__(self, count: int) -> None:
        self.waiting = [envelope(f"0123{index:04}", f"c{index}", event_key=EVENT) for index in range(count)]

    async def call(
        self, method: str, path: str, body: bytes | None = None, *, wait_ms: int = 0, max_bytes: int = 0
    ) -> bytes:
        if method == "GET":
            await asyncio.sleep(0 if self.waiting else wait_ms / 1_000)
            return msgspec.json.encode({"contacts": self.waiting[:ENVELOPES_MAX_COUNT]})
        delivered = set(msgspec.json.decode(body or b"")["contacts"])
        self.waiting = [one for one in self.waiting if one.contact not in delivered]
        return b"{}"


def test_contacts_of_strangers_cost_as_much_as_calls(tmp_path: Path) -> None:
    """A hundred signatures to check for the price of one call kept the door busy with nothing else."""
    limits = replace(INGEST_LIMITS, trusted_proxies=(), calls_of_source=Rate(per_s=0.001, burst=1_000))

    async def story(central: Central) -> None:
        app = new_app(limits)
        add_contact_ingest(app, central.replica, central.store, ScriptedClock())
        good = envelope("zoe@example.org", "c1", event_key=EVENT)
        forged = [msgspec.structs.replace(good, competitor_id=f"c{number}") for number in range(2, 102)]
        body = msgspec.json.encode({"contacts": forged})
        most = 1_000 // (1 + ENVELOPES_MAX_COUNT + len(body) // 4_096)
        assert most < 10
        async with serve_tcp(app, "127.0.0.1", 0) as port, aiohttp.ClientSession() as session:
            statuses = []
            for _ in range(most + 1):
                async with session.post(f"http://127.0.0.1:{port}/v1/contacts", data=body) as answer:
                    statuses.append(answer.status)
        assert statuses == [200] * most + [503]
        assert await central.store.all() == []

    with_central(tmp_path, story)


def test_the_courier_carries_all_and_the_unit_keeps_what_central_refused(tmp_path: Path) -> None:
    async def story(central: Central) -> None:
        unit = Unit(count=ENVELOPES_MAX_COUNT + 20)
        stray = envelope("01234", "c1", event_key=EVENT, unit=STRANGER)
        unit.waiting.insert(0, stray)
        courier = ContactCourier(unit, central)
        assert not await courier.carry_once()
        assert not await courier.carry_once()
        assert unit.waiting == [stray]
        assert len(await central.store.all()) == ENVELOPES_MAX_COUNT + 20

    with_central(tmp_path, story)


def test_while_central_is_away_contacts_wait_and_then_go(tmp_path: Path) -> None:
    async def story(central: Central) -> None:
        unit = Unit(count=3)
        central.is_lost = True
        running = asyncio.create_task(ContactCourier(unit, central).run())
        await asyncio.sleep(0.05)
        assert len(unit.waiting) == 3
        central.is_lost = False
        async with asyncio.timeout(3):
            while unit.waiting:
                await asyncio.sleep(0.01)
        running.cancel()
        assert len(await central.store.all()) == 3

    with_central(tmp_path, story)


def test_the_public_door_knows_no_contacts(tmp_path: Path) -> None:
    with CentralThread(tmp_path).running() as central:
        for path in ("/v1/contacts", "/api/v1/contacts", "/v1/admin/contacts/read"):
            for method in ("GET", "POST"):
                answer = requests.request(method, f"http://127.0.0.1:{central.port}{path}", timeout=5)
                assert answer.status_code in (404, 405), path
