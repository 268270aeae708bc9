"""Whether what a node keeps is whole: its journals, as SQLite sees them, and its certificates."""

from __future__ import annotations

import sqlite3
import ssl
from collections.abc import Iterator
from pathlib import Path

from pitboard.errors import ConfigRefused, JournalLost
from pitboard.health.findings import Finding
from pitboard.keeping.journal_copy import open_copy
from pitboard.trust.certificate import Certificate

LOOKED_AT_MAX_BYTES = 64 * 1_024 * 1_024
"""Of a journal with its log: a copy is looked through, and a Pi's memory must hold it."""
_MIB = 1_024 * 1_024
_OF_CENTRAL = "central.tls.pem"
_MOVED_ASIDE = ".damaged-"


def kept_findings(data: Path) -> Iterator[Finding]:
    """Yield what is to be said of each journal and certificate in the folder."""
    try:
        names = sorted(path.name for path in data.iterdir())
    except OSError:
        return  # another check tells it
    for name in names:
        if name.endswith(".db"):
            yield _journal(data / name)
    if moved := [name for name in names if _MOVED_ASIDE in name]:
        yield Finding(
            code="journal-was-damaged",
            colour="yellow",
            sentence=f"A damaged journal was moved aside here: {', '.join(moved)}.",
            advice="What could be read of it is in use, the rest comes back from the others. Replace the "
            "card before the next event, then delete that file.",
            says="command.journal-was-damaged",
            fields={"files": ", ".join(moved)},
        )
    yield from _certificates([data / name for name in names if name.endswith(".tls.pem")])


def _journal(path: Path) -> Finding:
    fields: dict[str, str | int] = {"path": str(path)}
    try:
        size = sum(
            one.stat().st_size
            for one in path.parent.glob(f"{path.name}*")
            if one.name[len(path.name) :] in ("", "-wal")
        )
        if size > LOOKED_AT_MAX_BYTES:
            return Finding(
                code=f"journal-{path.stem}",
                colour="green",
                sentence=f"{path} is too large to be looked through here; pitboard verify does it.",
                says="command.journal-large",
                fields=fields,
            )
        with open_copy(path) as database:
            said = str(database.execute("PRAGMA quick_check(1)").fetchone()[0])
            version = _version_in(database)
    except (JournalLost, OSError, TypeError, ValueError) as error:
        said, version = getattr(error, "reason", None) or str(error), 0
    if said == "ok" and version is None:  # such as the contacts that wait beside a journal
        return Finding(
            code=f"journal-{path.stem}",
            colour="green",
            sentence=f"{path} is whole.",
            says="command.file-whole",
            fields=fields,
        )
    if said == "ok" and version is not None:
        fields |= {"version": version, "size": max(1, size // _MIB)}
        return Finding(
            code=f"journal-{path.stem}",
            colour="green",
            sentence=f"{path} is whole: tables of version {version}, {fields['size']} MiB, "
            f"SQLite {sqlite3.sqlite_version}.",
            says="command.journal-whole",
            fields={**fields, "sqlite": sqlite3.sqlite_version},
        )
    return Finding(
        code=f"journal-{path.stem}-damaged",
        colour="red",
        sentence=f"{path} is damaged or cannot be read: {said}.",
        advice="Start its program anew between two runs: it keeps what can be read, and the rest comes back.",
        says="command.journal-damaged",
        fields={**fields, "reason": said},
    )


def _version_in(database: sqlite3.Connection) -> int | None:
    """Return the version of a journal's tables, None where the file has none of them."""
    if not database.execute("SELECT count(*) FROM sqlite_master WHERE name = 'meta'").fetchone()[0]:
        return None
    return int(database.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()[0])


def _certificates(paths: list[Path]) -> Iterator[Finding]:
    if not paths:
        return
    is_well = True
    for path in paths:
        try:
            Certificate.load_or_create(path).server_context()
        except (ConfigRefused, OSError, ssl.SSLError) as error:
            is_well = False
            is_central = path.name == _OF_CENTRAL
            reason = error.reason if isinstance(error, ConfigRefused) else str(error)
            yield Finding(
                code=f"certificate-{path.name.partition('.')[0]}",
                colour="red" if is_central else "yellow",
                sentence=f"The certificate {path} cannot be used: {reason}.",
                advice="Put back its copy: all units know central by it."
                if is_central
                else "Start its program anew: it makes another by itself.",
                says="command.certificate-of-central" if is_central else "command.certificate",
                fields={"path": str(path), "reason": reason},
            )
    if is_well:
        yield Finding(
            code="certificates",
            colour="green",
            sentence="The certificates can be used; ours never expire.",
            says="command.certificates-well",
        )
