"""What a node and central say to each other when the node is enrolled, at central's ingest door."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from pitboard.race.bodies import KeyHex, Name

ENROLMENT_DOMAIN = b"pitboard enrolment 1\0"
CLAIM_PATH = "/v1/enrolment"
REVEAL_PATH = "/v1/enrolment/reveal"
WAIT_MAX_MS = 10_000

Nonce = KeyHex
Secret = Annotated[str, Meta(pattern=r"^[0-9A-HJKMNP-TV-Z]{8}$")]
Role = Literal["unit", "display"]
EnrolmentState = Literal["open", "claimed", "waiting", "confirmed", "refused", "expired"]


class Claim(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A node shows its token's secret; a unit also its key, and by `signature` that it holds that key."""

    secret: Secret
    role: Role
    commitment: Nonce
    key: KeyHex | None = None
    signature: Annotated[str, Meta(pattern=r"^[0-9a-f]{128}$")] | None = None


class Welcome(msgspec.Struct, frozen=True, kw_only=True):
    """What the node is told; it counts once both ends have confirmed the digits."""

    event: Name
    event_key: KeyHex
    name: Name
    nonce: Nonce
    contact_key: KeyHex | None = None


class Reveal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The node tells the nonce it committed to, and asks how it stands; `is_refused` ends it."""

    secret: Secret
    nonce: Nonce
    wait_ms: Annotated[int, Meta(ge=0, le=WAIT_MAX_MS)] = 0
    is_refused: bool = False


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    state: EnrolmentState


def claim_message(*, secret: str, commitment: str, fingerprint: str) -> bytes:
    """Return what a unit signs: good for this token, this try and this central only."""
    return f"{secret}\0{commitment}\0{fingerprint}".encode()
