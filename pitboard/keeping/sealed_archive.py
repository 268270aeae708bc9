"""The archive of an event that is over: its journal and its results in one file, sealed by the event's key.

The seal is over a list of the files with their hashes. So whoever has the archive and the event's public key
can prove, years later and without any of the machines, that nothing in it is other than it was."""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import msgspec

from pitboard.errors import NOT_UNDERSTOOD, JournalLost, Refusal
from pitboard.trust.identity import Identity, signature_holds

JOURNAL = "journal.db"
_LIST, _SEAL = "list.json", "seal.txt"
_DOMAIN = b"pitboard archive 1\0"
_LIST_MAX_BYTES = 1_000_000
_CHUNK_BYTES = 1_024 * 1_024
ENTRIES_MAX_COUNT = 10_000
UNPACKED_MAX_TIMES = 100
"""Of the archive's own size, all that is in it; a journal packs to a fifth."""
_MOMENT = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip file knows: the same files are the same archive


class SealedList(msgspec.Struct, frozen=True, kw_only=True):
    """What is in the archive: each file's SHA-256. `root_key` is the event's, under which it is sealed."""

    event: str
    root_key: str
    files: dict[str, str]


def write_archive(path: Path, event: str, files: Mapping[str, Path | bytes], root: Identity) -> None:
    """Write and seal the archive; raises Refusal where that cannot be, and `path` is then untouched."""
    partial = path.with_name(path.name + ".partial")
    try:
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
            hashes = {}
            for name, content in files.items():
                with archive.open(zipfile.ZipInfo(name, _MOMENT), "w", force_zip64=True) as inner:
                    hashes[name] = _copied(content, inner)
            listed = SealedList(event=event, root_key=root.key, files=hashes)
            told = msgspec.json.format(msgspec.json.encode(listed), indent=1)
            archive.writestr(zipfile.ZipInfo(_LIST, _MOMENT), told)
            archive.writestr(zipfile.ZipInfo(_SEAL, _MOMENT), root.sign(told, domain=_DOMAIN).hex() + "\n")
        partial.chmod(0o600)  # names are in it
        partial.rename(path)
    except OSError as error:
        raise Refusal(f"{path} cannot be written: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)


def open_archive(path: Path, journal: Path) -> tuple[SealedList, list[str]]:
    """Return what the archive lists, and each thing that is not as it was sealed.

    Its journal is copied to `journal`. Raises JournalLost where the file is no archive.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _refuse_bomb(path, archive)
            told = _read_small(archive, _LIST)
            seal = _read_small(archive, _SEAL).decode(errors="replace").strip()
            listed = msgspec.json.decode(told, type=SealedList)
            wrong = [] if _is_sealed(listed, told, seal) else ["The seal is not of the event's key."]
            there = [name for name in archive.namelist() if name not in (_LIST, _SEAL)]
            wrong += [f"{name} is missing." for name in listed.files if name not in there]
            wrong += [f"{name} was put in later." for name in there if name not in listed.files]
            wrong += [f"{name} stands twice." for name in sorted(set(there)) if there.count(name) > 1]
            for name in sorted(set(there) & set(listed.files)):
                if _hash_of(archive, name, journal) != listed.files[name]:
                    wrong.append(f"{name} is not what was sealed.")
    except _DAMAGE as error:
        raise JournalLost(path=path, reason="is no archive of ours, or is damaged") from error
    return listed, wrong


_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, KeyError, OSError, EOFError, ValueError),
    RuntimeError,  # an entry that is encrypted, or packed in a way that nobody here knows
    *NOT_UNDERSTOOD,
)


def _refuse_bomb(path: Path, archive: zipfile.ZipFile) -> None:
    """Raise JournalLost where more is in it than any archive of ours has.

    An entry gives no more bytes than it says, so what all say together is what comes.
    """
    entries = archive.infolist()
    unpacked_bytes = sum(entry.file_size for entry in entries)
    if len(entries) > ENTRIES_MAX_COUNT or unpacked_bytes > UNPACKED_MAX_TIMES * path.stat().st_size:
        raise JournalLost(path=path, reason="says that it holds far more than an archive of ours can")


def _is_sealed(listed: SealedList, told: bytes, seal: str) -> bool:
    try:
        return signature_holds(listed.root_key, told, bytes.fromhex(seal), domain=_DOMAIN)
    except ValueError:
        return False


def _read_small(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as inner:
        return inner.read(_LIST_MAX_BYTES)


def _hash_of(archive: zipfile.ZipFile, name: str, journal: Path) -> str:
    digest = hashlib.sha256()
    with archive.open(name) as inner, open(journal if name == JOURNAL else "/dev/null", "wb") as copy:
        while chunk := inner.read(_CHUNK_BYTES):
            digest.update(chunk)
            copy.write(chunk)
    return digest.hexdigest()


def _copied(content: Path | bytes, target: IO[bytes]) -> str:
    """Copy a file or bytes into the archive; return the hash."""
    digest = hashlib.sha256()
    with io.BytesIO(content) if isinstance(content, bytes) else content.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
            target.write(chunk)
    return digest.hexdigest()
