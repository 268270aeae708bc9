"""Walk a replica and say in plain sentences what is wrong with it.

Every header is checked against its signature and the header before it, every body against its header. What is
damage makes the file unfit as a backup; the rest is for people to look at."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from typing import Literal

import msgspec

from pitboard.errors import RecordRefused
from pitboard.journal.records.kinds import StreamOpened, UnitEnrolled, UnitRevoked, read_body
from pitboard.journal.records.record import NO_PREVIOUS, Record, parse_record
from pitboard.program.program import counted
from pitboard.race.bodies.people_bodies import PersonErased
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


class CheckedJournal(msgspec.Struct, frozen=True, kw_only=True):
    """What the walk saw; sound where no finding is damage: a stranger's record harms no journal."""

    sound: bool
    root_key: str
    streams: int
    records: int
    erased: int
    findings: list[Finding]


class JournalCheck:
    """One walk over one database, which must not change meanwhile."""

    def __init__(self, database: sqlite3.Connection, root_key: str) -> None:
        self._database = database
        self._root_key = root_key
        self._findings: list[Finding] = []
        self._names: dict[str, str] = {}  # key -> name, as its streams say
        self._streams: dict[str, tuple[str, int]] = {}  # stream -> key, good records
        self._heads: dict[str, int] = {}  # stream -> last seq that is here
        self._enrolled: set[str] = {root_key}
        self._earlier: dict[tuple[str, str], int] = {}  # (naming, named stream) -> head it had
        self._bodiless: list[Record] = []
        self._erased_places: set[tuple[str, int]] = set()

    def run(self, on_record: Callable[[], None]) -> CheckedJournal:
        """Return what was found; `on_record` is called after each record."""
        self._check_file()
        count = 0
        walk = StreamCheck("", self._report)
        try:
            for stream, seq, header, signature, body in self._rows():
                if stream != walk.stream:
                    walk = StreamCheck(stream, self._report)
                self._heads[stream] = seq
                record = walk.take(seq, header, signature, body)
                if record is not None and walk.key is not None:
                    self._take_note(record, walk.key)
                count += 1
                on_record()
        except sqlite3.Error as error:
            self._report("file-damaged", f"The file cannot be read to its end ({error}).", None, None)
        self._check_bodies()
        self._check_heads()
        self._check_keys()
        self._check_quarantine()
        return CheckedJournal(
            sound=not any(finding.is_damage for finding in self._findings),
            root_key=self._root_key,
            streams=len(self._heads),
            records=count,
            erased=len(self._erased_places),
            findings=self._findings,
        )

    def _rows(self) -> Iterator[tuple[str, int, bytes, bytes, bytes | None]]:
        yield from self._database.execute(
            "SELECT stream, seq, header, signature, body FROM records ORDER BY stream, seq"
        )

    def _report(self, code: Code, sentence: str, stream: str | None, seq: int | None) -> None:
        self._findings.append(Finding(code=code, sentence=sentence, stream=stream, seq=seq))

    def _take_note(self, record: Record, key: str) -> None:
        _, count = self._streams.get(record.stream, ("", 0))
        self._streams[record.stream] = (key, count + 1)
        if record.body_bytes is None:
            self._bodiless.append(record)
            return
        body = read_body(record.header.kind, record.body_bytes)
        match body:
            case StreamOpened():
                self._names.setdefault(key, body.name)
                self._earlier.update({(record.stream, one): head for one, head in body.earlier.items()})
            case UnitEnrolled() | UnitRevoked() if key == self._root_key:
                self._enrolled.add(body.key)
            case PersonErased() if key == self._root_key:
                self._erased_places |= {(one, seq) for one, seqs in body.records.items() for seq in seqs}
            case _:
                pass

    def _check_file(self) -> None:
        try:
            said = [row[0] for row in self._database.execute("PRAGMA integrity_check(5)")]
        except sqlite3.Error as error:
            said = [str(error)]
        if said != ["ok"]:
            self._report("file-damaged", f"The file itself is damaged ({said[0]}).", None, None)

    def _check_bodies(self) -> None:
        for record in self._bodiless:
            if (record.stream, record.seq) not in self._erased_places:
                what = f"{place_text(record.stream, record.seq)} ({record.header.kind})"
                self._report(
                    "body-missing",
                    f"{what} lost its body, and no erasure took it.",
                    record.stream,
                    record.seq,
                )

    def _check_heads(self) -> None:
        heads: dict[str, int] = {}
        for (naming, named), head in self._earlier.items():
            if self._streams[naming][0] in self._enrolled:
                heads[named] = max(head, heads.get(named, 0))
        for named, head in sorted(heads.items()):
            here = self._heads.get(named, 0)
            if here < head:
                sentence = f"Stream {named[:8]} went on to record {head}; only {here} are here."
                self._report("behind", sentence, named, here)

    def _check_keys(self) -> None:
        for stream, (key, count) in self._streams.items():
            if key not in self._enrolled:
                name = self._names.get(key, "somebody")
                sentence = (
                    f"Stream {stream[:8]} ({counted(count, 'record')}) is of '{name}', key {key[:8]}, whom"
                    " central has not enrolled as far as this file knows; it counts for nothing."
                )
                self._report("unknown-key", sentence, stream, None)

    def _check_quarantine(self) -> None:
        try:
            rows = self._database.execute("SELECT stream, seq, reason FROM quarantine").fetchall()
        except sqlite3.Error:
            return  # said already: the file is damaged
        for stream, seq, reason in rows:
            sentence = (
                f"Another record claims to be {place_text(stream, seq)} ({reason}); it is kept in quarantine."
            )
            self._report("quarantined", sentence, stream, seq)
