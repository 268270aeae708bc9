"""The newest board, encoded once per change and shared by all who follow it.

It reads the fold and is told when to look again; it never sees who writes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from pitboard.journal.fold import Fold
from pitboard.journal.views import encode_view, view_board
from sync.central.public.encoded_answer import EncodedAnswer
from sync.central.public.shared_deflate import deflate_message

LIVE_ENTRIES_MAX_COUNT = 100


@dataclass(frozen=True, slots=True)
class LiveMessage:
    """One message of the live stream, plain and compressed."""

    plain: bytes
    deflated: bytes

    @classmethod
    def of(cls, text: str) -> LiveMessage:
        plain = text.encode()
        return cls(plain, deflate_message(plain))


@dataclass(frozen=True, slots=True)
class LiveBoard:
    """A board as followers get it; `tag` names its content."""

    tag: str
    message: LiveMessage


class BoardFeed:
    """Holds the newest live board; `refresh` looks whether the fold made a newer one."""

    def __init__(self, fold: Fold) -> None:
        self._fold = fold
        self._fold_version = -1
        self._changed = asyncio.Event()
        self.is_closed = False
        self.newest = self._encode()

    def refresh(self) -> bool:
        """Encode the board anew and wake the followers if it differs; return whether it does."""
        if self._fold.version == self._fold_version:
            return False
        newest = self._encode()
        if newest.tag == self.newest.tag:
            return False
        self.newest = newest
        self._wake()
        return True

    def close(self) -> None:
        """Let every follower end."""
        self.is_closed = True
        self._wake()

    async def wait_beyond(self, tag: str | None, timeout_s: float) -> bool:
        """Return True as soon as the newest board is not `tag`, or False after the timeout or at the end."""
        try:
            async with asyncio.timeout(timeout_s):
                while self.newest.tag == tag and not self.is_closed:
                    await self._changed.wait()
        except TimeoutError:
            return False
        return not self.is_closed

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def _encode(self) -> LiveBoard:
        self._fold_version = self._fold.version
        body = encode_view(view_board(self._fold, count=LIVE_ENTRIES_MAX_COUNT))
        tag = EncodedAnswer(body).tag
        # JSON holds no line break, so one data line carries it.
        return LiveBoard(tag, LiveMessage.of(f"id: {tag}\nevent: board\ndata: {body.decode()}\n\n"))
