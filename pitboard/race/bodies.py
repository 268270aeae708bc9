"""What is said about a race: the bodies of its records, and nothing of who may say it or how it is kept.

`docs/records.md` explains each; `pitboard/journal/kinds.py` names them. Every act of a person is an `Act`:
who did it, where and why. `act_id` makes a repeated request one act."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from pitboard.race.calculated import Calculated
from pitboard.race.formats import (
    DEFAULT_FORMAT,
    RUN_MIN_MS,
    Format,
    FormatName,
    LapMinMs,
    ResolutionNs,
    TimingRules,
)
from pitboard.race.related_clock import ClockOffset, DriftPpb, RatePpb, RelatedClock

Id = Annotated[str, Meta(min_length=1, max_length=80)]
Name = Annotated[str, Meta(min_length=1, max_length=80)]
KeyHex = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
Nanoseconds = Annotated[int, Meta(ge=0, lt=2**62)]
Transponder = Annotated[int, Meta(ge=0, lt=2**53)] | Annotated[str, Meta(min_length=1, max_length=80)]
PassingId = Annotated[str, Meta(min_length=1, max_length=250)]
LapId = PassingId
Reason = Annotated[str, Meta(max_length=400)]
ClockName = Annotated[str, Meta(max_length=100)]
ShortText = Annotated[str, Meta(min_length=1, max_length=40)]
OptionalId = Annotated[str, Meta(max_length=80)]
OptionalText = Annotated[str, Meta(max_length=80)]
LaneNumber = Annotated[int, Meta(ge=0, le=255)]
PlaceNumber = Annotated[int, Meta(ge=1, le=255)]
UtcMs = Annotated[int, Meta(ge=0, lt=2**53)]
EventRunMs = Annotated[int, Meta(ge=RUN_MIN_MS, le=86_400_000)]
FINISH, START = "finish", "start"
"""The gates that the rules know; any other name is a sector's gate."""
PLACES_MAX_COUNT = 64
TRANSPONDERS_MAX_COUNT = 8
PAIRS_MAX_COUNT = 10
"""How many differences between two systems stand behind a calculated time at most; the book asks for so
many."""
SHEET_MARKS_MAX_COUNT = 12
SHEET_LAPS_MAX_COUNT = 120
"""How many laps one run-sheet holds, so that its body stays under the bound whatever the passings' ids."""

Verdict = Literal["valid", "void"]
Disqualification = Literal["disqualified"]
Decision = Literal["confirmed", "discarded", "reopened"]
PlaceStatus = Literal["finished", "did-not-finish", "did-not-start", "disqualified"]


class Body(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Base of every body: values without circles, which nobody needs to look for in memory."""


class Act(Body, frozen=True, kw_only=True):
    """Base of what a person said: `by` is an official's or an admin's id, `where` a screen or terminal.

    When it was done is the record's stamp. All are empty where nobody signed in.
    """

    by: OptionalId = ""
    where: OptionalText = ""
    act_id: OptionalId = ""
    reason: Reason = ""


# The event


class EventConfigured(Body, frozen=True, kw_only=True):
    """The event's name and rules; published times are cut to `resolution_ns`.

    `format` names the event's format; without one the rules are the three numbers here. `where` is the desk
    at which a person chose that, empty where central.toml says so.
    """

    name: Name
    resolution_ns: ResolutionNs = DEFAULT_FORMAT.resolution_ns
    run_ms: EventRunMs = DEFAULT_FORMAT.run_ms
    lap_min_ms: LapMinMs = DEFAULT_FORMAT.lap_min_ms
    format: FormatName = ""
    where: OptionalText = ""


class FormatSet(Act, frozen=True, kw_only=True):
    """The format called `name`; None takes it away."""

    name: Name
    format: Format | None


class ClassSet(Act, frozen=True, kw_only=True):
    """A class of competitors ranked together; `format` names another than the event's."""

    race_class: Id
    name: Name
    format: FormatName = ""
    is_outside_awards: bool = False
    is_gone: bool = False


class StageSet(Act, frozen=True, kw_only=True):
    """A stage of the event as `kind` means it (heats, knock-out, ...); `settings` is read by that kind."""

    stage_id: Id
    kind: ShortText
    name: Name
    race_class: OptionalId = ""
    track: OptionalId = ""
    format: FormatName = ""
    settings: dict[ShortText, int | str | bool | list[str]] = {}
    is_gone: bool = False


class HeatPlace(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A competitor's place in a heat that was drawn; None is a bye."""

    place: PlaceNumber
    competitor_id: Id | None = None
    lane: LaneNumber | None = None


class HeatDrawn(Act, frozen=True, kw_only=True):
    """Who drives in this heat of a stage."""

    stage_id: Id
    heat_id: Id
    round: Annotated[int, Meta(ge=1, le=1_000)] = 1
    places: Annotated[tuple[HeatPlace, ...], Meta(max_length=PLACES_MAX_COUNT)]


class ScheduleItem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of the day's plan; `starts_utc_ms` is a label, nothing starts by it."""

    starts_utc_ms: UtcMs
    title: Name
    track: OptionalId = ""
    stage_id: OptionalId = ""


class ScheduleSet(Act, frozen=True, kw_only=True):
    """The whole plan of the day, in place of the former one."""

    items: Annotated[tuple[ScheduleItem, ...], Meta(max_length=60)]


class DayPlanned(Act, frozen=True, kw_only=True):
    """The runs of a track in order, by the ids of their heats, in place of the former plan.

    With `is_automatic` the next begins by itself `gap_ms` after the one before it ended.
    """

    track: Id
    turns: Annotated[tuple[Id, ...], Meta(max_length=150)]
    is_automatic: bool = False
    gap_ms: Annotated[int, Meta(ge=0, le=86_400_000)] = 60_000


class DayMoved(Act, frozen=True, kw_only=True):
    """At this instant the day of the track stands still, goes on, or its next start moves by `shift_ms`."""

    track: Id
    boot_id: Id
    mono_ns: Nanoseconds
    is_paused: bool | None = None
    shift_ms: Annotated[int, Meta(ge=-86_400_000, le=86_400_000)] = 0


class MessagePosted(Act, frozen=True, kw_only=True):
    """A sentence for the displays named, for all where none is; shown until `until_utc_ms`, 0 for ever."""

    message_id: Id
    text: Annotated[str, Meta(min_length=1, max_length=280)]
    displays: Annotated[tuple[Id, ...], Meta(max_length=64)] = ()
    until_utc_ms: UtcMs = 0
    is_gone: bool = False


class PlaylistItem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A scene for so many seconds; `settings` is read by the scene."""

    scene: ShortText
    seconds: Annotated[int, Meta(ge=1, le=3_600)] = 15
    settings: dict[ShortText, int | str | bool] = {}


BrightnessPercent = Annotated[int, Meta(ge=10, le=100)]


class DisplayAssigned(Act, frozen=True, kw_only=True):
    """What the display with this key is called and shows: one scene, or several in turn; how bright, and
    whether at all. A `restart` that it has not seen before starts its program anew."""

    display: Id
    name: Name
    playlist: Annotated[tuple[PlaylistItem, ...], Meta(max_length=32)] = ()
    track: OptionalId = ""
    race_class: OptionalId = ""
    brightness_percent: BrightnessPercent = 100
    is_on: bool = True
    restart: OptionalId = ""


class EventClosed(Act, frozen=True, kw_only=True):
    """The event is over: its results are called final and nobody joins by phone; or not over after all.

    No unit is stopped by it: what is still driven counts as ever.
    """

    is_closed: bool = True


class EventPlanned(Act, frozen=True, kw_only=True):
    """An event to come, on a day of the calendar where it is held."""

    event_id: Id
    name: Name
    day: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}\Z")]
    is_gone: bool = False


SPONSOR_PARTS_MAX_COUNT = 18
PICTURE_PART_MAX_BYTES = 11_264
"""In base64, with who sent it, it stays under the bound of a body."""


class SponsorSet(Act, frozen=True, kw_only=True):
    """A sponsor whose picture the displays show. `picture` is the SHA-256 of its bytes, which stand in
    `parts_count` records `picture-part`; bytes with another hash are not shown."""

    sponsor_id: Id
    name: Name
    picture: KeyHex
    parts_count: Annotated[int, Meta(ge=1, le=SPONSOR_PARTS_MAX_COUNT)]
    is_gone: bool = False


class PicturePart(Act, frozen=True, kw_only=True):
    """A part of the picture with this hash, counted from 0; `content` travels in base64."""

    picture: KeyHex
    part: Annotated[int, Meta(ge=0, lt=SPONSOR_PARTS_MAX_COUNT)]
    content: Annotated[bytes, Meta(max_length=PICTURE_PART_MAX_BYTES)]


# People


class OfficialAppointed(Act, frozen=True, kw_only=True):
    """An official may act under this id. `pin_box` holds what a PIN is checked against, `pin_keys` the key of
    the box for each machine that may open it; `pin` is the same in the open, of older versions. The rules
    never look.
    """

    official_id: Id
    name: Name
    pin: Annotated[str, Meta(max_length=400)] = ""
    pin_box: Annotated[str, Meta(max_length=800)] = ""
    pin_keys: Annotated[dict[ShortText, Annotated[str, Meta(max_length=200)]], Meta(max_length=80)] = {}


class OfficialDismissed(Act, frozen=True, kw_only=True):
    """The official may no longer act; what was done stands."""

    official_id: Id


class CompetitorRegistered(Act, frozen=True, kw_only=True):
    """A competitor and the display name; names are the only personal data in the journal."""

    competitor_id: Id
    name: Name
    number: OptionalText = ""
    race_class: OptionalId = ""
    transponders: Annotated[tuple[Transponder, ...], Meta(max_length=TRANSPONDERS_MAX_COUNT)] = ()
    team: OptionalText = ""
    flag: Annotated[str, Meta(max_length=8)] = ""


class CompetitorChanged(Act, frozen=True, kw_only=True):
    """Only what is given changes; each field keeps its own last word."""

    competitor_id: Id
    name: Name | None = None
    number: OptionalText | None = None
    race_class: OptionalId | None = None
    transponders: Annotated[tuple[Transponder, ...], Meta(max_length=TRANSPONDERS_MAX_COUNT)] | None = None
    team: OptionalText | None = None
    flag: Annotated[str, Meta(max_length=8)] | None = None


class CompetitorsJoined(Act, frozen=True, kw_only=True):
    """`competitor_id` is the same person as `into_id`: one entry, all runs of both."""

    competitor_id: Id
    into_id: Id


class CompetitorJudged(Act, frozen=True, kw_only=True):
    """The admin disqualifies a competitor; None reinstates them."""

    competitor_id: Id
    standing: Disqualification | None


class PersonErased(Act, frozen=True, kw_only=True):
    """The bodies of these records {stream: [seq]} held the person's name and are gone for ever."""

    competitor_id: Id
    records: dict[str, list[int]]


class ContactKeyPublished(Body, frozen=True, kw_only=True):
    """Contacts of competitors are sealed to this X25519 public key from here on."""

    key: KeyHex


class ContactsRead(Body, frozen=True, kw_only=True):
    """The admin opened contacts: how many and why; whose stands at central only."""

    count: Annotated[int, Meta(ge=0, lt=2**53)]
    reason: Reason


# The queue before a track


class QueueJoined(Act, frozen=True, kw_only=True):
    """A competitor waits for a run on the track."""

    entry_id: Id
    track: Id
    competitor_id: Id
    stage_id: OptionalId = ""
    heat_id: OptionalId = ""


QueueMark = Literal["waiting", "called", "skipped", "no-show", "left", "refused"]


class QueueMarked(Act, frozen=True, kw_only=True):
    """What became of the wait; "refused" is who asked by phone and may not wait."""

    entry_id: Id
    state: QueueMark


class QueueAsked(Act, frozen=True, kw_only=True):
    """Somebody asks by phone to wait: for the track named, for any where none is.

    An official lets them by `QueueJoined` with the same `entry_id`. A new competitor is to be registered
    under `competitor_id` with this name; it is empty where they are registered already.
    """

    entry_id: Id
    competitor_id: Id
    name: OptionalText = ""
    race_class: OptionalId = ""
    track: OptionalId = ""


class JoinCodeGiven(Act, frozen=True, kw_only=True):
    """Who reads this code in the venue may join the queue by phone at `address`; empty: nobody may now.

    After `lasts_min` there is another one, while central and a unit are in touch.
    """

    code: Annotated[str, Meta(max_length=12)]
    address: Annotated[str, Meta(max_length=300)] = ""
    lasts_min: Annotated[int, Meta(ge=1, le=1_440)] = 10


class QueueOrdered(Act, frozen=True, kw_only=True):
    """The order of those who wait; who is not named comes after, as joined."""

    track: Id
    entry_ids: Annotated[tuple[Id, ...], Meta(max_length=150)]


# Runs


class RunPlace(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One competitor's place in a run, or one that nobody has yet, and how its passings are told.

    `told_by` is "any" (every passing of the track), "lane" or "transponder".
    """

    place: PlaceNumber = 1
    competitor_id: Id | None = None
    told_by: ShortText = "any"
    lane: LaneNumber | None = None
    transponders: Annotated[tuple[Transponder, ...], Meta(max_length=TRANSPONDERS_MAX_COUNT)] = ()
    car: OptionalText = ""


class RunArmed(Act, frozen=True, kw_only=True):
    """A run stands ready: what is stamped from here on belongs to it. It keeps these timing rules.

    Only the unit that `run_id` names arms it.
    """

    run_id: Id
    track: Id
    boot_id: Id
    mono_ns: Nanoseconds
    places: Annotated[tuple[RunPlace, ...], Meta(min_length=1, max_length=PLACES_MAX_COUNT)]
    timing: TimingRules = TimingRules()
    format: FormatName = ""
    stage_id: OptionalId = ""
    heat_id: OptionalId = ""
    clocks: Annotated[tuple[RelatedClock, ...], Meta(max_length=8)] = ()


class RunStarted(Act, frozen=True, kw_only=True):
    """The run's time begins at this instant: "go", or moved by a person to an earlier impulse.

    Where `place` is given, only that place's.
    """

    run_id: Id
    boot_id: Id
    mono_ns: Nanoseconds
    uncertainty_ns: Nanoseconds = 0
    passing_id: PassingId | None = None
    place: PlaceNumber | None = None


class RunPaused(Act, frozen=True, kw_only=True):
    """The run's time stands still from here on."""

    run_id: Id
    boot_id: Id
    mono_ns: Nanoseconds


class RunContinued(Act, frozen=True, kw_only=True):
    """The run's time goes on."""

    run_id: Id
    boot_id: Id
    mono_ns: Nanoseconds


class RunResumed(Body, frozen=True, kw_only=True):
    """The run goes on under another boot of the unit; `elapsed_ns` of its time is known to be used."""

    run_id: Id
    boot_id: Id
    mono_ns: Nanoseconds
    elapsed_ns: Nanoseconds


class RunTimedUp(Body, frozen=True, kw_only=True):
    """The run's time is over; for the screens, since which laps count follows from the stamps."""

    run_id: Id


class RunFinished(Act, frozen=True, kw_only=True):
    """What is stamped after `mono_ns` of this boot does not belong to the run."""

    run_id: Id
    boot_id: Id
    mono_ns: Nanoseconds
    ended: Literal["time-up", "laps-driven", "stopped", "discarded"]


class RunHanded(Act, frozen=True, kw_only=True):
    """The place of the run is this competitor's (None: nobody's), whoever it was armed for."""

    run_id: Id
    place: PlaceNumber = 1
    competitor_id: Id | None
    car: OptionalText = ""


class SeenLap(msgspec.Struct, frozen=True, array_like=True):
    """A lap as the person saw it who confirmed the run; `closed_ns` is the run's time at its end."""

    lap_id: LapId
    lap_ns: Nanoseconds
    counts: bool
    closed_ns: Nanoseconds
    off_tracks: Annotated[int, Meta(ge=0, le=10_000)] = 0
    penalty_ns: Nanoseconds = 0


class SeenPlace(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A place as the person saw it; its laps stand in the run's sheet."""

    place: PlaceNumber
    competitor_id: Id | None = None
    status: PlaceStatus = "finished"
    penalty_ns: Nanoseconds = 0
    penalty_laps: Annotated[int, Meta(ge=0, le=10_000)] = 0
    laps_count: Annotated[int, Meta(ge=0, le=100_000)] = 0


class SeenMark(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A lap of the sheet begins or ends at a passing that was calculated."""

    lap_id: LapId
    calculated: Calculated


class RunSheet(Body, frozen=True, kw_only=True):
    """Laps that a decision names, in the order driven; written just before it, in the same stream.

    `first` is the index of its first lap among the place's. `marks` say which laps of the place were
    calculated.
    """

    run_id: Id
    sheet_id: Id
    place: PlaceNumber
    first: Annotated[int, Meta(ge=0, le=100_000)] = 0
    laps: Annotated[tuple[SeenLap, ...], Meta(max_length=SHEET_LAPS_MAX_COUNT)]
    marks: Annotated[tuple[SeenMark, ...], Meta(max_length=SHEET_MARKS_MAX_COUNT)] = ()


class RunDecided(Act, frozen=True, kw_only=True):
    """Confirmed: on the board with the laps of the sheet named. Discarded: in the journal only.

    Reopened: to be decided again. None withdraws the writer's word. `weighed` is the digest of the laps as
    they were derived then: the same as the sheet's, or, where a person keeps what was published although the
    run has changed since, that of the change.
    """

    run_id: Id
    decision: Decision | None
    sheet_id: OptionalId = ""
    places: Annotated[tuple[SeenPlace, ...], Meta(max_length=PLACES_MAX_COUNT)] = ()
    weighed: OptionalId = ""


# Impulses, whose they are, and whether they count


class PassingRecorded(Body, frozen=True, kw_only=True, gc=False):
    """One car at one sensor at one instant.

    `tick_us` is the device's unwrapped counter and `rate_ppb` how many parts in 10^9 a host second is longer
    than a device second; both absent for a manual passing. `transponder` is what the car carries, where the
    device reads that: a number, or text where its protocol has text. `gate` is where on the track the sensor
    stands. `system` says who timed: "A", the backup "B", or "hand". `lane` is the lane's number where the
    device tells lanes apart. `flag` is a doubt about the stamp, such as "clock-set".
    `clock` names the setting of a clock that can be set; ticks measure against each other only within one,
    and empty means a counter that runs on from the device's start. `slept_ns` is how long the host has slept
    since it booted.
    """

    sensor: Id
    sensor_boot: Id
    seq: Annotated[int, Meta(ge=1, lt=2**53)]
    track: Id
    boot_id: Id
    mono_ns: Nanoseconds
    uncertainty_ns: Nanoseconds
    received_mono_ns: Nanoseconds
    channel: int = 0
    tick_us: Annotated[int, Meta(ge=0, lt=2**62)] | None = None
    rate_ppb: Annotated[int, Meta(ge=-1_000_000, le=1_000_000)] = 0
    transponder: Transponder | None = None
    gate: ShortText = FINISH
    system: ShortText = "A"
    lane: LaneNumber | None = None
    flag: ShortText | None = None
    clock: ClockName = ""
    slept_ns: Nanoseconds = 0

    @property
    def passing_id(self) -> str:
        """The same for every delivery of the same passing."""
        return f"{self.sensor}/{self.sensor_boot}/{self.seq}"


class PassingInserted(Act, frozen=True, kw_only=True):
    """A passing that no sensor told of, at a typed or tapped instant, for one place.

    `copy_of` names the impulse whose stamp it has: one impulse may be the finish of several.
    `from_passing_id` is what the system `from_system` saw and A missed: `mono_ns` was calculated from its
    stamp, less `correction_ns`, the mean difference of so many pairs before and after it; see
    docs/sensors.md.
    """

    passing_id: PassingId
    run_id: Id
    place: PlaceNumber = 1
    boot_id: Id
    mono_ns: Nanoseconds
    uncertainty_ns: Nanoseconds
    gate: ShortText = FINISH
    copy_of: PassingId | None = None
    from_passing_id: PassingId | None = None
    from_system: ShortText = "B"
    correction_ns: Annotated[int, Meta(gt=-(2**62), lt=2**62)] = 0
    before_count: Annotated[int, Meta(ge=0, le=PAIRS_MAX_COUNT)] = 0
    after_count: Annotated[int, Meta(ge=0, le=PAIRS_MAX_COUNT)] = 0

    @property
    def calculated(self) -> Calculated | None:
        """Return the mark of a calculated time, None for one that a person typed or tapped."""
        if self.from_passing_id is None:
            return None
        return Calculated(
            from_passing_id=self.from_passing_id,
            from_system=self.from_system,
            correction_ns=self.correction_ns,
            before_count=self.before_count,
            after_count=self.after_count,
            uncertainty_ns=self.uncertainty_ns,
        )


class PassingAttributed(Act, frozen=True, kw_only=True):
    """The impulse is this place's, or nobody's where no run is given; withdrawn, it is derived again.

    `unit` is the key of the unit that recorded it, empty for the writer's own.
    """

    passing_id: PassingId
    unit: OptionalId = ""
    run_id: Id | None = None
    place: PlaceNumber = 1


class PassingJudged(Act, frozen=True, kw_only=True):
    """The impulse was no car; withdrawn, it is one again."""

    passing_id: PassingId
    unit: OptionalId = ""
    verdict: Literal["ignored"]


class LapJudged(Act, frozen=True, kw_only=True):
    """The verdict on the lap that this passing closed; None withdraws the writer's earlier word.

    A void lap casts doubt on the next one, which may begin at a phantom; `cause` "driver" says that it does
    not.
    """

    run_id: Id
    lap_id: LapId
    verdict: Verdict | None
    cause: Annotated[str, Meta(max_length=40)] = ""


class LapCorrected(Act, frozen=True, kw_only=True):
    """The admin's time for a lap instead of the measured one; None goes back to the measured time."""

    run_id: Id
    lap_id: LapId
    lap_ns: Annotated[int, Meta(ge=1, lt=2**53)] | None


class OffTrackNoted(Act, frozen=True, kw_only=True):
    """The car left the track at this instant, once; what that costs is the format's."""

    run_id: Id
    place: PlaceNumber = 1
    boot_id: Id
    mono_ns: Nanoseconds


class PenaltyGiven(Act, frozen=True, kw_only=True):
    """Added to the place's time, or taken from its laps; `code` says what for, such as "false-start"."""

    run_id: Id
    place: PlaceNumber = 1
    penalty_ns: Annotated[int, Meta(ge=0, lt=2**53)] = 0
    laps: Annotated[int, Meta(ge=0, le=1_000)] = 0
    code: Annotated[str, Meta(max_length=40)] = ""


class PlaceJudged(Act, frozen=True, kw_only=True):
    """How the place ended, where that is not simply finished."""

    run_id: Id
    place: PlaceNumber = 1
    status: PlaceStatus


class ActWithdrawn(Act, frozen=True, kw_only=True):
    """The record at this place was never said; only its writer's own, or by the admin. It can be withdrawn
    too.

    What an erasure took cannot come back.
    """

    stream: Id
    seq: Annotated[int, Meta(ge=1, lt=2**53)]


class SystemsChecked(Act, frozen=True, kw_only=True):
    """Two contacts were closed for both systems of a line, `apart_ns` apart: B minus A at each.

    `verdict` is "agree", or which part is off.
    """

    track: Id
    gate: ShortText = FINISH
    first_ns: ClockOffset
    second_ns: ClockOffset
    apart_ns: Nanoseconds
    verdict: ShortText


class SensorTold(Body, frozen=True, kw_only=True):
    """What a unit's sensor is, as its bridge told first since the unit's start or anew; `software` is the
    unit's own."""

    sensor: Id
    kind: ShortText
    gate: ShortText = ""
    system: ShortText = ""
    device: Annotated[str, Meta(max_length=80)] = ""
    firmware: Annotated[str, Meta(max_length=80)] = ""
    software: ShortText = ""


class ClocksRelated(Body, frozen=True, kw_only=True):
    """`mono_ns` of the other unit's boot plus `offset_ns` is the same instant on the writer's clock.

    As measured when the writer's clock showed `at_mono_ns`; for each second from there the writer's clock
    gains `rate_ppb` nanoseconds on the other, give or take `drift_ppb`.
    """

    boot_id: Id
    other: KeyHex
    other_boot_id: Id
    offset_ns: ClockOffset
    uncertainty_ns: Nanoseconds
    at_mono_ns: Nanoseconds = 0
    rate_ppb: RatePpb = 0
    drift_ppb: DriftPpb = 0

    @property
    def relation(self) -> RelatedClock:
        """Return the same as the rules use it."""
        return RelatedClock(
            unit=self.other,
            boot_id=self.other_boot_id,
            offset_ns=self.offset_ns,
            uncertainty_ns=self.uncertainty_ns,
            mono_ns=self.at_mono_ns,
            rate_ppb=self.rate_ppb,
            drift_ppb=self.drift_ppb,
        )
