"""Sessions of requests to our own nodes: over a Unix socket, or over TLS with a pinned certificate.

A base URL of the form `unix:/run/pitboard/trackside.sock` names a socket of this machine."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

ANY_CERTIFICATE = "any"


def client_context() -> ssl.SSLContext:
    """Return what a client needs to speak TLS 1.3 to a node, whoever it is."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


class PinnedAdapter(HTTPAdapter):
    """Speaks only to the node with this fingerprint, or to any with `ANY_CERTIFICATE`."""

    def __init__(self, pin: str) -> None:
        self._pin = pin
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        pin = None if self._pin == ANY_CERTIFICATE else self._pin
        super().init_poolmanager(
            *args, **kwargs, ssl_context=client_context(), assert_fingerprint=pin, assert_hostname=False
        )
        self.poolmanager.pool_classes_by_scheme = {"https": _Pool}


class _Connection(HTTPSConnection):
    def connect(self) -> None:
        super().connect()
        self.is_verified = True  # by the fingerprint, or by signatures later: urllib3 need not warn


class _Pool(HTTPSConnectionPool):
    ConnectionCls = _Connection


UNIX_PREFIX = "unix:"
_LOCAL_BASE = "http://localhost"


class _UnixConnection(HTTPConnection):
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


class _UnixPool(HTTPConnectionPool):
    def __init__(self, socket_path: Path) -> None:
        super().__init__("localhost")
        self._socket_path = socket_path

    def _new_conn(self) -> _UnixConnection:
        return _UnixConnection(self._socket_path, timeout=10.0)


class _UnixAdapter(HTTPAdapter):
    """Sends every request of a session to one socket, whatever its URL's host."""

    def __init__(self, socket_path: Path) -> None:
        super().__init__()
        self._pool = _UnixPool(socket_path)

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> _UnixPool:
        return self._pool

    def close(self) -> None:
        self._pool.close()
        super().close()


def open_session(base_url: str, *, pin: str | None = None) -> tuple[requests.Session, str]:
    """Return a session and the base URL to ask it for; `base_url` may name a Unix socket.

    `pin` is the fingerprint of the one certificate to accept, or ANY_CERTIFICATE; without it an https URL is
    checked like any web site, by name and by the authorities this machine knows.
    """
    session = requests.Session()
    session.trust_env = False  # a proxy set for this machine's user is not for the venue's LAN
    if base_url.startswith(UNIX_PREFIX):
        session.mount("http://", _UnixAdapter(Path(base_url.removeprefix(UNIX_PREFIX))))
        return session, _LOCAL_BASE
    if pin is not None:
        session.verify = False  # the adapter looks at the fingerprint instead
        session.mount("https://", PinnedAdapter(pin))
    return session, base_url.rstrip("/")
