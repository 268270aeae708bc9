"""The board as every screen, page and export gets it: plain values made from one fold.

Two nodes with the same records make byte-equal views (`encode_view`)."""

from __future__ import annotations

import msgspec

from pitboard.journal.fold import Fold
from pitboard.journal.record import stamp_utc_ms
from pitboard.race.board import Standing
from pitboard.race.bodies import Verdict
from pitboard.race.laps import Lap
from pitboard.race.race_state import Phase, Run
from pitboard.race.score import Column


class EventView(msgspec.Struct, frozen=True):
    name: str
    resolution_ns: int


class EntryView(msgspec.Struct, frozen=True):
    """A line of the board; times in ns as published, `set_utc_ms` a label of when the result was reached.

    `columns` is what the event's format shows, `gap` the distance to the leader in whatever the format ranks
    by; `best_ns` and `gap_ns` are the best lap, and the gap where it is a time.
    """

    rank: int | None
    competitor_id: str
    name: str
    best_ns: int | None
    gap_ns: int | None
    laps: int
    runs: int
    set_utc_ms: int | None
    is_disqualified: bool = False
    columns: tuple[Column, ...] = ()
    gap: Column | None = None


class LapView(msgspec.Struct, frozen=True):
    lap_id: str
    number: int
    lap_ns: int
    uncertainty_ns: int
    is_short: bool
    verdict: Verdict | None
    counts: bool
    is_corrected: bool = False


class RunView(msgspec.Struct, frozen=True):
    """A run with its laps; `passings` counts its passings and `newest_passing` is the last one's id."""

    run_id: str
    unit: str
    track: str
    competitor_id: str
    name: str
    phase: Phase
    laps: list[LapView]
    best_ns: int | None
    passings: int
    newest_passing_id: str | None


class BoardView(msgspec.Struct, frozen=True):
    """`newest` is the competitor whose result was confirmed last; `on_track` holds the undecided runs."""

    event: EventView
    entries: list[EntryView]
    on_track: list[RunView]
    newest: str | None


class CompetitorView(msgspec.Struct, frozen=True):
    competitor_id: str
    name: str
    entry: EntryView | None
    runs: list[RunView]


def view_board(fold: Fold, *, count: int | None = None) -> BoardView:
    """Return the board, its first `count` entries or all."""
    board = fold.board
    event = fold.race.event.value
    return BoardView(
        event=EventView("Pitboard" if event is None else event.name, fold.resolution_ns),
        entries=[_entry(fold, standing) for standing in board.in_order(count=count)],
        on_track=[view_run(fold, run) for run in on_track(fold)],
        newest=board.newest(),
    )


def encode_view(view: msgspec.Struct) -> bytes:
    """Return the view as JSON, the same bytes for the same values."""
    return msgspec.json.encode(view)


def on_track(fold: Fold) -> list[Run]:
    """Return on each track the run armed last, of those that nobody has decided yet."""
    return [run for _, run in sorted(fold.race.last_undecided().items())]


def view_entry(fold: Fold, competitor: str) -> EntryView | None:
    standing = fold.board.standing_of(competitor)
    return None if standing is None else _entry(fold, standing)


def view_competitor(fold: Fold, competitor: str) -> CompetitorView | None:
    """Return a competitor with their confirmed and undecided runs in the order armed; None if unknown."""
    if competitor not in fold.race.competitors:
        return None
    runs = [
        run
        for run in fold.race.runs.values()
        if run.armed is not None
        and run.armed.value.competitor_id == competitor
        and run.decision != "discarded"
    ]
    runs.sort(key=lambda run: run.armed.word.moment if run.armed is not None else (0, "", 0))
    return CompetitorView(
        competitor_id=competitor,
        name=fold.race.name_of(competitor),
        entry=view_entry(fold, competitor),
        runs=[view_run(fold, run) for run in runs],
    )


def view_run(fold: Fold, run: Run) -> RunView:
    """Return an armed run as it stands."""
    assert run.armed is not None
    armed = run.armed.value
    laps = fold.race.laps(run.run_id)
    best = fold.best_lap(laps)
    crossings = [crossing for segment in fold.race.segments(run) for crossing in segment.crossings]
    return RunView(
        run_id=run.run_id,
        unit=fold.roster.name_of(run.unit) or run.unit[:8],
        track=armed.track,
        competitor_id=armed.competitor_id,
        name=fold.race.name_of(armed.competitor_id),
        phase=fold.race.phase(run),
        laps=[view_lap(fold, lap) for lap in laps],
        best_ns=None if best is None else fold.published_ns(best),
        passings=len(crossings),
        newest_passing_id=crossings[-1].passing.passing_id if crossings else None,
    )


def view_lap(fold: Fold, lap: Lap) -> LapView:
    return LapView(
        lap_id=lap.lap_id,
        number=lap.number,
        lap_ns=fold.published_ns(lap),
        uncertainty_ns=lap.uncertainty_ns,
        is_short=lap.is_short,
        verdict=lap.verdict,
        counts=lap.counts,
        is_corrected=lap.is_corrected,
    )


def _entry(fold: Fold, standing: Standing) -> EntryView:
    columns, gap = standing.columns, fold.board.gap_of(standing)
    return EntryView(
        rank=fold.board.rank_of(standing),
        competitor_id=standing.competitor,
        name=fold.race.name_of(standing.competitor),
        best_ns=next((column.value for column in columns if column.code == "best"), None),
        gap_ns=gap.value if gap is not None and gap.kind == "duration_ns" else None,
        laps=standing.laps,
        runs=standing.runs,
        set_utc_ms=stamp_utc_ms(standing.set_at[0]) if standing.has_result else None,
        is_disqualified=standing.is_disqualified,
        columns=columns,
        gap=gap,
    )
