"""The unit's own door as values, declared once: what the server takes and gives is what its clients send
and read.

Acts carry who does it, where, and an id that makes a repeated request one act; docs/local-api.md has each
call."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from pitboard.race.bodies import (
    FINISH,
    PLACES_MAX_COUNT,
    TRANSPONDERS_MAX_COUNT,
    BrightnessPercent,
    ClockName,
    HeatPlace,
    Id,
    LaneNumber,
    LapId,
    Nanoseconds,
    OptionalId,
    OptionalText,
    PassingId,
    PlaceNumber,
    PlaceStatus,
    PlaylistItem,
    QueueMark,
    Reason,
    RunPlace,
    ScheduleItem,
    ShortText,
    Transponder,
    UtcMs,
    Verdict,
)
from pitboard.race.calculated import Calculated
from pitboard.race.phases import ActName
from pitboard.race.phases import Phase as RunPhase
from pitboard.sentences.language import Sentence
from pitboard.trust.pin import PIN_DIGITS
from pitboard.unit_api.unit_status import SensorStatus, SystemsStatus

Phase = Literal["idle", "armed", "running", "paused", "time-up", "review"]
LightState = Literal["ok", "warning", "bad"]
PASSINGS_MAX_COUNT = 200
TYPED_MAX_LENGTH = 400
PIN_LENGTH = PIN_DIGITS

Typed = Annotated[str, Meta(max_length=TYPED_MAX_LENGTH)]


# What the screen shows


class Sector(msgspec.Struct, frozen=True, kw_only=True):
    gate: str
    elapsed_ns: int


class Lap(msgspec.Struct, frozen=True, kw_only=True):
    """A lap as it stands, times as published. `waits_for_verdict`: it counts only once somebody says so."""

    lap_id: str
    number: int
    lap_ns: int
    uncertainty_ns: int = 0
    is_short: bool = False
    verdict: Verdict | None = None
    counts: bool = True
    is_corrected: bool = False
    place: int = 1
    measured_ns: int = 0
    follows_void: bool = False
    waits_for_verdict: bool = False
    off_tracks: int = 0
    penalty_ns: int = 0
    sectors: tuple[Sector, ...] = ()
    flag: str | None = None
    calculated: tuple[Calculated, ...] = ()


class Column(msgspec.Struct, frozen=True, array_like=True):
    """One thing to show of a result: `code` names it, `kind` is "duration_ns", "count" or "points"."""

    code: str
    kind: str
    value: int | None


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """One competitor's place in a run."""

    place: int
    competitor_id: str | None
    name: str
    laps: tuple[Lap, ...] = ()
    best_ns: int | None = None
    car: str = ""
    lane: int | None = None
    told_by: str = "any"
    status: PlaceStatus = "finished"
    penalty_ns: int = 0
    penalty_laps: int = 0
    columns: tuple[Column, ...] = ()
    started_mono_ns: int | None = None


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """A passing that the first system missed: `mono_ns` is calculated from what another saw, see `mark`.

    `InsertPassing` with `from_passing_id` takes it. `place` is 0 where a person has to say whose it is;
    without `is_by_the_book`, say how many pairs stand behind it.
    """

    place: int
    gate: str
    boot_id: str
    mono_ns: int
    seen_mono_ns: int
    is_by_the_book: bool
    mark: Calculated


class Pause(msgspec.Struct, frozen=True, kw_only=True):
    from_mono_ns: int
    to_mono_ns: int | None = None


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
    entry_id: str
    track: str
    competitor_id: str
    name: str
    state: str


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

    An impulse by hand has no record to withdraw: it is ignored, by `passing_id`.
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
    newest first, `strays` the late impulses that are no run's, by stamp."""

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


class RawPassing(msgspec.Struct, frozen=True, kw_only=True):
    """An impulse of the run's time; `run_id` and `place` say whose it is, None and 0 for nobody's."""

    passing_id: str
    unit: str
    boot_id: str
    mono_ns: int
    uncertainty_ns: int
    gate: str
    system: str
    channel: int
    lane: int | None = None
    transponder: int | str | None = None
    flag: str | None = None
    is_inserted: bool = False
    is_ignored: bool = False
    is_given: bool = False
    run_id: str | None = None
    place: int = 0


class SaidAct(msgspec.Struct, frozen=True, kw_only=True):
    """Something a person said of the run; `Withdraw` takes its `stream` and `seq`."""

    stream: str
    seq: int
    kind: str
    by: str
    by_name: str
    is_admin: bool
    unit: str
    where: str
    utc_ms: int
    reason: str
    is_withdrawn: bool
    said: dict[str, object]


class RunDetail(msgspec.Struct, frozen=True, kw_only=True):
    """What `GET /v1/run?run_id=` answers: the run, its raw passings by stamp, and what was said of it."""

    run: Run
    raw_passings: tuple[RawPassing, ...]
    acts: tuple[SaidAct, ...]


# What an official does


class Act(msgspec.Struct, frozen=True, kw_only=True, tag_field="act", forbid_unknown_fields=True):
    """Base of the acts; `said` is what is shown once the unit has it durably.

    `by` is the official's id, `where` the screen; `act_id` is the same for every repetition of one request.
    """

    by: OptionalId = ""
    where: OptionalText = ""
    act_id: OptionalId = ""
    reason: Reason = ""

    @property
    def said(self) -> Sentence:
        return Sentence("saved")

    @property
    def unanswered(self) -> Sentence:
        """What is shown when it is unknown whether the unit has the act."""
        return Sentence("unanswered")


class Register(Act, frozen=True, kw_only=True, tag="register"):
    """Answers `competitor_id`."""

    name: Typed
    number: OptionalText = ""
    race_class: OptionalId = ""
    transponders: Annotated[tuple[Transponder, ...], Meta(max_length=TRANSPONDERS_MAX_COUNT)] = ()
    team: OptionalText = ""
    flag: Annotated[str, Meta(max_length=8)] = ""

    @property
    def said(self) -> Sentence:
        return Sentence("saved.register", {"name": self.name})


class ChangeCompetitor(Act, frozen=True, kw_only=True, tag="change-competitor"):
    """Only what is given changes."""

    competitor_id: Id
    name: Typed | None = None
    number: OptionalText | None = None
    race_class: OptionalId | None = None
    transponders: Annotated[tuple[Transponder, ...], Meta(max_length=TRANSPONDERS_MAX_COUNT)] | None = None
    team: OptionalText | None = None
    flag: Annotated[str, Meta(max_length=8)] | None = None


class JoinCompetitors(Act, frozen=True, kw_only=True, tag="join-competitors"):
    """Both are one person, known as `into_id` from here on."""

    competitor_id: Id
    into_id: Id


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


class SignInOfficial(Act, frozen=True, kw_only=True, tag="sign-in"):
    """An official is at the screen; it has a call of its own, `POST /v1/sign-in`."""

    official_id: Id
    pin: Annotated[str, Meta(max_length=40)]

    def __repr__(self) -> str:
        return f"SignInOfficial({self.official_id})"  # a PIN stands in no log

    @property
    def said(self) -> Sentence:
        return Sentence("saved.sign-in")

    @property
    def unanswered(self) -> Sentence:
        return Sentence("unanswered.sign-in")


class AppointOfficial(Act, frozen=True, kw_only=True, tag="appoint-official"):
    """The first official, where nobody is appointed; a call of its own, `POST /v1/appoint-official`, answers
    `official_id`."""

    name: Typed
    pin: Annotated[str, Meta(max_length=40)]

    def __repr__(self) -> str:
        return f"AppointOfficial({self.name})"  # a PIN stands in no log

    @property
    def said(self) -> Sentence:
        return Sentence("saved.appoint-official", {"name": self.name})

    @property
    def unanswered(self) -> Sentence:
        return Sentence("unanswered.sign-in")


class Arm(Act, frozen=True, kw_only=True, tag="arm"):
    """Answers `run_id`. Either one competitor for any passing of the track, or the places."""

    competitor_id: Id | None = None
    places: Annotated[tuple[RunPlace, ...], Meta(max_length=PLACES_MAX_COUNT)] = ()
    track: OptionalId = ""  # empty: the unit's own
    format: OptionalText = ""
    stage_id: OptionalId = ""
    heat_id: OptionalId = ""

    @property
    def said(self) -> Sentence:
        return Sentence("saved.arm")


class RunAct(Act, frozen=True, kw_only=True):
    """Base of what is done to one run."""

    run_id: Id


class Go(RunAct, frozen=True, kw_only=True, tag="go"):
    """The run's time begins at this instant."""

    mono_ns: Nanoseconds


class MoveStart(RunAct, frozen=True, kw_only=True, tag="move-start"):
    """The run began at this impulse already: the official pressed late."""

    passing_id: PassingId


class PauseRun(RunAct, frozen=True, kw_only=True, tag="pause"):
    mono_ns: Nanoseconds


class ContinueRun(RunAct, frozen=True, kw_only=True, tag="continue"):
    mono_ns: Nanoseconds


class Stop(RunAct, frozen=True, kw_only=True, tag="stop"):
    mono_ns: Nanoseconds

    @property
    def said(self) -> Sentence:
        return Sentence("saved.stop")


class ManualPassing(RunAct, frozen=True, kw_only=True, tag="manual-passing"):
    """A passing that the official sees now; where the run has several places, for this one."""

    mono_ns: Nanoseconds
    place: PlaceNumber = 1
    gate: ShortText = FINISH

    @property
    def said(self) -> Sentence:
        return Sentence("saved.manual-passing")


class InsertPassing(RunAct, frozen=True, kw_only=True, tag="insert-passing"):
    """A passing that is missing, at a typed instant with its uncertainty, or at that of another impulse.

    `from_passing_id` takes an offer instead: the unit calculates the instant itself.
    """

    place: PlaceNumber = 1
    gate: ShortText = FINISH
    mono_ns: Nanoseconds = 0
    uncertainty_ns: Nanoseconds = 0
    copy_of: PassingId | None = None
    from_passing_id: PassingId | None = None

    @property
    def said(self) -> Sentence:
        return Sentence("saved" if self.from_passing_id is None else "saved.calculated")


class AttributePassing(RunAct, frozen=True, kw_only=True, tag="attribute-passing"):
    """The impulse is this place's of `to_run_id`, or nobody's where that is None. `run_id` is the run
    looked at."""

    passing_id: PassingId
    to_run_id: Id | None = None
    place: PlaceNumber = 1


class IgnorePassing(RunAct, frozen=True, kw_only=True, tag="ignore-passing"):
    """The impulse was no car."""

    passing_id: PassingId


class NoteOffTrack(RunAct, frozen=True, kw_only=True, tag="note-off-track"):
    mono_ns: Nanoseconds
    place: PlaceNumber = 1


class Judge(RunAct, frozen=True, kw_only=True, tag="judge"):
    """`cause` "driver": a void lap that casts no doubt on the next one."""

    lap_id: LapId
    verdict: Verdict
    cause: Annotated[str, Meta(max_length=40)] = ""

    @property
    def said(self) -> Sentence:
        return Sentence(f"saved.lap-{self.verdict}")


class Penalize(RunAct, frozen=True, kw_only=True, tag="penalize"):
    """Adds time, or takes laps."""

    place: PlaceNumber = 1
    penalty_ns: Nanoseconds = 0
    laps: Annotated[int, Meta(ge=0, le=1_000)] = 0
    code: Annotated[str, Meta(max_length=40)] = ""


class JudgePlace(RunAct, frozen=True, kw_only=True, tag="judge-place"):
    status: PlaceStatus
    place: PlaceNumber = 1


class HandOver(RunAct, frozen=True, kw_only=True, tag="hand-over"):
    """The place is this competitor's, whoever it was armed for; None for nobody's."""

    competitor_id: Id | None
    place: PlaceNumber = 1
    car: OptionalText = ""


class Confirm(RunAct, frozen=True, kw_only=True, tag="confirm"):
    """Publishes the laps as they stand now; a confirmed run that has changed takes its new version."""

    @property
    def said(self) -> Sentence:
        return Sentence("saved.confirm")


class KeepPublished(RunAct, frozen=True, kw_only=True, tag="keep-published"):
    """The run has changed since it was confirmed, and what was published stands."""


class Discard(RunAct, frozen=True, kw_only=True, tag="discard"):
    @property
    def said(self) -> Sentence:
        return Sentence("saved.discard")


class Reopen(RunAct, frozen=True, kw_only=True, tag="reopen"):
    """Takes a confirmed run off the board, to be looked at and decided again."""


class Withdraw(Act, frozen=True, kw_only=True, tag="withdraw"):
    """The act with this record was never done; only by who did it."""

    stream: Id
    seq: Annotated[int, Meta(ge=1, lt=2**53)]


class JoinQueue(Act, frozen=True, kw_only=True, tag="join-queue"):
    """Answers `entry_id`."""

    competitor_id: Id
    track: OptionalId = ""
    stage_id: OptionalId = ""
    heat_id: OptionalId = ""


class MarkQueue(Act, frozen=True, kw_only=True, tag="mark-queue"):
    entry_id: Id
    state: QueueMark


class AcceptAsk(Act, frozen=True, kw_only=True, tag="accept-ask"):
    """Who asked by phone is registered, where they are not, and waits; answers `competitor_id`."""

    entry_id: Id
    track: OptionalId = ""


class OrderQueue(Act, frozen=True, kw_only=True, tag="order-queue"):
    entry_ids: Annotated[tuple[Id, ...], Meta(max_length=150)]
    track: OptionalId = ""


class DrawStage(Act, frozen=True, kw_only=True, tag="draw-stage"):
    """Draws heats or a bracket; answers `stage_id`.

    `seeds` says who takes part: the first `count` of the board, or by lot those who wait ("queue") or
    everybody ("all"). With `stage_id` it draws a stage that the admin set up, by that one's numbers. Taken
    back by `Withdraw`; `RemoveStage` puts away what is over.
    """

    stage_id: OptionalId = ""
    kind: ShortText
    name: Typed
    seeds: Literal["board", "queue", "all"] = "board"
    count: Annotated[int, Meta(ge=2, le=1_024)] = 8
    heat_size: Annotated[int, Meta(ge=2, le=64)] = 4
    advance: Annotated[int, Meta(ge=1, le=63)] = 2
    race_class: OptionalId = ""
    format: OptionalText = ""

    @property
    def said(self) -> Sentence:
        return Sentence("saved.draw-stage", {"name": self.name})


class RemoveStage(Act, frozen=True, kw_only=True, tag="remove-stage"):
    """The stage is shown no more; the runs of its heats stay."""

    stage_id: Id


class DrawHeat(Act, frozen=True, kw_only=True, tag="draw-heat"):
    stage_id: Id
    heat_id: Id
    round: Annotated[int, Meta(ge=1, le=1_000)] = 1
    places: Annotated[tuple[HeatPlace, ...], Meta(max_length=PLACES_MAX_COUNT)]


class SetSchedule(Act, frozen=True, kw_only=True, tag="set-schedule"):
    items: Annotated[tuple[ScheduleItem, ...], Meta(max_length=60)]


class PlanDay(Act, frozen=True, kw_only=True, tag="plan-day"):
    """The runs of a track by the ids of their heats; without `track` of the unit's own."""

    turns: Annotated[tuple[Id, ...], Meta(max_length=150)]
    track: OptionalId = ""
    is_automatic: bool = False
    gap_ms: Annotated[int, Meta(ge=0, le=86_400_000)] = 60_000


class MoveDay(Act, frozen=True, kw_only=True, tag="move-day"):
    """Pauses the day, lets it go on, or moves its next start."""

    mono_ns: Nanoseconds
    track: OptionalId = ""
    is_paused: bool | None = None
    shift_ms: Annotated[int, Meta(ge=-86_400_000, le=86_400_000)] = 0


class AssignDisplay(Act, frozen=True, kw_only=True, tag="assign-display"):
    display: Id
    name: Typed
    playlist: Annotated[tuple[PlaylistItem, ...], Meta(max_length=32)] = ()
    track: OptionalId = ""
    race_class: OptionalId = ""
    brightness_percent: BrightnessPercent = 100
    is_on: bool = True
    restart: OptionalId = ""


class CheckSystems(Act, frozen=True, kw_only=True, tag="check-systems"):
    """Hold the two systems of a line against each other: one contact closed for both, and again a minute
    later; `stops` ends a check that is under way."""

    gate: ShortText
    track: OptionalId = ""
    stops: bool = False


class PostMessage(Act, frozen=True, kw_only=True, tag="post-message"):
    """Answers `message_id`; with one and `is_gone` it takes the message away."""

    text: Annotated[str, Meta(min_length=1, max_length=280)]
    displays: Annotated[tuple[Id, ...], Meta(max_length=64)] = ()
    until_utc_ms: UtcMs = 0
    message_id: OptionalId = ""
    is_gone: bool = False


AnyRunAct: TypeAlias = (
    Go
    | MoveStart
    | PauseRun
    | ContinueRun
    | Stop
    | ManualPassing
    | InsertPassing
    | AttributePassing
    | IgnorePassing
    | NoteOffTrack
    | Judge
    | Penalize
    | JudgePlace
    | HandOver
    | Confirm
    | KeepPublished
    | Discard
    | Reopen
)
AnyAct: TypeAlias = (
    AnyRunAct
    | Register
    | ChangeCompetitor
    | JoinCompetitors
    | Arm
    | Withdraw
    | JoinQueue
    | MarkQueue
    | AcceptAsk
    | OrderQueue
    | DrawStage
    | RemoveStage
    | DrawHeat
    | SetSchedule
    | PlanDay
    | MoveDay
    | AssignDisplay
    | CheckSystems
    | PostMessage
)
"""What `POST /v1/act` takes."""


def stamped(act: Act, tapped_mono_ns: int) -> Act:
    """Return the act with the moment of the tap, where it carries one."""
    if isinstance(act, Stop | ManualPassing | Go | PauseRun | ContinueRun | NoteOffTrack | MoveDay):
        return msgspec.structs.replace(act, mono_ns=tapped_mono_ns)
    return act


# What the bridge and sync tell


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


class Delivery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `POST /v1/passings` takes."""

    passings: Annotated[list[Passing], Meta(max_length=PASSINGS_MAX_COUNT)]


class CentralStatus(msgspec.Struct, frozen=True, kw_only=True):
    """`ahead_ms` is central's wall clock minus this machine's in its last answer; None: no answer yet.

    `url` is where it answered.
    """

    state: Literal["ok", "lost"]
    detail: Annotated[str, Meta(max_length=300)] = ""
    waiting_count: int = 0
    ahead_ms: int | None = None
    url: Annotated[str, Meta(max_length=200)] = ""


class BridgeReport(msgspec.Struct, frozen=True, kw_only=True, tag_field="from", tag="bridge"):
    sensors: Annotated[list[SensorStatus], Meta(max_length=32)]
    warning: Annotated[str, Meta(max_length=300)] = ""
    systems: Annotated[list[SystemsStatus], Meta(max_length=16)] = []


class SyncReport(msgspec.Struct, frozen=True, kw_only=True, tag_field="from", tag="sync"):
    central: CentralStatus


Report: TypeAlias = BridgeReport | SyncReport
"""What `POST /v1/status` takes."""
