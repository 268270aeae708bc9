"""What the bridge says of itself to programs on the same machine: one small file, replaced as a whole.

It is a label for people, never evidence: the raw log is that."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from pitboard.errors import Loss

STATUS_FRESH_MAX_NS = 3_000_000_000


class BridgeStatusLost(Loss):
    """There is no status to read: the bridge does not run, or not with this config."""

    def __init__(self, *, path: Path, reason: str) -> None:
        super().__init__(f"the bridge says nothing in {path}: {reason}")
        self.path = path
        self.reason = reason


class SensorView(msgspec.Struct, frozen=True, kw_only=True):
    """One sensor now. `blocked` lists the channels whose beam is interrupted, None where no level is told.

    `rate_ppb` is how much longer a host second is than the device's; `signs` are what the last records told.
    """

    sensor: str
    kind: str
    place: str
    gate: str
    state: str
    detail: str
    counters: dict[str, int]
    blocked: list[int] | None = None
    last_edge_mono_ns: int | None = None
    passings_per_min: int = 0
    rate_ppb: int | None = None
    signs: dict[str, int | str] = {}


class BridgeStatus(msgspec.Struct, frozen=True, kw_only=True):
    boot_id: str
    mono_ns: int
    sensors: list[SensorView]
    warning: str = ""

    def is_fresh(self, now_mono_ns: int, *, boot_id: str) -> bool:
        return boot_id == self.boot_id and 0 <= now_mono_ns - self.mono_ns <= STATUS_FRESH_MAX_NS


def write_bridge_status(path: Path, status: BridgeStatus) -> None:
    """Replace the file in one step. Raises OSError."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_bytes(msgspec.json.encode(status))
    os.replace(fresh, path)


def read_bridge_status(path: Path) -> BridgeStatus:
    """Return what the bridge said last, however long ago. Raises BridgeStatusLost."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=BridgeStatus)
    except OSError as error:
        raise BridgeStatusLost(path=path, reason=error.strerror or str(error)) from error
    except msgspec.DecodeError as error:
        raise BridgeStatusLost(path=path, reason=f"it makes no sense ({error})") from error
