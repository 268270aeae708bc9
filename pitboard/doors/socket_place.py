"""Where a program puts its Unix socket: in place of one that a killed process left, never of another file."""

from __future__ import annotations

import contextlib
import socket
import stat
from pathlib import Path

from pitboard.errors import Refusal

ANSWER_MAX_S = 0.5


def make_room_for_socket(path: Path) -> None:
    """Remove the socket that an earlier process left at `path` and make its folder.

    Raises Refusal where something else than a socket is there, where a program still answers on it, or where
    the place is not ours to write.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            if not stat.S_ISSOCK(path.lstat().st_mode):
                raise Refusal(f"cannot listen on {path}: another file is there; name a place for the socket")
            if _is_answered(path):
                raise Refusal(f"cannot listen on {path}: another program answers there; stop that one first")
            path.unlink()
    except OSError as error:
        raise Refusal(f"cannot listen on {path}: {error.strerror}") from error


def _is_answered(path: Path) -> bool:
    """Return whether a living program listens on the socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(ANSWER_MAX_S)
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True
