"""The board as files in a folder in memory, for a server such as nginx: each change once, by rename.

Beside each file stand its gzip and brotli twins. A file's time of change tells no time: it is made of the
content, for nginx makes its ETag of it. So one board has the same ETag from every process and start."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import logging
import os
from pathlib import Path

from pitboard.errors import ConfigRefused
from sync.central.public.race_reader import RaceReader

try:
    import brotli
except ModuleNotFoundError:  # without the extra 'central' there is no brotli twin
    brotli = None

log = logging.getLogger(__name__)

LIVE_COUNT = 100
WHOLE_MAX_COUNT = 2_000
"""A larger board is made when somebody asks for it, not at each change."""
WHOLE, LIVE = "board.json", f"board-{LIVE_COUNT}.json"
GZIP_LEVEL = 6
BROTLI_QUALITY = 5
_TIME_BITS = 31
_MODE = 0o644
_FOLDER_MODE = 0o755


class BoardFiles:
    """Keeps `board.json` and `board-100.json` of one reader in `folder`; the only writer there."""

    def __init__(self, folder: Path, reader: RaceReader) -> None:
        self.folder = folder
        self._reader = reader
        self._written: dict[str, bytes] = {}

    def open(self) -> None:
        """Make the folder, if it is missing, and take away what an earlier start left there.

        Raises ConfigRefused where that cannot be.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.folder.chmod(_FOLDER_MODE)
        except OSError as error:
            raise ConfigRefused(path=self.folder, reason=f"cannot be made: {error.strerror}") from error
        self.close()

    def close(self) -> None:
        """Take the files away: a server then asks central, or says that it is gone."""
        self._written.clear()
        for name in (WHOLE, LIVE):
            self._remove(name)

    async def write(self) -> None:
        """Write what changed; a folder that refuses is logged, and its files are taken away."""
        bodies: dict[str, bytes | None] = {LIVE: self._reader.board(LIVE_COUNT).body}
        is_short = self._reader.entries_count <= WHOLE_MAX_COUNT
        bodies[WHOLE] = self._reader.board(None).body if is_short else None
        changed = {name: body for name, body in bodies.items() if self._written.get(name) != body}
        try:
            for name, body in changed.items():
                if body is None:
                    self._written.pop(name, None)
                    self._remove(name)
                else:
                    await asyncio.to_thread(self._replace, name, body)
                    self._written[name] = body
        except OSError as error:
            log.error("board not written as files: folder=%s reason=%s", self.folder, error)
            self.close()

    def _replace(self, name: str, body: bytes) -> None:
        """Twins first: who asks for one finds it with the plain file's content or the one before."""
        at = int.from_bytes(hashlib.sha256(body).digest()[:8], "big") >> (64 - _TIME_BITS)
        if brotli is not None:
            self._put(f"{name}.br", brotli.compress(body, quality=BROTLI_QUALITY), at)
        self._put(f"{name}.gz", gzip.compress(body, GZIP_LEVEL, mtime=0), at)
        self._put(name, body, at)

    def _put(self, name: str, content: bytes, at: int) -> None:
        fresh = self.folder / f".{name}.new"
        fresh.write_bytes(content)
        fresh.chmod(_MODE)
        os.utime(fresh, (at, at))
        fresh.rename(self.folder / name)

    def _remove(self, name: str) -> None:
        for suffix in ("", ".gz", ".br"):
            try:
                (self.folder / f"{name}{suffix}").unlink(missing_ok=True)
            except OSError as error:
                log.error("board's file not removed: %s", error)
