"""What the unit tells its own screens, as values: declared once for the door that answers and for who reads.

Only `ScreenState`, `RunDetail` and `TrackSigns` are whole answers; docs/local-api.md has each call."""

from __future__ import annotations

from typing import Literal

import msgspec

from pitboard.race.bodies.calculated import Calculated
from pitboard.race.bodies.display_bodies import PlaylistItem
from pitboard.race.bodies.formats import DEFAULT_FORMAT
from pitboard.race.ranking.score import Column
from pitboard.race.runs.phases import ActName
from pitboard.race.runs.phases import Phase as RunPhase
from pitboard.race.runs.run_parts import Lap, Offer, Pause, Place, RawPassing, SaidAct
from pitboard.sentences.language import Sentence

Phase = Literal["idle", "armed", "running", "paused", "time-up", "review"]
LightState = Literal["ok", "warning", "bad"]
DISPLAY_PICTURE_PATH = "/v1/display-picture"


class Consequence(msgspec.Struct, frozen=True, kw_only=True):
    """What confirming would do: the rank reached, behind whom and by how much."""

    rank: int
    ahead: str = ""
    gap: Column | None = None


class Interruption(msgspec.Struct, frozen=True, kw_only=True):
    """What ended the unit's program during the run: its `laps` closed before that are certain in any case.

    After a "restart" the clock went on; where the "power" was off, only `used_ns` of its time is proved.
    """

    kind: Literal["restart", "power"]
    laps: int = 0
    used_ns: int = 0


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A run under way, or one that has changed since it was confirmed; `acts` is what an official may do to
    it.

    `competitor_id`, `name`, `laps` and `best_ns` are those of the first place. `run_ms` is 0 where there is
    no limit, `remaining_ns` what was left when this was said, None before the start and without a limit.
    `number` says which of the driver's runs it is, `runs_max` how many the format gives; 0 where it counts
    none.
    """

    run_id: str
    competitor_id: str | None
    name: str
    run_ms: int
    started_mono_ns: int | None = None
    laps: tuple[Lap, ...] = ()
    best_ns: int | None = None
    phase: RunPhase = "armed"
    track: str = ""
    places: tuple[Place, ...] = ()
    pauses: tuple[Pause, ...] = ()
    remaining_ns: int | None = None
    acts: tuple[ActName, ...] = ()
    has_changed: bool = False
    changed_places: tuple[Place, ...] = ()
    armed_mono_ns: int | None = None
    would: Consequence | None = None
    offers: tuple[Offer, ...] = ()
    stage_id: str = ""
    heat_id: str = ""
    interruption: Interruption | None = None
    clock: str = "first-passing"
    number: int = 0
    runs_max: int = 0


class Competitor(msgspec.Struct, frozen=True, kw_only=True):
    competitor_id: str
    name: str
    best_ns: int | None = None
    number: str = ""
    race_class: str = ""
    transponders: tuple[int | str, ...] = ()
    team: str = ""
    flag: str = ""
    calculated: tuple[Calculated, ...] = ()


class Likeness(msgspec.Struct, frozen=True, kw_only=True):
    """Two competitors who may be one person, or carry the same number or transponder."""

    alike_in: Literal["name", "number", "transponder"]
    competitor_id: str
    other_id: str


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    rank: int | None = None
    competitor_id: str
    name: str
    best_ns: int | None = None
    gap_ns: int | None = None
    laps: int = 0
    columns: tuple[Column, ...] = ()
    gap: Column | None = None
    number: str = ""
    calculated: tuple[Calculated, ...] = ()


class QueueEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Who waits; `race_class` by its name, `runs_left` None where the format counts none."""

    entry_id: str
    track: str
    competitor_id: str
    name: str
    state: str
    race_class: str = ""
    runs_left: int | None = None


class QueueAsk(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who asks by phone to wait; `is_known`: registered already, `is_alike`: somebody else is, under
    this name."""

    entry_id: str
    name: str
    race_class: str = ""
    is_known: bool = False
    is_alike: bool = False


class HeatSlot(msgspec.Struct, frozen=True, kw_only=True):
    """A driver of a heat; `rank` is the place in it once it has a result."""

    competitor_id: str
    name: str
    lane: int | None = None
    rank: int | None = None
    runs: int = 0
    columns: tuple[Column, ...] = ()
    calculated: tuple[Calculated, ...] = ()


class Heat(msgspec.Struct, frozen=True, kw_only=True):
    """`heat` is its name in the stage: "r1-2", "final", "A main". A tie has to be run again."""

    heat_id: str
    heat: str
    round: int
    phase: Literal["waits", "ready", "driven", "tie", "bye"]
    slots: tuple[HeatSlot, ...] = ()


class ClassName(msgspec.Struct, frozen=True, kw_only=True):
    """A class of competitors ranked together."""

    race_class: str
    name: str


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """Heats or a bracket with all its results so far; `podium` is the final order as far as it is decided."""

    stage_id: str
    name: str
    kind: str
    race_class: str = ""
    format: str = ""
    heats: tuple[Heat, ...] = ()
    podium: tuple[str | None, ...] = ()
    is_drawn: bool = True
    told_by: str = "any"


class Official(msgspec.Struct, frozen=True, kw_only=True):
    """Who may sign in."""

    official_id: str
    name: str


class Light(msgspec.Struct, frozen=True):
    """`says` are the codes that every screen turns into its own language, `detail` the same in English."""

    light: str
    state: LightState
    detail: str = ""
    says: tuple[Sentence, ...] = ()


class DisplayNode(msgspec.Struct, frozen=True):
    """A display that answers: what it shows, and `badge`, what it says of itself.

    `key` steers it; `playlist`, `track`, `race_class`, `brightness_percent`, `is_on` and `restart` are what
    was assigned to it last. One that answers no more says when it did last in `gone_since_utc_ms`, which is
    else 0.
    """

    name: str
    address: str
    key: str = ""
    scene: str = ""
    badge: str = ""
    is_live: bool = True
    has_screen: bool = True
    playlist: tuple[PlaylistItem, ...] = ()
    track: str = ""
    race_class: str = ""
    brightness_percent: int = 100
    is_on: bool = True
    restart: str = ""
    version: str = ""
    temperature_c: int | None = None
    gone_since_utc_ms: int = 0


class SensorLine(msgspec.Struct, frozen=True, kw_only=True):
    """A sensor as the bridge told of it last; `blocked` is None where no level is told."""

    sensor: str
    state: str
    says: tuple[Sentence, ...] = ()
    blocked: tuple[int, ...] | None = None
    strength: int | None = None
    passings_per_min: int = 0


class SystemsLine(msgspec.Struct, frozen=True, kw_only=True):
    """Two systems at a gate, and how far their synchronisation check is; `says` is what to do, or what it
    found."""

    gate: str
    track: str = ""
    pairs: int = 0
    is_checking: bool = False
    is_synchronised: bool | None = None
    says: tuple[Sentence, ...] = ()


class MachineLine(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to know of the machine: `colour` is green, yellow or red, `advice` what to do."""

    code: str
    colour: str
    sentence: str
    advice: str = ""
    fields: dict[str, str | int] = {}


class ContactSeal(msgspec.Struct, frozen=True, kw_only=True):
    """What a contact is sealed to; see docs/contacts.md."""

    contact_key: str
    event_key: str


class Stray(msgspec.Struct, frozen=True, kw_only=True):
    """A car that passed while nobody was armed, or before the start was pressed."""

    passing_id: str
    mono_ns: int
    uncertainty_ns: int
    gate: str
    transponder: int | str | None = None


class DoneAct(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was done here: `who` it concerns, `what` of it, and by which record it is taken back.

    A passing by hand has no record to withdraw: it is ignored, by `passing_id`.
    """

    stream: str
    seq: int
    kind: str
    utc_ms: int
    by: str = ""
    by_name: str = ""
    who: str = ""
    what: str = ""
    run_id: str = ""
    passing_id: str = ""
    is_withdrawn: bool = False


class ScreenState(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the touchscreen shows. `run` is the one under way on the unit's own track, `runs` all of
    them on its tracks, and those that have changed since they were confirmed; `acts` are the last ones, the
    newest first, `strays` the late passings that are no run's, by stamp."""

    version: int
    unit: str
    event: str
    phase: Phase
    run: Run | None = None
    competitors: tuple[Competitor, ...] = ()
    entries: tuple[Entry, ...] = ()
    lights: tuple[Light, ...] = ()
    displays: tuple[DisplayNode, ...] = ()
    resolution_ns: int = DEFAULT_FORMAT.resolution_ns
    contact_seal: ContactSeal | None = None  # None: the event takes no contacts
    runs: tuple[Run, ...] = ()
    tracks: tuple[str, ...] = ()
    queue: tuple[QueueEntry, ...] = ()
    asked: tuple[QueueAsk, ...] = ()
    joins_by_phone: bool = False
    officials: tuple[Official, ...] = ()
    alike: tuple[Likeness, ...] = ()
    acts: tuple[DoneAct, ...] = ()
    strays: tuple[Stray, ...] = ()
    stages: tuple[Stage, ...] = ()
    classes: tuple[ClassName, ...] = ()
    formats: tuple[str, ...] = ()
    sensors: tuple[SensorLine, ...] = ()
    systems: tuple[SystemsLine, ...] = ()
    machine: tuple[MachineLine, ...] = ()
    software: str = ""

    def competitor_named(self, competitor_id: str | None) -> Competitor | None:
        return next((one for one in self.competitors if one.competitor_id == competitor_id), None)


class RunDetail(msgspec.Struct, frozen=True, kw_only=True):
    """What `GET /v1/run?run_id=` answers: the run, its raw passings by stamp, and what was said of it."""

    run: Run
    raw_passings: tuple[RawPassing, ...]
    acts: tuple[SaidAct, ...]


class TrackSigns(msgspec.Struct, frozen=True, kw_only=True):
    """What `GET /v1/signs` answers: all that a start light and a clock beside the track need.

    `clock_ns` is the run's time left (`counts_down`) or used at `mono_ns`, None without a run.
    """

    version: int
    phase: Phase
    mono_ns: int
    is_fault: bool = False
    clock_ns: int | None = None
    counts_down: bool = True
    is_ticking: bool = False
