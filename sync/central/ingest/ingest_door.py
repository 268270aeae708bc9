"""How nodes know and reach the ingest door: its certificate's fingerprint and its address."""

from __future__ import annotations

import ssl
from dataclasses import dataclass

from pitboard.presence.venue_addresses import addresses_to_tell, own_addresses, routed_address
from pitboard.trust.certificate import Certificate, certificate_beside
from sync.central.config import CentralConfig

_ANY_ADDRESS = ("0.0.0.0", "::", "")  # noqa: S104 - compared, not bound


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestDoor:
    """`fingerprint` is None where a proxy speaks TLS and the config does not say how to know it."""

    tls: ssl.SSLContext | None
    fingerprint: str | None

    @classmethod
    def of(cls, config: CentralConfig) -> IngestDoor:
        """Return the door that the config describes, its certificate made at the first start."""
        if not config.ingest.tls:
            return cls(tls=None, fingerprint=config.ingest.fingerprint)
        certificate = Certificate.load_or_create(certificate_beside(config.journal))
        return cls(
            tls=certificate.server_context(),
            fingerprint=config.ingest.fingerprint or certificate.fingerprint,
        )


def address_of(config: CentralConfig, port: int) -> str:
    """Return the URL by which nodes reach the door."""
    if config.ingest.address is not None:
        return config.ingest.address.rstrip("/")
    host = config.ingest.host
    if host in _ANY_ADDRESS:
        host = addresses_to_tell(own_addresses(), routed=routed_address())[0]
    return f"https://{f'[{host}]' if ':' in host else host}:{port}"
