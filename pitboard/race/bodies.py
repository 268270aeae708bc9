"""The kinds of record and what their bodies say.

Fields that a newer version adds are ignored; a body that does not fit its kind is kept, passed on and not
folded. Who may write which kind stands in `WRITERS`."""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Id = Annotated[str, Meta(min_length=1, max_length=80)]
Name = Annotated[str, Meta(min_length=1, max_length=80)]
KeyHex = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
Nanoseconds = Annotated[int, Meta(ge=0, lt=2**62)]
Transponder = Annotated[int, Meta(ge=0, lt=2**53)] | Annotated[str, Meta(min_length=1, max_length=80)]
LapId = Annotated[str, Meta(min_length=1, max_length=250)]
Reason = Annotated[str, Meta(max_length=400)]
ShortText = Annotated[str, Meta(min_length=1, max_length=40)]
LaneNumber = Annotated[int, Meta(ge=0, le=255)]
FINISH, START = "finish", "start"
"""The gates that the rules know; any other name is a sector's gate."""
Verdict = Literal["valid", "void"]
Standing = Literal["disqualified"]
Decision = Literal["confirmed", "discarded"]


class Authority(IntEnum):
    """Whose word it is; a higher one stands above a lower one whatever the stamps say."""

    NOBODY = 0
    TIMEKEEPER = 1
    ADMIN = 2


class Body(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of every body."""


class StreamOpened(Body, frozen=True, kw_only=True):
    """First of each stream: who writes it, and how far its earlier streams had come as far as it knows."""

    key: KeyHex
    name: Name
    boot_id: Id
    earlier: dict[str, int] = {}


class EventConfigured(Body, frozen=True, kw_only=True):
    """The event's name and rules; published times are cut to `resolution_ns`."""

    name: Name
    resolution_ns: Annotated[int, Meta(ge=1, le=1_000_000_000)] = 1_000_000
    run_ms: Annotated[int, Meta(ge=1_000, le=86_400_000)] = 180_000
    lap_min_ms: Annotated[int, Meta(ge=0, le=3_600_000)] = 3_000


class UnitEnrolled(Body, frozen=True, kw_only=True):
    """The unit with this key may write as a timekeeper."""

    key: KeyHex
    name: Name


class UnitRevoked(Body, frozen=True, kw_only=True):
    """The unit's streams count only up to these heads {stream: last seq that counts}; others not at all."""

    key: KeyHex
    heads: dict[str, int] = {}
    reason: Reason = ""


class CompetitorRegistered(Body, frozen=True, kw_only=True):
    """A competitor and the display name, the only personal data in the journal."""

    competitor: Id
    name: Name


class RunArmed(Body, frozen=True, kw_only=True):
    """A run stands ready: what is stamped from here on belongs to it."""

    run: Id
    track: Id
    competitor: Id
    boot_id: Id
    mono_ns: Nanoseconds
    run_ms: Annotated[int, Meta(ge=1_000, le=86_400_000)]
    lap_min_ms: Annotated[int, Meta(ge=0, le=3_600_000)]


class RunResumed(Body, frozen=True, kw_only=True):
    """The run goes on under another boot of the unit; `elapsed_ns` of its time is known to be used."""

    run: Id
    boot_id: Id
    mono_ns: Nanoseconds
    elapsed_ns: Nanoseconds


class RunTimedUp(Body, frozen=True, kw_only=True):
    """The run's time is over; for the screens, since which laps count follows from the stamps."""

    run: Id


class RunFinished(Body, frozen=True, kw_only=True):
    """What is stamped after `mono_ns` of this boot does not belong to the run."""

    run: Id
    boot_id: Id
    mono_ns: Nanoseconds
    reason: Literal["time-up", "stopped", "discarded"]


class PassingRecorded(Body, frozen=True, kw_only=True):
    """One car at one sensor at one instant.

    `tick_us` is the device's unwrapped counter and `rate_ppb` how many parts in 10^9 a host second is longer
    than a device second; both absent for a manual passing. `transponder` is what the car carries, where the
    device reads that: a number, or text where its protocol has text. `gate` is where on the track the sensor
    stands. `system` says who timed: "A", the backup "B", or "hand". `lane` is the lane's number where the
    device tells lanes apart. `flag` is a doubt about the stamp, such as "clock-set".
    """

    sensor: Id
    sensor_boot: Id
    seq: Annotated[int, Meta(ge=1, lt=2**53)]
    track: Id
    boot_id: Id
    mono_ns: Nanoseconds
    uncertainty_ns: Nanoseconds
    received_mono_ns: Nanoseconds
    channel: int = 0
    tick_us: Annotated[int, Meta(ge=0, lt=2**62)] | None = None
    rate_ppb: Annotated[int, Meta(ge=-1_000_000, le=1_000_000)] = 0
    transponder: Transponder | None = None
    gate: ShortText = FINISH
    system: ShortText = "A"
    lane: LaneNumber | None = None
    flag: ShortText | None = None

    @property
    def passing(self) -> str:
        """The passing's id: the same for every delivery of the same trip."""
        return f"{self.sensor}/{self.sensor_boot}/{self.seq}"


class LapJudged(Body, frozen=True, kw_only=True):
    """The verdict on the lap that this passing closed; None withdraws the writer's earlier word."""

    run: Id
    lap: LapId
    verdict: Verdict | None
    reason: Reason = ""


class RunDecided(Body, frozen=True, kw_only=True):
    """Confirmed: on the board. Discarded: in the journal only. None withdraws the writer's word."""

    run: Id
    decision: Decision | None
    reason: Reason = ""


class LapCorrected(Body, frozen=True, kw_only=True):
    """The admin's time for a lap instead of the measured one; None goes back to the measured time."""

    run: Id
    lap: LapId
    lap_ns: Annotated[int, Meta(ge=1, lt=2**53)] | None
    reason: Reason = ""


class CompetitorJudged(Body, frozen=True, kw_only=True):
    """The admin disqualifies a competitor; None reinstates them."""

    competitor: Id
    standing: Standing | None
    reason: Reason = ""


class PersonErased(Body, frozen=True, kw_only=True):
    """The bodies of these records {stream: [seq]} held the competitor's name and are gone for ever."""

    competitor: Id
    records: dict[str, list[int]]
    reason: Reason = ""


class ContactKeyPublished(Body, frozen=True, kw_only=True):
    """Contacts of competitors are sealed to this X25519 public key from here on."""

    key: KeyHex


class ContactsRead(Body, frozen=True, kw_only=True):
    """The admin opened contacts: how many and why; whose stands at central only."""

    count: Annotated[int, Meta(ge=0, lt=2**53)]
    reason: Reason


KINDS: dict[str, type[Body]] = {
    "stream-opened": StreamOpened,
    "event-configured": EventConfigured,
    "unit-enrolled": UnitEnrolled,
    "unit-revoked": UnitRevoked,
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
        return decoder.decode(body_bytes)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
