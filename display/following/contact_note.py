"""The durable note of when the board was last of now, so that a restarted display knows how old it is.

It also names the units that proved themselves, at every address where they did: they are asked first at the
next start, whatever is announced by then. Each must prove itself anew, so an old address is no harm."""

from __future__ import annotations

import contextlib
import logging
import os
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from display.following.badge import Contact
from display.following.source_choice import Candidate, Rank
from pitboard.doors.door import check_url
from pitboard.errors import NOT_UNDERSTOOD

log = logging.getLogger(__name__)

WRITE_EVERY_NS = 30_000_000_000  # spares the card; a power cut makes the label at most this much too old


PROVEN_MAX_COUNT = 16


class Proven(msgspec.Struct, frozen=True, kw_only=True):
    """A unit that proved itself at this address."""

    url: str
    name: str
    key: str = ""


UTC_MAX_MS = 253_402_300_799_000  # the last second of the year 9999, which a screen can still say


class _Note(msgspec.Struct, frozen=True, kw_only=True):
    boot_id: str
    mono_ns: Annotated[int, Meta(ge=0, le=2**63 - 1)]
    utc_ms: Annotated[int, Meta(ge=0, le=UTC_MAX_MS)]
    proven: list[Proven] = []


class ContactNote:
    """Kept beside the journal; a note that is missing or unreadable only means that the age is unknown."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._written: Contact | None = None
        self.proven: dict[str, Proven] = {}  # by address, the last proven one last
        self._written_proven: tuple[Proven, ...] = ()

    def load(self) -> Contact | None:
        with contextlib.suppress(OSError, *NOT_UNDERSTOOD):
            note = msgspec.json.decode(self._path.read_bytes(), type=_Note)
            self._written = Contact(boot_id=note.boot_id, mono_ns=note.mono_ns, utc_ms=note.utc_ms)
            self.proven = {one.url: one for one in note.proven[-PROVEN_MAX_COUNT:] if _is_url(one.url)}
            self._written_proven = tuple(self.proven.values())
        return self._written

    def remember(self, source: Candidate, key: str) -> None:
        """Take note that this unit proved itself, with this key; it is written with the next note."""
        if source.rank != Rank.UNIT:
            return
        self.proven.pop(source.url, None)
        self.proven[source.url] = Proven(url=source.url, name=source.name, key=key)
        if len(self.proven) > PROVEN_MAX_COUNT:
            del self.proven[next(iter(self.proven))]

    def candidates(self) -> list[Candidate]:
        """Return the units that proved themselves, the last one last."""
        return [Candidate(url=one.url, name=one.name, key=one.key) for one in self.proven.values()]

    def is_due(self, contact: Contact) -> bool:
        """Return whether the note on disk is too old to be left as it is."""
        written = self._written
        return (
            written is None
            or written.boot_id != contact.boot_id
            or set(self.proven.values()) != set(self._written_proven)
            or contact.mono_ns - written.mono_ns >= WRITE_EVERY_NS
        )

    def save(self, contact: Contact) -> None:
        """Write the note by rename; a disk that refuses costs it."""
        proven = tuple(self.proven.values())
        if contact == self._written and proven == self._written_proven:
            return
        note = _Note(
            boot_id=contact.boot_id, mono_ns=contact.mono_ns, utc_ms=contact.utc_ms, proven=list(proven)
        )
        fresh = self._path.with_name(self._path.name + ".new")
        try:
            with fresh.open("wb") as file:
                file.write(msgspec.json.encode(note))
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._path)
        except OSError as error:
            log.warning("contact note not written: path=%s reason=%s", self._path, error)
        self._written, self._written_proven = contact, proven


def _is_url(url: str) -> bool:
    """Return whether a node can be asked there: a card may have changed any byte of it."""
    try:
        check_url(url)
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
