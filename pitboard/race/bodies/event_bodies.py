"""What is said about the event: its rules, classes and stages, what is drawn, and the plan of its days."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from pitboard.race.bodies.body import (
    PLACES_MAX_COUNT,
    Act,
    Body,
    Id,
    LaneNumber,
    Name,
    Nanoseconds,
    OptionalId,
    OptionalText,
    PlaceNumber,
    ShortText,
    UtcMs,
)
from pitboard.race.bodies.formats import (
    DEFAULT_FORMAT,
    RUN_MIN_MS,
    Format,
    FormatName,
    LapMinMs,
    ResolutionNs,
)

EventRunMs = Annotated[int, Meta(ge=RUN_MIN_MS, le=86_400_000)]


class EventConfigured(Body, frozen=True, kw_only=True):
    """The event's name and rules; published times are cut to `resolution_ns`.

    `format` names the event's format; without one the rules are the three numbers here. `where` is the desk
    at which `by` chose that; both are empty where central.toml says so.
    """

    name: Name
    resolution_ns: ResolutionNs = DEFAULT_FORMAT.resolution_ns
    run_ms: EventRunMs = DEFAULT_FORMAT.run_ms
    lap_min_ms: LapMinMs = DEFAULT_FORMAT.lap_min_ms
    format: FormatName = ""
    where: OptionalText = ""
    by: OptionalId = ""


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
    """A stage of the event as `kind` means it (heats, knock-out, ...); `settings` is read by that kind.

    A later version may give a setting of any type: who does not know it leaves it out.
    """

    stage_id: Id
    kind: ShortText
    name: Name
    race_class: OptionalId = ""
    track: OptionalId = ""
    format: FormatName = ""
    settings: dict[ShortText, Any] = msgspec.field(default_factory=dict)
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
