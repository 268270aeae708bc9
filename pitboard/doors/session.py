"""Sessions of requests to our own nodes: over a Unix socket, or over TLS with a pinned certificate.

A base URL of the form `unix:/run/pitboard/trackside.sock` names a socket of this machine. No redirection is
followed and no cookie kept: requests would even unpack the body of a redirection that it does not follow."""

from __future__ import annotations

import socket
import ssl
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any, TypeVar

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from pitboard.doors.bounded_socket import HEAD_MAX_BYTES, BoundedSocket
from pitboard.doors.losses import OtherCertificate
from pitboard.trust.certificate import fingerprint_of

ANY_CERTIFICATE = "any"


def client_context() -> ssl.SSLContext:
    """Return what a client needs to speak TLS 1.3 to a node, whoever it is."""
    return _speaking(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))


Context = TypeVar("Context", bound=ssl.SSLContext)


def _speaking(context: Context) -> Context:
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


class _BoundedHead:
    """Of a connection: its head is bounded in bytes, and each answer in time, see `BoundedSocket`."""

    sock: Any

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        self.sock = BoundedSocket(self.sock)

    def getresponse(self) -> Any:
        self.sock.allow_bytes(HEAD_MAX_BYTES)
        sock = self.sock  # gone from here once a connection that will close has answered
        response = super().getresponse()  # type: ignore[misc]
        sock.allow_bytes(None)
        return response


class _PlainConnection(_BoundedHead, HTTPConnection):
    def __init__(self, host: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(_unquoted(host), *args, **kwargs)


def _unquoted(host: str) -> str:
    """Return the host with its interface as the system knows it: requests makes `fe80::1%25eth0` of it."""
    return host.replace("%25", "%", 1)


class _TlsConnection(_BoundedHead, HTTPSConnection):
    def __init__(self, host: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(_unquoted(host), *args, **kwargs)

    def connect(self) -> None:
        """Connect; raises OtherCertificate before anything is told to whoever shows it."""
        super().connect()
        pin = getattr(self.ssl_context, "pitboard_pin", None)
        if pin is None:
            return  # checked like any web site
        if pin != ANY_CERTIFICATE and fingerprint_of(self.sock.getpeercert(binary_form=True) or b"") != pin:
            self.close()
            raise OtherCertificate
        self.is_verified = True  # by the fingerprint, or by signatures later: urllib3 need not warn


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _Context(ssl.SSLContext):
    """Knows which certificate is meant, for a connection is made far from who asked for it."""

    pitboard_pin: str


class _BoundedAdapter(HTTPAdapter):
    """Speaks only to the node with this fingerprint, to any with `ANY_CERTIFICATE`, or as the web does."""

    def __init__(self, pin: str | None) -> None:
        self._pin = pin
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        if self._pin is not None:
            kwargs |= {"ssl_context": _pinned_context(self._pin), "assert_hostname": False}
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}

    def close(self) -> None:
        """Close the connections now: else they stay as long as anybody knows of their pool."""
        pools = self.poolmanager.pools
        for pool in [pools[key] for key in pools.keys()]:  # noqa: SIM118 - it is no mapping to iterate
            pool.close()
        super().close()


def _pinned_context(pin: str) -> ssl.SSLContext:
    context = _speaking(_Context(ssl.PROTOCOL_TLS_CLIENT))
    context.pitboard_pin = pin
    return context


class _OwnSession(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """Follow nothing, and read nothing of what would send us elsewhere."""


UNIX_PREFIX = "unix:"
_LOCAL_BASE = "http://localhost"


class _UnixSocket(HTTPConnection):
    def __init__(self, socket_path: Path, timeout: float | None) -> None:
        super().__init__("localhost", timeout=timeout)
        self._socket_path = socket_path

    def connect(self) -> None:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(self.timeout if isinstance(self.timeout, float | int) else None)
        try:
            connection.connect(str(self._socket_path))
        except OSError:
            connection.close()
            raise
        self.sock = connection


class _BoundedUnixSocket(_BoundedHead, _UnixSocket):
    pass


class _UnixPool(HTTPConnectionPool):
    def __init__(self, socket_path: Path, *, is_bounded: bool) -> None:
        super().__init__("localhost")
        self._socket_path = socket_path
        self._kind = _BoundedUnixSocket if is_bounded else _UnixSocket

    def _new_conn(self) -> _UnixSocket:
        return self._kind(self._socket_path, timeout=10.0)


class _UnixAdapter(HTTPAdapter):
    """Sends every request of a session to one socket, whatever its URL's host."""

    def __init__(self, socket_path: Path, *, is_bounded: bool) -> None:
        super().__init__()
        self._pool = _UnixPool(socket_path, is_bounded=is_bounded)

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> _UnixPool:
        return self._pool

    def close(self) -> None:
        self._pool.close()
        super().close()


def open_session(
    base_url: str, *, pin: str | None = None, is_stream: bool = False
) -> tuple[requests.Session, str]:
    """Return a session and the base URL to ask it for; `base_url` may name a Unix socket.

    `pin` is the fingerprint of the one certificate to accept, or ANY_CERTIFICATE; without it an https URL is
    checked like any web site, by name and by the authorities this machine knows. A read timeout holds for the
    whole answer; of a Unix socket with `is_stream` it bounds the silence between two pieces instead.
    """
    session = _OwnSession()
    session.trust_env = False  # a proxy set for this machine's user is not for the venue's LAN
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    if base_url.startswith(UNIX_PREFIX):
        path = Path(base_url.removeprefix(UNIX_PREFIX))
        session.mount("http://", _UnixAdapter(path, is_bounded=not is_stream))
        return session, _LOCAL_BASE
    session.verify = pin is None  # with a pin, the connection looks at the fingerprint instead
    session.mount("http://", _BoundedAdapter(None))
    session.mount("https://", _BoundedAdapter(pin))
    return session, base_url.rstrip("/")
