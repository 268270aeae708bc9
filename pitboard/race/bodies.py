"""What is said about a race: the bodies of its records, and nothing of who may say it or how it is kept.

`docs/records.md` explains each; `pitboard/journal/kinds.py` names them."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Id = Annotated[str, Meta(min_length=1, max_length=80)]
Name = Annotated[str, Meta(min_length=1, max_length=80)]
KeyHex = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
Nanoseconds = Annotated[int, Meta(ge=0, lt=2**62)]
Transponder = Annotated[int, Meta(ge=0, lt=2**53)] | Annotated[str, Meta(min_length=1, max_length=80)]
LapId = Annotated[str, Meta(min_length=1, max_length=250)]
Reason = Annotated[str, Meta(max_length=400)]
ClockName = Annotated[str, Meta(max_length=100)]
ShortText = Annotated[str, Meta(min_length=1, max_length=40)]
LaneNumber = Annotated[int, Meta(ge=0, le=255)]
FINISH, START = "finish", "start"
"""The gates that the rules know; any other name is a sector's gate."""
Verdict = Literal["valid", "void"]
Standing = Literal["disqualified"]
Decision = Literal["confirmed", "discarded"]


class Body(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of every body."""


class EventConfigured(Body, frozen=True, kw_only=True):
    """The event's name and rules; published times are cut to `resolution_ns`."""

    name: Name
    resolution_ns: Annotated[int, Meta(ge=1, le=1_000_000_000)] = 1_000_000
    run_ms: Annotated[int, Meta(ge=1_000, le=86_400_000)] = 180_000
    lap_min_ms: Annotated[int, Meta(ge=0, le=3_600_000)] = 3_000


class CompetitorRegistered(Body, frozen=True, kw_only=True):
    """A competitor and the display name, the only personal data in the journal."""

    competitor_id: Id
    name: Name


class RunArmed(Body, frozen=True, kw_only=True):
    """A run stands ready: what is stamped from here on belongs to it."""

    run_id: Id
    track: Id
    competitor_id: Id
    boot_id: Id
    mono_ns: Nanoseconds
    run_ms: Annotated[int, Meta(ge=1_000, le=86_400_000)]
    lap_min_ms: Annotated[int, Meta(ge=0, le=3_600_000)]


class RunResumed(Body, frozen=True, kw_only=True):
    """The run goes on under another boot of the unit; `elapsed_ns` of its time is known to be used."""

    run_id: Id
    boot_id: Id
    mono_ns: Nanoseconds
    elapsed_ns: Nanoseconds


class RunTimedUp(Body, frozen=True, kw_only=True):
    """The run's time is over; for the screens, since which laps count follows from the stamps."""

    run_id: Id


class RunFinished(Body, frozen=True, kw_only=True):
    """What is stamped after `mono_ns` of this boot does not belong to the run."""

    run_id: Id
    boot_id: Id
    mono_ns: Nanoseconds
    reason: Literal["time-up", "stopped", "discarded"]


class PassingRecorded(Body, frozen=True, kw_only=True, gc=False):
    """One car at one sensor at one instant.

    `tick_us` is the device's unwrapped counter and `rate_ppb` how many parts in 10^9 a host second is longer
    than a device second; both absent for a manual passing. `transponder` is what the car carries, where the
    device reads that: a number, or text where its protocol has text. `gate` is where on the track the sensor
    stands. `system` says who timed: "A", the backup "B", or "hand". `lane` is the lane's number where the
    device tells lanes apart. `flag` is a doubt about the stamp, such as "clock-set".
    `clock` names the setting of a clock that can be set; ticks measure against each other only within one,
    and empty means a counter that runs on from the device's start. `slept_ns` is how long the host has slept
    since it booted.
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
    clock: ClockName = ""
    slept_ns: Nanoseconds = 0

    @property
    def passing_id(self) -> str:
        """The passing's id: the same for every delivery of the same trip."""
        return f"{self.sensor}/{self.sensor_boot}/{self.seq}"


class LapJudged(Body, frozen=True, kw_only=True):
    """The verdict on the lap that this passing closed; None withdraws the writer's earlier word."""

    run_id: Id
    lap_id: LapId
    verdict: Verdict | None
    reason: Reason = ""


class RunDecided(Body, frozen=True, kw_only=True):
    """Confirmed: on the board. Discarded: in the journal only. None withdraws the writer's word."""

    run_id: Id
    decision: Decision | None
    reason: Reason = ""


class LapCorrected(Body, frozen=True, kw_only=True):
    """The admin's time for a lap instead of the measured one; None goes back to the measured time."""

    run_id: Id
    lap_id: LapId
    lap_ns: Annotated[int, Meta(ge=1, lt=2**53)] | None
    reason: Reason = ""


class CompetitorJudged(Body, frozen=True, kw_only=True):
    """The admin disqualifies a competitor; None reinstates them."""

    competitor_id: Id
    standing: Standing | None
    reason: Reason = ""


class PersonErased(Body, frozen=True, kw_only=True):
    """The bodies of these records {stream: [seq]} held the competitor's name and are gone for ever."""

    competitor_id: Id
    records: dict[str, list[int]]
    reason: Reason = ""


class ContactKeyPublished(Body, frozen=True, kw_only=True):
    """Contacts of competitors are sealed to this X25519 public key from here on."""

    key: KeyHex


class ContactsRead(Body, frozen=True, kw_only=True):
    """The admin opened contacts: how many and why; whose stands at central only."""

    count: Annotated[int, Meta(ge=0, lt=2**53)]
    reason: Reason
