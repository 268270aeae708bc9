"""A passing as the bridge hands it to trackside; `docs/local-api.md` is the contract."""

from __future__ import annotations

import msgspec


class Passing(msgspec.Struct, frozen=True, kw_only=True):
    """One car at one sensor. `tick_us` is the device's counter unwrapped, `mono_ns` the same instant here."""

    sensor: str
    sensor_boot: str
    seq: int
    channel: int
    tick_us: int
    rate_ppb: int
    boot_id: str
    mono_ns: int
    uncertainty_ns: int
    received_mono_ns: int
