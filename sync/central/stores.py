"""Where central's records and sealed contacts are: beside each other in files, or in one database."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from functools import partial

from pitboard.clock import Clock
from pitboard.contacts.sealed_store import beside
from pitboard.errors import ConfigRefused
from pitboard.journal.replica import Replica
from pitboard.journal.salvage import open_or_salvage
from pitboard.program.service import SERVICE
from sync.central.config import CentralConfig, Door
from sync.central.contacts.contact_store import Contacts, ContactStore

_NO_ASYNCPG = "needs the package asyncpg, which is not here; install pitboard with its extra 'central'"


@contextlib.asynccontextmanager
async def open_replica(
    config: CentralConfig, clock: Clock, *, role: Door, root_key: str | None, program: str | None = None
) -> AsyncIterator[Replica]:
    """Open the replica of the journal that the config names, in a database under this role.

    A database knows its event; a file needs `root_key`.
    """
    name = program or f"central-{role}"
    on_opening = partial(SERVICE.say_opening, name)
    if config.database is None:
        assert config.journal is not None
        assert root_key is not None
        async with open_or_salvage(
            config.journal, root_key=root_key, clock=clock, on_opening=on_opening
        ) as replica:
            yield replica
        return
    try:
        from sync.central.database.postgres_storage import PostgresJournal
    except ModuleNotFoundError as error:
        raise ConfigRefused(path="central.toml: key 'database'", reason=_NO_ASYNCPG) from error
    async with (
        PostgresJournal.open(config.database, role=role, root_key=root_key, say=_say_why(name)) as journal,
        Replica.over(journal, clock, on_opening=on_opening) as replica,
    ):
        yield replica


def _say_why(program: str) -> Callable[[str], None]:
    """Return what keeps why the start waits, where the person who looks after this machine finds it."""
    return lambda sentence: SERVICE.say_waiting(program, sentence)


@contextlib.asynccontextmanager
async def open_contacts(config: CentralConfig, *, role: Door) -> AsyncIterator[Contacts]:
    """Open the sealed contacts that go with the journal."""
    if config.database is None:
        assert config.journal is not None
        async with ContactStore.open(beside(config.journal, "contacts")) as store:
            yield store
        return
    from sync.central.database.postgres_contacts import PostgresContacts

    async with PostgresContacts.open(config.database, role=role) as contacts:
        yield contacts
