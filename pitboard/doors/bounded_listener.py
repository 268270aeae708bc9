"""Accept connections for an HTTP server, as many as the door's limits allow and no more.

aiohttp bounds neither connections nor the time that a TLS handshake may take; whoever opens thousands and
says nothing would hold them all."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Callable

from pitboard.doors.door_limits import ConnectionCount, DoorLimits
from pitboard.tasks import Errands

log = logging.getLogger(__name__)

HANDSHAKE_MAX_S = 5.0
FAREWELL_MAX_S = 0.2
RETRY_S = 0.1  # where the system has no room for another socket


class BoundedListener:
    """Serves one socket that listens already."""

    def __init__(
        self,
        listener: socket.socket,
        *,
        tls: ssl.SSLContext | None,
        limits: DoorLimits,
    ) -> None:
        self._listener = listener
        self._tls = tls
        self._count = ConnectionCount(limits)
        self._transports: set[asyncio.BaseTransport] = set()
        self._greetings = Errands("greeting a connection")
        self._is_turning_away = False

    async def run(self, make_protocol: Callable[[], asyncio.Protocol]) -> None:
        """Accept until cancelled, with a protocol for each connection let in; then the listener is closed."""
        loop = asyncio.get_running_loop()
        self._listener.setblocking(False)
        with self._listener:
            try:
                while True:
                    try:
                        connection, address = await loop.sock_accept(self._listener)
                    except OSError as error:
                        log.warning("connection not accepted: reason=%s", error)
                        await asyncio.sleep(RETRY_S)
                        continue
                    if self._count.enter(address[0]):
                        self._is_turning_away = False
                        self._greetings.start(
                            self._greet(make_protocol(), connection, address[0]), name="greet"
                        )
                    else:
                        self._turn_away(connection, address[0])
            finally:
                self._greetings.cancel_all()

    async def drop_all(self) -> None:
        """Cut what is still open, once the server has said goodbye."""
        for transport in list(self._transports):
            if isinstance(transport, asyncio.WriteTransport):
                transport.abort()
        for _ in range(3):  # let each transport tell its protocol and close its socket
            await asyncio.sleep(0)

    def _turn_away(self, connection: socket.socket, host: str) -> None:
        if not self._is_turning_away:  # once, or the log would be flooded too
            log.warning("connections turned away: source=%s open=%d", host, self._count.total)
        self._is_turning_away = True
        connection.close()

    async def _greet(self, inner: asyncio.Protocol, connection: socket.socket, host: str) -> None:
        protocol = _Counted(inner, on_lost=lambda: self._forget(protocol, host))
        try:
            protocol.outer, _ = await asyncio.get_running_loop().connect_accepted_socket(
                lambda: protocol,
                connection,
                ssl=self._tls,
                ssl_handshake_timeout=HANDSHAKE_MAX_S if self._tls else None,
                ssl_shutdown_timeout=FAREWELL_MAX_S if self._tls else None,
            )
        except (OSError, TimeoutError, asyncio.CancelledError) as error:  # ssl.SSLError is an OSError
            connection.close()
            if not protocol.is_lost:
                self._count.leave(host)
                protocol.is_lost = True
            if isinstance(error, asyncio.CancelledError):
                raise
            return
        if not protocol.is_lost:
            self._transports.add(protocol.outer)

    def _forget(self, protocol: _Counted, host: str) -> None:
        self._count.leave(host)
        with contextlib.suppress(KeyError):
            if protocol.outer is not None:
                self._transports.remove(protocol.outer)


class _Counted(asyncio.Protocol):
    """Hands everything to the server's own protocol and says when the connection is gone."""

    def __init__(self, inner: asyncio.Protocol, on_lost: Callable[[], None]) -> None:
        self.outer: asyncio.BaseTransport | None = None
        self.is_lost = False
        self._inner = inner
        self._on_lost = on_lost
        self.data_received = inner.data_received  # type: ignore[method-assign]  # the one called often
        self.eof_received = inner.eof_received  # type: ignore[method-assign]
        self.pause_writing = inner.pause_writing  # type: ignore[method-assign]
        self.resume_writing = inner.resume_writing  # type: ignore[method-assign]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._inner.connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.is_lost:
            self.is_lost = True
            self._on_lost()
        self._inner.connection_lost(exc)
