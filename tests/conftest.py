"""What tests of several parts share."""

from __future__ import annotations

import asyncio
import fcntl
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from sync.central.database.schema import prepare_database
from tests.postgres_server import PostgresServer, running_postgres

# What takes how long is a benchmark's question: a loaded machine must fail no example.
settings.register_profile("pitboard", deadline=None)
settings.load_profile("pitboard")

_numbers = itertools.count(1)
LONG_FILES = (
    "test_venue_simulator.py",
    "test_demo.py",
    "test_power_loss.py",
    "test_first_time_use.py",
    "test_phone_page_strangers.py",
    "test_export.py",
)  # begun first, so that no process is left alone with one of them at the end


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first, and last the tests that want to be alone, so that few processes wait for them."""

    def turn(item: pytest.Item) -> int:
        if item.get_closest_marker("alone"):
            return len(LONG_FILES) + 1
        name = item.path.name
        return LONG_FILES.index(name) if name in LONG_FILES else len(LONG_FILES)

    items.sort(key=turn)


@pytest.fixture(scope="session")
def places(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of one run of the tests share."""
    mine = tmp_path_factory.getbasetemp()
    return mine.parent if mine.name.startswith("popen-") else mine


@pytest.fixture(autouse=True)
def alone_if_marked(request: pytest.FixtureRequest, places: Path) -> Iterator[None]:
    """A test marked `alone` waits until the tests beside it have ended, and they wait for it."""
    kind = fcntl.LOCK_EX if request.node.get_closest_marker("alone") else fcntl.LOCK_SH
    with open(places / "tests.lock", "w") as tests:
        with open(places / "turn.lock", "w") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)  # who waits to be alone is overtaken by nobody
            fcntl.flock(tests, kind)
        yield


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
