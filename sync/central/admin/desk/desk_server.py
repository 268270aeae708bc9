"""The desk as central serves it: the guarded app on a port of its own, and the link that makes an admin."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator, Callable

import msgspec
from aiohttp import web

from pitboard.clock import Clock
from pitboard.doors.door import bound_tcp, door_context
from pitboard.doors.http_api import json_response, serve_bound_tcp
from pitboard.errors import ActRefused
from pitboard.trust.certificate import Certificate, certificate_beside
from sync.central.admin.desk.accounts import AccountName, Accounts, DeskRole, accounts_beside
from sync.central.admin.desk.desk_door import DeskDoor
from sync.central.admin.desk.desk_sign_in import LINK_LIFE_NS, SignIn
from sync.central.admin.desk.passkeys import Passkeys
from sync.central.config import CentralConfig

log = logging.getLogger(__name__)
LINKS_PATH = "/v1/admin/desk/links"


class MakeLink(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    account: AccountName
    role: DeskRole = "admin"


class MadeLink(msgspec.Struct, frozen=True, kw_only=True):
    """`fingerprint` is of the certificate that the browser will warn of, None behind a proxy."""

    url: str
    life_s: int
    fingerprint: str | None


@contextlib.asynccontextmanager
async def serve_desk(
    config: CentralConfig,
    clock: Clock,
    *,
    socket_app: web.Application,
    add_calls: Callable[[web.Application], None],
) -> AsyncIterator[int | None]:
    """Serve the desk where the config names a port, and yield the port; add its link to the socket's app."""
    if config.admin.port is None:
        socket_app.router.add_post(LINKS_PATH, _no_desk)
        yield None
        return
    accounts = Accounts(accounts_beside(config.beside))
    sign_in = SignIn(accounts, clock)
    tls = door_context(tls=config.admin.tls, certificate_file=certificate_beside(config.beside))
    with bound_tcp(config.admin.host, config.admin.port) as listener:
        port: int = listener.getsockname()[1]
        passkeys = Passkeys(accounts, clock, origin=_address(config, port))
        app = DeskDoor(sign_in, passkeys, clock).app(trusted_proxies=config.admin.trusted_proxies)
        add_calls(app)
        _add_links(socket_app, sign_in, config, port)
        async with serve_bound_tcp(app, listener, tls=tls):
            log.info("desk serves: %s", _address(config, port))
            yield port


def _add_links(app: web.Application, sign_in: SignIn, config: CentralConfig, port: int) -> None:
    async def make(request: web.Request) -> web.Response:
        wanted = msgspec.json.decode(await request.read(), type=MakeLink)
        token = sign_in.make_link(wanted.account, wanted.role)
        log.warning("link for the desk made: account=%s role=%s", wanted.account, wanted.role)
        certificate = Certificate.load_or_create(certificate_beside(config.beside))
        return json_response(
            MadeLink(
                # Behind the '#', which no browser sends and no proxy logs.
                url=f"{_address(config, port)}/#/set-up/{token}",
                life_s=LINK_LIFE_NS // 1_000_000_000,
                fingerprint=certificate.fingerprint if config.admin.tls else None,
            )
        )

    app.router.add_post(LINKS_PATH, make)


async def _no_desk(request: web.Request) -> web.Response:
    raise ActRefused(
        code="no-desk", reason="The desk is not served: say 'port = 8082' under [admin], then start anew."
    )


def _address(config: CentralConfig, port: int) -> str:
    if config.admin.address is not None:
        return config.admin.address.rstrip("/")
    host = config.admin.host
    host = "localhost" if host == "127.0.0.1" else f"[{host}]" if ":" in host else host
    return f"{'https' if config.admin.tls else 'http'}://{host}:{port}"
