"""Accept connections for an HTTP server: as many as the door allows, and none that says nothing for ever.

aiohttp bounds neither connections nor the time until a whole request has come. Here a full door cuts the
longest idle connection of whoever holds most; who has proved itself has room that strangers cannot take."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import itertools
import logging
import socket
import ssl
import sys
import termios
from asyncio import selector_events, sslproto
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from pitboard.doors.door_limits import DoorLimits, TokenBuckets
from pitboard.doors.fair_room import FairRoom, Place
from pitboard.program.program import give_back_memory
from pitboard.tasks import Errands

log = logging.getLogger(__name__)

HANDSHAKE_MAX_S = 5.0
FAREWELL_MAX_S = 0.2
RETRY_S = 0.1  # where the system has no room for another socket
ACCEPTED_AT_ONCE_COUNT = 16
"""Before the loop gets its turn: who connects faster than we accept would hold it for ever."""
HEAD_MAX_S = 10.0
"""From the accept, or from a request's first byte, until its head is whole."""
IDLE_MAX_S = 60.0
UNTAKEN_MAX_S = 20.0
"""That an answer may wait without a byte of it being taken."""
UNTAKEN_OF_CALL_MAX_BYTES = 16 * 1_024
"""Of former answers, when the next call comes: nobody of ours asks on without reading."""
SWEEP_EVERY_S = 1.0
GIVE_BACK_EVERY_COUNT = 10
"""Sweeps: what ended connections held lies between what others hold, and would stay with the process."""
GIVE_BACK_FROM_COUNT = 32
"""Connections that ended since."""
KNOWN_HOSTS_MAX_COUNT = 256
KNOWN_HOST_CONNECTIONS_MAX_COUNT = 8
"""That a host where a node proved itself may open before this connection, too, is proven."""
_LOCAL = "local"

# asyncio gives each TLS connection a buffer of 256 KiB: a thousand silent ones make a quarter of a gigabyte.
sslproto.SSLProtocol.max_size = 4 * 1_024

_tell_lost = selector_events._SelectorSocketTransport._call_connection_lost  # type: ignore[attr-defined]


def _nothing_comes() -> None:
    """Stand in for what a transport does with what comes, once nothing can."""


def _tell_lost_and_let_go(transport: Any, error: Exception | None) -> None:
    """Let go of the transport's own method, in which it holds itself: some 7 kB a connection with all that
    hangs on it, a thousand of them until the collector comes round."""
    _tell_lost(transport, error)
    transport._read_ready_cb = _nothing_comes


selector_events._SelectorSocketTransport._call_connection_lost = _tell_lost_and_let_go  # type: ignore[attr-defined]


class BoundedListener:
    """Serves one socket that listens already."""

    def __init__(self, listener: socket.socket, *, tls: ssl.SSLContext | None, limits: DoorLimits) -> None:
        self._listener = listener
        self._tls = tls
        self._limits = limits
        self._strangers = FairRoom(limits.connections_max_count)
        self._proven = FairRoom(limits.proven_max_count)
        self._handshakes = TokenBuckets(
            limits.handshakes_of_source, limits.handshakes_of_all, limits.handshakes_of_quiet
        )
        self._handshakes_of_known = TokenBuckets(limits.handshakes_of_known, limits.handshakes_of_all_known)
        self._known_hosts: OrderedDict[str, None] = OrderedDict()
        self._connections: dict[asyncio.Protocol | None, DoorConnection] = {}  # by the server's protocol
        self._all: set[DoorConnection] = set()
        self._ended_count = 0
        self._has_some = asyncio.Event()
        self._greetings = Errands("greeting a connection")

    async def run(self, make_protocol: Callable[[], asyncio.Protocol]) -> None:
        """Accept until cancelled, with a protocol for each connection let in; then the listener is closed."""
        loop = asyncio.get_running_loop()
        self._listener.setblocking(False)
        with self._listener:
            self._greetings.start(self._sweep_for_ever(), name="sweep connections")
            try:
                for count in itertools.count(1):
                    if count % ACCEPTED_AT_ONCE_COUNT == 0:
                        await asyncio.sleep(0)
                    try:
                        connection, address = await loop.sock_accept(self._listener)
                    except OSError as error:
                        log.warning("connection not accepted: reason=%s", error)
                        await asyncio.sleep(RETRY_S)
                        continue
                    self._admit(make_protocol, connection, address[0])
            finally:
                self._greetings.cancel_all()

    async def drop_all(self) -> None:
        """Cut what is still open, once the server has said goodbye."""
        for connection in list(self._all):
            connection.cut()
        for _ in range(3):  # let each transport tell its protocol and close its socket
            await asyncio.sleep(0)

    def begin_call(self, protocol: asyncio.Protocol) -> None:
        """Note that a whole head came on this connection: it is at work until `end_call`."""
        if (connection := self._connections.get(protocol)) is not None:
            connection.begin_call()

    def end_call(self, protocol: asyncio.Protocol) -> None:
        if (connection := self._connections.get(protocol)) is not None:
            connection.end_call()

    def is_first_call(self, protocol: asyncio.Protocol) -> bool:
        """Return whether this connection cost a handshake, which is bounded, and asked nothing before."""
        connection = self._connections.get(protocol)
        return self._tls is not None and connection is not None and connection.calls_count == 1

    def prove(self, protocol: asyncio.Protocol, key: str) -> None:
        """Move the connection into the room of those who proved themselves, by this key."""
        connection = self._connections.get(protocol)
        if connection is None or connection.key == key:
            return
        if self._tls is not None or connection.host not in self._limits.trusted_proxies:
            self._known_hosts[connection.host] = None
            self._known_hosts.move_to_end(connection.host)
            if len(self._known_hosts) > KNOWN_HOSTS_MAX_COUNT:
                self._known_hosts.popitem(last=False)
        was_proven = connection.leave(self._proven)  # so as not to need two places of a full room
        place = self._proven.enter(key, connection.cut)
        if place is not None:
            connection.key = key
        elif was_proven:
            place = self._proven.enter(connection.host, connection.cut)
        if place is not None:
            connection.move(self._proven, place)

    def _admit(
        self, make_protocol: Callable[[], asyncio.Protocol], socket_: socket.socket, host: str
    ) -> None:
        source = self._limits.source_of(host) or _LOCAL
        room, name = self._strangers, source
        is_known = host in self._known_hosts and self._proven.share(host) < KNOWN_HOST_CONNECTIONS_MAX_COUNT
        if is_known and not self._shakes_too_many_hands(host, self._handshakes_of_known):
            room, name = self._proven, host
        elif self._shakes_too_many_hands(source, self._handshakes):
            socket_.close()
            return
        connection = DoorConnection(make_protocol, host=host, on_made=self._add, on_lost=self._forget)
        place = room.enter(name, connection.cut)
        if place is None:
            log.warning("connection turned away: source=%s open=%d", host, len(self._all))
            socket_.close()
            return
        connection.move(room, place)
        self._all.add(connection)
        self._has_some.set()
        connection.greeting = self._greetings.start(self._greet(connection, socket_), name="greet")
        # One that is cancelled before its first step never gets to close what it was given.
        connection.greeting.add_done_callback(lambda ended: socket_.close() if ended.cancelled() else None)

    def _shakes_too_many_hands(self, source: str, handshakes: TokenBuckets) -> bool:
        if self._tls is None:
            return False
        now_mono_ns = round(asyncio.get_running_loop().time() * 1_000_000_000)
        return handshakes.take(None if source == _LOCAL else source, now_mono_ns=now_mono_ns) is not None

    async def _greet(self, connection: DoorConnection, socket_: socket.socket) -> None:
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: connection,
                socket_,
                ssl=self._tls,
                ssl_handshake_timeout=HANDSHAKE_MAX_S if self._tls else None,
                ssl_shutdown_timeout=FAREWELL_MAX_S if self._tls else None,
            )
        except (OSError, TimeoutError) as error:  # ssl.SSLError is an OSError
            socket_.close()
            connection.lose()
            _cut_circles(error)
        except asyncio.CancelledError:
            socket_.close()
            connection.lose()
            raise
        finally:
            connection.greeting = None

    def _add(self, connection: DoorConnection) -> None:
        self._connections[connection.inner] = connection

    def _forget(self, connection: DoorConnection) -> None:
        self._connections.pop(connection.inner, None)
        self._all.discard(connection)
        self._ended_count += 1

    async def _sweep_for_ever(self) -> None:
        for count in itertools.count(1):
            if (
                not self._all and self._ended_count < GIVE_BACK_FROM_COUNT
            ):  # nobody to look after, maybe all day
                self._has_some.clear()
                await self._has_some.wait()
            await asyncio.sleep(SWEEP_EVERY_S)
            now_s = asyncio.get_running_loop().time()
            for connection in [one for one in self._all if one.is_overdue(now_s)]:
                connection.cut()
            self._bound_what_is_untaken(now_s)
            if count % GIVE_BACK_EVERY_COUNT == 0 and self._ended_count >= GIVE_BACK_FROM_COUNT:
                self._ended_count = 0
                await asyncio.to_thread(give_back_memory)

    def _bound_what_is_untaken(self, now_s: float) -> None:
        """Cut who takes nothing of an answer; of strangers who waits longest, where it is too much in all.

        An answer is large, and what nobody takes of it lies in our memory.
        """
        left_bytes = self._limits.untaken_max_bytes
        idle = sorted((one for one in self._all if not one.is_busy), key=lambda one: -one.idle_since_s)
        for connection in idle:
            untaken_bytes = connection.see_untaken(now_s)
            if connection.key is None:
                left_bytes -= untaken_bytes
            is_too_much = untaken_bytes > 0 and left_bytes < 0 and connection.key is None
            if is_too_much or connection.takes_nothing(now_s):
                connection.cut()


def _cut_circles(error: BaseException | None) -> None:
    """Let an error go of the frames it came through: they hold it too, and 64 kB of TLS for each handshake
    that a stranger spoils, until the collector comes round."""
    while error is not None:
        error.__traceback__ = None
        error = error.__context__


class DoorConnection(asyncio.Protocol):
    """Hands everything to the server's own protocol; knows since when it waits, and for what."""

    def __init__(
        self,
        make_protocol: Callable[[], asyncio.Protocol],
        *,
        host: str,
        on_made: Callable[[DoorConnection], None],
        on_lost: Callable[[DoorConnection], None],
    ) -> None:
        self.host = host
        self.key: str | None = None
        self.inner: asyncio.Protocol | None = None
        self.greeting: asyncio.Task[None] | None = None
        self.calls_count = 0
        self._make_protocol = make_protocol
        self._on_made = on_made
        self._on_lost = on_lost
        self._transport: asyncio.Transport | None = None
        self._room: FairRoom | None = None
        self._place: Place | None = None
        self._is_lost = False
        self.is_busy = False
        self.idle_since_s = asyncio.get_running_loop().time()
        self._head_since_s: float | None = self.idle_since_s
        self._untaken_bytes = 0
        self._untaken_since_s = self.idle_since_s

    def move(self, room: FairRoom, place: Place) -> None:
        """Hold this place from now on, and give back the former one."""
        self._give_back()
        self._room, self._place = room, place
        if self.is_busy:
            room.pin(place)

    def leave(self, room: FairRoom) -> bool:
        """Give back the place if it is in this room; return whether it was."""
        if self._room is not room:
            return False
        self._give_back()
        return True

    def is_overdue(self, now_s: float) -> bool:
        if self.is_busy:
            return False
        if self._head_since_s is not None and now_s - self._head_since_s > HEAD_MAX_S:
            return True
        return now_s - self.idle_since_s > IDLE_MAX_S

    def see_untaken(self, now_s: float) -> int:
        """Return how many bytes that we had to say were not taken yet; to be asked now and then."""
        untaken_bytes = self._count_untaken()
        in_all_bytes = untaken_bytes + self._count_in_the_kernel() if untaken_bytes else 0
        if in_all_bytes == 0 or in_all_bytes != self._untaken_bytes:
            self._untaken_since_s = now_s
        self._untaken_bytes = in_all_bytes
        return untaken_bytes

    def takes_nothing(self, now_s: float) -> bool:
        return now_s - self._untaken_since_s > UNTAKEN_MAX_S

    def _count_untaken(self) -> int:
        transport = self._transport
        if transport is None:
            return 0
        beneath = getattr(getattr(transport, "_ssl_protocol", None), "_transport", None)
        count = transport.get_write_buffer_size()
        return count if beneath is None else count + int(beneath.get_write_buffer_size())

    def _count_in_the_kernel(self) -> int:
        """Return how much was sent and not heard of: on a slow network that alone shrinks for a while."""
        assert self._transport is not None
        count = bytearray(4)
        with contextlib.suppress(OSError):
            fcntl.ioctl(self._transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, count)
        return int.from_bytes(count, sys.byteorder)

    def begin_call(self) -> None:
        self.calls_count += 1
        self.is_busy = True
        if self._count_untaken() > UNTAKEN_OF_CALL_MAX_BYTES:
            self.cut()
        if self._room is not None and self._place is not None:
            self._room.pin(self._place)

    def end_call(self) -> None:
        self.is_busy = False
        self.idle_since_s = asyncio.get_running_loop().time()
        self._head_since_s = None
        if self._room is not None and self._place is not None:
            self._room.renew(self._place)

    def cut(self) -> None:
        """End the connection at once, whatever it is at."""
        if self._transport is not None:
            self._transport.abort()
        elif self.greeting is not None:
            self.greeting.cancel()
        self.lose()

    def lose(self) -> None:
        """Give back what the connection holds."""
        if not self._is_lost:
            self._is_lost = True
            self._give_back()
            self._on_lost(self)

    def _give_back(self) -> None:
        if self._room is not None and self._place is not None:
            self._room.leave(self._place)
        self._room = self._place = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self._is_lost:
            transport.abort()
        self.inner = self._make_protocol()
        self._on_made(self)
        self.eof_received = self.inner.eof_received  # type: ignore[method-assign]
        self.pause_writing = self.inner.pause_writing  # type: ignore[method-assign]
        self.resume_writing = self.inner.resume_writing  # type: ignore[method-assign]
        self.inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self._head_since_s is None and not self.is_busy:
            self._head_since_s = asyncio.get_running_loop().time()
        assert self.inner is not None
        self.inner.data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lose()
        if self.inner is not None:
            self.inner.connection_lost(exc)
        self.inner = self._transport = None
        with contextlib.suppress(AttributeError):  # circles would keep TLS buffers until the next collection
            del self.eof_received, self.pause_writing, self.resume_writing
