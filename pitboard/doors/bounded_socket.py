"""A connected socket under one deadline: what is read or sent until the next `settimeout` shares its time.

A plain socket's timeout begins anew with every byte, so that a byte a second is read for ever."""

from __future__ import annotations

import contextlib
import io
import socket
from typing import Any

from pitboard.clock import SystemClock
from pitboard.doors.losses import AnswerRefused
from pitboard.errors import LossCode

HEAD_MAX_BYTES = 64 * 1_024
"""Of an answer's status line and headers; what the buffer reads beyond them is in it."""
_NS_PER_S = 1_000_000_000


class BoundedSocket:
    """Stands in for `sock` in an HTTP library; whatever is not bounded here is the socket's own."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._clock = SystemClock()
        self._until_mono_ns: int | None = None
        self._allowed_bytes: int | None = None
        self.settimeout(sock.gettimeout())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def settimeout(self, timeout_s: float | None) -> None:
        """Let all that follows take this long together; None for as long as it likes."""
        self._sock.settimeout(timeout_s)
        self._until_mono_ns = (
            None if timeout_s is None else self._clock.mono_ns() + round(timeout_s * _NS_PER_S)
        )

    def allow_bytes(self, count: int | None) -> None:
        """Let so many bytes be received from now on; None for any number."""
        self._allowed_bytes = count

    def sendall(self, data: Any) -> None:
        """Send everything; raises TimeoutError when that takes too long."""
        rest = memoryview(data).cast("B")
        while rest:
            self._arm()
            rest = rest[self._sock.send(rest) :]

    def makefile(self, mode: str = "rb", *args: Any, **kwargs: Any) -> io.BufferedReader:
        """Return a reader of what is received, under the deadline and the bound."""
        return io.BufferedReader(_BoundedReader(self, self._sock.makefile("rb", buffering=0)))

    def receive_into(self, raw: io.RawIOBase, buffer: Any) -> int | None:
        """Read once; raises TimeoutError after the deadline, AnswerRefused beyond the bound."""
        try:
            self._arm()
            count = raw.readinto(buffer)
            if self._allowed_bytes is not None and count:
                self._allowed_bytes -= count
                if self._allowed_bytes < 0:
                    raise AnswerRefused(LossCode.TOO_LONG)
        except OSError:
            self.give_up()
            raise
        return count

    def give_up(self) -> None:
        """End the connection at once, whoever still holds it open."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def _arm(self) -> None:
        if self._until_mono_ns is None:
            return
        left_ns = self._until_mono_ns - self._clock.mono_ns()
        if left_ns <= 0:
            raise TimeoutError("the deadline has passed")
        self._sock.settimeout(left_ns / _NS_PER_S)


class _BoundedReader(io.RawIOBase):
    def __init__(self, sock: BoundedSocket, raw: Any) -> None:
        super().__init__()
        self._bounded = sock
        self._raw = raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        return self._bounded.receive_into(self._raw, buffer)

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()
