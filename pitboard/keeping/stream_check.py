"""Check one stream, record by record: place, signature, chain and body, each said in one plain sentence."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Literal

import msgspec

from pitboard.errors import RecordRefused
from pitboard.journal.record import NO_PREVIOUS, Record, parse_record
from pitboard.race.bodies import StreamOpened, read_body
from pitboard.trust.identity import signature_holds

Code = Literal[
    "file-damaged",
    "bad-header",
    "wrong-place",
    "bad-signature",
    "broken-chain",
    "gap",
    "body-mismatch",
    "body-missing",
    "unknown-writer",
    "behind",
    "unknown-key",
    "quarantined",
]
NOT_DAMAGE: frozenset[Code] = frozenset({"behind", "unknown-key", "quarantined"})


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something wrong; `stream` and `seq` name the record where there is one."""

    code: Code
    sentence: str
    stream: str | None = None
    seq: int | None = None

    @property
    def is_damage(self) -> bool:
        return self.code not in NOT_DAMAGE


Report = Callable[[Code, str, str | None, int | None], None]
"""Takes a finding's code, sentence, stream and seq."""


class StreamCheck:
    """The state of one stream while its records are walked in order."""

    def __init__(self, stream: str, report: Report) -> None:
        self.stream = stream
        self.key: str | None = None
        self._report = report
        self._next_seq = 1
        self._previous: str | None = NO_PREVIOUS  # None after a header that cannot be trusted

    def take(self, seq: int, header: bytes, signature: bytes, body: bytes | None) -> Record | None:
        """Check one record; return it where it can be believed to say what it says."""
        if seq != self._next_seq:
            missing = f"{self._next_seq}" if seq == self._next_seq + 1 else f"{self._next_seq} to {seq - 1}"
            self._say("gap", f"Stream {self.stream[:8]} lacks record {missing}.", seq)
            self._previous = None
        self._next_seq = seq + 1
        try:
            record = parse_record(header, signature, None)
        except RecordRefused as error:
            self._say("bad-header", f"{place_text(self.stream, seq)} cannot be read: {error}.", seq)
            self._previous = None
            return None
        is_body_signed = body is None or hashlib.sha256(body).hexdigest() == record.header.body
        if is_body_signed:
            record = msgspec.structs.replace(record, body_bytes=body)
        else:
            self._say("body-mismatch", f"{place_text(self.stream, seq)} has a body that was not signed.", seq)
        is_header_good = self._check(record, seq)
        self._previous = hashlib.sha256(header).hexdigest()
        return record if is_body_signed and is_header_good else None

    def _check(self, record: Record, seq: int) -> bool:
        """Return whether place and signature hold; a broken chain is said and no more."""
        place = place_text(self.stream, seq)
        if self._previous is not None and record.header.previous != self._previous:
            self._say("broken-chain", f"{place} does not follow the record before it.", seq)
        if seq == 1:
            self.key = _opening_key(record)
            if self.key is None:
                self._say("unknown-writer", f"Stream {self.stream[:8]} does not say who writes it.", seq)
        if (record.stream, record.seq) != (self.stream, seq):
            self._say("wrong-place", f"{place} says it is {place_text(record.stream, record.seq)}.", seq)
            return False
        if self.key is not None and not signature_holds(self.key, record.header_bytes, record.signature):
            self._say("bad-signature", f"{place} was not signed by the writer of its stream.", seq)
            return False
        return self.key is not None

    def _say(self, code: Code, sentence: str, seq: int) -> None:
        self._report(code, sentence, self.stream, seq)


def _opening_key(record: Record) -> str | None:
    body = None if record.body_bytes is None else read_body(record.header.kind, record.body_bytes)
    return body.key if isinstance(body, StreamOpened) else None


def place_text(stream: str, seq: int) -> str:
    return f"Record {seq} of stream {stream[:8]}"
