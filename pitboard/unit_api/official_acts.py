"""What an official does, as values: what the touchscreen sends and the unit's door takes.

Acts carry who does it, where, and an id that makes a repeated request one act; docs/local-api.md has each
call."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from pitboard.race.bodies.body import (
    PLACES_MAX_COUNT,
    TRANSPONDERS_MAX_COUNT,
    Id,
    LapId,
    Nanoseconds,
    OptionalId,
    OptionalText,
    PassingId,
    PlaceNumber,
    Reason,
    ShortText,
    Transponder,
    UtcMs,
)
from pitboard.race.bodies.display_bodies import BrightnessPercent, PlaylistItem
from pitboard.race.bodies.event_bodies import HeatPlace, ScheduleItem
from pitboard.race.bodies.passing_bodies import FINISH
from pitboard.race.bodies.queue_bodies import QueueMark
from pitboard.race.bodies.run_bodies import RunPlace
from pitboard.race.bodies.verdict_bodies import PlaceStatus, Verdict
from pitboard.sentences.language import Sentence
from pitboard.trust.pin import PIN_DIGITS

TYPED_MAX_LENGTH = 400
PIN_LENGTH = PIN_DIGITS

Typed = Annotated[str, Meta(max_length=TYPED_MAX_LENGTH)]


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
    """The run began at this passing already: the official pressed late."""

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
    """A passing that is missing, at a typed instant with its uncertainty, or at that of another passing.

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
    """The passing is this place's of `to_run_id`, or nobody's where that is None. `run_id` is the run
    looked at."""

    passing_id: PassingId
    to_run_id: Id | None = None
    place: PlaceNumber = 1


class IgnorePassing(RunAct, frozen=True, kw_only=True, tag="ignore-passing"):
    """The passing was no car."""

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
    """Hold the two systems of a line against each other: one switch closed for both, and again a minute
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
