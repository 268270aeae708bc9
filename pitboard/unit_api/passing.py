"""A passing as the bridge hands it to trackside; `docs/local-api.md` is the contract."""

from __future__ import annotations

import msgspec


class Passing(msgspec.Struct, frozen=True, kw_only=True):
    """One car at one sensor. `tick_us` is the device's counter unwrapped, `mono_ns` the same instant here.

    `tick_us` is None where the device gave no usable time, `transponder` where it cannot tell cars apart.
    """

    sensor: str
    sensor_boot: str
    seq: int
    channel: int
    tick_us: int | None
    rate_ppb: int
    boot_id: str
    mono_ns: int
    uncertainty_ns: int
    received_mono_ns: int
    transponder: int | str | None = None
