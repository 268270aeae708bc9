"""Files that root wrote for a program: they go to who owns their folder, or it could not read them."""

from __future__ import annotations

import os
from pathlib import Path


def give_to_owner_of_folder(*paths: Path) -> None:
    """Give the files to the owner of the folder that each lies in; does nothing unless we are root."""
    if os.geteuid() != 0:
        return
    for path in paths:
        if path.exists():
            folder = path.parent.stat()
            os.chown(path, folder.st_uid, folder.st_gid)
