"""Where a node keeps its journal and listens for its own machine, read from any program's config file.

The core knows only these two things of the files; the programs themselves check everything else."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from pitboard.errors import ConfigRefused

ADMIN_SOCKET_NAME = "admin.sock"


def admin_socket_beside(journal: Path) -> Path:
    """Return where central listens for its admin unless its config says otherwise."""
    return journal.with_name(ADMIN_SOCKET_NAME)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFiles:
    """`socket` is None for a program that has none, such as a display."""

    journal: Path
    socket: Path | None

    @classmethod
    def load(cls, path: Path) -> NodeFiles:
        """Return what the file says; raises ConfigRefused where it names no journal."""
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigRefused(path=path, reason=f"cannot be read: {error.strerror}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigRefused(path=path, reason=f"is not valid TOML: {error}") from error
        folder = path.resolve().parent
        journal = table.get("journal")
        if not isinstance(journal, str):
            raise ConfigRefused(path=path, reason="key 'journal' is missing; name the config of a node")
        found = folder / Path(journal).expanduser()
        socket = _socket(table)
        if socket is None and "root_key_file" in table:
            return cls(journal=found, socket=admin_socket_beside(found))
        return cls(journal=found, socket=None if socket is None else folder / Path(socket).expanduser())


def _socket(table: dict[str, object]) -> str | None:
    for door in ("admin", "api"):
        settings = table.get(door)
        if isinstance(settings, dict) and isinstance(settings.get("socket"), str):
            return str(settings["socket"])
    return None
