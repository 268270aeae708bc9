"""The event as one sealed file: its journal, results and laps, under its root key.

`python -m sync.central.admin.event_archive` reads one JSON object from standard input and makes the archive:
a great journal is folded anew for it, and that must not hold up central. What is refused stands on standard
output, exit status 3."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import msgspec

from pitboard.errors import ActRefused, JournalLost
from pitboard.journal.folding.fold import Fold
from pitboard.keeping.backup_command import copy_journal
from pitboard.keeping.export_files import Format, file_bytes
from pitboard.keeping.export_tables import What, table_of
from pitboard.keeping.journal_copy import fold_file
from pitboard.keeping.sealed_archive import JOURNAL, write_archive
from pitboard.program.program import counted
from pitboard.program.work_aside import done_aside
from pitboard.trust.identity import Identity

REFUSED = 3
MAKING_MAX_S = 1_800.0
_FILES: tuple[tuple[What, Format], ...] = (
    ("results", "csv"),
    ("results", "json"),
    ("results", "pdf"),
    ("laps", "csv"),
    ("laps", "json"),
)
OPEN_LISTED_MAX_COUNT = 5


class Sealing(msgspec.Struct, frozen=True, kw_only=True):
    """`socket` is where the program that has the journal hands it out."""

    out: str
    event: str
    journal: str
    socket: str
    root_key_file: str
    is_undecided_allowed: bool = False


def seal_event(sealing: Sealing) -> tuple[int, str]:
    """Write the archive; return how many records it holds, and the event's key.

    Raises ActRefused while runs are not decided, unless that is allowed, and JournalLost.
    """
    out = Path(sealing.out)
    root = Identity.load_or_create(Path(sealing.root_key_file))
    with tempfile.TemporaryDirectory(prefix="pitboard-archive-", dir=out.resolve().parent) as folder:
        copy = Path(folder) / JOURNAL
        count = copy_journal(Path(sealing.journal), Path(sealing.socket), copy)
        fold = fold_file(copy)
        if not sealing.is_undecided_allowed:
            check_decided(fold)
        files: dict[str, Path | bytes] = {JOURNAL: copy}
        for what, file_format in _FILES:
            files[f"{what}.{file_format}"] = file_bytes(table_of(fold, what), file_format, "comma")
        write_archive(out, sealing.event, files, root)
    return count, root.key


def check_decided(fold: Fold) -> None:
    """Raise ActRefused while somebody may still wait for a result."""
    left = fold.race.run_list.undecided()
    if not left:
        return
    names = [fold.race.name_of(next(iter(run.competitor_ids), None)) or run.track for run in left]
    shown = ", ".join(names[:OPEN_LISTED_MAX_COUNT]) + (
        " and others" if len(names) > OPEN_LISTED_MAX_COUNT else ""
    )
    raise ActRefused(
        code="runs-open",
        reason=f"{counted(len(left), 'run')} not decided yet: {shown}. Decide them, or say --yes.",
        fields={"count": len(left), "names": shown},
    )


async def seal_aside(sealing: Sealing) -> None:
    """Make the archive in a process of its own. Raises ActRefused and JournalLost."""
    status, answer = await done_aside(__name__, msgspec.json.encode(sealing), within_s=MAKING_MAX_S)
    if status == REFUSED:
        raise ActRefused(code="runs-open", reason=answer.decode())
    if status != 0:
        raise JournalLost(path=sealing.out, reason="the process that seals the event failed; try again")


def main() -> int:
    try:
        seal_event(msgspec.json.decode(sys.stdin.buffer.read(), type=Sealing))
    except ActRefused as error:
        sys.stdout.write(str(error))
        return REFUSED
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
