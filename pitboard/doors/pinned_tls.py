"""requests over TLS 1.3 to nodes whose certificates nobody vouches for.

A node is known by its certificate's fingerprint; dates and names are not looked at. `ANY_CERTIFICATE` only
encrypts: for nodes found on the venue's network, which are believed by their signatures alone."""

from __future__ import annotations

import ssl
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPSConnectionPool

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
