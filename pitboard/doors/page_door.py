"""A door that only shows pages: GET without a body, each page made when it is asked for.

The HTTP library of the other doors takes 12 MiB of memory, a fifth of a display; these pages need none of it.
Connections, handshakes and calls are bounded as at every door."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import NamedTuple

import msgspec

from pitboard.doors.bounded_listener import BoundedListener
from pitboard.doors.door import bound_tcp
from pitboard.doors.door_limits import REFUSAL_AFTER_S, DoorLimits, TokenBuckets
from pitboard.tasks import Errands, beside

log = logging.getLogger(__name__)

HEAD_MAX_BYTES = 16 * 1_024
_HEAD_END = b"\r\n\r\n"
_REQUEST = re.compile(rb"([A-Z]{1,16}) (/[!-~]{0,2000}) HTTP/1\.([01])\Z")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}):[ \t]*([^\r\n\0]*)\Z")


class Page(NamedTuple):
    content_type: str
    body: bytes


Pages = Mapping[str, Callable[[str], Awaitable[Page]]]
"""By path; each is given what stands behind the question mark."""


def json_page(value: object) -> Page:
    return Page("application/json", msgspec.json.encode(value))


class _Request(NamedTuple):
    method: str
    path: str
    query: str
    keeps_open: bool


def _read_head(head: bytes) -> _Request | None:
    """Return what is asked; None for what is not HTTP, or brings a body."""
    first, *rest = head.split(b"\r\n")
    asked = _REQUEST.match(first)
    headers: dict[bytes, bytes] = {}
    for line in rest:
        found = _HEADER.match(line)
        if found is None:
            return None
        headers[found[1].lower()] = found[2].strip()
    if asked is None or b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0":
        return None
    says = headers.get(b"connection", b"keep-alive" if asked[3] == b"1" else b"close").lower()
    path, _, query = asked[2].decode().partition("?")
    return _Request(asked[1].decode(), path, query, b"close" not in says)


class _Door:
    """What all connections of one door share."""

    def __init__(self, pages: Pages, limits: DoorLimits) -> None:
        self.pages = pages
        self.limits = limits
        self.listener: BoundedListener | None = None
        self.calls = TokenBuckets(limits.calls_of_source, limits.calls_of_all, limits.calls_of_quiet)
        self.answers = Errands("answering a call")

    async def answer(self, request: _Request | None, host: str) -> tuple[int, Page, int | None]:
        """Return status, page and in how many milliseconds to try again."""
        if request is None:
            return 400, _refusal("bad-request", "This is not HTTP."), None
        now_mono_ns = round(asyncio.get_running_loop().time() * 1_000_000_000)
        wait_ms = self.calls.take(self.limits.source_of(host), now_mono_ns=now_mono_ns)
        if wait_ms is not None:
            return 429, _refusal("too-often", "Too many calls; wait a moment.", wait_ms), wait_ms
        make = self.pages.get(request.path)
        if make is None:
            return 404, _refusal("unknown-call", "There is no such call."), None
        if request.method != "GET":
            return 405, _refusal("wrong-method", "This call has another method."), None
        try:
            return 200, await make(request.query), None
        except Exception as error:  # a bug of one page ends that call, told and logged; the display paints on
            log.error("a call failed on a bug: path=%s", request.path, exc_info=error)
            return 500, _refusal("failed", "This failed."), None


def _refusal(code: str, detail: str, retry_after_ms: int | None = None) -> Page:
    more = {} if retry_after_ms is None else {"retry_after_ms": retry_after_ms}
    return json_page({"error": code, "detail": detail, **more})


class _Visit(asyncio.Protocol):
    """One connection: one call after the other, the next one read only once the answer has left."""

    def __init__(self, door: _Door) -> None:
        self._door = door
        self._transport: asyncio.Transport | None = None
        self._host = ""
        self._head = bytearray()
        self._answering: asyncio.Task[None] | None = None
        self._can_write = asyncio.Event()
        self._can_write.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._host = (transport.get_extra_info("peername") or ("",))[0]

    def data_received(self, data: bytes) -> None:
        self._head += data
        if len(self._head) > HEAD_MAX_BYTES and self._transport is not None:
            self._transport.abort()
        elif self._answering is None:
            self._next()

    def pause_writing(self) -> None:
        self._can_write.clear()

    def resume_writing(self) -> None:
        self._can_write.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._answering is not None:
            self._answering.cancel()
            self._answering = None

    def _next(self) -> None:
        head, end, rest = self._head.partition(_HEAD_END)
        if not end or self._transport is None:
            return
        self._head = rest
        if self._door.listener is not None:
            self._door.listener.begin_call(self)
        self._answering = self._door.answers.start(self._answer(_read_head(bytes(head))), name="show a page")

    async def _answer(self, request: _Request | None) -> None:
        try:
            status, page, wait_ms = await self._door.answer(request, self._host)
            if wait_ms is not None:
                self._end_call()  # it may be cut meanwhile
                await asyncio.sleep(REFUSAL_AFTER_S)
            if self._transport is None:
                return
            keeps_open = request is not None and request.keeps_open
            self._transport.write(_head_of(status, page, wait_ms, keeps_open=keeps_open) + page.body)
            self._end_call()  # who reads nothing is idle, and may be cut
            await self._can_write.wait()
            if not keeps_open and self._transport is not None:
                self._transport.close()
        finally:
            self._answering = None
            self._end_call()
        if keeps_open:
            self._next()

    def _end_call(self) -> None:
        if self._door.listener is not None:
            self._door.listener.end_call(self)


_REASONS = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    429: "Too Many Requests",
    500: "Internal Server Error",
}


def _head_of(status: int, page: Page, wait_ms: int | None, *, keeps_open: bool) -> bytes:
    lines = [
        f"HTTP/1.1 {status} {_REASONS[status]}",
        f"Content-Type: {page.content_type}",
        f"Content-Length: {len(page.body)}",
        "Cache-Control: no-store",
        "Server: Pitboard",
        f"Connection: {'keep-alive' if keeps_open else 'close'}",
    ]
    if wait_ms is not None:
        lines.append(f"Retry-After: {-(-wait_ms // 1_000)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


@contextlib.asynccontextmanager
async def serve_pages(
    pages: Pages, host: str, port: int, *, tls: ssl.SSLContext | None, limits: DoorLimits
) -> AsyncIterator[int]:
    """Show the pages on TCP and yield the port, chosen by the system where `port` is 0."""
    with bound_tcp(host, port) as socket_:
        door = _Door(pages, limits)
        door.listener = listener = BoundedListener(socket_, tls=tls, limits=limits)
        chosen: int = socket_.getsockname()[1]
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(door.answers.end)
            stack.push_async_callback(listener.drop_all)
            await stack.enter_async_context(
                beside(listener.run(lambda: _Visit(door)), name=f"accept on {chosen}")
            )
            yield chosen
