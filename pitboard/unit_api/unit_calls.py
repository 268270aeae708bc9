"""What `GET /v1/screen` answers, as values; keys that we do not know yet are ignored."""

from __future__ import annotations

from typing import Literal

import msgspec

Phase = Literal["idle", "armed", "running", "time-up", "review"]
LightState = Literal["ok", "warning", "bad"]


class Lap(msgspec.Struct, frozen=True, kw_only=True):
    lap: str
    number: int
    lap_ns: int
    uncertainty_ns: int = 0
    is_short: bool = False
    verdict: Literal["valid", "void"] | None = None
    counts: bool = True

    @property
    def awaits_verdict(self) -> bool:
        return self.is_short and self.verdict is None


class Run(msgspec.Struct, frozen=True, kw_only=True):
    run: str
    competitor: str
    name: str
    run_ms: int
    started_mono_ns: int | None = None
    laps: tuple[Lap, ...] = ()
    best_ns: int | None = None


class Competitor(msgspec.Struct, frozen=True, kw_only=True):
    competitor: str
    name: str
    best_ns: int | None = None


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    rank: int | None = None
    competitor: str
    name: str
    best_ns: int | None = None
    gap_ns: int | None = None
    laps: int = 0


class Light(msgspec.Struct, frozen=True, kw_only=True):
    light: str
    state: LightState
    detail: str = ""


class DisplayNode(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    address: str


class ContactSeal(msgspec.Struct, frozen=True, kw_only=True):
    """What a contact is sealed to."""

    contact_key: str
    event_key: str


class ScreenState(msgspec.Struct, frozen=True, kw_only=True):
    version: int
    unit: str
    event: str
    phase: Phase
    run: Run | None = None
    competitors: tuple[Competitor, ...] = ()
    entries: tuple[Entry, ...] = ()
    lights: tuple[Light, ...] = ()
    displays: tuple[DisplayNode, ...] = ()
    resolution_ns: int = 1_000_000
    contact_seal: ContactSeal | None = None  # None: the event takes no contacts

    def competitor_named(self, competitor: str | None) -> Competitor | None:
        return next((one for one in self.competitors if one.competitor == competitor), None)
