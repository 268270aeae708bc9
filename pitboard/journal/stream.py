"""A writer's own stream: opened with a random id at every start of its process, never continued.

So a restored database or a cloned card can never use a number twice."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from pitboard.journal.hybrid_clock import HybridClock
from pitboard.journal.record import NO_PREVIOUS, Record, write_record
from pitboard.trust.identity import Identity


class StreamWriter:
    """Writes one stream. The caller stores every record it returns, in order, before writing on."""

    def __init__(self, identity: Identity, hybrid_clock: HybridClock, *, stream: str | None = None) -> None:
        self.stream = stream or secrets.token_hex(16)
        self._identity = identity
        self._hybrid_clock = hybrid_clock
        self._seq = 0
        self._previous = NO_PREVIOUS

    @property
    def next_seq(self) -> int:
        return self._seq + 1

    def write(self, kind: str, body: Any) -> Record:
        """Return the next record of this stream, signed and chained to the one before."""
        record = write_record(
            self._identity,
            stream=self.stream,
            seq=self.next_seq,
            previous=self._previous,
            stamp=self._hybrid_clock.next_stamp(),
            kind=kind,
            body=body,
        )
        self._seq = record.seq
        self._previous = record.header_hash.hex()
        return record

    def take_back(self, records: Sequence[Record]) -> None:
        """Forget these records, the last ones written: nobody has stored them, nor ever will."""
        assert records[-1].seq == self._seq
        self._seq = records[0].seq - 1
        self._previous = records[0].header.previous
