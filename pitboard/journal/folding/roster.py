"""Who may write, as the journal itself says.

The event's root key is the admin; the units it enrolled are timekeepers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pitboard.journal.records.kinds import DisplayEnrolled, DisplayRevoked, UnitEnrolled, UnitRevoked
from pitboard.race.words.word import Authority, LastWord, Word


@dataclass(slots=True)
class Roster:
    """Answers what authority a key's stream has; `root_key` is trusted from set-up."""

    root_key: str
    _standing: dict[str, LastWord[UnitEnrolled | UnitRevoked]] = field(default_factory=dict)
    _shared_heads: dict[tuple[str, str], dict[str, int]] = field(default_factory=dict)  # of (key, revocation)
    _displays: dict[str, LastWord[str]] = field(default_factory=dict)  # the name by key
    _revoked_displays: set[str] = field(default_factory=set)
    _names: dict[str, LastWord[str]] = field(default_factory=dict)  # by which revoked units are listed

    def say(self, body: UnitEnrolled | UnitRevoked, word: Word) -> bool:
        """Take an enrolment or a revocation; return whether it changed who may write.

        Nothing revokes the root key: which of its words came before that, nobody could tell.
        """
        if isinstance(body, UnitEnrolled):
            self._names.setdefault(body.key, LastWord()).say(body.name, word)
        elif body.key == self.root_key:
            return False
        elif body.revocation is not None:
            heads = self._shared_heads.setdefault((body.key, body.revocation), {})
            for stream, head in body.heads.items():
                heads[stream] = max(head, heads.get(stream, 0))
        standing = self._standing.setdefault(body.key, LastWord())
        return standing.say(body, word) or _are_parts_of_one(body, standing.value)

    def admit(self, display: DisplayEnrolled | DisplayRevoked, word: Word) -> None:
        """Take note of a display of the event, or that it is none any more, which is for good."""
        if isinstance(display, DisplayRevoked):
            self._revoked_displays.add(display.key)
        else:
            self._displays.setdefault(display.key, LastWord()).say(display.name, word)

    def displays(self) -> Mapping[str, str]:
        """Return {key: name} of the event's displays."""
        return {key: self._display(key) for key in self._displays if key not in self._revoked_displays}

    def revoked_displays(self) -> Mapping[str, str]:
        """Return {key: name} of those that were revoked; the name is empty where only that came."""
        return {key: self._display(key) for key in self._revoked_displays}

    def _display(self, key: str) -> str:
        return _last(self._displays.get(key))

    def admits(self, key: str) -> bool:
        """Return whether doors keep room for this key: the admin's, an enrolled unit's or a display's."""
        if self.is_revoked(key):
            return False
        is_display = key in self._displays and key not in self._revoked_displays
        return key == self.root_key or is_display or self._is_enrolled(key)

    def _is_enrolled(self, key: str) -> bool:
        standing = self._standing.get(key)
        return standing is not None and isinstance(standing.value, UnitEnrolled)

    def _heads_of(self, body: UnitRevoked) -> Mapping[str, int]:
        if body.revocation is None:
            return body.heads
        return self._shared_heads[(body.key, body.revocation)]

    def authority(self, key: str) -> Authority:
        """Return what a record of this key counts as, before any limit on its seq."""
        if key == self.root_key:
            return Authority.ADMIN
        standing = self._standing.get(key)
        return Authority.TIMEKEEPER if standing is not None else Authority.NOBODY

    def knows(self, key: str) -> bool:
        """Return whether the key is the event's root or was ever enrolled or revoked."""
        return key == self.root_key or key in self._standing

    def authority_at(self, key: str, stream: str, seq: int) -> Authority:
        """Return what this record of the key's counts as, a revocation's limits considered."""
        standing = self._standing.get(key)
        if standing is not None:
            body = standing.value
            if isinstance(body, UnitRevoked) and seq > self._heads_of(body).get(stream, 0):
                return Authority.NOBODY
            return Authority.ADMIN if key == self.root_key else Authority.TIMEKEEPER
        return Authority.ADMIN if key == self.root_key else Authority.NOBODY

    def counts(self, key: str, stream: str, seq: int) -> bool:
        """Return whether a record of the key's stream counts."""
        return self.authority_at(key, stream, seq) != Authority.NOBODY

    def name_of(self, key: str) -> str | None:
        standing = self._standing.get(key)
        body = None if standing is None else standing.value
        return body.name if isinstance(body, UnitEnrolled) else None

    def is_revoked(self, key: str) -> bool:
        standing = self._standing.get(key)
        return standing is not None and isinstance(standing.value, UnitRevoked)

    def known(self) -> Mapping[str, str]:
        """Return {key: name} of all units ever enrolled; the name is empty where only a revocation came."""
        return {key: _last(self._names.get(key)) for key in self._standing}

    def enrolled(self) -> Mapping[str, str]:
        """Return {key: name} of the units that may write now."""
        units = {key: said.value for key, said in self._standing.items()}
        return {key: body.name for key, body in units.items() if isinstance(body, UnitEnrolled)}


def _last(name: LastWord[str] | None) -> str:
    return "" if name is None else name.value or ""


def _are_parts_of_one(body: UnitEnrolled | UnitRevoked, other: UnitEnrolled | UnitRevoked | None) -> bool:
    return (
        isinstance(body, UnitRevoked)
        and isinstance(other, UnitRevoked)
        and body.revocation is not None
        and body.revocation == other.revocation
    )
