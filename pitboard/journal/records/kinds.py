"""The kinds of record, and who may write which.

Fields that a newer version adds are ignored; a body that does not fit its kind is kept, passed on and not
folded. `docs/records.md` says what a version may change."""

from __future__ import annotations

import sys
from typing import Annotated

import msgspec
from msgspec import Meta

from pitboard.errors import NOT_UNDERSTOOD
from pitboard.race.bodies import (
    display_bodies,
    event_bodies,
    passing_bodies,
    people_bodies,
    queue_bodies,
    run_bodies,
    verdict_bodies,
)
from pitboard.race.bodies.body import ActWithdrawn, Body, Id, KeyHex, Name, Reason
from pitboard.race.words.word import Authority

WITNESSED_MAX_COUNT = 128
"""Places in one record: 14 KiB."""


class StreamOpened(Body, frozen=True, kw_only=True):
    """First of each stream: who writes it, and how far its earlier streams had come as far as it knows.

    `event` is the root key of the event that it belongs to, empty from before writers said it. A key may be
    enrolled in several events; a stream belongs to one.
    """

    key: KeyHex
    name: Name
    boot_id: Id
    earlier: dict[str, int] = msgspec.field(default_factory=dict)
    event: Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?\Z")] = ""


class UnitEnrolled(Body, frozen=True, kw_only=True):
    """The unit with this key may write as a timekeeper."""

    key: KeyHex
    name: Name


class UnitRevoked(Body, frozen=True, kw_only=True):
    """The unit's streams count only up to these heads {stream: last seq that counts}; others not at all.

    Where they do not fit into one record, several share an id `revocation`, and the heads of all count.
    `hashes` {stream: hash of the header at its head} says of which history: a stream that does not lead
    there counts as far as central had countersigned it and no further, so that whoever holds the key cannot
    write its beginning anew.
    """

    key: KeyHex
    heads: dict[str, int] = msgspec.field(default_factory=dict)
    reason: Reason = ""
    revocation: Id | None = None
    hashes: dict[str, KeyHex] = msgspec.field(default_factory=dict)


class DisplayEnrolled(Body, frozen=True, kw_only=True):
    """The display with this key belongs to the event: doors keep room for it. Nothing it writes counts."""

    key: KeyHex
    name: Name


class DisplayRevoked(Body, frozen=True, kw_only=True):
    """Doors keep no room for this display's key any more, and its adverts are a stranger's. For good."""

    key: KeyHex
    reason: Reason = ""


class HeadsWitnessed(Body, frozen=True, kw_only=True):
    """Central saw these streams up to here {stream: [seq, hash of the header]}; other histories are false.

    `before` {stream: [[seq, hash], …]} names places on the way, so near each other that a batch of records
    leads from one to the next: a node that met another history takes no record that leads to none.
    """

    heads: Annotated[dict[str, tuple[int, KeyHex]], Meta(max_length=WITNESSED_MAX_COUNT)]
    before: dict[str, list[tuple[int, KeyHex]]] = msgspec.field(default_factory=dict)


KINDS: dict[str, type[Body]] = {
    "stream-opened": StreamOpened,
    "unit-enrolled": UnitEnrolled,
    "unit-revoked": UnitRevoked,
    "heads-witnessed": HeadsWitnessed,
    "display-enrolled": DisplayEnrolled,
    "display-revoked": DisplayRevoked,
    "event-configured": event_bodies.EventConfigured,
    "event-closed": event_bodies.EventClosed,
    "event-planned": event_bodies.EventPlanned,
    "format-set": event_bodies.FormatSet,
    "class-set": event_bodies.ClassSet,
    "stage-set": event_bodies.StageSet,
    "heat-drawn": event_bodies.HeatDrawn,
    "schedule-set": event_bodies.ScheduleSet,
    "day-planned": event_bodies.DayPlanned,
    "day-moved": event_bodies.DayMoved,
    "message-posted": display_bodies.MessagePosted,
    "display-assigned": display_bodies.DisplayAssigned,
    "sponsor-set": display_bodies.SponsorSet,
    "picture-part": display_bodies.PicturePart,
    "official-appointed": people_bodies.OfficialAppointed,
    "official-dismissed": people_bodies.OfficialDismissed,
    "competitor-registered": people_bodies.CompetitorRegistered,
    "competitor-changed": people_bodies.CompetitorChanged,
    "competitors-joined": people_bodies.CompetitorsJoined,
    "competitor-judged": people_bodies.CompetitorJudged,
    "person-erased": people_bodies.PersonErased,
    "contact-key-published": people_bodies.ContactKeyPublished,
    "contacts-read": people_bodies.ContactsRead,
    "queue-joined": queue_bodies.QueueJoined,
    "queue-marked": queue_bodies.QueueMarked,
    "queue-ordered": queue_bodies.QueueOrdered,
    "queue-asked": queue_bodies.QueueAsked,
    "join-code-given": queue_bodies.JoinCodeGiven,
    "run-armed": run_bodies.RunArmed,
    "run-started": run_bodies.RunStarted,
    "run-paused": run_bodies.RunPaused,
    "run-continued": run_bodies.RunContinued,
    "run-resumed": run_bodies.RunResumed,
    "run-timed-up": run_bodies.RunTimedUp,
    "run-finished": run_bodies.RunFinished,
    "run-handed": run_bodies.RunHanded,
    "run-sheet": verdict_bodies.RunSheet,
    "run-decided": verdict_bodies.RunDecided,
    "passing": passing_bodies.PassingRecorded,
    "passing-inserted": passing_bodies.PassingInserted,
    "passing-attributed": passing_bodies.PassingAttributed,
    "passing-judged": passing_bodies.PassingJudged,
    "lap-judged": verdict_bodies.LapJudged,
    "lap-corrected": verdict_bodies.LapCorrected,
    "off-track-noted": verdict_bodies.OffTrackNoted,
    "penalty-given": verdict_bodies.PenaltyGiven,
    "place-judged": verdict_bodies.PlaceJudged,
    "act-withdrawn": ActWithdrawn,
    "clocks-related": passing_bodies.ClocksRelated,
    "systems-checked": passing_bodies.SystemsChecked,
    "sensor-told": passing_bodies.SensorTold,
}
KIND_OF: dict[type[Body], str] = {body: kind for kind, body in KINDS.items()}
HOLDERS_OF_NAMES = (
    people_bodies.CompetitorRegistered,
    people_bodies.CompetitorChanged,
    people_bodies.OfficialAppointed,
    queue_bodies.QueueAsked,
)
"""Bodies in which a person's name stands: what an erasure takes."""

WRITERS: dict[str, Authority] = dict.fromkeys(
    (
        "event-configured",
        "event-closed",
        "event-planned",
        "format-set",
        "class-set",
        "official-dismissed",
        "unit-enrolled",
        "unit-revoked",
        "heads-witnessed",
        "display-enrolled",
        "display-revoked",
        "sponsor-set",
        "picture-part",
        "lap-corrected",
        "competitor-judged",
        "person-erased",
        "contact-key-published",
        "contacts-read",
        "queue-asked",
        "join-code-given",
    ),
    Authority.ADMIN,
)
"""The least authority for a kind; every other kind needs a timekeeper's."""

_SHARED_TEXTS = {
    kind: tuple(one for one in ("run_id", "boot_id", "track") if body.__annotations__.get(one) in ("Id", Id))
    for kind, body in KINDS.items()
    if body is not passing_bodies.PassingRecorded  # those are kept packed
} | {"passing": ()}
_DECODERS = {kind: msgspec.json.Decoder(body) for kind, body in KINDS.items()}


def read_body(kind: str, body_bytes: bytes) -> Body | None:
    """Return the body, or None where this version does not know the kind or the body does not fit it."""
    decoder = _DECODERS.get(kind)
    if decoder is None:
        return None
    try:
        body = decoder.decode(body_bytes)
        if isinstance(body, verdict_bodies.RunSheet):
            body = body.checked()
    except NOT_UNDERSTOOD:
        return None
    # What is said of one run names it time and again: all share one text.
    for field in _SHARED_TEXTS[kind]:
        msgspec.structs.force_setattr(body, field, sys.intern(getattr(body, field)))
    return body
