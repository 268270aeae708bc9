"""Which units write, how far a revoked one still counts, and which displays are of the event.

Pure questions to a replica; whoever asks appends the records."""

from __future__ import annotations

import secrets
from typing import Literal

import msgspec

from pitboard.errors import ActRefused
from pitboard.journal.countersigning import countersigned
from pitboard.journal.records.kinds import HeadsWitnessed, UnitRevoked
from pitboard.journal.records.record import stamp_utc_ms
from pitboard.journal.replica import Replica
from pitboard.race.bodies.verdict_bodies import RunDecided
from pitboard.race.runs.run import Run
from sync.enrolling.enrolment_words import Role

READ_COUNT = 500
HEADS_MAX_COUNT = 80
"""Of one revocation record; more streams take several."""

UnitState = Literal["enrolled", "revoked", "unknown"]


class UnitView(msgspec.Struct, frozen=True, kw_only=True):
    """A writer or a display as central knows it; of an unknown one the name is its own claim.

    `last_utc_ms` labels its newest record, by its own clock; None where nothing came since central started.
    `open_runs` are those that it armed and nobody has decided, by whose they are.
    """

    name: str
    key: str
    state: UnitState
    streams: int
    records: int
    last_utc_ms: int | None
    open_runs: list[str] = []
    role: Role = "unit"


class Cut(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a revoked unit's streams count: all that came, or less.

    `before_utc_ms` leaves out what its clock stamped then or later; `from_seq` {beginning of a stream's id:
    seq} leaves out that record and what follows.
    """

    before_utc_ms: int | None = None
    from_seq: dict[str, int] = {}


def list_units(replica: Replica) -> list[UnitView]:
    """Return the units and displays of the roster by name, then strangers whose records are kept aside."""
    roster, by_key = replica.fold.roster, replica.streams_by_key()
    displays = {**roster.displays(), **roster.revoked_displays()}
    keys = set(roster.known()) | set(by_key) - {replica.fold.root_key, *displays}
    open_runs: dict[str, list[str]] = {}
    for run in replica.fold.race.run_list.undecided():
        open_runs.setdefault(run.unit, []).append(_names_in(replica, run))
    units = []
    for key in keys:
        streams = by_key.get(key, {})
        stamps = [stamp for stream in streams if (stamp := replica.newest_stamp(stream)) is not None]
        units.append(
            UnitView(
                name=roster.known().get(key) or replica.fold.claimed_name(key),
                key=key,
                state=_state(replica, key),
                streams=len(streams),
                records=sum(streams.values()),
                last_utc_ms=stamp_utc_ms(max(stamps)) if stamps else None,
                open_runs=open_runs.get(key, []),
            )
        )
    units += [
        UnitView(
            name=name,
            key=key,
            state="revoked" if key in roster.revoked_displays() else "enrolled",
            streams=0,
            records=0,
            last_utc_ms=None,
            role="display",
        )
        for key, name in displays.items()
        if key not in roster.known()
    ]
    return sorted(units, key=lambda unit: (unit.state, unit.name, unit.key))


def find_unit(replica: Replica, typed: str) -> UnitView:
    """Return the one unit or display of this name, or whose key begins so; raises ActRefused."""
    units = [unit for unit in list_units(replica) if unit.state != "unknown"]
    found = [unit for unit in units if unit.name.casefold() == typed.casefold()]
    if len(typed) >= 4:
        found = found or [unit for unit in units if unit.key.startswith(typed.lower())]
    if len(found) > 1:
        keys = " or ".join(unit.key[:8] for unit in found)
        raise ActRefused(code="many-units", reason=f"Several are called that; say {keys}.")
    if not found:
        raise ActRefused(
            code="unknown-unit", reason=f"No unit or display is called {typed}; 'units' lists them."
        )
    return found[0]


def discards(replica: Replica, key: str, reason: str) -> list[RunDecided]:
    """Return what closes the runs that this unit left open: nobody else does, and boards show them on."""
    return [
        RunDecided(run_id=run.run_id, decision="discarded", reason=reason)
        for run in replica.fold.race.run_list.undecided()
        if run.unit == key
    ]


def _names_in(replica: Replica, run: Run) -> str:
    return ", ".join(map(replica.fold.race.name_of, run.competitor_ids)) or run.run_id


async def revocation(replica: Replica, key: str, cut: Cut, reason: str) -> list[HeadsWitnessed | UnitRevoked]:
    """Return the bodies that revoke the key: what is countersigned of its streams, then how far they count.

    Several of each where its streams do not fit into one. Raises ActRefused when the cut names no stream.
    """
    heads = replica.streams_by_key().get(key, {})
    if cut.before_utc_ms is not None:
        heads = {
            stream: await _head_before(replica, stream, head, cut.before_utc_ms)
            for stream, head in heads.items()
        }
    for beginning, seq in cut.from_seq.items():
        streams = [stream for stream in heads if stream.startswith(beginning)]
        if len(streams) != 1:
            raise ActRefused(
                code="unknown-stream", reason=f"The unit has no single stream that begins with {beginning}."
            )
        heads[streams[0]] = min(heads[streams[0]], max(0, seq - 1))
    seen = countersigned(replica, [key])  # the way to the cut, for nodes that met another history
    counting = [(stream, head) for stream, head in heads.items() if head]
    parts = [dict(counting[at : at + HEADS_MAX_COUNT]) for at in range(0, len(counting), HEADS_MAX_COUNT)]
    if len(parts) <= 1:
        hashes = replica.hashes_at(dict(counting))
        return [*seen, UnitRevoked(key=key, heads=dict(counting), reason=reason, hashes=hashes)]
    shared = secrets.token_hex(8)
    return [*seen] + [
        UnitRevoked(key=key, heads=part, reason=reason, revocation=shared, hashes=replica.hashes_at(part))
        for part in parts
    ]


async def _head_before(replica: Replica, stream: str, head: int, utc_ms: int) -> int:
    seq = 0
    while seq < head:
        records = await replica.journal.read_beyond(stream, seq, READ_COUNT)
        for record in records:
            if stamp_utc_ms(record.header.stamp) >= utc_ms:
                return seq
            seq = record.seq
        if not records:
            break
    return seq


def _state(replica: Replica, key: str) -> UnitState:
    roster = replica.fold.roster
    if key in roster.enrolled():
        return "enrolled"
    return "revoked" if roster.is_revoked(key) else "unknown"
