"""What `GET /v1/screen` answers, as values; keys that we do not know yet are ignored."""

from __future__ import annotations

from typing import Literal

import msgspec

from pitboard.sentences.language import Sentence

Phase = Literal["idle", "armed", "running", "time-up", "review"]
LightState = Literal["ok", "warning", "bad"]


class Lap(msgspec.Struct, frozen=True, kw_only=True):
    lap_id: str
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
    run_id: str
    competitor_id: str
    name: str
    run_ms: int
    started_mono_ns: int | None = None
    laps: tuple[Lap, ...] = ()
    best_ns: int | None = None


class Competitor(msgspec.Struct, frozen=True, kw_only=True):
    competitor_id: str
    name: str
    best_ns: int | None = None


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    rank: int | None = None
    competitor_id: str
    name: str
    best_ns: int | None = None
    gap_ns: int | None = None
    laps: int = 0


class Light(msgspec.Struct, frozen=True, kw_only=True):
    light: str
    state: LightState
    detail: str = ""  # in English, for who does not know the codes
    says: tuple[Sentence, ...] = ()


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
        return next((one for one in self.competitors if one.competitor_id == competitor), None)


class Act(msgspec.Struct, frozen=True, kw_only=True, tag_field="act"):
    """Base of the acts; `said` is what is shown once the unit has it durably."""

    @property
    def said(self) -> Sentence:
        return Sentence("saved")

    @property
    def unanswered(self) -> Sentence:
        """What is shown when it is unknown whether the unit has the act."""
        return Sentence("unanswered")


class Register(Act, frozen=True, kw_only=True, tag="register"):
    name: str

    @property
    def said(self) -> Sentence:
        return Sentence("saved.register", {"name": self.name})


class KeepContact(Act, frozen=True, kw_only=True, tag="keep-contact"):
    """A contact as it was sealed here; it has a call of its own, `POST /v1/contact`."""

    competitor_id: str
    contact_key: str
    sealed: str

    def __repr__(self) -> str:
        return f"KeepContact({self.competitor_id})"  # for the log, where the sealed bytes help nobody

    @property
    def said(self) -> Sentence:
        return Sentence("saved.keep-contact")

    @property
    def unanswered(self) -> Sentence:
        return Sentence("unanswered.keep-contact")


class Arm(Act, frozen=True, kw_only=True, tag="arm"):
    competitor_id: str

    @property
    def said(self) -> Sentence:
        return Sentence("saved.arm")


class Stop(Act, frozen=True, kw_only=True, tag="stop"):
    run_id: str
    mono_ns: int

    @property
    def said(self) -> Sentence:
        return Sentence("saved.stop")


class ManualPassing(Act, frozen=True, kw_only=True, tag="manual-passing"):
    run_id: str
    mono_ns: int

    @property
    def said(self) -> Sentence:
        return Sentence("saved.manual-passing")


class Judge(Act, frozen=True, kw_only=True, tag="judge"):
    run_id: str
    lap_id: str
    verdict: Literal["valid", "void"]

    @property
    def said(self) -> Sentence:
        return Sentence(f"saved.lap-{self.verdict}")


class Confirm(Act, frozen=True, kw_only=True, tag="confirm"):
    run_id: str

    @property
    def said(self) -> Sentence:
        return Sentence("saved.confirm")


class Discard(Act, frozen=True, kw_only=True, tag="discard"):
    run_id: str

    @property
    def said(self) -> Sentence:
        return Sentence("saved.discard")


def stamped(act: Act, tapped_mono_ns: int) -> Act:
    """Return the act with the moment of the tap, where it carries one."""
    if isinstance(act, Stop | ManualPassing):
        return msgspec.structs.replace(act, mono_ns=tapped_mono_ns)
    return act


class Passing(msgspec.Struct, frozen=True, kw_only=True):
    """One car at one sensor. `tick_us` is the device's counter unwrapped, `mono_ns` the same instant here.

    `tick_us` is None where the device gave no usable time, `transponder` where it cannot tell cars apart.
    `track` is None for the unit's own; `flag` is a doubt about the stamp, such as "clock-set".
    `clock` names the setting of a clock that can be set, empty for a counter that cannot; `slept_ns` is how
    long this machine has slept since it booted.
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
    track: str | None = None
    gate: str = "finish"
    system: str = "A"
    lane: int | None = None
    flag: str | None = None
    clock: str = ""
    slept_ns: int = 0
