"""Fold records into the race and its board; the same for any order, repetition and batching.

Records of a stream whose key is not on the roster wait aside and count from the moment it is enrolled.
A revocation takes back what it does not grant, so the race is folded anew."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from pitboard.journal.folding.kept_bodies import KeptBodies
from pitboard.journal.folding.roster import Roster
from pitboard.journal.folding.stream_order import put_in_order
from pitboard.journal.records.kinds import (
    HOLDERS_OF_NAMES,
    KIND_OF,
    WRITERS,
    DisplayEnrolled,
    DisplayRevoked,
    StreamOpened,
    UnitEnrolled,
    UnitRevoked,
    read_body,
)
from pitboard.journal.records.record import Record
from pitboard.race.bodies.body import Body
from pitboard.race.bodies.formats import Format
from pitboard.race.bodies.passing_bodies import FINISH, START, PassingRecorded
from pitboard.race.bodies.people_bodies import (
    CompetitorChanged,
    CompetitorRegistered,
    OfficialAppointed,
    PersonErased,
)
from pitboard.race.bodies.queue_bodies import QueueAsked
from pitboard.race.names import clean_name
from pitboard.race.passings.passing_shelf import PassingShelf
from pitboard.race.race_boards import RaceBoards
from pitboard.race.race_state import RaceState, Touched
from pitboard.race.ranking.board import Board
from pitboard.race.ranking.boards import ALL
from pitboard.race.runs.verdicts import Lap
from pitboard.race.words.word import Authority, RecordPlace, Word

_ENDS_OF_LAPS = frozenset({START, FINISH})
_APPOINTMENT = KIND_OF[OfficialAppointed]
# Tuples: a union in its place would be put together again for each record.
_OF_UNITS = (UnitEnrolled, UnitRevoked)
_OF_DISPLAYS = (DisplayEnrolled, DisplayRevoked)
_OF_THE_ROSTER = (*_OF_UNITS, *_OF_DISPLAYS)
_NAMED_COMPETITORS = (CompetitorRegistered, CompetitorChanged, QueueAsked)


class Fold:
    """The race as the records added so far tell it, under the event's root key."""

    def __init__(self, root_key: str) -> None:
        self.root_key = root_key
        self.version = 0  # grows with every record that may have changed something
        self._shelf = PassingShelf()
        self._bodies: dict[str, KeptBodies] = {}  # by stream
        self._keys: dict[str, str] = {}  # stream -> key
        self._to_order: set[str] = set()  # keys of which the order may be another now
        self._registrations: dict[str, tuple[RecordPlace, ...]] = {}  # person -> records with the name
        self.erased_places: set[RecordPlace] = set()
        self.erased_by: dict[RecordPlace, RecordPlace] = {}  # the record that says so
        self._erased_persons: dict[RecordPlace, set[str]] = {}  # whose name stood there
        self._appointed_at: set[RecordPlace] = set()  # places of appointments, with a body or without
        self.limits: dict[str, int] = {}  # up to where a stream is believed that is not what central saw
        self._ranked = RaceBoards()
        self._begin()

    def _begin(self) -> None:
        self.roster = Roster(self.root_key)
        self._race = RaceState(self._shelf)
        self._ranked.begin(self._race)
        self._untold = Touched()  # what the boards have not been told yet

    def add(self, record: Record) -> None:
        """Take a record whose signature was checked; a repetition or an unknown body changes nothing."""
        stream, seq = record.stream, record.seq
        bodies = self._bodies.get(stream)
        if bodies is None:
            bodies = self._bodies[stream] = KeptBodies(stream, self._shelf)
        if record.header.kind == _APPOINTMENT:
            self._see_appointment((stream, seq))
        if record.body_bytes is None or seq in bodies:
            return
        if self.erased_places and (stream, seq) in self.erased_places:
            return
        body = read_body(record.header.kind, record.body_bytes)
        if body is None:
            return
        stamp = record.header.stamp
        self.version += 1
        turns_count = bodies.turns_count
        if isinstance(body, PassingRecorded):  # as most are
            if body.gate not in _ENDS_OF_LAPS:
                self._ranked.has_sectors = True
            slot = bodies.put_passing(seq, body, stamp)
            key = self._keys.get(stream)
            if key is not None:
                if bodies.turns_count != turns_count:
                    self._order_later(key)
                authority = self._authority(key, stream, seq)
                if authority != Authority.NOBODY:
                    self._race.hear_passing(slot, body, authority, key)
            return
        if not self._ranked.has_sectors:
            self._ranked.has_sectors = getattr(body, "gate", FINISH) not in _ENDS_OF_LAPS
        bodies.put(seq, body, stamp)
        if isinstance(body, _NAMED_COMPETITORS):
            self._register(body.competitor_id, (stream, seq))
        elif isinstance(body, OfficialAppointed):
            self._register(body.official_id, (stream, seq))
        if seq == 1 and isinstance(body, StreamOpened):
            self._keys[stream] = body.key
            self._order_later(body.key)
            self._apply_stream(stream)
        elif stream in self._keys:
            if bodies.turns_count != turns_count:
                self._order_later(self._keys[stream])
            self._apply(stream, seq, body, stamp)

    @property
    def race(self) -> RaceState:
        """The race with every record added so far taken into account."""
        self.settle()
        return self._race

    def settle(self) -> None:
        """Derive what follows from the records added since; whoever asks for the race has it done too.

        So a run is derived once for a portion of records, not after each that speaks of it.
        """
        self._order_now()
        if not self._race.is_settled:
            self._race.settle(self._untold)

    def _order_later(self, key: str) -> None:
        """Have it looked whether the writer's words still count in the order it said them. Who is believed
        must be known at once."""
        self._to_order.add(key)
        if key == self.root_key:
            self._order_now()

    def _order_now(self) -> None:
        if self._to_order:
            keys, self._to_order = self._to_order, set()
            if any(self._put_in_order(key) for key in keys):
                self._fold_anew()

    def _put_in_order(self, key: str) -> bool:
        """Let the words of this writer count in the order it said them; return whether any moved."""
        streams = {one: self._bodies[one] for one, owner in self._keys.items() if owner == key}

        def counts(stream: str, seq: int) -> bool:
            return self._authority(key, stream, seq) != Authority.NOBODY

        return put_in_order(self._shelf.caps, streams, counts)

    def _word(self, authority: Authority, stamp: int, stream: str, seq: int) -> Word:
        return Word(authority, self._shelf.caps.stamp(stream, seq, stamp), stream, seq)

    def limit(self, stream: str, seq: int | None) -> None:
        """Let nothing of the stream count beyond this place, or all of it again."""
        former = self.limits.get(stream)
        if seq == former:
            return
        if seq is None:
            del self.limits[stream]
        else:
            self.limits[stream] = seq
        self.version += 1
        if former is None or (seq is not None and seq < former):
            self._fold_anew()
        elif stream in self._keys:
            self._order_later(self._keys[stream])
            for one, body, stamp in self._bodies[stream].between(former, seq):
                self._apply(stream, one, body, stamp)

    def forget_beyond(self, stream: str, seq: int) -> None:
        """Forget what is here of the stream after this place: another history of it comes."""
        if stream not in self._bodies:
            return
        self._bodies[stream].drop_beyond(seq)
        self._appointed_at = {one for one in self._appointed_at if one[0] != stream or one[1] <= seq}
        for person_id, places in self._registrations.items():
            self._registrations[person_id] = tuple(
                place for place in places if place[0] != stream or place[1] <= seq
            )
        if not seq:
            del self._bodies[stream]
            self._keys.pop(stream, None)
        self.version += 1
        self._fold_anew()

    def _authority(self, key: str, stream: str, seq: int) -> Authority:
        """Return what a record counts as; NOBODY's does not count."""
        if self.limits and seq > self.limits.get(stream, seq):
            return Authority.NOBODY
        return self.roster.authority_at(key, stream, seq)

    def _apply_stream(self, stream: str) -> None:
        for seq, body, stamp in self._bodies[stream]:
            self._apply(stream, seq, body, stamp)

    def _apply(self, stream: str, seq: int, body: Body, stamp: int) -> None:
        key = self._keys[stream]
        authority = self._authority(key, stream, seq)
        if authority == Authority.NOBODY:
            return
        word = self._word(authority, stamp, stream, seq)
        if isinstance(body, _OF_UNITS):
            if authority == Authority.ADMIN:
                self._enrol(body, word)
        elif isinstance(body, _OF_DISPLAYS):
            if authority == Authority.ADMIN:
                self.roster.admit(body, word)
        elif authority >= _least_authority(body):
            self._race.hear(body, word, key)
            if isinstance(body, PersonErased):
                self._forget(body, (stream, seq))

    def _forget(self, erased: PersonErased, said_at: RecordPlace) -> None:
        """Drop what is held of the erased bodies; the storage drops its bytes by `erased_places`."""
        for stream, seqs in erased.records.items():
            for seq in seqs:
                bodies = self._bodies.get(stream)
                held = None if bodies is None else bodies.get(seq)
                if bodies is not None and held is not None and isinstance(held[0], HOLDERS_OF_NAMES):
                    bodies.drop(seq)
                    self._race.forget((stream, seq))
                    if bodies.turns_count and stream in self._keys:
                        self._to_order.add(self._keys[stream])
                self.erased_places.add((stream, seq))
                self.erased_by.setdefault((stream, seq), said_at)
                self._erased_persons.setdefault((stream, seq), set()).add(erased.competitor_id)
                if (stream, seq) in self._appointed_at:
                    self._race.take_for_official(erased.competitor_id)

    def _see_appointment(self, place: RecordPlace) -> None:
        """Keep in mind that the record appoints somebody: of an erased one only its header tells."""
        self._appointed_at.add(place)
        for person in self._erased_persons.get(place, ()):
            self._race.take_for_official(person)

    def claimed_name(self, key: str) -> str:
        """Return the name that a writer gave itself last, enrolled or not; empty if it opened no stream
        here."""
        opened = self._last_opening(key)
        return "" if opened is None else clean_name(opened.name)

    def _last_opening(self, key: str) -> StreamOpened | None:
        """Return what the writer said when it opened its last stream: by its stamp, not by what arrived
        last."""
        self.settle()
        openings = [
            (self._shelf.caps.stamp(stream, 1, stamp), stream, body)
            for stream, owner in self._keys.items()
            if owner == key
            for _, body, stamp in islice(self._bodies[stream].but_passings(), 1)
            if isinstance(body, StreamOpened)
        ]
        return max(openings, key=lambda one: one[:2])[2] if openings else None

    def boot_of(self, key: str) -> str | None:
        """Return the boot under which the writer opened its last stream that is known here."""
        opened = self._last_opening(key)
        return None if opened is None else opened.boot_id

    def places_to_erase(self, person_id: str) -> set[RecordPlace]:
        """Return where the person's name still stands in a body that no erasure names."""
        return set(self._registrations.get(person_id, ())) - self.erased_places

    def _register(self, person_id: str, place: RecordPlace) -> None:
        self._registrations[person_id] = (*self._registrations.get(person_id, ()), place)

    def _enrol(self, body: UnitEnrolled | UnitRevoked, word: Word) -> None:
        was_unknown = self.roster.authority(body.key) == Authority.NOBODY
        if not self.roster.say(body, word):
            return
        if was_unknown and isinstance(body, UnitEnrolled):
            self._put_in_order(body.key)  # of whom nothing counted so far
            for stream, key in list(self._keys.items()):
                if key == body.key:
                    self._apply_stream(stream)
        else:
            self._fold_anew()

    def _fold_anew(self) -> None:
        """Fold everything again under the roster that all records together give."""
        self._begin()
        for place in self._appointed_at & self._erased_persons.keys():
            self._see_appointment(place)
        self._put_in_order(self.root_key)
        roots = [stream for stream, key in self._keys.items() if key == self.root_key]
        for stream in roots:
            for seq, body, stamp in self._bodies[stream].but_passings():
                if isinstance(body, _OF_UNITS):
                    self.roster.say(body, self._word(Authority.ADMIN, stamp, stream, seq))
                elif isinstance(body, _OF_DISPLAYS):
                    self.roster.admit(body, self._word(Authority.ADMIN, stamp, stream, seq))
        for key in dict.fromkeys(self._keys.values()):
            self._put_in_order(key)
        for stream, key in self._keys.items():
            authority = self.roster.authority(key)
            if authority == Authority.NOBODY:
                continue
            for seq, body, stamp in self._bodies[stream]:
                if (
                    not isinstance(body, _OF_THE_ROSTER)
                    and authority >= _least_authority(body)
                    and self._authority(key, stream, seq) != Authority.NOBODY
                ):
                    self._race.hear(body, self._word(authority, stamp, stream, seq), key)

    def statements(self) -> Iterator[tuple[str, Body, Word]]:
        """Yield writer's key, body and word of every record that counts, for the audit trail."""
        for stream, key in self._keys.items():
            authority = self.roster.authority(key)
            for seq, body, stamp in self._bodies[stream]:
                if (
                    authority >= _least_authority(body)
                    and self._authority(key, stream, seq) != Authority.NOBODY
                ):
                    yield key, body, self._word(authority, stamp, stream, seq)

    def openings_of(self, key: str) -> Iterator[tuple[str, StreamOpened]]:
        """Yield stream and first body of each stream of the key that counts."""
        for stream, owner in self._keys.items():
            first = self._bodies[stream].get(1) if owner == key else None
            if (
                first is not None
                and isinstance(first[0], StreamOpened)
                and self._authority(key, stream, 1) >= _least_authority(first[0])
            ):
                yield stream, first[0]

    def bodies_of(self, key: str) -> Iterator[Body]:
        """Yield every body the key wrote but passings, whether it counts or not."""
        for stream, owner in self._keys.items():
            if owner == key:
                for _, body, _ in self._bodies[stream].but_passings():
                    yield body

    def passings_of(self, key: str) -> Iterator[tuple[str, str, int]]:
        """Yield what every passing that the key wrote is named by: sensor, its start, number."""
        for stream, owner in self._keys.items():
            if owner == key:
                yield from self._bodies[stream].passings_named()

    # The boards: told what changed when somebody looks at them, and only read by others

    @property
    def boards(self) -> RaceBoards:
        """The boards, with every record added so far taken into account."""
        self.settle()
        untold = self._untold
        if untold.has_new_rules or untold.runs or untold.competitors:
            self._untold = Touched()
            self._ranked.tell(untold)
        return self._ranked

    @property
    def rules(self) -> Format:
        """Return the format that the event's board is ranked by."""
        return self.boards.rules

    @property
    def resolution_ns(self) -> int:
        return self.rules.resolution_ns

    @property
    def board(self) -> Board:
        """The board of all tracks and classes."""
        return self.boards.ranked.board()

    def board_of(self, track: str = ALL, race_class: str = ALL, *, is_kept: bool = False) -> Board:
        """Return the board of one track or all, of one class or all; `is_kept` as `Boards.board` has it."""
        return self.boards.ranked.board(track, race_class, is_kept=is_kept)

    @property
    def board_version(self) -> int:
        """Grows whenever an entry of a board may be another: a lap on the track changes none."""
        return self.boards.version

    def published_ns(self, lap: Lap) -> int:
        """Return the lap time as every screen shows it."""
        return self.rules.cut(lap.lap_ns)

    def best_lap(self, laps: list[Lap]) -> Lap | None:
        """Return the best counting lap: least published time, then set earlier."""
        counting = [lap for lap in laps if lap.counts]
        return min(counting, key=lambda lap: (self.published_ns(lap), lap.word.moment), default=None)


def _least_authority(body: Body) -> Authority:
    return WRITERS.get(KIND_OF[type(body)], Authority.TIMEKEEPER)
