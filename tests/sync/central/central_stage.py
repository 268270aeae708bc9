"""A central on free ports, fed with small races, for tests that knock at its doors."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from typing import Self

from pitboard.clock import SystemClock
from pitboard.contacts.contact_seal import ContactEnvelope
from pitboard.journal.folding.fold import Fold
from pitboard.journal.records.record import Record
from pitboard.race.bodies.body import Body
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from pitboard.trust.identity import Identity
from sync.central.central_server import Central, open_central
from sync.central.config import (
    AdminConfig,
    CentralConfig,
    EventConfig,
    IngestConfig,
    PhoneQueueConfig,
    PublicConfig,
    UnitConfig,
)
from tests.race_story import UNIT_A, Teller, confirmed_run


def central_config(
    folder: Path,
    *,
    public_port: int = 0,
    followers_max_count: int = 100,
    calls_per_s: int = 2_000,
    event: str = "Summer Cup",
    desk_port: int | None = None,
    phone_queue: PhoneQueueConfig | None = None,
) -> CentralConfig:
    return CentralConfig(
        event=EventConfig(name=event),
        root_key_file=folder / "root.key",
        journal=folder / "central.db",
        public=PublicConfig(
            port=public_port, followers_max_count=followers_max_count, calls_per_s=calls_per_s
        ),
        ingest=IngestConfig(port=0, tls=False),
        admin=AdminConfig(port=desk_port),
        unit=[UnitConfig(name="Track A", key=UNIT_A.key)],
        phone_queue=phone_queue,
    )


@contextlib.asynccontextmanager
async def central_at(folder: Path, *, followers_max_count: int = 100) -> AsyncIterator[Central]:
    async with open_central(
        central_config(folder, followers_max_count=followers_max_count), SystemClock()
    ) as central:
        yield central


class TrackStory:
    """A unit's records: competitors who each drove one confirmed run."""

    def __init__(self) -> None:
        self.teller = Teller(UNIT_A, "Track A")
        self._next_seq = 1
        self._next_start_s = 10.0
        self._told = 0

    def drives(self, competitor: str, name: str, *laps_s: float) -> Self:
        """Register the competitor and confirm a run with these laps."""
        self.teller.say(CompetitorRegistered(competitor_id=competitor, name=name))
        run = f"run-{competitor}-{self._next_seq}"
        self._next_seq = confirmed_run(
            self.teller,
            run,
            competitor,
            start_s=self._next_start_s,
            laps_s=list(laps_s),
            first_seq=self._next_seq,
        )
        self._next_start_s += sum(laps_s) + 5
        return self

    def news(self) -> list[Record]:
        """Return the records that were not returned before."""
        fresh = self.teller.records[self._told :]
        self._told = len(self.teller.records)
        return fresh


class CentralThread:
    """A central in a thread of its own, for a browser that is driven from the test's thread."""

    def __init__(self, folder: Path, *, followers_max_count: int = 100, desk_port: int | None = None) -> None:
        self._folder = folder
        self._followers_max_count = followers_max_count
        self._loop = asyncio.new_event_loop()
        self._central: Central | None = None
        self._stop: asyncio.Event | None = None
        self._thread: threading.Thread | None = None
        self.port = 0
        self.ingest_port = 0
        self.desk_port = desk_port

    @contextlib.contextmanager
    def running(self) -> Iterator[Self]:
        try:
            self.start()
            yield self
        finally:
            self.stop()
            self._loop.close()

    def start(self) -> None:
        """Serve; after a stop, on the same port with the same journal."""
        serving = threading.Event()
        self._thread = threading.Thread(target=lambda: self._loop.run_until_complete(self._serve(serving)))
        self._thread.start()
        assert serving.wait(10), "central does not start"

    def stop(self) -> None:
        if self._thread is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(10)
            self._thread = None

    def take(self, records: Iterable[Record]) -> None:
        """Hand records to the replica as the ingest door would."""
        assert self._central is not None
        asyncio.run_coroutine_threadsafe(self._central.replica.accept(records), self._loop).result(10)

    def say(self, *bodies: Body) -> None:
        """Let central itself say something."""
        assert self._central is not None
        asyncio.run_coroutine_threadsafe(self._central.replica.append(*bodies), self._loop).result(10)

    def root(self) -> Identity:
        assert self._central is not None
        return self._central.replica.identity

    def contacts(self) -> list[ContactEnvelope]:
        """Return the sealed contacts that central holds."""
        assert self._central is not None
        return asyncio.run_coroutine_threadsafe(self._central.contacts.all(), self._loop).result(10)

    def fold(self) -> Fold:
        """Return what central has folded; to be read while nothing is handed in."""
        assert self._central is not None
        return self._central.replica.fold

    async def _serve(self, serving: threading.Event) -> None:
        self._stop = asyncio.Event()
        config = central_config(
            self._folder,
            public_port=self.port,
            followers_max_count=self._followers_max_count,
            desk_port=self.desk_port,
            phone_queue=PhoneQueueConfig(address="https://race.example.org"),
        )
        async with open_central(config, SystemClock()) as central:
            self._central = central
            self.port = central.public_port
            self.ingest_port = central.ingest_port
            self.desk_port = central.desk_port
            serving.set()
            await self._stop.wait()
