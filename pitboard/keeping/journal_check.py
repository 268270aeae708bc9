"""Walk a replica and say in plain sentences what is wrong with it.

Every header is checked against its signature and the header before it, every body against its header. What is
damage makes the file unfit as a backup; the rest is for people to look at."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator

import msgspec

from pitboard.journal.record import Record
from pitboard.keeping.stream_check import Code, Finding, StreamCheck, place_text
from pitboard.program.counted import counted
from pitboard.race.bodies import PersonErased, StreamOpened, UnitEnrolled, UnitRevoked, read_body


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
