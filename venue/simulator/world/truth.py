"""What really happened in a day, known to the simulator alone, and every promise that was broken.

It follows each commit of each disk, so a promise is checked at the moment at which it could break."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from pitboard.journal.records.kinds import KIND_OF, read_body
from pitboard.journal.records.record import NO_PREVIOUS, Record, WireRecord, to_wire
from pitboard.race.bodies.run_bodies import RunArmed
from venue.simulator.world.signature_memory import signer_of
from venue.simulator.world.simulated_disk import Place, SimulatedDisk
from venue.simulator.world.virtual_loop import VirtualLoop


class Trace:
    """Collects lines `microseconds  node  what`."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self.lines: list[str] = []

    def say(self, node: str, what: str) -> None:
        self.lines.append(f"{self._loop.now_ns // 1_000:>10} {node:<10} {what}")

    def encode(self) -> bytes:
        """Return the trace as text, one line for each event."""
        return ("\n".join(self.lines) + "\n").encode()


STRANGERS_MARK = b"Mallory"
"""Stands in every name that a stranger or a rogue writes without leave; no screen may ever show it."""


@dataclass(frozen=True, slots=True)
class Violation:
    invariant: str
    detail: str


@dataclass
class Truth:
    """Collects violations; each invariant is told once per day, with the first detail."""

    trace: Trace
    violations: list[Violation] = field(default_factory=list)
    forked: set[str] = field(default_factory=set)
    """Streams that a forger wrote twice on purpose."""
    rewritten: set[str] = field(default_factory=set)
    """Those of them that a thief wrote anew with a stolen key; central had the true ones."""
    stolen: set[str] = field(default_factory=set)
    """Streams that a thief opened with a stolen key."""
    misled: set[tuple[str, str]] = field(default_factory=set)
    """(node, stream) where a thief's history came before the true one, which is a fork there ever after."""
    contacts: list[bytes] = field(default_factory=list)
    """The e-mails and phone numbers that people typed today."""
    records_count: int = 0
    _acknowledged: dict[Place, bytes] = field(default_factory=dict)
    _hash_at: dict[Place, bytes] = field(default_factory=dict)
    _genuine: dict[str, tuple[Place, WireRecord]] = field(default_factory=dict)
    runs: dict[str, str] = field(default_factory=dict)
    """{run: the key of who armed it first}, by what came onto a disk first; nobody can arm before that."""
    _owners: dict[str, str] = field(default_factory=dict)
    _boards: dict[int, bytes] = field(default_factory=dict)

    def violate(self, invariant: str, detail: str) -> None:
        if all(known.invariant != invariant for known in self.violations):
            self.trace.say("TRUTH", f"VIOLATION {invariant}: {detail}")
            self.violations.append(Violation(invariant, detail))

    def see_commit(self, node: str, disk: SimulatedDisk, records: Sequence[Record]) -> None:
        """Check records in the instant in which they become durable on a node's disk."""
        for record in records:
            self._check_chain(node, disk, record)
            self._check_writer(node, record)
            self._check_content(node, record)
            self._check_contacts(node, record)

    def acknowledge(self, disk: SimulatedDisk, records: Iterable[Record]) -> None:
        """Somebody was told that these are saved: from here on they must survive."""
        for record in records:
            place = (record.stream, record.seq)
            self._acknowledged[place] = record.header_hash
            if place not in disk.records:
                self.violate(
                    "acknowledged-is-durable", f"{_name(place)} was acknowledged before it was saved"
                )

    def excuse_wiped(
        self, wiped: SimulatedDisk, image: SimulatedDisk | None, others: Iterable[SimulatedDisk]
    ) -> int:
        """Forget what nobody can keep: acknowledged on a card that is lost now, and nowhere else yet."""
        kept = [image, *others] if image is not None else list(others)
        lost = [
            place
            for place in self._acknowledged
            if place in wiped.records and not any(place in disk.records for disk in kept)
        ]
        for place in lost:
            del self._acknowledged[place]
        return len(lost)

    def check_acknowledged(self, node: str, disk: SimulatedDisk, may_lack: Callable[[str], bool]) -> None:
        """Check that what was acknowledged today is on this disk, with the content that it had then."""
        for place, digest in self._acknowledged.items():
            record = disk.records.get(place)
            if (record is not None and record.header_hash == digest) or may_lack(place[0]):
                continue
            fault = "is not" if record is None else "has another content"
            self.violate("acknowledged-survives", f"{_name(place)} {fault} at {node}")

    def check_board(self, node: str, disk: SimulatedDisk, board: bytes) -> None:
        """Check that nodes with the same records show the same bytes, and nobody a stranger's."""
        if STRANGERS_MARK in board:
            self.violate("unverified-never-shown", f"{node} shows {board[:200]!r}")
        known = self._boards.setdefault(disk.fingerprint, board)
        if known != board:
            self.violate(
                "equal-sets-equal-boards", f"{node} shows {_difference(known, board)} from the same records"
            )

    def owner_of(self, stream: str) -> str | None:
        """Return the key that signed the stream's first record."""
        return self._owners.get(stream)

    def genuine_place(self, wire: WireRecord) -> Place | None:
        """Return the place of a record exactly as its writer made it, None for any other or a forked one."""
        known = self._genuine.get(wire.h)
        if known is None or known[1] != wire or known[0][0] in self.forked:
            return None
        return known[0]

    def _check_chain(self, node: str, disk: SimulatedDisk, record: Record) -> None:
        previous = record.header.previous
        before = disk.records.get((record.stream, record.seq - 1))
        if record.seq == 1:
            is_whole = previous == NO_PREVIOUS
        else:
            is_whole = before is not None and before.header_hash.hex() == previous
        if not is_whole:
            self.violate(
                "streams-dense-and-chained", f"{node} stores {_name_of(record)} without what goes before it"
            )

    def _check_writer(self, node: str, record: Record) -> None:
        signer = signer_of(record.header_bytes)
        owner = self._owners.setdefault(record.stream, signer or "nobody")
        if signer is None or signer != owner:
            self.violate(
                "only-verified-records", f"{node} stores {_name_of(record)}, which its writer never signed"
            )

    def _check_content(self, node: str, record: Record) -> None:
        place, digest = (record.stream, record.seq), record.header_hash
        known = self._hash_at.get(place)
        if known is None:
            self._hash_at[place] = digest
            if record.header.kind == KIND_OF[RunArmed]:
                self._see_arming(record)
            wire = to_wire(record)
            self._genuine[wire.h] = (place, wire)
            self.records_count += 1
        elif known != digest and record.stream in self.rewritten:
            self.misled.add((node, record.stream))
        elif known != digest and record.stream not in self.forked:
            self.violate("one-content-for-one-id", f"{node} stores another content for {_name(place)}")

    def _see_arming(self, record: Record) -> None:
        body = read_body(record.header.kind, record.body_bytes or b"")
        if isinstance(body, RunArmed):
            self.runs.setdefault(body.run_id, self._owners[record.stream])

    def _check_contacts(self, node: str, record: Record) -> None:
        body = record.body_bytes or b""
        for contact in self.contacts:
            if contact in body:
                self.violate(
                    "no-contact-in-journal", f"{node} stores {contact.decode()} in {_name_of(record)}"
                )


def _name(place: Place) -> str:
    return f"{place[0][:8]}/{place[1]}"


def _name_of(record: Record) -> str:
    return f"{record.stream[:8]}/{record.seq} ({record.header.kind})"


def _difference(one: bytes, other: bytes) -> str:
    at = next((index for index, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    start = max(0, at - 60)
    return f"...{other[start : at + 60]!r} where another showed ...{one[start : at + 60]!r}"
