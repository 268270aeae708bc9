"""The only module that asks the time.

`mono_ns` measures and means nothing without `boot_id`; `utc_ms` labels and may jump."""

from __future__ import annotations

import asyncio
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_BOOT_ID_PATH = Path("/proc/sys/kernel/random/boot_id")


class Clock(Protocol):
    """Two clocks of one machine: one to measure with, one to label with."""

    @property
    def boot_id(self) -> str: ...

    def mono_ns(self) -> int: ...

    def utc_ms(self) -> int: ...


class SystemClock:
    """This machine's clocks: CLOCK_MONOTONIC of this boot, and the wall clock."""

    def __init__(self) -> None:
        self._boot_id = read_boot_id()

    @property
    def boot_id(self) -> str:
        return self._boot_id

    def mono_ns(self) -> int:
        return time.monotonic_ns()

    def utc_ms(self) -> int:
        return time.time_ns() // 1_000_000


@dataclass(slots=True, kw_only=True)
class ScriptedClock:
    """A clock that stands still until `advance`; its wall clock may be set to anything."""

    now_mono_ns: int = 1_000_000_000
    now_utc_ms: int = 1_700_000_000_000
    boot_id: str = "scripted-boot"

    def mono_ns(self) -> int:
        return self.now_mono_ns

    def utc_ms(self) -> int:
        return self.now_utc_ms

    def advance(self, *, ms: int = 0, ns: int = 0) -> None:
        self.now_mono_ns += ms * 1_000_000 + ns
        self.now_utc_ms += ms + ns // 1_000_000


def read_slept_ns() -> int:
    """Return how long this machine has slept since it booted: CLOCK_MONOTONIC stands still meanwhile."""
    if not hasattr(time, "CLOCK_BOOTTIME"):
        return 0
    return max(0, time.clock_gettime_ns(time.CLOCK_BOOTTIME) - time.monotonic_ns())


def read_boot_id() -> str:
    """Return the kernel's id of this boot as 32 hex digits; a random one where there is no such file."""
    try:
        return _BOOT_ID_PATH.read_text().strip().replace("-", "")
    except OSError:
        return uuid.uuid4().hex


async def happened(event: asyncio.Event, within_s: float | None) -> bool:
    """Return True once the event is set, False after `within_s`; None waits for ever."""
    try:
        async with asyncio.timeout(within_s):
            await event.wait()
    except TimeoutError:
        return False
    return True
