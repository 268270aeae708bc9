"""Let one program at a time use a folder: a second one on the same config would write into its files."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pitboard.errors import Refusal

LOCK_NAME = ".lock"


@contextmanager
def only_one(folder: Path, program: str) -> Iterator[None]:
    """Hold the folder until the context ends; the kernel lets go of it however the process ends.

    Raises Refusal where another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK_NAME).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Refusal(f"another {program} works in {folder}; stop that one first") from error
        yield
