"""Answers that are held in memory with their head: nothing is made anew for each who asks.

A fixed file costs a stranger nothing, so it must cost us little; what a crowd asks, costs a thousandfold."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Protocol

from aiohttp import HttpVersion11, web
from aiohttp.helpers import rfc822_formatted_time
from aiohttp.http_parser import RawRequestMessage


class WholeAnswer(web.Response):
    """An answer whose head is `head_of(…)`, sent as it is with the body; for who `asks_plainly` only."""

    def __init__(self, status: int, head: bytes, body: bytes) -> None:
        super().__init__(status=status, body=body)
        self._head = head
        self._whole_body = body

    @property
    def body_bytes(self) -> int:
        return len(self._whole_body)

    @property
    def keep_alive(self) -> bool:
        """Return whether the connection goes on: it does, unless somebody of ours ends it."""
        return super().keep_alive is not False

    async def prepare(self, request: web.BaseRequest) -> Any:
        await request.writer.write(self.whole())

    def whole(self) -> bytes:
        """Return all that is sent."""
        line = f"{_STATUS_LINES[self.status]}\r\nDate: {rfc822_formatted_time()}"
        for name, value in self.headers.items():  # what was added on the way
            line += f"\r\n{name}: {value}"
        if not self.keep_alive:
            line += "\r\nConnection: close"
        return b"".join((line.encode(), self._head, self._whole_body))

    async def write_eof(self, data: bytes = b"") -> None:
        """It was written whole."""


def head_of(headers: Mapping[str, str]) -> bytes:
    """Return the lines behind the date."""
    return "".join([*(f"\r\n{name}: {value}" for name, value in headers.items()), "\r\n\r\n"]).encode()


class Asked(Protocol):
    """What a call says in its head, as both a request of aiohttp and its raw message know it."""

    @property
    def headers(self) -> Mapping[str, str]: ...


def asks_plainly(message: RawRequestMessage) -> bool:
    """Return whether the call is a mere GET on a connection that is kept, as every browser sends it."""
    headers = message.headers
    return (
        message.method == "GET"
        and message.version == HttpVersion11
        and not message.should_close
        and not message.upgrade
        and not message.chunked
        and "Expect" not in headers
        and headers.get("Content-Length", "0") == "0"
    )


_STATUS_LINES: dict[int, str] = {
    status: f"HTTP/1.1 {status.value} {status.phrase}" for status in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED)
}
