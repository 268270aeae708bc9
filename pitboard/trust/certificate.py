"""A node's TLS certificate: self-signed, made at its first start, known to others by its fingerprint.

It never expires: a unit without a clock of its own wakes up in 1970, and nobody here asks the dates."""

from __future__ import annotations

import binascii
import hashlib
import logging
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pitboard.errors import ConfigRefused
from pitboard.trust.identity import write_secret

log = logging.getLogger(__name__)

_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
_FROM = datetime(1970, 1, 1, tzinfo=UTC)
_UNTIL = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)  # RFC 5280's word for "no end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """Key and certificate in one file, so that they cannot be of two makings."""

    path: Path
    fingerprint: str  # SHA-256 of the certificate, 64 hex digits

    @classmethod
    def load_or_create(cls, path: Path) -> Certificate:
        """Return the certificate kept at `path`; make one, mode 0600, where there is none.

        Raises ConfigRefused when the file is there and is not a certificate with its key, or cannot be made.
        """
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            content = make_certificate()
            _keep(path, content)
        except OSError as error:
            raise ConfigRefused(path=path, reason=f"cannot be read: {error.strerror}") from error
        try:
            fingerprint = fingerprint_of(_der_in(content))
        except ValueError as error:
            raise ConfigRefused(
                path=path, reason="is not a certificate; delete it, and enrol those who know it again"
            ) from error
        return cls(path=path, fingerprint=fingerprint)

    @classmethod
    def load_or_renew(cls, path: Path) -> Certificate:
        """Return the certificate kept at `path`; where it is damaged, a new one in its place.

        For units and displays, which nobody knows by their certificate. Raises ConfigRefused as
        `load_or_create` does, but not for what the file holds.
        """
        try:
            certificate = cls.load_or_create(path)
            certificate.server_context()
        except ConfigRefused as error:
            try:
                path.read_bytes()
            except OSError:
                raise error from None
            log.warning("the certificate is damaged, and a new one is made: %s", error)
            _keep(path, make_certificate())
            return cls.load_or_create(path)
        return certificate

    def server_context(self) -> ssl.SSLContext:
        """Return what a server needs to speak TLS 1.3, and nothing older, under this certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        try:
            context.load_cert_chain(self.path)
        except (OSError, ssl.SSLError) as error:
            raise ConfigRefused(path=self.path, reason=f"its key cannot be used ({error})") from error
        return context


def _der_in(content: bytes) -> bytes:
    """Return the first certificate in the file; raises ValueError where there is none.

    Whether it can be used with its key, the TLS library says when it loads them.
    """
    _, begin, after = content.decode("ascii").partition(_BEGIN)
    encoded, end, _ = after.partition(_END)
    if not begin or not end:
        raise ValueError("no certificate")
    return binascii.a2b_base64("".join(encoded.split()), strict_mode=True)


def _keep(path: Path, content: bytes) -> None:
    try:
        write_secret(path, content)
    except OSError as error:
        reason = f"a certificate cannot be made here: {error.strerror}"
        raise ConfigRefused(path=path, reason=reason) from error


def certificate_beside(journal: Path) -> Path:
    """Return where a node whose journal is this file keeps its certificate."""
    return journal.with_suffix(".tls.pem")


def fingerprint_of(der: bytes) -> str:
    return hashlib.sha256(der).hexdigest()


def make_certificate(*, valid_from: datetime = _FROM, valid_until: datetime = _UNTIL) -> bytes:
    """Return a new key and its certificate as PEM."""
    # Needed once in a node's life, and it takes memory for all of it.
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Pitboard node")])
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid_from)
        .not_valid_after(valid_until)
        .sign(key, hashes.SHA256())
    )
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + certificate.public_bytes(serialization.Encoding.PEM)
