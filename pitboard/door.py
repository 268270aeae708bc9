"""A TCP door of a node, as its config describes it: TLS, unless it is open to this machine only."""

from __future__ import annotations

import ssl
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from pitboard.certificate import Certificate


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach the host."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_door(host: str, *, tls: bool) -> None:
    """Raise ValueError, which a config turns into its sentence, for a plain door that others can reach."""
    if not tls and not is_loopback(host):
        raise ValueError("tls = false is for a loopback host only, behind a proxy that speaks TLS")


def check_url(url: str) -> None:
    """Raise ValueError, like `check_door`, for a plain URL of another machine."""
    parts = urlsplit(url)
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise ValueError(f"{url} is not encrypted; write https://")


def door_context(*, tls: bool, certificate_file: Path) -> ssl.SSLContext | None:
    """Return the door's TLS context, its certificate made at the first start; None for a plain door."""
    return Certificate.load_or_create(certificate_file).server_context() if tls else None
