"""What each kind of record is about.

Records about one thing are weighed together, and the last word counts."""

from __future__ import annotations

from collections.abc import Callable

from pitboard.race.bodies import (
    display_bodies,
    event_bodies,
    passing_bodies,
    people_bodies,
    queue_bodies,
    run_bodies,
    verdict_bodies,
)
from pitboard.race.bodies.body import Body
from pitboard.race.words.word import Subject


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
            run_bodies.RunArmed,
            run_bodies.RunStarted,
            run_bodies.RunPaused,
            run_bodies.RunContinued,
            run_bodies.RunResumed,
            run_bodies.RunTimedUp,
            run_bodies.RunFinished,
            run_bodies.RunHanded,
            verdict_bodies.RunSheet,
            verdict_bodies.RunDecided,
            passing_bodies.PassingInserted,
            verdict_bodies.LapJudged,
            verdict_bodies.LapCorrected,
            verdict_bodies.OffTrackNoted,
            verdict_bodies.PenaltyGiven,
            verdict_bodies.PlaceJudged,
        ),
        _by("run", "run_id"),
    ),
    **dict.fromkeys((passing_bodies.PassingAttributed, passing_bodies.PassingJudged), _by_passing),
    **dict.fromkeys(
        (
            people_bodies.CompetitorRegistered,
            people_bodies.CompetitorChanged,
            people_bodies.CompetitorsJoined,
            people_bodies.CompetitorJudged,
        ),
        _by("competitor", "competitor_id"),
    ),
    people_bodies.OfficialAppointed: _by("official", "official_id"),
    people_bodies.OfficialDismissed: _by("official", "official_id"),
    event_bodies.FormatSet: _by("format", "name"),
    event_bodies.ClassSet: _by("class", "race_class"),
    event_bodies.StageSet: _by("stage", "stage_id"),
    event_bodies.HeatDrawn: _by("heat", "heat_id"),
    event_bodies.ScheduleSet: _by("schedule"),
    event_bodies.DayPlanned: _by("day", "track"),
    event_bodies.DayMoved: _by("day", "track"),
    display_bodies.MessagePosted: _by("message", "message_id"),
    display_bodies.DisplayAssigned: _by("display", "display"),
    event_bodies.EventClosed: _by("event-closed"),
    event_bodies.EventPlanned: _by("event-planned", "event_id"),
    display_bodies.SponsorSet: _by("sponsor", "sponsor_id"),
    display_bodies.PicturePart: _by_part,
    queue_bodies.QueueJoined: _by("queue", "entry_id"),
    queue_bodies.QueueMarked: _by("queue", "entry_id"),
    queue_bodies.QueueAsked: _by("queue", "entry_id"),
    queue_bodies.JoinCodeGiven: _by("join-code"),
    queue_bodies.QueueOrdered: _by("queue-order", "track"),
    passing_bodies.ClocksRelated: _by("clocks", "boot_id", "other_boot_id"),
    passing_bodies.SystemsChecked: _by("systems", "track", "gate"),
    passing_bodies.SensorTold: _by("sensor", "sensor"),
}
