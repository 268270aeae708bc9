"""The durable note of when a source last answered, so that a restarted display knows how old its board is."""

from __future__ import annotations

import contextlib
import logging
import os
from pathlib import Path

import msgspec

from display.badge import Contact

log = logging.getLogger(__name__)

WRITE_EVERY_NS = 30_000_000_000  # spares the card; a power cut makes the label at most this much too old


class _Note(msgspec.Struct, frozen=True, kw_only=True):
    boot_id: str
    mono_ns: int
    utc_ms: int


class ContactNote:
    """Kept beside the journal; a note that is missing or unreadable only means that the age is unknown."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._written: Contact | None = None

    def load(self) -> Contact | None:
        with contextlib.suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError):
            note = msgspec.json.decode(self._path.read_bytes(), type=_Note)
            self._written = Contact(boot_id=note.boot_id, mono_ns=note.mono_ns, utc_ms=note.utc_ms)
        return self._written

    def is_due(self, contact: Contact) -> bool:
        """Return whether the note on disk is too old to be left as it is."""
        written = self._written
        return (
            written is None
            or written.boot_id != contact.boot_id
            or contact.mono_ns - written.mono_ns >= WRITE_EVERY_NS
        )

    def save(self, contact: Contact) -> None:
        """Write the note by rename; a disk that refuses costs the note only."""
        if contact == self._written:
            return
        note = _Note(boot_id=contact.boot_id, mono_ns=contact.mono_ns, utc_ms=contact.utc_ms)
        fresh = self._path.with_name(self._path.name + ".new")
        try:
            with fresh.open("wb") as file:
                file.write(msgspec.json.encode(note))
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._path)
        except OSError as error:
            log.warning("contact note not written: path=%s reason=%s", self._path, error)
        self._written = contact
