"""The board as files in a folder in memory, for a server such as nginx: each change once, by rename.

`board.json` is the API's, `live/page.json` the whole live board, and `live/since/TAG.json` what changed since
the board with that tag. Beside each but the smallest stand its gzip and brotli twins. A file's time of change
tells no time: it is made of the content, for nginx makes its ETag of it. So one board has the same ETag from
every process and start; the live board also says after how many records it was so."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import hashlib
import logging
import os
from collections import deque
from pathlib import Path

from pitboard.errors import ConfigRefused
from sync.central.public.board_feed import BoardFeed, encoded_change
from sync.central.public.live_board import LiveBoard
from sync.central.public.race_reader import PAGE_COUNT, RaceReader

try:
    import brotli
except ModuleNotFoundError:  # without the extra 'central' there is no brotli twin
    brotli = None

log = logging.getLogger(__name__)

BOARD, LIVE, SINCE = "board.json", "live/page.json", "live/since"
SINCE_MAX_COUNT = 24
"""Boards that a change is told from; at two a second a phone may be ten seconds late."""
GZIP_LEVEL = 6
BROTLI_QUALITY = 5
TWIN_LEAST_BYTES = 120
_TIME_BITS = 31
_MODE = 0o644
_FOLDER_MODE = 0o755


class BoardFiles:
    """Keeps the files of one reader and its feed in `folder`; the only writer there."""

    def __init__(self, folder: Path, reader: RaceReader, feed: BoardFeed) -> None:
        self.folder = folder
        self._reader = reader
        self._feed = feed
        self._written: dict[str, bytes] = {}
        self._told: deque[LiveBoard] = deque(maxlen=SINCE_MAX_COUNT)
        self._written_board: LiveBoard | None = None

    @property
    def newest(self) -> LiveBoard | None:
        """The board that is written; None where there are no files."""
        return self._written_board

    def open(self) -> None:
        """Make the folder, if it is missing, and take away what an earlier start left there.

        Raises ConfigRefused where that cannot be.
        """
        try:
            for folder in (self.folder, self.folder / "live", self.folder / SINCE):
                folder.mkdir(parents=True, exist_ok=True)
                folder.chmod(_FOLDER_MODE)
        except OSError as error:
            raise ConfigRefused(path=self.folder, reason=f"cannot be made: {error.strerror}") from error
        self.close()

    def close(self) -> None:
        """Take the files away: a server then asks central, or says that it is gone."""
        self._written_board = None
        self._written.clear()
        self._told.clear()
        for folder in (self.folder, self.folder / "live", self.folder / SINCE):
            with contextlib.suppress(FileNotFoundError):
                for file in folder.iterdir():
                    if file.is_file():
                        self._unlink(file)

    async def write(self) -> None:
        """Write what changed; a folder that refuses is logged, and its files are taken away."""
        newest = self._feed.newest
        wanted = {BOARD: self._reader.board(PAGE_COUNT).body}
        is_new = not self._told or self._told[-1].tag != newest.tag
        if not is_new and self._written.get(BOARD) == wanted[BOARD]:
            return
        if is_new:
            again = [board for board in self._told if board.tag != newest.tag]
            self._told = deque([*again, newest], maxlen=SINCE_MAX_COUNT)
        try:
            await asyncio.to_thread(self._write, wanted, tuple(self._told))
        except OSError as error:
            log.error("board not written as files: folder=%s reason=%s", self.folder, error)
            self.close()
        else:
            self._written_board = newest

    def _write(self, wanted: dict[str, bytes], boards: tuple[LiveBoard, ...]) -> None:
        """The newest first: who has just read the board finds what comes after it."""
        newest = boards[-1]
        since = {f"{SINCE}/{board.tag}.json": encoded_change(board, newest) for board in reversed(boards)}
        for name, body in (since | {LIVE: newest.body} | wanted).items():
            if self._written.get(name) != body:
                self._replace(name, body)
                self._written[name] = body
        for name in [one for one in self._written if one.startswith(SINCE) and one not in since]:
            del self._written[name]
            self._remove(name)

    def _replace(self, name: str, body: bytes) -> None:
        """Twins first: who asks for one finds it with the plain file's content or the one before."""
        at = int.from_bytes(hashlib.sha256(body).digest()[:8], "big") >> (64 - _TIME_BITS)
        if len(body) < TWIN_LEAST_BYTES:
            self._remove(name, (".br", ".gz"))
        else:
            if brotli is not None:
                self._put(f"{name}.br", brotli.compress(body, quality=BROTLI_QUALITY), at)
            self._put(f"{name}.gz", gzip.compress(body, GZIP_LEVEL, mtime=0), at)
        self._put(name, body, at)

    def _put(self, name: str, content: bytes, at: int) -> None:
        file = self.folder / name
        fresh = file.with_name(f".{file.name}.new")
        fresh.write_bytes(content)
        fresh.chmod(_MODE)
        os.utime(fresh, (at, at))
        fresh.rename(file)

    def _remove(self, name: str, suffixes: tuple[str, ...] = ("", ".gz", ".br")) -> None:
        for suffix in suffixes:
            self._unlink(self.folder / f"{name}{suffix}")

    def _unlink(self, file: Path) -> None:
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            log.error("board's file not removed: %s", error)
