"""The machine that is set up: its files and its commands, real, or only told about.

A step is done only where something is missing or different, so doing all of them again changes nothing."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import click

from pitboard.errors import Refusal

COMMAND_MAX_S = 600
NOBODY_IDS = (-1, -1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """Mode and owner of a file; `owner` is a user and group of one name, None for root."""

    mode: int = 0o644
    owner: str | None = None
    group: str | None = None


class Machine(Protocol):
    """What a set-up needs of a machine. Paths are absolute, as the machine itself sees them."""

    def read(self, path: Path) -> bytes | None:
        """Return the file's content, None where there is none."""
        ...

    def write(self, path: Path, content: bytes, owned: Owned) -> bool:
        """Make the file be so; return whether it was not."""
        ...

    def make_folder(self, path: Path, owned: Owned) -> bool: ...

    def names(self, folder: Path) -> list[str]:
        """Return what lies in the folder."""
        ...

    def give(self, path: Path, owner: str, group: str) -> bool:
        """Let the file, or the folder with all in it, belong to them; return whether it did not."""
        ...

    def link(self, path: Path, target: Path) -> bool: ...

    def remove(self, path: Path) -> bool: ...

    def run(self, *command: str) -> bool:
        """Run a command that changes something; raises Refusal with its last line where it fails."""
        ...

    def asks(self, *command: str) -> bool:
        """Return whether a command that only looks ends well."""
        ...


@dataclass(slots=True, kw_only=True)
class RealMachine:
    """This machine, or one whose files lie below `root`: then its commands are systemd's own `--root`."""

    root: Path = Path("/")

    def at(self, path: Path) -> Path:
        return self.root / path.relative_to("/")

    def read(self, path: Path) -> bytes | None:
        try:
            return self.at(path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def write(self, path: Path, content: bytes, owned: Owned) -> bool:
        place = self.at(path)
        is_same = self.read(path) == content
        if not is_same:
            place.parent.mkdir(parents=True, exist_ok=True)
            fresh = place.with_name(place.name + ".new")
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            fresh.rename(place)
        return self._own(place, owned) or not is_same

    def make_folder(self, path: Path, owned: Owned) -> bool:
        place = self.at(path)
        is_new = not place.is_dir()
        place.mkdir(parents=True, exist_ok=True)
        return self._own(place, owned) or is_new

    def names(self, folder: Path) -> list[str]:
        place = self.at(folder)
        return sorted(path.name for path in place.iterdir()) if place.is_dir() else []

    def belongs(self, path: Path, owner: str, group: str) -> bool:
        """Return whether it is theirs; to whom is not root everything is, for nothing can be given."""
        found = self.at(path).lstat()
        return self._ids(Owned(owner=owner, group=group)) in (NOBODY_IDS, (found.st_uid, found.st_gid))

    def give(self, path: Path, owner: str, group: str) -> bool:
        if self.belongs(path, owner, group):
            return False
        ids, place = self._ids(Owned(owner=owner, group=group)), self.at(path)
        inside = place.rglob("*") if place.is_dir() and not place.is_symlink() else ()
        for one in (*inside, place):
            os.chown(one, *ids, follow_symlinks=False)
        return True

    def link(self, path: Path, target: Path) -> bool:
        place = self.at(path)
        if place.is_symlink() and place.readlink() == target:
            return False
        if place.exists() and not place.is_symlink():
            raise Refusal(f"{path} is there and is no link of ours; move it away")
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh = place.with_name(place.name + ".new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(target)
        fresh.rename(place)
        return True

    def remove(self, path: Path) -> bool:
        place = self.at(path)
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
            return True
        is_there = place.is_symlink() or place.exists()
        place.unlink(missing_ok=True)
        return is_there

    def run(self, *command: str) -> bool:
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                timeout=COMMAND_MAX_S,
                check=False,
                stdin=subprocess.DEVNULL,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Refusal(f"'{' '.join(command)}' did not work: {error}") from error
        if done.returncode != 0:
            lines = (done.stderr or done.stdout).strip().splitlines()
            raise Refusal(f"'{' '.join(command)}' did not work: {lines[-1] if lines else done.returncode}")
        return True

    def asks(self, *command: str) -> bool:
        try:
            done = subprocess.run(
                command, capture_output=True, timeout=COMMAND_MAX_S, check=False, stdin=subprocess.DEVNULL
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        return done.returncode == 0

    def _own(self, place: Path, owned: Owned) -> bool:
        user, group = self._ids(owned)
        found = place.stat()
        is_changed = False
        if found.st_mode & 0o7777 != owned.mode:
            place.chmod(owned.mode)
            is_changed = True
        if (user, group) != NOBODY_IDS and (found.st_uid, found.st_gid) != (user, group):
            os.chown(place, user, group)
            is_changed = True
        return is_changed

    def _ids(self, owned: Owned) -> tuple[int, int]:
        """Return user and group number by the machine's own lists; nobody's where we are not root."""
        if os.geteuid() != 0:
            return NOBODY_IDS
        user = self._number("etc/passwd", owned.owner) if owned.owner else 0
        group = self._number("etc/group", owned.group or owned.owner or "root")
        return user, group

    def _number(self, file: str, name: str) -> int:
        if self.root == Path("/"):
            return pwd.getpwnam(name).pw_uid if file.endswith("passwd") else grp.getgrnam(name).gr_gid
        text = (self.root / file).read_text() if (self.root / file).exists() else ""
        for line in text.splitlines():
            parts = line.split(":")
            if parts[0] == name:
                return int(parts[2])
        return 0


@dataclass(slots=True, kw_only=True)
class ToldMachine:
    """Says what would be done, and does nothing; looks at the real one to know what is there."""

    real: RealMachine
    told: list[str] = field(default_factory=list)

    def _tell(self, sentence: str) -> bool:
        self.told.append(sentence)
        click.echo(f"  would {sentence}")
        return True

    def read(self, path: Path) -> bytes | None:
        return self.real.read(path)

    def write(self, path: Path, content: bytes, owned: Owned) -> bool:
        return self.read(path) != content and self._tell(f"write {path} (mode {owned.mode:o})")

    def make_folder(self, path: Path, owned: Owned) -> bool:
        return not self.real.at(path).is_dir() and self._tell(f"make the folder {path} (mode {owned.mode:o})")

    def names(self, folder: Path) -> list[str]:
        return self.real.names(folder)

    def give(self, path: Path, owner: str, group: str) -> bool:
        return not self.real.belongs(path, owner, group) and self._tell(f"give {path} to {owner}")

    def link(self, path: Path, target: Path) -> bool:
        place = self.real.at(path)
        is_so = place.is_symlink() and place.readlink() == target
        return not is_so and self._tell(f"let {path} lead to {target}")

    def remove(self, path: Path) -> bool:
        place = self.real.at(path)
        return (place.is_symlink() or place.exists()) and self._tell(f"remove {path}")

    def run(self, *command: str) -> bool:
        return self._tell(f"run {' '.join(command)}")

    def asks(self, *command: str) -> bool:
        return self.real.asks(*command)
