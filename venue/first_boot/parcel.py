"""What a phone hands to a machine without a set-up: the zip of a machine's folder, or one word.

The page that takes it may not change the system. It leaves the parcel in a folder, from where root's part
takes it with nothing believed: sizes, names and kinds are looked at again."""

from __future__ import annotations

import io
import json
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from pitboard.errors import ActRefused, Refusal
from pitboard.trust.identity import write_secret
from venue.set_up.installation import NodeFiles
from venue.set_up.node_configs import Role
from venue.set_up.node_defaults import ALL_IN_ONE

PARCEL_MAX_BYTES = 512 * 1_024
FILES_MAX_COUNT = 40
FILE_MAX_BYTES = 256 * 1_024
ROLES = (*get_args(Role), ALL_IN_ONE)
READY_NAME = "parcel"
"""A file of this name in the hand-over folder is whole; systemd waits for it."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """`content` is a zip, or empty for a machine of `role` with sensible defaults."""

    role: str = ""
    content: bytes = b""

    def leave(self, folder: Path) -> None:
        """Write it so that it is there whole or not at all; raises Refusal where that cannot be done."""
        fresh = folder / f"{READY_NAME}.new"
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            fresh.write_bytes(self.content or self.role.encode())
            fresh.rename(folder / READY_NAME)
        except OSError as error:
            raise Refusal(f"the set-up cannot be handed over: {error.strerror}") from error

    @classmethod
    def take(cls, folder: Path) -> Parcel:
        """Return what was left and take it away, so that it is tried once; follows no link."""
        place = folder / READY_NAME
        try:
            descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as file:
                content = file.read(PARCEL_MAX_BYTES + 1)
            place.unlink()
        except OSError as error:
            raise Refusal(f"no set-up was left in {folder}: {error.strerror}") from error
        return cls._of(content)

    @classmethod
    def _of(cls, content: bytes) -> Parcel:
        if content.decode("ascii", errors="replace") in ROLES:
            return cls(role=content.decode("ascii"))
        return cls(content=content)

    def keep(self, place: Path) -> None:
        """Write it where a power cut leaves it; raises Refusal where that cannot be done."""
        try:
            write_secret(place, self.content or self.role.encode())
        except OSError as error:
            raise Refusal(f"the set-up cannot be kept in {place}: {error.strerror}") from error

    @classmethod
    def kept(cls, place: Path) -> Parcel | None:
        """Return what a try that was broken off had kept, None where there is none."""
        return cls._of(place.read_bytes()) if place.exists() else None

    def node(self) -> NodeFiles:
        """Return the machine's files in the zip; raises Refusal with what is wrong with it."""
        if len(self.content) > PARCEL_MAX_BYTES:
            raise ActRefused(
                code="parcel-too-large",
                reason="the file is too large to be a machine's set-up; send the zip of one folder of nodes/",
            )
        try:
            with zipfile.ZipFile(io.BytesIO(self.content)) as whole:
                files = _files_of(whole)
            told = json.loads(files.pop("node.json"))
            host, roles = str(told["host"]), [role for role in get_args(Role) if role in told["roles"]]
        except (
            zipfile.BadZipFile,
            NotImplementedError,
            RuntimeError,
            ValueError,
            KeyError,
            TypeError,
        ) as error:
            raise ActRefused(
                code="parcel-not-understood",
                reason="this is no machine's set-up; send the zip of one folder that pitboard venue make "
                "wrote",
            ) from error
        return NodeFiles(host=host, roles=roles, configs=_below(files, "etc"), data=_below(files, "data"))


def _files_of(whole: zipfile.ZipFile) -> dict[str, bytes]:
    """Return {path: content}, the one folder around all left out; raises ValueError beyond the bounds."""
    entries = [entry for entry in whole.infolist() if not entry.is_dir()]
    if len(entries) > FILES_MAX_COUNT or any(entry.file_size > FILE_MAX_BYTES for entry in entries):
        raise ValueError("too much in it")
    around = {entry.filename.partition("/")[0] for entry in entries}
    skip = 1 if len(around) == 1 and "/" in entries[0].filename else 0
    found = {}
    for entry in entries:
        with whole.open(entry) as file:
            content = file.read(FILE_MAX_BYTES + 1)
        if len(content) > FILE_MAX_BYTES:
            raise ValueError("larger than it said")
        found["/".join(entry.filename.split("/")[skip:])] = content
    return found


def _below(files: dict[str, bytes], folder: str) -> dict[str, bytes]:
    """Return the files directly in the folder; a name that leads elsewhere is no name of ours."""
    found = {}
    for path, content in files.items():
        head, _, name = path.partition("/")
        if head == folder and name and "/" not in name and name not in (".", "..") and name.isprintable():
            found[name] = content
    return found
