"""What a person says of what was driven: laps, off-tracks, penalties, places, and the decision on the run.

A decision names the laps that the person saw, by the sheets written just before it."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from pitboard.race.bodies.body import (
    PLACES_MAX_COUNT,
    Act,
    Body,
    Id,
    LapId,
    Nanoseconds,
    OptionalId,
    PlaceNumber,
)
from pitboard.race.bodies.calculated import Calculated

SHEET_MARKS_MAX_COUNT = 12
SHEET_LAPS_MAX_COUNT = 120
"""How many laps one run-sheet holds, so that its body stays under the bound whatever the passings' ids."""
Verdict = Literal["valid", "void"]
Decision = Literal["confirmed", "discarded", "reopened"]
PlaceStatus = Literal["finished", "did-not-finish", "did-not-start", "disqualified"]


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
    laps: msgspec.Raw
    marks: Annotated[tuple[SeenMark, ...], Meta(max_length=SHEET_MARKS_MAX_COUNT)] = ()

    # A day has a hundred thousand laps on its sheets, and each run's are looked at once: as JSON they take a
    # third of the memory.
    @property
    def seen_laps(self) -> tuple[SeenLap, ...]:
        """Return the laps; raises ValidationError where they are none, which `read_body` has looked for."""
        return _LAPS.decode(self.laps)

    def checked(self) -> RunSheet:
        """Return the same with its laps read once, apart from the bytes that the sheet came in."""
        _LAPS.decode(self.laps)
        msgspec.structs.force_setattr(self, "laps", self.laps.copy())
        return self


_LAPS: msgspec.json.Decoder[tuple[SeenLap, ...]] = msgspec.json.Decoder(
    Annotated[tuple[SeenLap, ...], Meta(max_length=SHEET_LAPS_MAX_COUNT)]
)


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
