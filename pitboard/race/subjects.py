"""What each kind of record is about.

Records about one thing are weighed together, and the last word counts."""

from __future__ import annotations

from collections.abc import Callable

from pitboard.race import bodies
from pitboard.race.bodies import Body
from pitboard.race.word import Subject


def subject_of(body: Body, unit: str) -> Subject | None:
    """Return what the body is about, None for what the race does not keep."""
    finder = SUBJECTS.get(type(body))
    return None if finder is None else finder(body, unit)


Finder = Callable[[object, str], Subject]


def _by(kind: str, *names: str) -> Finder:
    def find(body: object, unit: str) -> Subject:
        return (kind, *(getattr(body, name) for name in names))

    return find


def _by_passing(body: object, unit: str) -> Subject:
    return ("passing", getattr(body, "unit", "") or unit, str(getattr(body, "passing_id", "")))


def _by_part(body: object, unit: str) -> Subject:
    return ("picture", str(getattr(body, "picture", "")), str(getattr(body, "part", "")))


SUBJECTS: dict[type[Body], Finder] = {
    **dict.fromkeys(
        (
            bodies.RunArmed,
            bodies.RunStarted,
            bodies.RunPaused,
            bodies.RunContinued,
            bodies.RunResumed,
            bodies.RunTimedUp,
            bodies.RunFinished,
            bodies.RunHanded,
            bodies.RunSheet,
            bodies.RunDecided,
            bodies.PassingInserted,
            bodies.LapJudged,
            bodies.LapCorrected,
            bodies.OffTrackNoted,
            bodies.PenaltyGiven,
            bodies.PlaceJudged,
        ),
        _by("run", "run_id"),
    ),
    **dict.fromkeys((bodies.PassingAttributed, bodies.PassingJudged), _by_passing),
    **dict.fromkeys(
        (
            bodies.CompetitorRegistered,
            bodies.CompetitorChanged,
            bodies.CompetitorsJoined,
            bodies.CompetitorJudged,
        ),
        _by("competitor", "competitor_id"),
    ),
    bodies.OfficialAppointed: _by("official", "official_id"),
    bodies.OfficialDismissed: _by("official", "official_id"),
    bodies.FormatSet: _by("format", "name"),
    bodies.ClassSet: _by("class", "race_class"),
    bodies.StageSet: _by("stage", "stage_id"),
    bodies.HeatDrawn: _by("heat", "heat_id"),
    bodies.ScheduleSet: _by("schedule"),
    bodies.DayPlanned: _by("day", "track"),
    bodies.DayMoved: _by("day", "track"),
    bodies.MessagePosted: _by("message", "message_id"),
    bodies.DisplayAssigned: _by("display", "display"),
    bodies.EventClosed: _by("event-closed"),
    bodies.EventPlanned: _by("event-planned", "event_id"),
    bodies.SponsorSet: _by("sponsor", "sponsor_id"),
    bodies.PicturePart: _by_part,
    bodies.QueueJoined: _by("queue", "entry_id"),
    bodies.QueueMarked: _by("queue", "entry_id"),
    bodies.QueueAsked: _by("queue", "entry_id"),
    bodies.JoinCodeGiven: _by("join-code"),
    bodies.QueueOrdered: _by("queue-order", "track"),
    bodies.ClocksRelated: _by("clocks", "boot_id", "other_boot_id"),
    bodies.SystemsChecked: _by("systems", "track", "gate"),
    bodies.SensorTold: _by("sensor", "sensor"),
}
