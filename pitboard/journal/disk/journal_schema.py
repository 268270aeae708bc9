"""The tables of a journal file, and how an older file becomes one of today; see docs/journal-schema.md.

A step goes from one version to the next and is never changed once it was released: files of any age go
through all of them, in order, after a copy was put aside."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

VERSION = 2

SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS records (
    arrival INTEGER PRIMARY KEY,
    stream TEXT NOT NULL,
    seq INTEGER NOT NULL,
    header BLOB NOT NULL,
    signature BLOB NOT NULL,
    body BLOB,
    UNIQUE (stream, seq)
) STRICT;
CREATE TABLE IF NOT EXISTS quarantine (
    stream TEXT NOT NULL,
    seq INTEGER NOT NULL,
    header BLOB NOT NULL,
    signature BLOB NOT NULL,
    body BLOB,
    reason TEXT NOT NULL,
    UNIQUE (stream, seq, header)
) STRICT;
"""

Statement = tuple[str, tuple[object, ...]]


def meta_of(root_key: str) -> dict[str, str]:
    """Return what the table `meta` of a file of this version says."""
    return {"schema": str(VERSION), "root_key": root_key, "check": _check(VERSION, root_key)}


def is_sound(meta: Mapping[str, str]) -> bool:
    """Return whether the table is as it was written, as far as its version lets us tell."""
    version = version_in(meta)
    if version is None or "root_key" not in meta:
        return False
    return version < 2 or meta.get("check") == _check(version, meta["root_key"])


def version_in(meta: Mapping[str, str]) -> int | None:
    """Return the file's version, None where it says none."""
    text = meta.get("schema", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None


def steps_from(version: int, meta: Mapping[str, str]) -> list[Statement]:
    """Return the statements that bring a file of this version to today's, in order."""
    return [statement for step in range(version, VERSION) for statement in _STEPS[step](meta)]


def _check(version: int, root_key: str) -> str:
    # A flipped bit in the event's key must not look like a journal of another event.
    return hashlib.sha256(f"{version} {root_key}".encode()).hexdigest()


def _to_2(meta: Mapping[str, str]) -> list[Statement]:
    return [
        ("INSERT OR REPLACE INTO meta VALUES ('check', ?)", (_check(2, meta["root_key"]),)),
        ("UPDATE meta SET value = '2' WHERE key = 'schema'", ()),
    ]


_STEPS: dict[int, Callable[[Mapping[str, str]], list[Statement]]] = {1: _to_2}
