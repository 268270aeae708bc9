"""Central as three processes over one database: each has its part, and what one wrote the others show."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import msgspec
import pytest

from pitboard.clock import SystemClock
from pitboard.contacts.contact_seal import DeliveryNote, EnvelopeBatch
from pitboard.errors import ActRefused, ConfigRefused
from pitboard.journal.disk.storage import read_all
from pitboard.journal.records.record import Record, to_wire
from pitboard.journal.replica import WritingReplica
from pitboard.trust.certificate import Certificate, certificate_beside
from pitboard.trust.identity import Identity
from sync.central.admin.erasure import bodies_that_erase
from sync.central.central_server import open_admin, open_ingest, open_public, serve_central
from sync.central.commands.enrolment_commands import EnrolmentAdmin
from sync.central.config import (
    AdminConfig,
    CentralConfig,
    EventConfig,
    IngestConfig,
    PublicConfig,
    UnitConfig,
)
from sync.central.database.postgres_contacts import PostgresContacts
from sync.central.database.postgres_storage import PostgresJournal
from sync.enrolling.enrolment_client import EnrolmentClient
from sync.enrolling.enrolment_words import EnrolmentToken
from sync.exchanging.daemon_threads import in_daemon_thread
from sync.exchanging.exchange import SyncRequest, SyncResponse
from tests.race_story import STRANGER, UNIT_A
from tests.sync.central.central_stage import TrackStory, central_config
from tests.sync.central.contact_story import envelope

MakeDatabase = Callable[[], str]
CLOCK = SystemClock()
NEW_UNIT = Identity.from_seed(b"n" * 32)


def config_of(folder: Path, url: str) -> CentralConfig:
    """Return what all three processes read; each has the files that are its own."""
    certificate = Certificate.load_or_create(certificate_beside(folder / "central.db"))
    return CentralConfig(
        event=EventConfig(name="Summer Cup"),
        root_key_file=folder / "root.key",
        database=url,
        folder=folder,
        public=PublicConfig(port=0),
        ingest=IngestConfig(port=0, fingerprint=certificate.fingerprint),
        admin=AdminConfig(socket=folder / "admin.sock"),
        unit=[UnitConfig(name="Track A", key=UNIT_A.key)],
    )


@dataclass
class Doors:
    config: CentralConfig
    admin: WritingReplica
    ingest_url: str
    public_urls: tuple[str, str]
    session: aiohttp.ClientSession

    async def hand_in(self, records: list[Record]) -> SyncResponse:
        request = SyncRequest(have=None, records=[to_wire(record) for record in records])
        async with self.session.post(
            f"{self.ingest_url}/v1/sync", data=msgspec.json.encode(request), ssl=False
        ) as answer:
            return msgspec.json.decode(await answer.read(), type=SyncResponse)

    async def board(self, url: str, wanted: bytes, *, is_there: bool = True) -> bytes:
        """Return the board once it says this."""
        async with asyncio.timeout(20):
            while True:
                async with self.session.get(f"{url}/api/v1/board") as answer:
                    board = await answer.read()
                if (wanted in board) == is_there:
                    return board
                await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def doors_at(folder: Path, url: str) -> AsyncIterator[Doors]:
    config = config_of(folder, url)
    async with (
        open_admin(config, CLOCK) as admin,
        open_ingest(config, CLOCK) as ingest_port,
        open_public(config, CLOCK) as first,
        open_public(config, CLOCK) as second,
        aiohttp.ClientSession() as session,
    ):
        yield Doors(
            config,
            admin,
            f"https://127.0.0.1:{ingest_port}",
            (f"http://127.0.0.1:{first}", f"http://127.0.0.1:{second}"),
            session,
        )


def test_two_public_processes_show_equal_boards_of_what_the_ingest_door_took(
    tmp_path: Path, database: MakeDatabase
) -> None:
    url = database()

    async def story() -> None:
        async with doors_at(tmp_path, url) as doors:
            told = TrackStory().drives("c1", "Anna", 12.5).drives("c2", "Berg", 13.5).news()
            answer = await doors.hand_in(told)
            assert answer.have[told[0].stream] == len(told)
            boards = [await doors.board(one, b"Berg") for one in doors.public_urls]
            assert boards[0] == boards[1]

    asyncio.run(story())


def test_a_contact_goes_in_at_the_ingest_door_and_out_at_the_admins_only(
    tmp_path: Path, database: MakeDatabase
) -> None:
    url = database()

    async def story() -> None:
        async with doors_at(tmp_path, url) as doors:
            contact = envelope("zoe@example.org", "c1", event_key=doors.admin.fold.root_key)
            async with doors.session.post(
                f"{doors.ingest_url}/v1/contacts",
                data=msgspec.json.encode(EnvelopeBatch(contacts=[contact])),
                ssl=False,
            ) as answer:
                assert msgspec.json.decode(await answer.read(), type=DeliveryNote).kept == [contact.contact]
            async with PostgresContacts.open(url, role="admin") as contacts:
                assert await contacts.all() == [contact]

    asyncio.run(story())


def test_a_unit_is_enrolled_at_an_ingest_door_that_holds_no_root_key(
    tmp_path: Path, database: MakeDatabase
) -> None:
    url = database()

    async def story() -> None:
        async with doors_at(tmp_path, url) as doors:
            desk = EnrolmentAdmin(doors.config.admin_socket)
            issued = await in_daemon_thread(lambda: desk.issue("Track N", "unit"))
            client = EnrolmentClient(doors.ingest_url, EnrolmentToken.parse(issued.token), NEW_UNIT)
            introduced = await in_daemon_thread(client.introduce)
            seen = await in_daemon_thread(lambda: desk.wait_for_code(issued.ticket))
            assert seen.code == introduced.code
            await in_daemon_thread(lambda: desk.decide(issued.ticket, accept=True))
            assert doors.admin.fold.roster.enrolled()[NEW_UNIT.key] == "Track N"
            guess = EnrolmentToken.make(fingerprint=doors.config.ingest.fingerprint or "")
            with pytest.raises(ActRefused) as refused:
                await in_daemon_thread(EnrolmentClient(doors.ingest_url, guess, STRANGER).introduce)
            assert refused.value.code == "unknown-token"

    asyncio.run(story())


def test_an_erased_name_leaves_every_process_and_the_database_also_when_it_comes_late(
    tmp_path: Path, database: MakeDatabase
) -> None:
    url = database()

    async def story() -> None:
        async with doors_at(tmp_path, url) as doors:
            told = TrackStory().drives("c1", "Anna", 12.5).news()
            name_at = next(at for at, record in enumerate(told) if b"Anna" in (record.body_bytes or b""))
            await doors.hand_in(told[:name_at])
            # Its place is erased before the ingest door has the record, as when two act at one instant.
            erased = bodies_that_erase(doors.admin.fold, "c1", "asked for")[0]
            place = {told[name_at].stream: [told[name_at].seq]}
            await doors.admin.append(msgspec.structs.replace(erased, records=place))
            async with PostgresJournal.open(url, role="ingest") as another_ingest:
                await another_ingest.append([told[name_at]])
            async with PostgresJournal.open(url, role="public") as journal, asyncio.timeout(20):
                while b"Anna" in b"".join([one.body_bytes or b"" async for one in read_all(journal)]):
                    await asyncio.sleep(0.05)
            await doors.hand_in(told)
            for public in doors.public_urls:
                await doors.board(public, b"Anna", is_there=False)

    asyncio.run(story())


def test_one_door_of_a_journal_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigRefused, match="one process holds a journal file"):
        asyncio.run(serve_central(central_config(tmp_path), CLOCK, asyncio.Event(), "public"))


def test_a_config_names_one_place_for_the_journal(tmp_path: Path) -> None:
    file = tmp_path / "central.toml"
    head = 'root_key_file = "root.key"\n'
    for said, refused in (
        ("", "either 'journal' or 'database'"),
        ('journal = "j.db"\ndatabase = "postgresql:///p"\nfolder = "f"\n', "either 'journal' or 'database'"),
        ('database = "postgresql:///p"\n', "'folder' and 'database' go together"),
        ('database = "mysql:///p"\nfolder = "f"\n', "database"),
    ):
        file.write_text(head + said + '[event]\nname = "Cup"\n')
        with pytest.raises(ConfigRefused, match=refused):
            CentralConfig.load(file)
