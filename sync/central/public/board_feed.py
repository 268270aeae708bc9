"""The newest board, encoded once per change and shared by all who follow it.

It reads the fold and is told when to look again; it never sees who writes."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import zlib
from dataclasses import dataclass, field

from aiohttp import web

from pitboard.journal.fold import Fold
from pitboard.journal.views import encode_view, view_board

GZIP_LEVEL = 6
GZIP_LEAST_BYTES = 600


@dataclass(slots=True)
class EncodedAnswer:
    """A body with its type; `tag` changes with the content."""

    body: bytes
    content_type: str = "application/json"
    cache_control: str = "no-cache"
    tag: str = field(init=False)
    _compressed: bytes | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.tag = hashlib.sha256(self.body).hexdigest()[:20]

    @property
    def etag(self) -> str:
        # Weak, since the compressed form carries the same tag.
        return f'W/"{self.tag}"'

    def answer(self, request: web.Request) -> web.Response:
        """Return 304 where the asker has this content, else the content, compressed if that is taken."""
        headers = {"ETag": self.etag, "Cache-Control": self.cache_control, "Vary": "Accept-Encoding"}
        if any(known.value in (self.tag, "*") for known in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        body = self.body
        if len(body) >= GZIP_LEAST_BYTES and accepts_gzip(request):
            headers["Content-Encoding"] = "gzip"
            body = self._gzipped()
        headers["Content-Type"] = self.content_type
        return web.Response(body=body, headers=headers)

    def _gzipped(self) -> bytes:
        if self._compressed is None:
            self._compressed = gzip.compress(self.body, GZIP_LEVEL, mtime=0)
        return self._compressed


def accepts_gzip(request: web.Request) -> bool:
    """Return whether the asker takes gzip."""
    for offer in request.headers.get("Accept-Encoding", "").lower().split(","):
        coding, _, quality = offer.partition(";")
        if coding.strip() in ("gzip", "*"):
            return quality.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


GZIP_HEADER = bytes.fromhex("1f8b08000000000000ff")
LEVEL = 6


def deflate_message(message: bytes) -> bytes:
    """Return the message as blocks that refer to nothing before them and may be followed by others."""
    compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return compressor.compress(message) + compressor.flush(zlib.Z_FULL_FLUSH)


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
