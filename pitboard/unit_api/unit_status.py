"""How a unit is right now, signed by it, for central's admin. It is never kept: only the latest word counts.

No record of the journal, which would grow by it for ever; so central believes the signature alone."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta

from pitboard.errors import NOT_UNDERSTOOD, StatusRefused
from pitboard.sentences.language import Sentence
from pitboard.trust.identity import Identity, signature_holds

STATUS_DOMAIN = b"pitboard unit status 1\0"
STATUS_MAX_LENGTH = 65_536
DISPLAYS_MAX_COUNT = 32
SAYS_MAX_COUNT = 16

Text = Annotated[str, Meta(max_length=400)]
Word = Annotated[str, Meta(max_length=80)]


class LightStatus(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`says` are codes for any language, `detail` the same in English."""

    light: Word
    state: Word
    detail: Text
    says: Annotated[list[Sentence], Meta(max_length=SAYS_MAX_COUNT)] = []


class SensorState(StrEnum):
    """What a sensor's light says. OK means that a car would be seen now, and nothing less."""

    OK = "ok"
    PORT_GONE = "port-gone"
    SILENT = "silent"
    BLOCKED = "blocked"
    FLICKERS = "flickers"
    PORT_SHARED = "port-shared"
    WRONG_DEVICE = "wrong-device"
    UNKNOWN = "unknown"  # a word that only a newer unit knows

    @classmethod
    def _missing_(cls, value: object) -> SensorState:
        return cls.UNKNOWN


class SensorNote(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing to know of a sensor: a stable code with its fields; `sensor_sentences.py` has the words."""

    code: Word
    fields: dict[Word, int | Text] = {}


class SensorStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How a sensor is. Where the state is not OK the first note has its name for a code and says more.

    `blocked` lists the channels whose beam is interrupted, None where no level is told; `strength` is that of
    the last passing, where the device measures it. `device` and `firmware` are what it says of itself.
    """

    sensor: Word
    state: SensorState
    notes: Annotated[list[SensorNote], Meta(max_length=16)] = []
    counters: dict[Word, int] = {}
    blocked: Annotated[list[int], Meta(max_length=64)] | None = None
    strength: int | None = None
    passings_per_min: int = 0
    kind: Word = ""
    gate: Word = ""
    system: Word = ""
    device: Word = ""
    firmware: Word = ""


class SystemsStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The two systems of a line as the bridge pairs them; `latest_*` is their last pair, 0 before any."""

    gate: Word
    track: Word = ""
    pairs: int = 0
    median_ns: int = 0
    spread_ns: int = 0
    missed_by_a: int = 0
    missed_by_b: int = 0
    latest_a_mono_ns: int = 0
    latest_b_mono_ns: int = 0


class MachineNote(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One of the doctor's checks of the unit's machine, as `pitboard/health/findings.py` has them."""

    code: Word
    colour: Word
    sentence: Text
    advice: Text = ""
    fields: dict[Word, int | Text] = {}


class DisplaySeen(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A display as it answered this unit last, `ago_ms` ago; 0 where it answers now."""

    name: Word
    key: Word = ""
    scene: Word = ""
    badge: Annotated[str, Meta(max_length=200)] = ""
    is_live: bool = True
    has_screen: bool = True
    version: Word = ""
    temperature_c: int | None = None
    ago_ms: int = 0


class UnitStatus(msgspec.Struct, frozen=True, kw_only=True):
    """`mono_ns` of this boot orders what a unit says; `utc_ms` labels it.

    `waiting_count` is how many records central had not had yet, when the sync program looked last.
    """

    key: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    name: Word
    boot_id: Word
    mono_ns: Annotated[int, Meta(ge=0, lt=2**62)]
    utc_ms: int
    lights: Annotated[list[LightStatus], Meta(max_length=16)]
    sensors: Annotated[list[SensorStatus], Meta(max_length=32)]
    version: Word = ""  # of the programs; empty from before they said it
    machine: Annotated[list[MachineNote], Meta(max_length=24)] = []
    waiting_count: int = 0
    displays: Annotated[list[DisplaySeen], Meta(max_length=DISPLAYS_MAX_COUNT)] = []

    @property
    def states(self) -> list[str]:
        """What makes a status worth telling at once: words, not the counters and seconds beside them."""
        lights = [f"{light.light}={light.state}" for light in self.lights]
        sensors = [f"{sensor.sensor}={sensor.state}" for sensor in self.sensors]
        return lights + sensors + [note.code for note in self.machine if note.colour != "green"]


class SealedStatus(msgspec.Struct, frozen=True, kw_only=True):
    """`status` is the text that was signed, byte for byte."""

    status: Annotated[str, Meta(max_length=STATUS_MAX_LENGTH)]
    signature: Annotated[str, Meta(pattern=r"^[0-9a-f]{128}\Z")]


def seal_status(status: UnitStatus, identity: Identity) -> SealedStatus:
    """Return the status signed by the unit itself."""
    text = msgspec.json.encode(status)
    signature = identity.sign(text, domain=STATUS_DOMAIN)
    return SealedStatus(status=text.decode(), signature=signature.hex())


def open_status(sealed: SealedStatus) -> UnitStatus:
    """Return what the unit named in it truly said. Raises StatusRefused."""
    text = sealed.status.encode()
    try:
        status = msgspec.json.decode(text, type=UnitStatus)
    except NOT_UNDERSTOOD as error:
        raise StatusRefused(f"The status makes no sense: {error}.") from error
    if not signature_holds(status.key, text, bytes.fromhex(sealed.signature), domain=STATUS_DOMAIN):
        raise StatusRefused("The status is not signed by the unit that it names.")
    return status
