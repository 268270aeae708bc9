"""What a stranger answers costs us a bounded number of bytes and seconds, on real sockets."""

from __future__ import annotations

import contextlib
import gzip
import resource
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pitboard.doors.bounded_socket import HEAD_MAX_BYTES
from pitboard.doors.node_client import NodeClient
from pitboard.doors.session import ANY_CERTIFICATE
from pitboard.errors import LossCode, PeerBusy, PeerLost
from pitboard.trust.certificate import Certificate

WITHIN_S = 0.6
MAX_BYTES = 100_000

Serve = Callable[[socket.socket], None]


class Box:
    """Answers each connection with `serve` in a thread; counts what it met."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self.connections = 0
        self.was_closed = threading.Event()

    def accept(self, listener: socket.socket, tls: ssl.SSLContext | None) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._answer, args=(connection, tls), daemon=True).start()

    def _answer(self, connection: socket.socket, tls: ssl.SSLContext | None) -> None:
        with contextlib.suppress(OSError):
            spoken = connection if tls is None else tls.wrap_socket(connection, server_side=True)
            with contextlib.closing(spoken):
                spoken.recv(65_536)
                try:
                    self._serve(spoken)
                    while spoken.recv(65_536):
                        pass
                finally:
                    self.was_closed.set()


@contextlib.contextmanager
def box(serve: Serve, tls: ssl.SSLContext | None = None) -> Iterator[tuple[Box, str]]:
    listener = socket.create_server(("127.0.0.1", 0))
    there = Box(serve)
    threading.Thread(target=there.accept, args=(listener, tls), daemon=True).start()
    try:
        yield there, f"{'http' if tls is None else 'https'}://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def answering(body: bytes, *, status: str = "200 OK", headers: str = "") -> Serve:
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode()
    return lambda connection: connection.sendall(head + body)


def trickling(start: bytes, piece: bytes, pause_s: float) -> Serve:
    def serve(connection: socket.socket) -> None:
        connection.sendall(start)
        while True:
            connection.sendall(piece)
            time.sleep(pause_s)

    return serve


def lost(url: str, *, pin: str | None = None) -> tuple[LossCode, float]:
    """Ask once; return the code of the loss and how long it took."""
    client = NodeClient(url, name="a box", pin=pin)
    began = time.monotonic()
    with contextlib.closing(client), pytest.raises(PeerLost) as error:
        client.call("POST", "/v1/sync", b"{}", within_s=WITHIN_S, max_bytes=MAX_BYTES)
    return error.value.code, time.monotonic() - began


def memory_max_kb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


ENDLESS_BODY = b"HTTP/1.1 200 OK\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("serve", "code"),
    [
        (trickling(ENDLESS_BODY, b"x" * 65_536, 0), LossCode.TOO_LONG),
        (trickling(CHUNKED, b"1\r\nx\r\n" * 4_096, 0), LossCode.TOO_LONG),
        (trickling(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n", 0), LossCode.BROKEN),
        (trickling(b"HTTP/1.1 200 OK\r\n", b"X: " + b"y" * 60_000 + b"\r\n", 0), LossCode.TOO_LONG),
        (trickling(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100, 0), LossCode.TOO_LONG),
        (answering(b"x" * (MAX_BYTES + 1)), LossCode.TOO_LONG),
        (trickling(ENDLESS_BODY, b"x", 0.05), LossCode.NO_ANSWER),
        (trickling(CHUNKED, b"1\r\nx\r\n", 0.05), LossCode.NO_ANSWER),
        (trickling(b"HTTP/1.1 200 OK\r\nX: ", b"y", 0.05), LossCode.NO_ANSWER),
        (lambda connection: None, LossCode.NO_ANSWER),
        (lambda connection: connection.shutdown(socket.SHUT_RDWR), LossCode.BROKEN),
        (answering(b"x", headers="Content-Length: 5\r\n"), LossCode.FAILED),
        (lambda connection: connection.sendall(b"SSH-2.0-x\r\n"), LossCode.BROKEN),
    ],
    ids=[
        "an endless body",
        "endless chunks",
        "endless headers",
        "long headers",
        "endless interim answers",
        "a byte too many",
        "a byte now and then",
        "a chunk now and then",
        "a header that never ends",
        "silence",
        "hanging up",
        "two lengths",
        "another protocol",
    ],
)
def test_an_answer_is_bounded_in_bytes_and_in_time(serve: Serve, code: LossCode) -> None:
    with box(serve) as (there, url):
        said, took_s = lost(url)
        assert said == code
        assert took_s < WITHIN_S + 0.5
        assert there.was_closed.wait(2), "the socket is closed, not left to him"


def test_the_deadline_holds_under_tls_too(tmp_path: Path) -> None:
    tls = Certificate.load_or_create(tmp_path / "box.pem").server_context()
    with box(trickling(ENDLESS_BODY, b"x", 0.05), tls) as (_, url):
        code, took_s = lost(url, pin=ANY_CERTIFICATE)
        assert code == LossCode.NO_ANSWER
        assert took_s < WITHIN_S + 0.5


def test_what_is_packed_is_not_unpacked_whatever_its_status() -> None:
    bomb = gzip.compress(bytes(16 * 1_024 * 1_024)) * 256  # 4 MB that would become 4 GB
    assert len(bomb) > 4 * 1_000 * 1_000
    before_kb = memory_max_kb()
    for status in ("200 OK", "302 Found", "404 Not Found", "503 Busy"):
        with box(answering(bomb, status=status, headers="Content-Encoding: gzip\r\nLocation: /x\r\n")) as (
            _,
            url,
        ):
            code, _ = lost(url)
            assert code == (LossCode.REDIRECTS if status.startswith("302") else LossCode.ENCODED)
    assert memory_max_kb() - before_kb < 60_000


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 Other", "307 Again", "308 For good"])
def test_nobody_sends_us_elsewhere(status: str) -> None:
    with box(answering(b"{}")) as (victim, inside):
        redirect = answering(b"", status=status, headers=f"Location: {inside}/v1/act\r\n")
        with box(redirect) as (_, url):
            assert lost(url)[0] == LossCode.REDIRECTS
        assert victim.connections == 0


def test_no_cookie_is_kept() -> None:
    heard: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        for _ in range(2):
            connection.sendall(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 2\r\n\r\n{}")
            heard.append(connection.recv(65_536))

    with box(serve) as (_, url), contextlib.closing(NodeClient(url)) as client:
        for _ in range(2):
            client.call("GET", "/", within_s=WITHIN_S, max_bytes=MAX_BYTES)
    assert b"GET / " in heard[0]
    assert b"cookie" not in heard[0].lower()


@pytest.mark.parametrize(
    "url", ["ftp://192.0.2.7", "https://", "http://192.0.2.7:x", "http://[::1", "nonsense"]
)
def test_an_address_that_is_none_is_a_loss(url: str) -> None:
    """Strangers tell addresses too."""
    assert lost(url)[0] == LossCode.FAILED


def test_a_connection_that_the_node_ended_meanwhile_is_opened_anew() -> None:
    with box(answering(b"{}", headers="Connection: close\r\n")) as (there, url):
        with contextlib.closing(NodeClient(url)) as client:
            client.call("GET", "/", within_s=WITHIN_S, max_bytes=MAX_BYTES)
            client.call("GET", "/", within_s=WITHIN_S, max_bytes=MAX_BYTES)
        assert there.connections == 2

    def serve(connection: socket.socket) -> None:  # it says nothing of it
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        connection.shutdown(socket.SHUT_RDWR)

    with box(serve) as (there, url), contextlib.closing(NodeClient(url)) as client:
        client.call("GET", "/", within_s=WITHIN_S, max_bytes=MAX_BYTES)
        assert there.was_closed.wait(5)
        client.call("GET", "/", within_s=WITHIN_S, max_bytes=MAX_BYTES)
        assert there.connections == 2


def test_an_answer_of_exactly_the_bound_is_taken_and_the_connection_kept() -> None:
    def serve(connection: socket.socket) -> None:
        body = b"x" * MAX_BYTES
        for _ in range(2):
            connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            connection.recv(65_536)

    with box(serve) as (there, url), contextlib.closing(NodeClient(url)) as client:
        for _ in range(2):
            assert len(client.call("GET", "/", within_s=5, max_bytes=MAX_BYTES)) == MAX_BYTES
        assert there.connections == 1


def test_a_node_that_asks_for_patience_gets_it_within_reason() -> None:
    body = b'{"error": "busy", "detail": "Later.", "retry_after_ms": 99999999}'
    with box(answering(body, status="503 Busy")) as (_, url), contextlib.closing(NodeClient(url)) as client:
        with pytest.raises(PeerBusy) as busy:
            client.call("GET", "/", within_s=WITHIN_S, max_bytes=MAX_BYTES)
        assert busy.value.retry_after_ms == 15_000


def test_losses_are_told_apart_by_type_and_errno(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    own = tmp_path / "no.sock"
    assert lost(f"http://127.0.0.1:{port}")[0] == LossCode.NOTHING_LISTENS
    assert lost(f"unix:{own}")[0] == LossCode.NOT_RUNNING
    assert lost("http://name.invalid:1")[0] == LossCode.NAME_UNKNOWN
    with box(answering(b"{}")) as (_, url):
        assert lost(url.replace("http", "https"), pin=ANY_CERTIFICATE)[0] == LossCode.NOT_TLS
    certificate = Certificate.load_or_create(tmp_path / "box.pem")
    with box(answering(b"{}"), certificate.server_context()) as (there, url):
        assert lost(url, pin="0" * 64)[0] == LossCode.OTHER_CERTIFICATE
        assert not there.was_closed.is_set() or there.connections == 1
        assert lost(url)[0] == LossCode.UNVOUCHED


def test_a_head_has_room_for_every_header_of_ours() -> None:
    padding = "".join(f"X-{number}: {'y' * 500}\r\n" for number in range(60))
    assert len(padding) < HEAD_MAX_BYTES
    with box(answering(b"{}", headers=padding)) as (_, url), contextlib.closing(NodeClient(url)) as client:
        assert client.call("GET", "/", within_s=WITHIN_S, max_bytes=MAX_BYTES) == b"{}"
