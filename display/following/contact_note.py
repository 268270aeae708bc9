"""The durable note of when a source last answered, so that a restarted display knows how old its board is.

It also names the unit, so that a display whose process was killed need not wait for mDNS to find it again."""

from __future__ import annotations

import contextlib
import logging
import os
from pathlib import Path

import msgspec

from display.following.badge import Contact
from display.following.source_choice import Candidate, Rank

log = logging.getLogger(__name__)

WRITE_EVERY_NS = 30_000_000_000  # spares the card; a power cut makes the label at most this much too old


class _Note(msgspec.Struct, frozen=True, kw_only=True):
    boot_id: str
    mono_ns: int
    utc_ms: int
    unit_url: str = ""
    unit_name: str = ""


class ContactNote:
    """Kept beside the journal; a note that is missing or unreadable only means that the age is unknown."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._written: Contact | None = None
        self._unit: Candidate | None = None

    def load(self) -> Contact | None:
        with contextlib.suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError):
            note = msgspec.json.decode(self._path.read_bytes(), type=_Note)
            self._written = Contact(boot_id=note.boot_id, mono_ns=note.mono_ns, utc_ms=note.utc_ms)
            if note.unit_url:
                self._unit = Candidate(url=note.unit_url, name=note.unit_name)
        return self._written

    def unit_of_this_boot(self, boot_id: str) -> Candidate | None:
        """Return the unit last followed, unless a reboot lies between: its address may be another's now."""
        return self._unit if self._written is not None and self._written.boot_id == boot_id else None

    def is_due(self, contact: Contact, source: Candidate | None) -> bool:
        """Return whether the note on disk is too old to be left as it is."""
        written = self._written
        return (
            written is None
            or written.boot_id != contact.boot_id
            or _unit(source) not in (None, self._unit)
            or contact.mono_ns - written.mono_ns >= WRITE_EVERY_NS
        )

    def save(self, contact: Contact, source: Candidate | None) -> None:
        """Write the note by rename; the unit stays where there is none; a disk that refuses costs it."""
        unit = _unit(source) or self._unit
        if contact == self._written and unit == self._unit:
            return
        note = _Note(
            boot_id=contact.boot_id,
            mono_ns=contact.mono_ns,
            utc_ms=contact.utc_ms,
            unit_url=unit.url if unit else "",
            unit_name=unit.name if unit else "",
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
        self._written, self._unit = contact, unit


def _unit(source: Candidate | None) -> Candidate | None:
    return source if source is not None and source.rank == Rank.UNIT else None
