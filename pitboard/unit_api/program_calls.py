"""What this machine's other programs tell the unit: the bridge its passings, the sync program how central is.

Declared once for both sides; docs/local-api.md has each call."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from pitboard.race.bodies.body import Id, LaneNumber, Nanoseconds, ShortText, Transponder
from pitboard.race.bodies.passing_bodies import FINISH, ClockName
from pitboard.unit_api.unit_status import SensorNote, SensorStatus, SystemsStatus, Word

PASSINGS_MAX_COUNT = 200


NAMED_BY_TIME = "tns-"
"""What the `sensor_boot` of passings begins with that nothing but their device's clock names."""


class Passing(msgspec.Struct, frozen=True, kw_only=True):
    """One car at one sensor. `tick_us` is the device's counter unwrapped, `mono_ns` the same instant here.

    `tick_us` is None where the device gave no usable time, `transponder` where it cannot tell cars apart.
    `track` is None for the unit's own; `flag` is a doubt about the stamp, such as "clock-set".
    `clock` names the setting of a clock that can be set, empty for a counter that cannot; `slept_ns` is how
    long this machine has slept since it booted.
    """

    sensor: Id
    sensor_boot: Id
    seq: Annotated[int, Meta(ge=1, lt=2**53)]
    channel: int
    tick_us: Annotated[int, Meta(ge=0, lt=2**62)] | None = None
    rate_ppb: Annotated[int, Meta(ge=-1_000_000, le=1_000_000)] = 0
    boot_id: Id
    mono_ns: Nanoseconds
    uncertainty_ns: Nanoseconds
    received_mono_ns: Nanoseconds
    transponder: Transponder | None = None
    track: Id | None = None
    gate: ShortText = FINISH
    system: ShortText = "A"
    lane: LaneNumber | None = None
    flag: ShortText | None = None
    clock: ClockName = ""
    slept_ns: Nanoseconds = 0


class Delivery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `POST /v1/passings` takes."""

    passings: Annotated[list[Passing], Meta(max_length=PASSINGS_MAX_COUNT)]


NOT_TRIED = "not-tried"
"""Central was not asked yet; else a loss says why."""


class CentralStatus(msgspec.Struct, frozen=True, kw_only=True):
    """`why` is the code of its loss, `event` the one that it serves where that is another than this unit's.

    `ahead_ms` is central's wall clock minus this machine's in its last answer, None before the first.
    `url` is where it answered.
    """

    state: Literal["ok", "lost"]
    why: Word = ""
    event: Annotated[str, Meta(max_length=200)] = ""
    waiting_count: int = 0
    ahead_ms: int | None = None
    url: Annotated[str, Meta(max_length=200)] = ""


class BridgeReport(msgspec.Struct, frozen=True, kw_only=True, tag_field="from", tag="bridge"):
    """`note` is what the bridge says of itself, beside its sensors."""

    sensors: Annotated[list[SensorStatus], Meta(max_length=32)]
    note: SensorNote | None = None
    systems: Annotated[list[SystemsStatus], Meta(max_length=16)] = []


class SyncReport(msgspec.Struct, frozen=True, kw_only=True, tag_field="from", tag="sync"):
    central: CentralStatus


Report: TypeAlias = BridgeReport | SyncReport
"""What `POST /v1/status` takes."""
