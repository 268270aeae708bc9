"""`python -m sync.central.contacts.contact_opener`: open some contacts in a process of their own.

Reads one JSON object from standard input and writes the opened contacts to standard output. Key, passphrase
and contacts are in the memory of this process only, which ends with the answer and leaves no core dump. Exit
status 3: the passphrase is wrong."""

from __future__ import annotations

import sys
from typing import Any

import msgspec

from pitboard.contacts.contact_seal import ContactEnvelope
from pitboard.errors import JournalLost, PassphraseRefused
from pitboard.program.core_dumps import forbid_core_dumps
from pitboard.program.work_aside import done_aside
from pitboard.sentences.language import LanguageCode
from sync.central.contacts.contact_key_file import ContactKeyFile
from sync.central.contacts.opened_contacts import csv_of, opened

WRONG_PASSPHRASE = 3
OPENING_MAX_S = 60.0


class RowToOpen(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    envelope: ContactEnvelope
    rank: str = ""


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    file: ContactKeyFile
    passphrase: str
    rows: list[RowToOpen]
    as_csv: bool = False
    language: LanguageCode = "en"


async def open_aside(opening: Opening) -> bytes:
    """Return what the other process wrote: JSON, or CSV. Raises PassphraseRefused."""
    status, answer = await done_aside(__name__, msgspec.json.encode(opening), within_s=OPENING_MAX_S)
    if status == WRONG_PASSPHRASE:
        raise PassphraseRefused
    if status != 0:
        raise JournalLost(path="the contacts", reason="the process that opens them failed; try again")
    return answer


def main() -> int:
    forbid_core_dumps()
    opening = msgspec.json.decode(sys.stdin.buffer.read(), type=Opening)
    try:
        private = opening.file.open(opening.passphrase)
    except PassphraseRefused:
        return WRONG_PASSPHRASE
    event_key = opening.file.event_key
    found = [
        opened(row.envelope, private, event_key=event_key, name=row.name, rank=row.rank)
        for row in opening.rows
    ]
    clear = [one for one in found if one is not None]
    answer: Any = {"contacts": clear, "closed": len(found) - len(clear)}
    sys.stdout.buffer.write(
        csv_of(clear, opening.language) if opening.as_csv else msgspec.json.encode(answer)
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
