"""One record: a signed header that binds a body by its hash.

Header and body are kept and passed on as the very bytes that were signed, never written anew. The header
chains to the one before it, so a body may be erased later while the chain still verifies."""

from __future__ import annotations

import hashlib
import re
import secrets
import sys
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from pitboard.clock import Clock
from pitboard.errors import NOT_UNDERSTOOD, BodyRefused, RecordRefused
from pitboard.trust.identity import Identity, signature_holds

HEADER_MAX_BYTES = 1_024
BODY_MAX_BYTES = 16 * 1_024
STAMP_MAX = 2**62
NO_PREVIOUS = "0" * 64
_IDS = re.compile(r"[0-9a-f]{32} [0-9a-f]{64} [0-9a-f]{64}")


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What is signed. `stream` is 128 bits in hex, `previous` and `body` are SHA-256 in hex."""

    stream: str
    seq: int
    previous: str
    stamp: int
    kind: str
    body: str


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A parsed header beside the bytes that count; `body_bytes` is None once erased.

    `header_hash` is the SHA-256 of `header_bytes`; `stream` and `seq` are the header's.
    """

    stream: str
    seq: int
    header: Header
    header_bytes: bytes
    header_hash: bytes
    signature: bytes
    body_bytes: bytes | None

    @property
    def size(self) -> int:
        return len(self.header_bytes) + len(self.signature) + len(self.body_bytes or b"")


class WireRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """A record as JSON carries it: header and body as text, the signature in hex."""

    h: str
    s: str
    b: str | None = None


_HeaderShape = msgspec.json.Decoder(Header)

# Each would take six bytes on the wire, and sixteen such records no longer fit into one request.
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def write_record(
    identity: Identity, *, stream: str, seq: int, previous: str, stamp: int, kind: str, body: Any
) -> Record:
    """Return a new signed record; `body` is anything msgspec encodes to a JSON object.

    Raises BodyRefused when it is larger than anybody would read.
    """
    body_bytes = msgspec.json.encode(body)
    if len(body_bytes) > BODY_MAX_BYTES:
        raise BodyRefused(
            kind=kind, reason=f"{len(body_bytes)} bytes do not fit into a record; at most {BODY_MAX_BYTES} do"
        )
    header = Header(
        stream=stream,
        seq=seq,
        previous=previous,
        stamp=stamp,
        kind=kind,
        body=hashlib.sha256(body_bytes).hexdigest(),
    )
    header_bytes = msgspec.json.encode(header)
    if len(header_bytes) > HEADER_MAX_BYTES:
        raise BodyRefused(kind=kind, reason="the name of the kind does not fit into a record")
    return Record(
        stream=stream,
        seq=seq,
        header=header,
        header_bytes=header_bytes,
        header_hash=hashlib.sha256(header_bytes).digest(),
        signature=identity.sign(header_bytes),
        body_bytes=body_bytes,
    )


def parse_record(header_bytes: bytes, signature: bytes, body_bytes: bytes | None) -> Record:
    """Return the record in these bytes, its body checked against the header's hash.

    Raises RecordRefused when anything but the signature (see `check_signature`) is wrong.
    """
    if len(header_bytes) > HEADER_MAX_BYTES or len(body_bytes or b"") > BODY_MAX_BYTES:
        raise RecordRefused(reason="the record is larger than allowed")
    try:
        header = _HeaderShape.decode(header_bytes)
    except NOT_UNDERSTOOD as error:
        raise RecordRefused(reason=f"the header is not valid: {error}") from error
    _check_header(header, signature)
    return _with_body(header, header_bytes, signature, body_bytes)


def stored_record(header_bytes: bytes, signature: bytes, body_bytes: bytes | None) -> Record:
    """Return the record that our own storage kept: it was parsed before, and only damage may have changed it.

    Raises RecordRefused where that shows.
    """
    try:
        header = _HeaderShape.decode(header_bytes)
    except NOT_UNDERSTOOD as error:
        raise RecordRefused(reason=f"the header is not valid: {error}") from error
    return _with_body(header, header_bytes, signature, body_bytes)


def _with_body(header: Header, header_bytes: bytes, signature: bytes, body_bytes: bytes | None) -> Record:
    # Thousands of records share their stream's id: they share the text of it too.
    stream = sys.intern(header.stream)
    msgspec.structs.force_setattr(header, "stream", stream)
    if body_bytes is not None and hashlib.sha256(body_bytes).hexdigest() != header.body:
        raise RecordRefused(reason="the body is not the one that was signed")
    return Record(
        stream=stream,
        seq=header.seq,
        header=header,
        header_bytes=header_bytes,
        header_hash=hashlib.sha256(header_bytes).digest(),
        signature=signature,
        body_bytes=body_bytes,
    )


def _check_header(header: Header, signature: bytes) -> None:
    if _IDS.fullmatch(f"{header.stream} {header.previous} {header.body}") is None:
        raise RecordRefused(reason="the header's ids are not lower-case hex of the right length")
    if not (1 <= header.seq < 2**53 and 0 <= header.stamp < STAMP_MAX):
        raise RecordRefused(reason="the header's numbers are out of range")
    if not 1 <= len(header.kind) <= 64:
        raise RecordRefused(reason="the header's kind is empty or too long")
    if len(signature) != 64:
        raise RecordRefused(reason="the signature is not 64 bytes")


def without_body(record: Record) -> Record:
    return msgspec.structs.replace(record, body_bytes=None)


def check_signature(record: Record, key: str) -> None:
    """Raise RecordRefused unless the record was signed with the private half of `key`."""
    if not signature_holds(key, record.header_bytes, record.signature):
        raise RecordRefused(reason="the signature does not hold")


def to_wire(record: Record) -> WireRecord:
    """Return the record as the exchange carries it."""
    return WireRecord(
        h=record.header_bytes.decode(),
        s=record.signature.hex(),
        b=None if record.body_bytes is None else record.body_bytes.decode(),
    )


def from_wire(wire: WireRecord) -> Record:
    """Return the record that came over the exchange; raises RecordRefused like `parse_record`."""
    if wire.b is not None and _CONTROLS.search(wire.b):
        raise RecordRefused(reason="the body holds control characters, which JSON never does")
    try:
        signature = bytes.fromhex(wire.s)
        header_bytes = wire.h.encode()
        body_bytes = None if wire.b is None else wire.b.encode()
    except ValueError as error:  # UnicodeEncodeError is one: lone surrogates
        raise RecordRefused(reason=f"the record is not valid text: {error}") from error
    return parse_record(header_bytes, signature, body_bytes)


COUNTER_BITS = 16
UTC_MAX_MS = 4_102_444_800_000
"""The year 2100. A clock beyond it is wrong; stamps must stay far from the largest that a header may have."""


CLOCK_SET_FROM_MS = 1_600_000_000_000
"""September 2020: a Pi without a clock of its own wakes up before it, and is not asked how late it is."""
AHEAD_MAX_MS = 10 * 60_000
AHEAD_OF_CENTRAL_MAX_MS = 2 * 86_400_000
"""Central may be away for a day while others go on."""


class HybridClock:
    """Issues stamps for one node."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last_stamp = 0
        self._central_utc_ms = 0  # the newest stamp of central's that came here

    def next_stamp(self) -> int:
        """Return a stamp greater than all issued or observed before."""
        utc_ms = min(self._clock.utc_ms(), UTC_MAX_MS)
        self._last_stamp = max(self._last_stamp + 1, utc_ms << COUNTER_BITS)
        return self._last_stamp

    def observe(self, stamp: int) -> None:
        """Take note of another node's stamp, so that what we write next comes after it.

        One far ahead of a clock that is set is not followed: one record stamped in 2099 would carry every
        node's clock there for good. Who has no set clock believes what is within days of central's newest.
        """
        if stamp > self._last_stamp and stamp_utc_ms(stamp) <= self._followed_max_ms():
            self._last_stamp = stamp

    def observe_central(self, stamp: int) -> None:
        """Take note of a stamp of central's; it also brings back a clock that others have led too far."""
        self._central_utc_ms = max(self._central_utc_ms, stamp_utc_ms(stamp))
        if stamp_utc_ms(self._last_stamp) > self._followed_max_ms():
            self._last_stamp = stamp
        self.observe(stamp)

    def _followed_max_ms(self) -> int:
        utc_ms = self._clock.utc_ms()
        if CLOCK_SET_FROM_MS <= utc_ms <= UTC_MAX_MS:
            return max(utc_ms, self._central_utc_ms) + AHEAD_MAX_MS
        if self._central_utc_ms:
            return min(UTC_MAX_MS, self._central_utc_ms + AHEAD_OF_CENTRAL_MAX_MS)
        return UTC_MAX_MS


def stamp_utc_ms(stamp: int) -> int:
    """Return the wall-clock label inside a stamp."""
    return stamp >> COUNTER_BITS


def random_stream() -> str:
    """Return an id that nobody guesses."""
    return secrets.token_hex(16)


class StreamWriter:
    """Writes one stream. The caller stores every record it returns, in order, before writing on."""

    def __init__(
        self,
        identity: Identity,
        hybrid_clock: HybridClock,
        *,
        stream: str | None = None,
        new_id: Callable[[], str] = random_stream,
    ) -> None:
        self.stream = stream or new_id()
        self._new_id = new_id
        self._identity = identity
        self._hybrid_clock = hybrid_clock
        self._seq = 0
        self._previous = NO_PREVIOUS

    @property
    def key(self) -> str:
        return self._identity.key

    def elsewhere(self) -> StreamWriter:
        """Return a writer of another stream under the same key."""
        return StreamWriter(self._identity, self._hybrid_clock, new_id=self._new_id)

    @property
    def identity(self) -> Identity:
        return self._identity

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
        """Forget these records if they are the last ones written: nobody has stored them, nor ever will."""
        if records and records[-1].seq == self._seq:
            self._seq = records[0].seq - 1
            self._previous = records[0].header.previous
