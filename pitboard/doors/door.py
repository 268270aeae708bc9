"""A TCP door of a node, as its config describes it: TLS, unless it is open to this machine only."""

from __future__ import annotations

import contextlib
import errno
import socket
import ssl
import stat
from collections.abc import Iterator, Sequence
from ipaddress import AddressValueError, IPv4Address, ip_address
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta

from pitboard.errors import Refusal
from pitboard.trust.certificate import Certificate

SEND_BUFFER_BYTES = 32 * 1_024
BACKLOG_COUNT = 512

Port = Annotated[int, Meta(ge=0, le=65_535)]
"""0 lets the system choose."""


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach the host."""
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost"
    mapped = getattr(address, "ipv4_mapped", None)  # how IPv4 looks at a door that speaks IPv6 too
    return (mapped or address).is_loopback


def check_door(host: str, *, tls: bool) -> None:
    """Raise ValueError, which a config turns into its sentence, for a plain door that others can reach."""
    if not tls and not is_loopback(host):
        raise ValueError("tls = false is for a loopback host only, behind a proxy that speaks TLS")


def check_url(url: str) -> None:
    """Raise ValueError, like `check_door`, for a plain URL of another machine."""
    parts = urlsplit(url)
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise ValueError(f"{url} is not encrypted; write https://")


def check_interfaces(interfaces: Sequence[str]) -> None:
    """Raise ValueError, like `check_door`, for an interface that is not named by an IPv4 address."""
    for interface in interfaces:
        try:
            IPv4Address(interface)
        except AddressValueError as error:
            raise ValueError(
                f"mdns_interfaces takes this machine's IPv4 addresses, such as '192.0.2.7', not '{interface}'"
            ) from error


def door_context(*, tls: bool, certificate_file: Path) -> ssl.SSLContext | None:
    """Return the door's TLS context, its certificate made at the first start; None for a plain door."""
    return Certificate.load_or_create(certificate_file).server_context() if tls else None


ANSWER_MAX_S = 0.5


def make_room_for_socket(path: Path) -> None:
    """Remove the socket that an earlier process left at `path` and make its folder.

    Raises Refusal where something else than a socket is there, where a program still answers on it, or where
    the place is not ours to write.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            if not stat.S_ISSOCK(path.lstat().st_mode):
                raise Refusal(f"cannot listen on {path}: another file is there; name a place for the socket")
            if _is_answered(path):
                raise Refusal(f"cannot listen on {path}: another program answers there; stop that one first")
            path.unlink()
    except OSError as error:
        raise Refusal(f"cannot listen on {path}: {error.strerror}") from error


def _is_answered(path: Path) -> bool:
    """Return whether a living program listens on the socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(ANSWER_MAX_S)
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True


@contextlib.contextmanager
def bound_tcp(host: str, port: int) -> Iterator[socket.socket]:
    """Take the port, before anything is written that says we run; callers wait until it is served.

    "0.0.0.0" is every address of this machine, IPv6 too where it has any: on a plain switch without DHCP
    there is nothing but a link-local one.
    """
    is_everywhere = host == "0.0.0.0" and _has_ipv6()  # noqa: S104 - compared, not bound
    family = socket.AF_INET6 if ":" in host or is_everywhere else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        if is_everywhere:
            host = "::"
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # A follower that stalls must not hold megabytes of kernel memory; accepted sockets inherit this.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        try:
            listener.bind((host, port))
            listener.listen(BACKLOG_COUNT)
        except OSError as error:
            todo = _LISTEN_ADVICE.get(error.errno or 0, "")
            raise Refusal(f"cannot listen on {host}:{port}: {error.strerror}{todo}") from error
        yield listener


_LISTEN_ADVICE = {
    errno.EADDRINUSE: "; stop what uses it",
    errno.EADDRNOTAVAIL: "; this machine has no such address: write 0.0.0.0 for all that it has",
    errno.EACCES: "; ports below 1024 are the system's: write a higher one",
}


def _has_ipv6() -> bool:
    """Return whether this machine can listen by IPv6 at all."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::", 0))
    except OSError:
        return False
    return True
