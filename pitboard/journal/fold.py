"""Fold records into the race and its board; the same for any order, repetition and batching.

Records of a stream whose key is not on the roster wait aside and count from the moment it is enrolled.
A revocation takes back what it does not grant, so the race is folded anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate

import msgspec

from pitboard.journal.kinds import KIND_OF, WRITERS, StreamOpened, UnitEnrolled, UnitRevoked, read_body
from pitboard.journal.record import Record
from pitboard.journal.roster import Roster
from pitboard.race.board import Board
from pitboard.race.boards import ALL, Boards, Confirmed
from pitboard.race.bodies import Body, CompetitorRegistered, PersonErased
from pitboard.race.formats import DEFAULT_FORMAT, Format
from pitboard.race.laps import Lap
from pitboard.race.names import clean_name
from pitboard.race.race_state import RaceState, Run
from pitboard.race.score import Drive, DrivenLap
from pitboard.race.word import Authority, Word

Place = tuple[str, int]
"""(stream, seq)"""


class Fold:
    """The race as the records added so far tell it, under the event's root key."""

    def __init__(self, root_key: str) -> None:
        self.root_key = root_key
        self.version = 0  # grows with every record that may have changed something
        self._bodies: dict[str, dict[int, tuple[Body, int]]] = {}  # stream -> seq -> body, stamp
        self._keys: dict[str, str] = {}  # stream -> key
        self._registrations: dict[str, set[Place]] = {}  # competitor -> records that hold the name
        self.erased_places: set[Place] = set()
        self._disowned: set[str] = set()  # streams whose history is not the one that central saw
        self._begin()

    def _begin(self) -> None:
        self.roster = Roster(self.root_key)
        self.race = RaceState()
        self._boards = Boards()
        self._competitor_of_run: dict[str, str] = {}

    def add(self, record: Record) -> None:
        """Take a record whose signature was checked; a repetition or an unknown body changes nothing."""
        stream, seq = record.stream, record.seq
        bodies = self._bodies.setdefault(stream, {})
        if seq in bodies or record.body_bytes is None or (stream, seq) in self.erased_places:
            return
        body = read_body(record.header.kind, record.body_bytes)
        if body is None:
            return
        bodies[seq] = (body, record.header.stamp)
        if isinstance(body, CompetitorRegistered):
            self._registrations.setdefault(body.competitor_id, set()).add((stream, seq))
        self.version += 1
        if seq == 1 and isinstance(body, StreamOpened):
            self._keys[stream] = body.key
            self._apply_stream(stream)
        elif stream in self._keys:
            self._apply(stream, seq, body, record.header.stamp)

    def disown(self, stream: str, is_false: bool) -> None:
        """Let nothing of the stream count from here on, or let it count again."""
        if is_false != (stream in self._disowned):
            (self._disowned.add if is_false else self._disowned.remove)(stream)
            self.version += 1
            self._fold_anew()

    def _counts(self, key: str, stream: str, seq: int) -> bool:
        return stream not in self._disowned and self.roster.counts(key, stream, seq)

    def _apply_stream(self, stream: str) -> None:
        for seq, (body, stamp) in list(self._bodies[stream].items()):
            self._apply(stream, seq, body, stamp)

    def _apply(self, stream: str, seq: int, body: Body, stamp: int) -> None:
        key = self._keys[stream]
        authority = self.roster.authority(key)
        if authority == Authority.NOBODY or not self._counts(key, stream, seq):
            return
        word = Word(authority, stamp, stream, seq)
        if isinstance(body, UnitEnrolled | UnitRevoked):
            if authority == Authority.ADMIN:
                self._enrol(body, word)
        elif authority >= _least_authority(body):
            self.race.apply(body, word, key)
            if isinstance(body, PersonErased):
                self._forget(body)

    def _forget(self, erased: PersonErased) -> None:
        """Drop what is held of the erased bodies; the storage drops its bytes by `erased_places`."""
        for stream, seqs in erased.records.items():
            for seq in seqs:
                held = self._bodies.get(stream, {}).get(seq)
                if held is not None and isinstance(held[0], CompetitorRegistered):
                    del self._bodies[stream][seq]
                self.erased_places.add((stream, seq))

    def claimed_name(self, key: str) -> str:
        """Return the name that a writer gives itself, enrolled or not; empty if it opened no stream here."""
        for stream in reversed([stream for stream, owner in self._keys.items() if owner == key]):
            opened = self._bodies[stream].get(1)
            if opened is not None and isinstance(opened[0], StreamOpened):
                return clean_name(opened[0].name)
        return ""

    def places_to_erase(self, competitor: str) -> set[Place]:
        """Return where the competitor's name still stands in a body that no erasure names."""
        return self._registrations.get(competitor, set()) - self.erased_places

    def _enrol(self, body: UnitEnrolled | UnitRevoked, word: Word) -> None:
        was_unknown = self.roster.authority(body.key) == Authority.NOBODY
        if not self.roster.say(body, word):
            return
        if was_unknown and isinstance(body, UnitEnrolled):
            for stream, key in list(self._keys.items()):
                if key == body.key:
                    self._apply_stream(stream)
        else:
            self._fold_anew()

    def _fold_anew(self) -> None:
        """Fold everything again under the roster that all records together give."""
        self._begin()
        roots = [stream for stream, key in self._keys.items() if key == self.root_key]
        for stream in roots:
            for seq, (body, stamp) in self._bodies[stream].items():
                if isinstance(body, UnitEnrolled | UnitRevoked):
                    self.roster.say(body, Word(Authority.ADMIN, stamp, stream, seq))
        for stream, key in self._keys.items():
            authority = self.roster.authority(key)
            if authority == Authority.NOBODY:
                continue
            for seq, (body, stamp) in self._bodies[stream].items():
                if (
                    not isinstance(body, UnitEnrolled | UnitRevoked)
                    and authority >= _least_authority(body)
                    and self._counts(key, stream, seq)
                ):
                    self.race.apply(body, Word(authority, stamp, stream, seq), key)

    def statements(self) -> Iterator[tuple[str, Body, Word]]:
        """Yield writer's key, body and word of every record that counts, for the audit trail."""
        for stream, key in self._keys.items():
            authority = self.roster.authority(key)
            for seq, (body, stamp) in self._bodies[stream].items():
                if authority >= _least_authority(body) and self._counts(key, stream, seq):
                    yield key, body, Word(authority, stamp, stream, seq)

    def bodies_of(self, key: str) -> Iterator[Body]:
        """Yield every body the key wrote, whether it counts or not."""
        for stream, owner in self._keys.items():
            if owner == key:
                for body, _ in self._bodies[stream].values():
                    yield body

    @property
    def rules(self) -> Format:
        """Return the format that the event's board is ranked by."""
        event = self.race.event.value
        if event is None or event.resolution_ns == DEFAULT_FORMAT.resolution_ns:
            return DEFAULT_FORMAT
        return msgspec.structs.replace(DEFAULT_FORMAT, resolution_ns=event.resolution_ns)

    @property
    def resolution_ns(self) -> int:
        return self.rules.resolution_ns

    @property
    def board(self) -> Board:
        """The board of all tracks and classes with every record added so far taken into account."""
        return self.board_of()

    def board_of(self, track: str = ALL, race_class: str = ALL) -> Board:
        """Return the board of one track or all, of one class or all, as the records added so far give it."""
        rules = self.rules
        if rules != self._boards.rules:
            self._boards = Boards(rules)
            self._competitor_of_run = {}
            self.race.touched_runs = set(self.race.runs)
            self.race.touched_competitors = set(self.race.competitors) | set(self.race.standings)
        touched, self.race.touched_runs = self.race.touched_runs, set()
        for run_id in sorted(touched):
            self._take_note_of(self.race.runs[run_id])
        competitors, self.race.touched_competitors = self.race.touched_competitors, set()
        for competitor in sorted(competitors):
            self._boards.set_disqualified(competitor, self.race.is_disqualified(competitor))
        return self._boards.board(track, race_class)

    def _take_note_of(self, run: Run) -> None:
        competitor = None if run.armed is None else run.armed.value.competitor_id
        former = self._competitor_of_run.pop(run.run_id, None)
        if former is not None and former != competitor:
            self._boards.set_drive(former, run.run_id, None)
        if competitor is None:
            return
        self._competitor_of_run[run.run_id] = competitor
        self._boards.set_drive(competitor, run.run_id, self._confirmed(run))

    def _confirmed(self, run: Run) -> Confirmed | None:
        decided = run.decided.said
        if decided is None or decided.value != "confirmed" or run.armed is None:
            return None
        drive = drive_of(self.race.laps(run.run_id))
        return Confirmed(drive, decided.word.moment, run.armed.value.track)

    def published_ns(self, lap: Lap) -> int:
        """Return the lap time as every screen shows it."""
        return self.rules.cut(lap.lap_ns)

    def best_lap(self, laps: list[Lap]) -> Lap | None:
        """Return the best counting lap: least published time, then set earlier."""
        counting = [lap for lap in laps if lap.counts]
        return min(counting, key=lambda lap: (self.published_ns(lap), lap.word.moment), default=None)


def drive_of(laps: Sequence[Lap]) -> Drive:
    """Return the run's laps as the rules score them."""
    closed_ns = accumulate(lap.lap_ns for lap in laps)
    return Drive(
        [
            DrivenLap(lap.number, lap.lap_ns, lap.counts, closed, lap.word.moment)
            for lap, closed in zip(laps, closed_ns, strict=True)
        ]
    )


def _least_authority(body: Body) -> Authority:
    return WRITERS.get(KIND_OF[type(body)], Authority.TIMEKEEPER)
