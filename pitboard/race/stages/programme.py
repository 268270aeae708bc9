"""What the event has in store: formats, classes, stages, heats, the day's plan, the queue, displays,
messages.

Each is the last word that stands about it; read anew when asked, for there are few of each."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from typing import TypeVar

import msgspec

from pitboard.race.bodies.body import Act
from pitboard.race.bodies.display_bodies import DisplayAssigned, MessagePosted, PicturePart, SponsorSet
from pitboard.race.bodies.event_bodies import (
    ClassSet,
    EventClosed,
    EventConfigured,
    EventPlanned,
    FormatSet,
    HeatDrawn,
    ScheduleItem,
    ScheduleSet,
    StageSet,
)
from pitboard.race.bodies.formats import DEFAULT_FORMAT, Format
from pitboard.race.bodies.queue_bodies import (
    JoinCodeGiven,
    QueueAsked,
    QueueJoined,
    QueueMarked,
    QueueOrdered,
)
from pitboard.race.words.word import Statement, Statements, Subject

Said = TypeVar("Said", bound=Act)


class QueueEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Who waits for a track, in order; `state` is "waiting", "called", "skipped", "no-show" or "left"."""

    entry_id: str
    track: str
    competitor_id: str
    state: str
    stage_id: str = ""
    heat_id: str = ""


ASKED = "asked"
GONE = ("left", "refused")
"""Marks of who is in the queue no more."""


def _state_of(heard: Sequence[Statement]) -> str:
    marks = [one.body.state for one in heard if isinstance(one.body, QueueMarked)]
    if marks:
        return marks[-1]
    if any(isinstance(one.body, QueueJoined) for one in heard):
        return "waiting"
    return ASKED if any(isinstance(one.body, QueueAsked) for one in heard) else ""


class Programme:
    """Reads the statements of one race."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements

    def format_of_event(self, event: EventConfigured | None) -> Format:
        """Return the rules of the event: the format it names, else the default with the event's numbers.

        A named format that this version cannot race by is returned as it is: then nobody is ranked, and no
        run is armed, for other rules would give other winners. Where the named one is not here at all, the
        default stands in with the event's numbers.
        """
        if event is None:
            return DEFAULT_FORMAT
        named = self.format(event.format) if event.format else None
        if named is not None:
            return named
        return msgspec.structs.replace(
            DEFAULT_FORMAT,
            resolution_ns=event.resolution_ns,
            run_ms=event.run_ms,
            lap_min_ms=event.lap_min_ms,
        )

    def format(self, name: str) -> Format | None:
        last = self._last(("format", name), FormatSet)
        return None if last is None else last.format

    def formats(self) -> dict[str, Format]:
        named = [subject[1] for subject in self._statements.subjects("format")]
        found = {name: self.format(name) for name in sorted(named)}
        return {name: rules for name, rules in found.items() if rules is not None}

    def classes(self) -> list[ClassSet]:
        """Return the classes there are, by id."""
        return [one for one in self._all("class", ClassSet) if not one.is_gone]

    def stages(self) -> list[StageSet]:
        return [one for one in self._all("stage", StageSet) if not one.is_gone]

    def heats(self, stage_id: str) -> list[HeatDrawn]:
        """Return the stage's heats by round and id."""
        heats = [one for one in self._all("heat", HeatDrawn) if one.stage_id == stage_id]
        return sorted(heats, key=lambda one: (one.round, one.heat_id))

    def round_of(self, heat_id: str) -> int:
        """Return the round of a heat, 0 where none was drawn under this id."""
        last = self._last(("heat", heat_id), HeatDrawn) if heat_id else None
        return 0 if last is None else last.round

    def schedule(self) -> tuple[ScheduleItem, ...]:
        last = self._last(("schedule",), ScheduleSet)
        return () if last is None else last.items

    def messages(self) -> list[MessagePosted]:
        """Return the messages that nobody took away, by id; whether one is past its time the screen knows."""
        return [one for one in self._all("message", MessagePosted) if not one.is_gone]

    def is_closed(self) -> bool:
        """Return whether the admin called the event over."""
        last = self._last(("event-closed",), EventClosed)
        return last is not None and last.is_closed

    def planned(self) -> list[EventPlanned]:
        """Return the events to come, by day."""
        standing = [one for one in self._all("event-planned", EventPlanned) if not one.is_gone]
        return sorted(standing, key=lambda one: (one.day, one.name))

    def sponsors(self) -> list[SponsorSet]:
        """Return the sponsors whose pictures are shown, by name."""
        standing = [one for one in self._all("sponsor", SponsorSet) if not one.is_gone]
        return sorted(standing, key=lambda one: (one.name, one.sponsor_id))

    def picture(self, sponsor: SponsorSet) -> bytes | None:
        """Return the bytes of the sponsor's picture, None while they are not all here, or not these."""
        parts = [
            self._last(("picture", sponsor.picture, str(part)), PicturePart)
            for part in range(sponsor.parts_count)
        ]
        content = b"".join(one.content for one in parts if one is not None)
        return content if hashlib.sha256(content).hexdigest() == sponsor.picture else None

    def pictures_bytes(self) -> int:
        """Return how much all pictures of the event take, those of former sponsors too."""
        return sum(len(one.content) for one in self._all("picture", PicturePart))

    def displays(self) -> list[DisplayAssigned]:
        return self._all("display", DisplayAssigned)

    def display(self, key: str) -> DisplayAssigned | None:
        return self._last(("display", key), DisplayAssigned)

    def assigned(self, ids: Collection[str]) -> DisplayAssigned | None:
        """Return what was assigned last to any of these: a display's key, its name, the whole venue."""
        heard = [
            statement
            for display in ids
            for statement in self._statements.in_force(("display", display))
            if isinstance(statement.body, DisplayAssigned)
        ]
        last = max(heard, key=lambda one: one.word.moment, default=None)
        return last.body if last is not None and isinstance(last.body, DisplayAssigned) else None

    def tracks_with_queue(self) -> list[str]:
        """Return the tracks that anybody ever waited for, by name."""
        heard = (self._statements.in_force(subject) for subject in self._statements.subjects("queue"))
        return sorted({one.body.track for all_ in heard for one in all_ if isinstance(one.body, QueueJoined)})

    def queue(self, track: str) -> list[QueueEntry]:
        """Return who waits for the track, in order: as ordered last, then as joined; those who left are not
        in it."""
        waiting: list[tuple[Statement, QueueEntry]] = []
        for subject in self._statements.subjects("queue"):
            heard = self._statements.in_force(subject)
            joined = next((one for one in heard if isinstance(one.body, QueueJoined)), None)
            if joined is None or not isinstance(joined.body, QueueJoined) or joined.body.track != track:
                continue
            marks = [one.body.state for one in heard if isinstance(one.body, QueueMarked)]
            if marks and marks[-1] in GONE:
                continue
            entry = QueueEntry(
                entry_id=joined.body.entry_id,
                track=track,
                competitor_id=joined.body.competitor_id,
                state=marks[-1] if marks else "waiting",
                stage_id=joined.body.stage_id,
                heat_id=joined.body.heat_id,
            )
            waiting.append((joined, entry))
        ordered = self._last(("queue-order", track), QueueOrdered)
        ids = () if ordered is None else ordered.entry_ids
        ranks = {entry_id: rank for rank, entry_id in enumerate(ids)}
        waiting.sort(key=lambda one: (ranks.get(one[1].entry_id, len(ranks)), one[0].word.moment))
        return [entry for _, entry in waiting]

    def asked(self) -> list[QueueAsked]:
        """Return who asks by phone to wait and has no answer yet, in the order in which they asked."""
        open_: list[Statement] = []
        for subject in self._statements.subjects("queue"):
            heard = self._statements.in_force(subject)
            asked = next((one for one in heard if isinstance(one.body, QueueAsked)), None)
            if asked is not None and _state_of(heard) == ASKED:
                open_.append(asked)
        open_.sort(key=lambda one: one.word.moment)
        return [one.body for one in open_ if isinstance(one.body, QueueAsked)]

    def asks_count(self) -> int:
        """Return how many ever asked by phone."""
        return sum(self.asked_by(subject[1]) is not None for subject in self._statements.subjects("queue"))

    def asked_by(self, entry_id: str) -> QueueAsked | None:
        """Return what was asked by phone under this id."""
        return self._last(("queue", entry_id), QueueAsked)

    def queue_state(self, entry_id: str) -> str:
        """Return how the wait stands: "asked", as `QueueEntry` has it, or empty where it is unknown."""
        return _state_of(self._statements.in_force(("queue", entry_id)))

    def queue_track(self, entry_id: str) -> str:
        """Return the track that the entry waits for, empty before an official let it."""
        joined = self._last(("queue", entry_id), QueueJoined)
        return "" if joined is None else joined.track

    def join_code(self) -> JoinCodeGiven | None:
        """Return the code by which the queue is joined by phone now, None where nobody may."""
        last = self._last(("join-code",), JoinCodeGiven)
        return last if last is not None and last.code else None

    def _last(self, subject: Subject, kind: type[Said]) -> Said | None:
        heard = self._statements.in_force(subject)
        return next((one.body for one in reversed(heard) if isinstance(one.body, kind)), None)

    def _all(self, name: str, kind: type[Said]) -> list[Said]:
        found = [self._last(subject, kind) for subject in sorted(self._statements.subjects(name))]
        return [one for one in found if one is not None]
