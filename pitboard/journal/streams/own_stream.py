"""The stream that this process writes; where somebody else writes it too, another one from there on.

Whoever has our key can do so. What nobody but us knows to be ours is said again in the other stream."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec

from pitboard.clock import Clock
from pitboard.errors import BodyRefused, JournalLost, StreamTaken
from pitboard.journal.disk.storage import Storage
from pitboard.journal.records.kinds import KIND_OF, StreamOpened, read_body
from pitboard.journal.records.record import Record, StreamWriter
from pitboard.journal.streams.stream_watch import StreamWatch
from pitboard.journal.streams.witness import Witness
from pitboard.race.bodies.body import ActWithdrawn
from pitboard.tasks import Errands

log = logging.getLogger(__name__)

AGAIN_MAX_COUNT = 500


class OwnStream:
    """Writes to the journal; `until_taken` returns once the node has folded an arrival."""

    def __init__(
        self,
        journal: Storage,
        clock: Clock,
        *,
        watch: StreamWatch,
        witness: Witness,
        until_taken: Callable[[int], Awaitable[None]],
        errands: Errands,
    ) -> None:
        self._journal = journal
        self._clock = clock
        self._watch = watch
        self._witness = witness
        self._until_taken = until_taken
        self._errands = errands
        self._writer: StreamWriter | None = None
        self.name = ""  # as the node calls itself
        self._leaving: asyncio.Task[None] | None = None
        self._may_append = asyncio.Event()
        self._may_append.set()
        self._appending_count = 0
        self._is_idle = asyncio.Event()
        self._is_idle.set()

    @property
    def writer(self) -> StreamWriter:
        assert self._writer is not None, "a stream is opened before anything is written"
        return self._writer

    @writer.setter
    def writer(self, writer: StreamWriter) -> None:
        self._writer = writer

    def holds(self, stream: str) -> bool:
        """Return whether this process writes the stream: nobody else can bring the next record of it."""
        return self._writer is not None and self._writer.stream == stream

    def is_written_elsewhere(self, stream: str) -> bool:
        """Return whether it is ours, and central saw something in it that we did not write."""
        return self.holds(stream) and (
            self._witness.contradicts(stream) or self._witness.seen(stream) >= self.writer.next_seq
        )

    def opening(self, key: str, name: str, also: Mapping[str, int] | None = None) -> StreamOpened:
        """Return the first body of a new stream of this key; `also` {stream: head} it covers too."""
        earlier = self._watch.uncovered(key) | dict(also or {})
        return StreamOpened(
            key=key,
            name=name,
            boot_id=self._clock.boot_id,
            earlier={stream: head for stream, head in earlier.items() if head},
            event=self._journal.root_key,
        )

    async def settled(self) -> None:
        """Return at once, or when it is known which stream we go on in."""
        await self._may_append.wait()

    def leave(self) -> None:
        """Go on in another stream: central saw somebody who has our key write in this one."""
        if self._leaving is None or self._leaving.done():
            self._leaving = self._errands.start(self._go_on_elsewhere(), name="go on in another stream")

    async def _go_on_elsewhere(self) -> None:
        """Open another stream, and say there again what nobody but us knows to be ours."""
        writer = self.writer
        self._may_append.clear()
        try:
            while self._appending_count:
                await self._is_idle.wait()
            proven = self._witness.proven(writer.stream)
            self.writer = fresh = writer.elsewhere()
            opened = self.opening(writer.key, self.name, {writer.stream: proven})
            await self._write(fresh, [(KIND_OF[StreamOpened], opened)])
            places: dict[int, int] = {}
            said = await self._journal.read_beyond(writer.stream, max(proven, 1), AGAIN_MAX_COUNT)
            while said:
                again: list[tuple[str, Any]] = []
                for record in said:
                    if record.body_bytes is not None:
                        places[record.seq] = fresh.next_seq + len(again)
                        again.append((record.header.kind, _said_elsewhere(record, fresh.stream, places)))
                await self._write(fresh, again)
                said = await self._journal.read_beyond(writer.stream, said[-1].seq, AGAIN_MAX_COUNT)
        finally:
            self._may_append.set()
        log.error(
            "our stream was written by somebody else: old=%s new=%s said again=%d",
            *(writer.stream, fresh.stream, len(places)),
        )

    async def append(self, said: Sequence[tuple[str, Any]]) -> list[Record]:
        """Write and store (kind, body), in one commit; return once all is durable and folded.

        Raises BodyRefused or JournalLost with nothing written, and StreamTaken when somebody else writes this
        stream too; then it is over with it.
        """
        await self.settled()
        return await self._write(self.writer, said)

    async def _write(self, writer: StreamWriter, said: Sequence[tuple[str, Any]]) -> list[Record]:
        records: list[Record] = []
        self._appending_count += 1
        self._is_idle.clear()
        try:
            for kind, body in said:
                records.append(writer.write(kind, body))
            held = await self._journal.append(records)
        except (JournalLost, BodyRefused):
            writer.take_back(records)  # else the stream went on past a gap, and nobody took the rest
            raise
        finally:
            self._appending_count -= 1
            if not self._appending_count:
                self._is_idle.set()
        for record, (_, holder) in zip(records, held, strict=True):
            if record.header_hash != holder:
                raise StreamTaken(stream=record.stream, seq=record.seq)
        await self._until_taken(max((one.arrival for one in held), default=0))
        return records


def _said_elsewhere(record: Record, stream: str, places: Mapping[int, int]) -> Any:
    """Return the body for another stream of the same writer's; {seq here: seq there} are the places said."""
    assert record.body_bytes is not None
    body = read_body(record.header.kind, record.body_bytes)
    if isinstance(body, ActWithdrawn) and body.stream == record.stream and body.seq in places:
        return msgspec.structs.replace(body, stream=stream, seq=places[body.seq])
    return msgspec.Raw(record.body_bytes)
