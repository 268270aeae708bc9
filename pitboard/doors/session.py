"""Connections to our own nodes: over a Unix socket, or over TLS with a pinned certificate.

A base URL of the form `unix:/run/pitboard/trackside.sock` names a socket of this machine. No redirection is
followed, no cookie kept and no proxy asked: what the venue's LAN answers is all there is."""

from __future__ import annotations

import contextlib
import http.client
import select
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote, urlsplit

from pitboard.doors.bounded_socket import HEAD_MAX_BYTES, BoundedSocket
from pitboard.doors.losses import OtherCertificate
from pitboard.trust.certificate import fingerprint_of

ANY_CERTIFICATE = "any"
UNIX_PREFIX = "unix:"
_PATH_SIGNS = "!#$%&'()*+,/:;=?@[]~"
"""What stays in a path as it is: all that a URL may have."""
_Raw = socket.socket | ssl.SSLSocket


def client_context() -> ssl.SSLContext:
    """Return what a client needs to speak TLS 1.3 to a node, whoever it is."""
    return _speaking(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))


Context = TypeVar("Context", bound=ssl.SSLContext)


def _speaking(context: Context) -> Context:
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


class Session:
    """Asks one node, over one connection that is kept; opened by `open_session`.

    One thread asks at a time; `close` may be called by another, and ends a call under way at its own end.
    """

    def __init__(self, base_url: str, *, pin: str | None, is_stream: bool) -> None:
        self._base_url = base_url
        self._pin = pin
        self._is_stream = is_stream
        self._connection: _Connection | None = None
        self._is_closed = False
        self._asking = threading.Lock()

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        headers: dict[str, str],
        connect_s: float,
        within_s: float,
    ) -> http.client.HTTPResponse:
        """Return the answer, its body unread, to be read or given up within `asking`.

        `within_s` holds for the whole answer, its body too; of a stream it bounds the silence between two
        pieces. Raises OSError, ValueError or http.client.HTTPException where none came.
        """
        if self._connection is None:
            self._connection = _Connection(self._base_url, pin=self._pin, is_stream=self._is_stream)
        connection = self._connection
        if connection.is_dropped():
            connection.close()
        connection.reach(connect_s=connect_s, within_s=within_s)
        connection.request(method, connection.prefix + quote(path, safe=_PATH_SIGNS), body, headers)
        return connection.getresponse()

    @contextlib.contextmanager
    def asking(self) -> Iterator[None]:
        """Hold the connection for questions and what is read of their answers; an error ends it."""
        with self._asking:
            try:
                yield
            except BaseException:  # a cancellation too: what is half read is no use to who asks next
                self.hang_up()
                raise
            finally:
                if self._is_closed:
                    self.hang_up()

    @property
    def fingerprint(self) -> str | None:
        """The fingerprint of the certificate that the node showed; None where it shows none."""
        return None if self._connection is None else self._connection.fingerprint

    def hang_up(self) -> None:
        """End the connection; the next question opens another."""
        if self._connection is not None:
            self._connection.close()

    def close(self) -> None:
        """End it for good."""
        self._is_closed = True
        if self._asking.acquire(blocking=False):
            try:
                self.hang_up()
            finally:
                self._asking.release()

    def __del__(self) -> None:
        self.hang_up()  # a command that ends by an error closes nothing


class _Connection(http.client.HTTPConnection):
    """An answer's head is bounded in bytes, and each answer in time, see `BoundedSocket`."""

    sock: BoundedSocket | socket.socket | None

    def __init__(self, base_url: str, *, pin: str | None, is_stream: bool) -> None:
        """Raises ValueError where the URL is none of ours: strangers tell URLs too."""
        self._path = Path(base_url.removeprefix(UNIX_PREFIX)) if base_url.startswith(UNIX_PREFIX) else None
        parts = urlsplit("http://localhost" if self._path else base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("not an address of a node")
        self.prefix = parts.path.rstrip("/")
        self.fingerprint: str | None = None
        self._pin, self._is_tls, self._is_stream = pin, parts.scheme == "https", is_stream
        super().__init__(parts.hostname, parts.port or (443 if self._is_tls else 80))
        self._context: ssl.SSLContext | None = None
        self._answer: http.client.HTTPResponse | None = None

    def reach(self, *, connect_s: float, within_s: float) -> None:
        """Connect where that is still to be done, and give all that follows this long."""
        if self.sock is None:
            self.timeout = connect_s
            self.connect()
        assert self.sock is not None
        self.sock.settimeout(within_s)

    def connect(self) -> None:
        """Connect; raises OtherCertificate before anything is told to whoever shows it."""
        raw = self._reached()
        try:
            if self._is_tls:
                raw = self._spoken_to(raw)
        except BaseException:  # whatever ends it: nobody else holds the socket yet
            raw.close()
            raise
        self.sock = raw if self._is_stream else BoundedSocket(raw)

    def _reached(self) -> _Raw:
        if self._path is None:
            raw = socket.create_connection((self.host, self.port), self.timeout)
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return raw
        raw = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        raw.settimeout(self.timeout)
        try:
            raw.connect(str(self._path))
        except OSError:
            raw.close()
            raise
        return raw

    def _spoken_to(self, raw: socket.socket) -> ssl.SSLSocket:
        if self._context is None:
            self._context = ssl.create_default_context() if self._pin is None else client_context()
        tls = self._context.wrap_socket(raw, server_hostname=self.host.partition("%")[0])
        self.fingerprint = fingerprint_of(tls.getpeercert(binary_form=True) or b"")
        if self._pin not in (None, ANY_CERTIFICATE, self.fingerprint):
            tls.close()
            raise OtherCertificate
        return tls  # one without a pin was checked like any web site, ANY_CERTIFICATE is by signatures later

    def getresponse(self) -> http.client.HTTPResponse:
        sock = self.sock
        if not isinstance(sock, BoundedSocket):
            self._answer = super().getresponse()
            return self._answer
        sock.allow_bytes(HEAD_MAX_BYTES)
        self._answer = super().getresponse()
        sock.allow_bytes(None)  # gone from `self` once a connection that will close has answered
        return self._answer

    def is_dropped(self) -> bool:
        """Return whether the node ended the kept connection, or the last answer was not read to its end."""
        if self.sock is None:
            return False
        if self._answer is not None and not self._answer.isclosed():
            return True
        readable = select.poll()
        readable.register(self.sock.fileno(), select.POLLIN)
        return bool(readable.poll(0))

    def close(self) -> None:
        if self._answer is not None:
            self._answer.close()
            self._answer = None
        super().close()


def open_session(base_url: str, *, pin: str | None = None, is_stream: bool = False) -> Session:
    """Return a session with the node at `base_url`, which may name a Unix socket; nothing is asked yet.

    `pin` is the fingerprint of the one certificate to accept, or ANY_CERTIFICATE; without it an https URL is
    checked like any web site, by name and by the authorities this machine knows.
    """
    return Session(base_url, pin=pin, is_stream=is_stream)
