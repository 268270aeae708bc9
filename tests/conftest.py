"""What tests of several parts share."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator

import pytest

from sync.central.database.schema import prepare_database
from tests.postgres_server import PostgresServer, running_postgres

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One real server for all tests; each makes a database of its own."""
    with running_postgres("-c", "fsync=off") as server:
        yield server


@pytest.fixture
def database(postgres: PostgresServer) -> Callable[[], str]:
    """Make a prepared database, and return its URL without a user."""

    def make() -> str:
        name = f"event{next(_numbers)}"
        postgres.new_database(name)
        asyncio.run(prepare_database(postgres.url(name)))
        return postgres.url(name, None)

    return make
