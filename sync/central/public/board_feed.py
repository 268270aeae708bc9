"""The newest board and what changed since those before it, made once per change for all who follow it.

It reads the fold and is told when to look again; it never sees who writes."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import zlib
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import msgspec
from aiohttp import web

from pitboard.doors.whole_answer import Asked, WholeAnswer, head_of
from pitboard.journal.folding.fold import Fold
from sync.central.public.board_change import change_between
from sync.central.public.live_board import LiveBoard, LiveBoards

GZIP_LEVEL = 6
GZIP_LEAST_BYTES = 600
PLAIN, GZIP, UNCHANGED = "plain", "gzip", "unchanged"


@dataclass(slots=True)
class EncodedAnswer:
    """A body with its type; `tag` changes with the content. `varies` names what of a question chooses it."""

    body: bytes
    content_type: str = "application/json"
    cache_control: str = "no-cache"
    varies: str = "Accept-Encoding"
    tag: str = field(init=False)
    _heads: dict[str, bytes] = field(init=False, default_factory=dict)  # of whole answers, by their form
    _compressed: bytes | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.tag = hashlib.sha256(self.body).hexdigest()[:20]

    @property
    def etag(self) -> str:
        # Weak, since the compressed form carries the same tag.
        return f'W/"{self.tag}"'

    def answer(self, request: web.Request) -> web.Response:
        """Return 304 where the asker has this content, else the content, compressed if that is taken."""
        form = self._form_for(request)
        headers, body = self._parts(form)
        if form == UNCHANGED:
            return web.Response(status=304, headers=headers)
        return web.Response(body=body, headers=headers)

    def whole_answer(self, asked: Asked, headers: Mapping[str, str]) -> WholeAnswer:
        """Return the same as `answer` with these headers, which are always the same for this content.

        Only for who asks plainly.
        """
        form = self._form_for(asked)
        own, body = self._parts(form)
        if (head := self._heads.get(form)) is None:
            length = {} if form == UNCHANGED else {"Content-Length": str(len(body))}
            head = self._heads[form] = head_of({**headers, **own, **length})
        return WholeAnswer(304 if form == UNCHANGED else 200, head, body)

    def _form_for(self, asked: Asked) -> str:
        known = asked.headers.get("If-None-Match")
        if known is not None and (known.strip() == "*" or f'"{self.tag}"' in known):
            return UNCHANGED
        return GZIP if len(self.body) >= GZIP_LEAST_BYTES and accepts_gzip(asked) else PLAIN

    def _parts(self, form: str) -> tuple[dict[str, str], bytes]:
        headers = {"ETag": self.etag, "Cache-Control": self.cache_control, "Vary": self.varies}
        if form == UNCHANGED:
            return headers, b""
        if form == GZIP:
            headers["Content-Encoding"] = GZIP
        headers["Content-Type"] = self.content_type
        return headers, self._gzipped() if form == GZIP else self.body

    def _gzipped(self) -> bytes:
        if self._compressed is None:
            self._compressed = gzip.compress(self.body, GZIP_LEVEL, mtime=0)
        return self._compressed


def accepts_gzip(asked: Asked) -> bool:
    """Return whether the asker takes gzip."""
    for offer in asked.headers.get("Accept-Encoding", "").lower().split(","):
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


WOKEN_PER_TURN_COUNT = 32
"""Followers told of a change before the loop looks at everybody else: 5,000 are a fifth of a second."""
HISTORY_MAX_COUNT = 64
"""Boards that a change is told from; who has an older one gets the newest whole."""


@dataclass(frozen=True, slots=True)
class LiveMessage:
    """One message of the live stream, plain and compressed; each also as a chunk of HTTP."""

    plain: bytes
    deflated: bytes
    plain_chunk: bytes
    deflated_chunk: bytes

    @classmethod
    def of(cls, text: str) -> LiveMessage:
        plain = text.encode()
        deflated = deflate_message(plain)
        return cls(plain, deflated, _chunk(plain), _chunk(deflated))

    @classmethod
    def telling(cls, event: str, tag: str, body: bytes) -> LiveMessage:
        # JSON holds no line break, so one data line carries it.
        return cls.of(f"id: {tag}\nevent: {event}\ndata: {body.decode()}\n\n")


def _chunk(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(body), body)


class BoardFeed:
    """Holds the newest live board and those just before; `refresh` looks whether there is a newer one."""

    def __init__(self, fold: Fold, arrival: Callable[[], int] = lambda: 0) -> None:
        """`arrival` counts the records that arrived in the journal that is folded."""
        self._fold = fold
        self._arrival = arrival
        self._boards = LiveBoards(fold)
        self._fold_version = fold.version
        self._waiting: dict[asyncio.Future[None], None] = {}
        self._woken: deque[asyncio.Future[None]] = deque()
        self._is_waking = False
        self.is_closed = False
        self.newest = self._boards.newest(arrival())
        self._history: dict[str, LiveBoard] = {self.newest.tag: self.newest}
        self._messages: dict[str | None, LiveMessage] = {}

    def refresh(self) -> bool:
        """Make the board anew and wake the followers if it differs; return whether it does."""
        if self._fold.version == self._fold_version:
            return False
        self._fold_version = self._fold.version
        newest = self._boards.newest(self._arrival())
        if newest.tag == self.newest.tag:
            return False
        self.newest = newest
        self._history.pop(newest.tag, None)
        self._history[newest.tag] = newest
        while len(self._history) > HISTORY_MAX_COUNT:
            del self._history[next(iter(self._history))]
        self._messages.clear()
        self._wake()
        return True

    def change_since(self, tag: str) -> bytes | None:
        """Return what makes the newest board of the one with this tag, None where that one is not known."""
        former = self._history.get(tag)
        return None if former is None else encoded_change(former, self.newest)

    def message_since(self, tag: str | None) -> LiveMessage:
        """Return what a follower gets who has the board with this tag: what changed, or the newest whole."""
        message = self._messages.get(tag)
        if message is None:
            change = None if tag is None else self.change_since(tag)
            event, body = ("board", self.newest.body) if change is None else ("change", change)
            message = LiveMessage.telling(event, self.newest.tag, body)
            if change is not None or tag is None:  # anybody may make up a tag
                self._messages[tag] = message
        return message

    def close(self) -> None:
        """Let every follower end."""
        self.is_closed = True
        self._wake()

    async def wait_beyond(self, tag: str | None, timeout_s: float) -> bool:
        """Return True as soon as the newest board is not `tag`, or False after the timeout or at the end."""
        try:
            async with asyncio.timeout(timeout_s):
                while self.newest.tag == tag and not self.is_closed:
                    news: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                    self._waiting[news] = None
                    try:
                        await news
                    finally:
                        self._waiting.pop(news, None)
        except TimeoutError:
            return False
        return not self.is_closed

    def _wake(self) -> None:
        self._woken.extend(self._waiting)
        self._waiting.clear()
        if self._woken and not self._is_waking:
            self._is_waking = True
            self._wake_some()

    def _wake_some(self) -> None:
        for _ in range(min(WOKEN_PER_TURN_COUNT, len(self._woken))):
            news = self._woken.popleft()
            if not news.done():  # its follower went away
                news.set_result(None)
        self._is_waking = bool(self._woken)
        if self._is_waking:
            asyncio.get_running_loop().call_soon(self._wake_some)


def encoded_change(former: LiveBoard, newest: LiveBoard) -> bytes:
    """Return the change as phones get it, with the tags of both boards, which say that the answer is ours."""
    change = change_between(former.form, newest.form)
    return msgspec.json.encode({"from": former.tag, "to": newest.tag, "at": newest.at} | change)
