"""The kinds of record, and who may write which.

Fields that a newer version adds are ignored; a body that does not fit its kind is kept, passed on and not
folded. `docs/records.md` says what a version may change."""

from __future__ import annotations

import sys
from typing import Annotated

import msgspec
from msgspec import Meta

from pitboard.race.bodies import (
    Body,
    CompetitorJudged,
    CompetitorRegistered,
    ContactKeyPublished,
    ContactsRead,
    EventConfigured,
    Id,
    KeyHex,
    LapCorrected,
    LapJudged,
    Name,
    PassingRecorded,
    PersonErased,
    Reason,
    RunArmed,
    RunDecided,
    RunFinished,
    RunResumed,
    RunTimedUp,
)
from pitboard.race.word import Authority

WITNESSED_MAX_COUNT = 128
"""Of one record: 14 KiB."""


class StreamOpened(Body, frozen=True, kw_only=True):
    """First of each stream: who writes it, and how far its earlier streams had come as far as it knows."""

    key: KeyHex
    name: Name
    boot_id: Id
    earlier: dict[str, int] = msgspec.field(default_factory=dict)


class UnitEnrolled(Body, frozen=True, kw_only=True):
    """The unit with this key may write as a timekeeper."""

    key: KeyHex
    name: Name


class UnitRevoked(Body, frozen=True, kw_only=True):
    """The unit's streams count only up to these heads {stream: last seq that counts}; others not at all.

    Where they do not fit into one record, several share an id `revocation`, and the heads of all count.
    `hashes` {stream: hash of the header at its head} says of which history: a stream that does not lead
    there counts not at all, so that whoever holds the key cannot write its beginning anew.
    """

    key: KeyHex
    heads: dict[str, int] = msgspec.field(default_factory=dict)
    reason: Reason = ""
    revocation: Id | None = None
    hashes: dict[str, KeyHex] = msgspec.field(default_factory=dict)


class HeadsWitnessed(Body, frozen=True, kw_only=True):
    """Central saw these streams up to here {stream: [seq, hash of the header]}; other histories are false."""

    heads: Annotated[dict[str, tuple[int, KeyHex]], Meta(max_length=WITNESSED_MAX_COUNT)]


KINDS: dict[str, type[Body]] = {
    "stream-opened": StreamOpened,
    "event-configured": EventConfigured,
    "unit-enrolled": UnitEnrolled,
    "unit-revoked": UnitRevoked,
    "heads-witnessed": HeadsWitnessed,
    "competitor-registered": CompetitorRegistered,
    "run-armed": RunArmed,
    "run-resumed": RunResumed,
    "run-timed-up": RunTimedUp,
    "run-finished": RunFinished,
    "passing": PassingRecorded,
    "lap-judged": LapJudged,
    "run-decided": RunDecided,
    "lap-corrected": LapCorrected,
    "competitor-judged": CompetitorJudged,
    "person-erased": PersonErased,
    "contact-key-published": ContactKeyPublished,
    "contacts-read": ContactsRead,
}
KIND_OF: dict[type[Body], str] = {body: kind for kind, body in KINDS.items()}

WRITERS: dict[str, Authority] = {
    "event-configured": Authority.ADMIN,
    "unit-enrolled": Authority.ADMIN,
    "unit-revoked": Authority.ADMIN,
    "heads-witnessed": Authority.ADMIN,
    "lap-corrected": Authority.ADMIN,
    "competitor-judged": Authority.ADMIN,
    "person-erased": Authority.ADMIN,
    "contact-key-published": Authority.ADMIN,
    "contacts-read": Authority.ADMIN,
}
"""The least authority for a kind; every other kind needs a timekeeper's."""

_DECODERS = {kind: msgspec.json.Decoder(body) for kind, body in KINDS.items()}


def read_body(kind: str, body_bytes: bytes) -> Body | None:
    """Return the body, or None where this version does not know the kind or the body does not fit it."""
    decoder = _DECODERS.get(kind)
    if decoder is None:
        return None
    try:
        body = decoder.decode(body_bytes)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    if isinstance(body, PassingRecorded):
        # A journal holds many more passings than devices: they share the texts that name those.
        for field in ("sensor", "sensor_boot", "track", "boot_id"):
            msgspec.structs.force_setattr(body, field, sys.intern(getattr(body, field)))
    return body
