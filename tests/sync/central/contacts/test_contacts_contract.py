"""What every store of sealed contacts does, a file or a database."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from sync.central.contacts.contact_store import ContactRead, Contacts, ContactStore
from sync.central.database.postgres_contacts import PostgresContacts
from tests.race_story import ROOT, UNIT_A
from tests.sync.central.contact_story import envelope

Story = Callable[[Contacts], Awaitable[None]]
Tell = Callable[[Story], None]
EVENT = ROOT.key


@pytest.fixture(params=["file", "postgresql"])
def tell(request: pytest.FixtureRequest, tmp_path: Path) -> Tell:
    opened: contextlib.AbstractAsyncContextManager[Contacts]
    if request.param == "file":
        opened = ContactStore.open(tmp_path / "contacts.db")
    else:
        opened = PostgresContacts.open(request.getfixturevalue("database")(), role="admin")

    async def told(story: Story) -> None:
        async with opened as contacts:
            await story(contacts)

    return lambda story: asyncio.run(told(story))


def test_contacts_are_kept_once_in_their_order_and_counted_by_unit(tell: Tell) -> None:
    zoe, max_ = (envelope(text, one, event_key=EVENT) for text, one in (("z@e.org", "c1"), ("01234", "c2")))

    async def story(contacts: Contacts) -> None:
        await contacts.keep([zoe], received_utc_ms=1)
        await contacts.keep([max_, zoe], received_utc_ms=2)
        assert await contacts.all() == [zoe, max_]
        assert await contacts.count_of_unit(UNIT_A.key) == 2
        assert await contacts.count_of_unit("nobody") == 0

    tell(story)


def test_an_erased_persons_contacts_are_deleted(tell: Tell) -> None:
    zoe, max_ = (envelope(text, one, event_key=EVENT) for text, one in (("z@e.org", "c1"), ("01234", "c2")))

    async def story(contacts: Contacts) -> None:
        await contacts.keep([zoe, max_], received_utc_ms=1)
        await contacts.forget_competitors({"c1", "c9"})
        assert await contacts.all() == [max_]

    tell(story)


def test_who_read_contacts_is_listed_in_order(tell: Tell) -> None:
    reads = [
        ContactRead(utc_ms=at, reader="root", act="read", reason="prizes", competitors=["c1", "ü"])
        for at in (5, 3)
    ]

    async def story(contacts: Contacts) -> None:
        for read in reads:
            await contacts.note(read)
        assert await contacts.reads() == reads

    tell(story)
