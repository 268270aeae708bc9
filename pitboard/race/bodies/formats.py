"""Formats: the rules of a race as data, checked when a person writes them.

A run keeps the timing rules it was armed under; the ranking rules are the board's, so that changing one
re-ranks everything at once. A record may come from a later version: `Format` takes every word, and
`unknown_words` says what this version cannot do; `FormatConfig`, what a file says, takes only what it
knows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

NANOSECONDS_PER_MS = 1_000_000

RANKINGS = (
    "best-lap",
    "best-average",
    "total-first",
    "total-best",
    "most-laps",
    "net",
    "sum-of-best-runs",
    "points",
)
RANKINGS_OF_SEVERAL_RUNS = ("sum-of-best-runs", "points")
RANKINGS_BY_LAPS = ("best-average", "total-first", "total-best")

WORDS: dict[str, tuple[str, ...]] = {
    "clock": ("first-passing", "go", "start-gate"),
    "ends": ("time", "laps", "open"),
    "time_up": ("finish-lap", "stop", "cancel"),
    "off_track": ("ignore", "void", "seconds", "limit"),
    "told_by": ("any", "lane", "transponder"),
    "ranking": RANKINGS,
    "run_ranking": ("", *(ranking for ranking in RANKINGS if ranking not in RANKINGS_OF_SEVERAL_RUNS)),
    "points_within": ("run", "round"),
    "ties": ("share", "first-set", "second-best"),
    "runs_over": ("warn", "refuse"),
    "start_order": ("joined", "slowest-first", "class"),
}
"""The words that each key may be, the first being what today's races do."""

Word = Annotated[str, Meta(max_length=40)]
FormatName = Annotated[str, Meta(max_length=80)]
RunMs = Annotated[int, Meta(ge=0, le=86_400_000)]
LapMinMs = Annotated[int, Meta(ge=0, le=3_600_000)]
Count = Annotated[int, Meta(ge=0, le=10_000)]
ResolutionNs = Annotated[int, Meta(ge=1, le=1_000_000_000)]
Points = Annotated[int, Meta(ge=0, le=1_000_000)]
RUN_MIN_MS = 1_000
POINTS_MAX_COUNT = 100
DEFAULT_POINTS = (25, 18, 15, 12, 10, 8, 6, 4, 2, 1)


class TimingRules(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a run begins, ends and is judged on the way; a run keeps these as it was armed.

    `clock` says when the run's time begins; `ends` what ends it: `run_ms`, `run_laps` laps (then `run_ms` is
    the longest it may take, 0 for no limit) or a person (open). At time-up the lap under way is left out
    (stop) or may still be finished (finish-lap); cancel is for runs by laps: who has not driven them by then
    has no result. A lap shorter than `lap_min_ms` waits for a verdict. Being off the track is only noted
    (ignore), makes the lap void, adds `off_track_ms` for each time, or makes it void above
    `off_track_max_count` times (limit). `told_by` is how passings find their place in the run. A practice
    run is never ranked.
    """

    clock: Word = "first-passing"
    ends: Word = "time"
    run_ms: RunMs = 180_000
    run_laps: Count = 0
    time_up: Word = "finish-lap"
    lap_min_ms: LapMinMs = 3_000
    off_track: Word = "ignore"
    off_track_ms: LapMinMs = 0
    off_track_max_count: Count = 0
    told_by: Word = "any"
    lanes: Annotated[int, Meta(ge=0, le=64)] = 0
    is_practice: bool = False

    @property
    def laps_asked(self) -> int:
        """Return how many laps a run asks for, 0 where it does not end by laps."""
        return self.run_laps if self.ends == "laps" else 0

    @property
    def stops_at_once(self) -> bool:
        """Return whether the lap under way at time-up is left out."""
        return self.time_up in ("stop", "cancel")

    def cancels(self, driven_count: int) -> bool:
        """Return whether a place with so many laps has no result, whatever it is ranked by."""
        return self.time_up == "cancel" and driven_count < self.laps_asked

    def is_void_by_off_tracks(self, count: int) -> bool:
        """Return whether a lap on which the car was off the track so often counts for nothing by itself."""
        if self.off_track == "void":
            return count > 0
        return self.off_track == "limit" and count > self.off_track_max_count

    def off_track_penalty_ns(self, count: int) -> int:
        """Return what being off the track so often adds to the lap."""
        return count * self.off_track_ms * NANOSECONDS_PER_MS if self.off_track == "seconds" else 0


class Format(TimingRules, frozen=True, kw_only=True, omit_defaults=True):
    """Timing rules and ranking rules under one name, as a record carries them.

    `laps` is the N of best-average, total-first and total-best, `runs` the M of sum-of-best-runs (and of
    points: the best M count, 0 for all). `run_ranking` says how one run is scored where a result is made of
    several. `points` are for the first place, the second and so on, within one run or, where cars drive one
    by one, within a round. `ties`: equal scores share a rank, or whose was set first or whose second-best is
    better stands above. Times are cut to `resolution_ns` before they are ranked. `runs_max_count` 0 is no
    limit. `reverse_count` is how many of the best start in turned order, slowest of them first; 0 for all.
    `team_member` k ranks teams by their kth member; 0 for no teams.
    """

    name: FormatName = ""
    ranking: Word = "best-lap"
    laps: Count = 0
    runs: Count = 0
    run_ranking: Word = ""
    points: Annotated[tuple[Points, ...], Meta(max_length=POINTS_MAX_COUNT)] = DEFAULT_POINTS
    points_within: Word = "run"
    ties: Word = "share"
    resolution_ns: ResolutionNs = NANOSECONDS_PER_MS
    runs_max_count: Count = 0
    runs_over: Word = "warn"
    start_order: Word = "joined"
    reverse_count: Count = 0
    team_member: Annotated[int, Meta(ge=0, le=100)] = 0

    @property
    def timing(self) -> TimingRules:
        """Return the rules that a run keeps when it is armed."""
        return TimingRules(**{key: getattr(self, key) for key in TimingRules.__struct_fields__})

    @property
    def ranking_of_run(self) -> str:
        """Return the rule that scores one run."""
        if self.run_ranking:
            return self.run_ranking
        return {"sum-of-best-runs": "net", "points": "most-laps"}.get(self.ranking, self.ranking)

    def cut(self, duration_ns: int) -> int:
        """Return the duration as published: cut, never rounded."""
        return duration_ns - duration_ns % self.resolution_ns

    def may_start_again(self, run_count: int) -> Literal["yes", "warn", "no"]:
        """Return whether a competitor who had so many runs may have one more."""
        if self.runs_max_count == 0 or run_count < self.runs_max_count:
            return "yes"
        return "warn" if self.runs_over == "warn" else "no"

    def unknown_words(self) -> list[str]:
        """Return the keys whose words this version does not know; such a format ranks nobody and arms no
        run."""
        return [key for key, words in WORDS.items() if getattr(self, key) not in words]


class FormatConfig(Format, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A format as a person writes it: one wrong key or word stops the reading with a sentence."""

    def __post_init__(self) -> None:
        for fault in faults(self):
            raise ValueError(fault)

    def as_format(self) -> Format:
        """Return the same rules as a record carries them."""
        return Format(**{key: getattr(self, key) for key in Format.__struct_fields__})


def faults(rules: Format) -> Iterator[str]:
    """Yield a sentence for each thing that no race could be run by."""
    for key in rules.unknown_words():
        words = ", ".join(f'"{word}"' for word in WORDS[key] if word)
        yield f'{key} = "{getattr(rules, key)}" is none of {words}'
    if rules.ends == "time" and rules.run_ms < RUN_MIN_MS:
        yield f"run_ms = {rules.run_ms} is too short for a run by time; give it {RUN_MIN_MS} or more"
    if rules.ends == "laps" and rules.run_laps == 0:
        yield 'ends = "laps" needs run_laps, the number of laps of a run'
    if rules.time_up == "cancel" and rules.ends != "laps":
        yield 'time_up = "cancel" needs ends = "laps"; a run by time would never have a result'
    if rules.off_track == "seconds" and rules.off_track_ms == 0:
        yield 'off_track = "seconds" needs off_track_ms, what each time off the track adds'
    if rules.told_by == "lane" and rules.lanes == 0:
        yield 'told_by = "lane" needs lanes, the number of lanes'
    single = {rules.ranking, rules.ranking_of_run}
    for ranking in RANKINGS_BY_LAPS:
        if ranking in single and rules.laps == 0:
            yield f'ranking = "{ranking}" needs laps, the number of laps it takes'
    if rules.ranking == "sum-of-best-runs" and rules.runs == 0:
        yield 'ranking = "sum-of-best-runs" needs runs, the number of runs it takes'
    if rules.ranking == "points" and not any(rules.points):
        yield 'ranking = "points" needs points, such as [10, 8, 6, 5, 4, 3, 2, 1]'
    if list(rules.points) != sorted(rules.points, reverse=True):
        yield "points must not grow from one place to the next"
    if rules.run_ranking and rules.ranking not in RANKINGS_OF_SEVERAL_RUNS:
        yield f'run_ranking does nothing with ranking = "{rules.ranking}"; take it out or write ""'


class RaceClass(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Competitors ranked together; `format` names another format than the event's, empty for the same.

    Who drives outside the awards is listed by time and takes nobody's rank.
    """

    race_class: Annotated[str, Meta(min_length=1, max_length=80)]
    name: Annotated[str, Meta(min_length=1, max_length=80)]
    format: FormatName = ""
    is_outside_awards: bool = False


DEFAULT_FORMAT = Format(name="Best lap")
"""What a race is run by where nobody said otherwise; the one place that holds an event's default rules."""
