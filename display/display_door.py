"""The certificate of a display's status page, and the name in mDNS that is made of it.

On a card that takes nothing the certificate is made anew at each start: nobody knows a display by it."""

from __future__ import annotations

import hashlib
import logging
import ssl
from pathlib import Path
from typing import NamedTuple

from display.config import DisplayConfig
from pitboard.errors import ConfigRefused
from pitboard.trust.certificate import Certificate, certificate_beside

log = logging.getLogger(__name__)


class DisplayDoor(NamedTuple):
    """`tls` is None for a plain page; then `label_key` is made of the journal's path."""

    label_key: str
    tls: ssl.SSLContext | None


def door_of(config: DisplayConfig) -> DisplayDoor:
    """Return the display's door; where no certificate can be kept, under one of this start."""
    if not config.status_tls:
        return DisplayDoor(hashlib.sha256(str(config.journal).encode()).hexdigest(), None)
    path = certificate_beside(config.journal)
    try:
        return _door(path)
    except ConfigRefused as error:
        log.warning("the display's certificate is not kept: %s", error)
    import tempfile  # few need it, and all would hold it

    with tempfile.TemporaryDirectory(prefix="pitboard-") as folder:
        return _door(Path(folder) / path.name)


def _door(path: Path) -> DisplayDoor:
    certificate = Certificate.load_or_renew(path)
    return DisplayDoor(certificate.fingerprint, certificate.server_context())
