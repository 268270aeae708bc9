"""Hops off the machine speak TLS 1.3 to a certificate known by its fingerprint, whatever the clocks say."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import stat
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from pitboard.doors.door import check_door, check_url
from pitboard.doors.http_api import json_response, new_app, serve_tcp
from pitboard.doors.losses import loss_code_of
from pitboard.doors.session import ANY_CERTIFICATE, Session, client_context, open_session
from pitboard.errors import ConfigRefused, LossCode
from pitboard.trust.certificate import Certificate, make_certificate
from sync.exchanging.daemon_threads import in_daemon_thread


@dataclass
class Hop:
    """A server under TLS that notes how its connections look."""

    url: str
    versions: list[str] = field(default_factory=list)
    nodelay: list[bool] = field(default_factory=list)

    async def get(self, pin: str | None) -> Session:
        """Ask once under this pin and return the session, still connected."""
        session = open_session(self.url, pin=pin)

        def ask() -> None:
            with session.asking():
                answer = session.ask("GET", "/", headers={}, connect_s=5, within_s=5)
                assert (answer.status, answer.read()) == (200, b"{}")

        await in_daemon_thread(ask)
        return session


@contextlib.asynccontextmanager
async def served(certificate: Certificate) -> AsyncIterator[Hop]:
    async def answer(request: web.Request) -> web.Response:
        assert request.transport is not None
        hop.versions.append(request.transport.get_extra_info("ssl_object").version())
        connection = request.transport.get_extra_info("socket")
        hop.nodelay.append(bool(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)))
        return json_response({})

    app = new_app()
    app.router.add_get("/", answer)
    async with serve_tcp(app, "127.0.0.1", 0, tls=certificate.server_context()) as port:
        hop = Hop(f"https://127.0.0.1:{port}")
        yield hop


def test_the_certificate_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "data" / "unit.tls.pem"
    certificate = Certificate.load_or_create(path)
    assert Certificate.load_or_create(path) == certificate
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_text("rubbish")
    with pytest.raises(ConfigRefused, match="not a certificate"):
        Certificate.load_or_create(path)


def test_only_the_pinned_certificate_is_spoken_to(tmp_path: Path) -> None:
    async def story() -> None:
        ours = Certificate.load_or_create(tmp_path / "ours.pem")
        other = Certificate.load_or_create(tmp_path / "other.pem")
        async with served(ours) as hop:
            for pin in (ours.fingerprint, ANY_CERTIFICATE):
                (await hop.get(pin)).close()
            refusals = [(other.fingerprint, LossCode.OTHER_CERTIFICATE), (None, LossCode.UNVOUCHED)]
            for unknown, code in refusals:
                with pytest.raises(OSError) as refused:
                    await hop.get(unknown)
                assert loss_code_of(refused.value) == code
            assert hop.versions == ["TLSv1.3"] * 2

    asyncio.run(story())


@pytest.mark.parametrize(("first", "last"), [(2099, 2100), (1971, 1972)])
def test_a_clock_outside_the_certificates_dates_locks_nobody_out(
    first: int, last: int, tmp_path: Path
) -> None:
    path = tmp_path / "node.pem"
    path.write_bytes(
        make_certificate(
            valid_from=datetime(first, 1, 1, tzinfo=UTC), valid_until=datetime(last, 1, 1, tzinfo=UTC)
        )
    )

    async def story() -> None:
        certificate = Certificate.load_or_create(path)
        async with served(certificate) as hop:
            (await hop.get(certificate.fingerprint)).close()

    asyncio.run(story())


def test_nothing_older_than_tls_1_3_is_spoken(tmp_path: Path) -> None:
    async def story() -> None:
        async with served(Certificate.load_or_create(tmp_path / "node.pem")) as hop:
            old = client_context()
            old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_2
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await asyncio.open_connection("127.0.0.1", int(hop.url.rsplit(":", 1)[1]), ssl=old)

    asyncio.run(story())


def test_no_hop_waits_to_fill_a_packet(tmp_path: Path) -> None:
    async def story() -> None:
        async with served(Certificate.load_or_create(tmp_path / "node.pem")) as hop:
            session = await hop.get(ANY_CERTIFICATE)
            connection = session._connection
            assert connection is not None
            assert connection.sock is not None
            assert connection.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            assert hop.nodelay == [True]
            session.close()

    asyncio.run(story())


def test_a_plain_door_or_url_is_for_this_machine_only() -> None:
    check_door("127.0.0.1", tls=False)
    check_door("0.0.0.0", tls=True)
    check_url("http://localhost:1")
    check_url("https://192.0.2.1")
    with pytest.raises(ValueError, match="loopback"):
        check_door("0.0.0.0", tls=False)
    with pytest.raises(ValueError, match="write https"):
        check_url("http://192.0.2.1:8081")
