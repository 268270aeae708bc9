"""What is said about a run while it is driven: armed, started, held, ended, and handed to another."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from pitboard.race.bodies.body import (
    PLACES_MAX_COUNT,
    TRANSPONDERS_MAX_COUNT,
    Act,
    Body,
    Id,
    LaneNumber,
    Nanoseconds,
    OptionalId,
    OptionalText,
    PassingId,
    PlaceNumber,
    ShortText,
    Transponder,
)
from pitboard.race.bodies.formats import (
    FormatName,
    TimingRules,
)
from pitboard.race.bodies.related_clock import RelatedClock


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
    """The run's time begins at this instant: "go", or moved by a person to an earlier passing.

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
