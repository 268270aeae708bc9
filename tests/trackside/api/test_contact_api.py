"""The unit takes sealed contacts only, keeps them until central has them, and then leaves no trace."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from pitboard.contacts.contact_seal import ContactEnvelope, envelope_holds
from pitboard.contacts.sealed_store import follow_erasures
from pitboard.doors.http_api import new_app, serve_unix
from pitboard.race.bodies.people_bodies import ContactKeyPublished, PersonErased
from tests.race_story import ROOT, UNIT_A, Teller
from tests.sync.central.contact_story import CONTACT_KEY, envelope
from tests.trackside.unit_story import Unit, with_unit
from trackside.api.contact_outbox import ContactApi, ContactOutbox


class Desk:
    """A unit, its outbox and whoever talks to its local API."""

    def __init__(self, unit: Unit, outbox: ContactOutbox, session: aiohttp.ClientSession) -> None:
        self.unit = unit
        self.outbox = outbox
        self._session = session
        self.central = Teller(ROOT, "Central")

    async def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        data = msgspec.json.encode(body)
        async with self._session.request(method, f"http://unit{path}", data=data) as answer:
            return answer.status, await answer.json()

    async def publish_key(self) -> None:
        self.central.say(ContactKeyPublished(key=CONTACT_KEY))
        await self.unit.replica.accept(self.central.records)

    async def offer(self, text: str, competitor: str, **changes: str) -> tuple[int, Any]:
        whole = envelope(text, competitor, event_key=ROOT.key)
        body = {"competitor_id": competitor, "contact_key": whole.contact_key, "sealed": whole.sealed}
        return await self.ask("POST", "/v1/contact", body | changes)

    async def waiting(self) -> list[ContactEnvelope]:
        _, answer = await self.ask("GET", "/v1/contacts/sealed")
        return msgspec.convert(answer["contacts"], list[ContactEnvelope])


def with_desk(folder: Path, story: Callable[[Desk], Awaitable[None]]) -> None:
    async def run(unit: Unit) -> None:
        async with ContactOutbox.open(folder / "unit-contacts.db") as outbox:
            app = new_app()
            ContactApi(unit.replica, outbox, UNIT_A).add_to(app)
            connector = aiohttp.UnixConnector(str(folder / "api.sock"))
            async with (
                serve_unix(app, folder / "api.sock"),
                aiohttp.ClientSession(connector=connector) as session,
            ):
                await story(Desk(unit, outbox, session))

    with_unit(folder, run)


def test_a_contact_waits_over_a_restart_until_central_has_it(tmp_path: Path) -> None:
    async def evening(desk: Desk) -> None:
        await desk.publish_key()
        competitor = await desk.unit.acting.register("Zoe")
        for _ in range(2):
            status, answer = await desk.offer("zoe@example.org", competitor)
            assert (status, list(answer)) == (200, ["contact"])

    async def morning(desk: Desk) -> None:
        one, other = await desk.waiting()
        assert envelope_holds(one, event_key=ROOT.key)
        assert one.unit == UNIT_A.key
        done = {"contacts": [one.contact, "never heard of"]}
        for _ in range(2):
            assert (await desk.ask("POST", "/v1/contacts/delivered", done))[0] == 200
            assert await desk.waiting() == [other]
        assert one.sealed.encode() not in everything(tmp_path)
        assert other.sealed.encode() in everything(tmp_path)

    with_desk(tmp_path, evening)
    with_desk(tmp_path, morning)


def everything(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())


def test_a_repeated_offer_is_kept_once(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.publish_key()
        competitor = await desk.unit.acting.register("Zoe")
        sealed = envelope("01234", competitor, event_key=ROOT.key).sealed
        answers = [await desk.offer("01234", competitor, sealed=sealed) for _ in range(3)]
        assert answers == [answers[0]] * 3
        assert len(await desk.waiting()) == 1

    with_desk(tmp_path, story)


def test_nothing_that_is_not_sealed_for_this_event_is_taken(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        competitor = await desk.unit.acting.register("Zoe")
        status, refused = await desk.offer("01234", competitor)
        assert (status, refused["error"]) == (409, "wrong-contact-key")
        await desk.publish_key()
        _, refused = await desk.offer("01234", "nobody")
        assert refused["error"] == "unknown-competitor"
        for changes in (
            {"email": "zoe@example.org"},
            {"sealed": "00"},
            {"sealed": "zoe@example.org"},
        ):
            status, refused = await desk.offer("01234", competitor, **changes)
            assert (status, refused["error"]) == (400, "bad-request")
            assert "zoe@" not in refused["detail"]
        assert await desk.waiting() == []

    with_desk(tmp_path, story)


def test_who_waits_for_a_contact_hears_of_it_at_once(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.publish_key()
        competitor = await desk.unit.acting.register("Zoe")
        asking = asyncio.create_task(desk.ask("GET", "/v1/contacts/sealed?wait_ms=9000"))
        await asyncio.sleep(0.05)
        await desk.offer("01234", competitor)
        async with asyncio.timeout(3):
            _, answer = await asking
        assert len(answer["contacts"]) == 1
        assert (await desk.ask("GET", "/v1/contacts/sealed?wait_ms=soon"))[0] == 409

    with_desk(tmp_path, story)


def test_erasing_a_person_erases_the_contact_that_still_waits(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.publish_key()
        zoe = await desk.unit.acting.register("Zoe")
        ada = await desk.unit.acting.register("Ada")
        await desk.offer("01234", zoe)
        await desk.offer("56789", ada)
        following = asyncio.create_task(follow_erasures(desk.unit.replica, desk.outbox))
        desk.central.say(PersonErased(competitor_id=zoe, records={}))
        await desk.unit.replica.accept(desk.central.records)
        async with asyncio.timeout(3):
            while len(await desk.waiting()) > 1:
                await asyncio.sleep(0.01)
        assert [one.competitor_id for one in await desk.waiting()] == [ada]
        assert (await desk.offer("01234", zoe))[1]["error"] == "unknown-competitor"
        following.cancel()

    with_desk(tmp_path, story)
