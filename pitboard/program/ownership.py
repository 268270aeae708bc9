"""Whose the files of a machine's data folder are, and files that root wrote for a program.

Each program is a system user of its own, all in one group; what they write there belongs to who wrote it."""

from __future__ import annotations

import contextlib
import os
import pwd
from pathlib import Path

USER = "pitboard"
"""Whose the unit's and central's records and keys are, and the group of all programs."""
_OWN = {"raw": "pitboard-bridge", "touch-settings.json": "pitboard-touch", "display.": "pitboard-display"}


def user_of(name: str) -> str:
    """Return whose the file or folder of that name in the data folder is."""
    return next((user for start, user in _OWN.items() if name.startswith(start)), USER)


def give_to_owner_of_folder(*paths: Path) -> None:
    """Give the files to the owner of the folder that each lies in; does nothing unless we are root.

    In the programs' own folder each goes to the program that writes it.
    """
    if os.geteuid() != 0:
        return
    for path in paths:
        if path.exists():
            folder = path.parent.stat()
            owner = folder.st_uid
            with contextlib.suppress(KeyError):
                if pwd.getpwuid(owner).pw_name == USER:
                    owner = pwd.getpwnam(user_of(path.name)).pw_uid
            os.chown(path, owner, folder.st_gid)


def why_not_read(error: OSError) -> str:
    """Return the system's reason, and where this user may not read the file, what lets them."""
    if not isinstance(error, PermissionError):
        return error.strerror or str(error)
    try:
        user = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        user = str(os.geteuid())
    return f"{error.strerror}; this program runs as {user}: type sudo chown {user} {error.filename}"
