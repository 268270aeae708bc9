"""A view kept beside a journal, so that a screen shows its last board before the journal is folded.

It is shown until the true fold takes its place, so it must never show what the journal does not say any more:
it names the record after which it was made, and is ignored where the journal does not have that record there,
where somebody was erased since, and where a byte of it is wrong."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
from pathlib import Path

import msgspec

from pitboard.errors import NOT_UNDERSTOOD
from pitboard.journal.disk.storage import Storage
from pitboard.journal.records.kinds import KIND_OF
from pitboard.journal.replica import Mark
from pitboard.race.bodies.people_bodies import PersonErased

log = logging.getLogger(__name__)

VIEW_MAX_BYTES = 4 * 1_024 * 1_024
SINCE_MAX_COUNT = 5_000
"""Records after the view was made; a node that kept none for so long may as well fold first."""


class _Seal(msgspec.Struct, frozen=True, kw_only=True):
    """The first line of the file: what the view after it belongs to."""

    root_key: str
    arrival: int
    header_hash: str
    view_sha256: str


class KeptView:
    """The file beside one journal."""

    def __init__(self, journal_path: Path) -> None:
        self._path = journal_path.with_name(journal_path.name + ".view")

    def save(self, view: bytes, *, root_key: str, mark: Mark) -> None:
        """Write the view by rename; a disk that refuses costs it."""
        seal = _Seal(
            root_key=root_key,
            arrival=mark.arrival,
            header_hash=mark.header_hash.hex(),
            view_sha256=hashlib.sha256(view).hexdigest(),
        )
        fresh = self._path.with_name(self._path.name + ".new")
        try:
            with fresh.open("wb") as file:
                file.write(msgspec.json.encode(seal) + b"\n" + view)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._path)
        except OSError as error:
            log.warning("view not kept: path=%s reason=%s", self._path, error.strerror)

    def is_there(self) -> bool:
        return self._path.exists()

    async def load(self, storage: Storage) -> bytes | None:
        """Return the view if it is of this journal as it is now or was a moment ago."""
        try:
            with self._path.open("rb") as file:
                line, _, view = file.read(VIEW_MAX_BYTES).partition(b"\n")
            seal = msgspec.json.decode(line, type=_Seal)
        except (OSError, *NOT_UNDERSTOOD):
            return None
        if seal.root_key != storage.root_key or seal.view_sha256 != hashlib.sha256(view).hexdigest():
            return None
        return view if await _still_holds(seal, storage) else None


async def _still_holds(seal: _Seal, storage: Storage) -> bool:
    last = await storage.last_arrival()
    if not 0 < seal.arrival <= last <= seal.arrival + SINCE_MAX_COUNT:
        return False
    is_first = True
    async with contextlib.aclosing(storage.tail(seal.arrival - 1)) as batches:
        async for batch in batches:
            for arrival, record in batch:
                if is_first and (arrival, record.header_hash.hex()) != (seal.arrival, seal.header_hash):
                    return False
                is_first = False
                if arrival > seal.arrival and record.header.kind == KIND_OF[PersonErased]:
                    return False
            if batch[-1].arrival >= last:
                return True
    return False
