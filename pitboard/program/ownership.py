"""Files that root wrote for a program: they go to who owns their folder, or it could not read them."""

from __future__ import annotations

import os
import pwd
from pathlib import Path


def give_to_owner_of_folder(*paths: Path) -> None:
    """Give the files to the owner of the folder that each lies in; does nothing unless we are root."""
    if os.geteuid() != 0:
        return
    for path in paths:
        if path.exists():
            folder = path.parent.stat()
            os.chown(path, folder.st_uid, folder.st_gid)


def why_not_read(error: OSError) -> str:
    """Return the system's reason, and where this user may not read the file, what lets them."""
    if not isinstance(error, PermissionError):
        return error.strerror or str(error)
    try:
        user = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        user = str(os.geteuid())
    return f"{error.strerror}; this program runs as {user}: type sudo chown {user} {error.filename}"
