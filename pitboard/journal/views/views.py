"""The race as every screen, page and export gets it: plain values made from one fold.

Two nodes with the same records make byte-equal views (`encode_view`)."""

from __future__ import annotations

import msgspec

from pitboard.journal.folding.fold import Fold
from pitboard.journal.records.record import stamp_utc_ms
from pitboard.journal.views.run_views import RunView, view_run
from pitboard.race.bodies.calculated import Calculated
from pitboard.race.ranking.board import Board, Standing
from pitboard.race.ranking.boards import ALL
from pitboard.race.ranking.score import Column
from pitboard.race.runs.run import Run

EVENT_ID_LENGTH = 16


class EventView(msgspec.Struct, frozen=True):
    """`id` tells one event from the next at the same address; it stays when the name is corrected.

    `is_closed`: the results are final. `next_name` is held on `next_day`; empty where none is planned.
    """

    name: str
    resolution_ns: int
    id: str = ""
    is_closed: bool = False
    next_name: str = ""
    next_day: str = ""


class EntryView(msgspec.Struct, frozen=True):
    """A line of the board; times in ns as published, `set_utc_ms` a label of when the result was reached.

    `columns` is what the event's format shows, `gap` the distance to the leader in whatever the format ranks
    by; `best_ns` and `gap_ns` are the best lap, and the gap where it is a time. `calculated` marks a result
    that rests on times that were.
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
    number: str = ""
    race_class: str = ""
    team: str = ""
    flag: str = ""
    calculated: tuple[Calculated, ...] = ()


class BoardView(msgspec.Struct, frozen=True):
    """`newest` is the competitor whose result was confirmed last; `on_track` holds the undecided runs."""

    event: EventView
    entries: list[EntryView]
    on_track: list[RunView]
    newest: str | None
    track: str = ""
    race_class: str = ""


class AheadView(msgspec.Struct, frozen=True):
    """Who has the place above, and how far away that is."""

    competitor_id: str
    name: str
    gap: Column | None


class CompetitorView(msgspec.Struct, frozen=True):
    competitor_id: str
    name: str
    entry: EntryView | None
    runs: list[RunView]
    event_id: str = ""
    ahead: AheadView | None = None


class EntriesKept:
    """Makes all entries of a board anew only where one of them may be another than the last time."""

    def __init__(self) -> None:
        self._made_of: tuple[Fold, int, str, str] | None = None
        self._entries: list[EntryView] = []

    def of(self, fold: Fold, track: str, race_class: str) -> list[EntryView]:
        """Return the entries: the same list for the same entries, which nobody changes."""
        made_of = (fold, fold.board_version, track, race_class)
        if made_of != self._made_of:
            self._entries = _entries(fold, fold.board_of(track, race_class), 0, None)
            self._made_of = made_of
        return self._entries


def view_event(fold: Fold, resolution_ns: int) -> EventView:
    """Return the event's name and state, with times cut to this resolution."""
    event, programme = fold.race.event.value, fold.race.programme
    planned = programme.planned()
    return EventView(
        name="Pitboard" if event is None else event.name,
        resolution_ns=resolution_ns,
        id=event_id_of(fold),
        is_closed=programme.is_closed(),
        next_name=planned[0].name if planned else "",
        next_day=planned[0].day if planned else "",
    )


def view_board(
    fold: Fold,
    *,
    start: int = 0,
    count: int | None = None,
    track: str = ALL,
    race_class: str = ALL,
    kept: EntriesKept | None = None,
) -> BoardView:
    """Return the board of one track or all, of one class or all; `count` entries from `start` on, or all.

    Who asks for all again and again brings what keeps them.
    """
    board = fold.board_of(track, race_class)
    return BoardView(
        event=view_event(fold, board.rules.resolution_ns),
        entries=_entries(fold, board, start, count) if kept is None else kept.of(fold, track, race_class),
        on_track=[view_run(fold, run) for run in on_track(fold)],
        newest=board.newest(),
        track=track,
        race_class=race_class,
    )


def _entries(fold: Fold, board: Board, start: int, count: int | None) -> list[EntryView]:
    return [_entry(fold, board, standing) for standing in board.in_order(start, count)]


def event_id_of(fold: Fold) -> str:
    """Return the event's id: the beginning of its root key, which is public."""
    return fold.root_key[:EVENT_ID_LENGTH]


def encode_view(view: msgspec.Struct) -> bytes:
    """Return the view as JSON, the same bytes for the same values."""
    return msgspec.json.encode(view)


def on_track(fold: Fold) -> list[Run]:
    """Return on each track the run armed last, of those that nobody has decided yet; all of them where cars
    drive from a start to a finish gate."""
    last = {run.run_id for run in fold.race.run_list.last_undecided().values()}
    runs = [run for run in fold.race.run_list.undecided() if run.run_id in last or run.is_start_to_finish]
    return sorted(runs, key=lambda run: (run.unit, run.track, run.armed.word.moment))


def view_entry(fold: Fold, competitor_id: str) -> EntryView | None:
    standing = fold.board.standing_of(competitor_id)
    return None if standing is None else _entry(fold, fold.board, standing)


def view_competitor(fold: Fold, competitor_id: str) -> CompetitorView | None:
    """Return a competitor with their confirmed and undecided runs in the order armed; None if unknown."""
    race = fold.race
    if competitor_id not in race.competitors:
        return None
    now = race.roll.now(competitor_id) or competitor_id
    runs = [
        run for run in race.run_list.of_competitors(race.roll.same_person(now)) if run.decision != "discarded"
    ]
    return CompetitorView(
        competitor_id=now,
        name=race.name_of(now),
        entry=view_entry(fold, now),
        runs=[view_run(fold, run) for run in runs],
        event_id=event_id_of(fold),
        ahead=_ahead(fold, now),
    )


def _ahead(fold: Fold, competitor_id: str) -> AheadView | None:
    standing = fold.board.standing_of(competitor_id)
    ahead = None if standing is None else fold.board.ahead_of(standing)
    if ahead is None:
        return None
    better, gap = ahead
    return AheadView(better.competitor, fold.race.name_of(better.competitor), gap)


def _entry(fold: Fold, board: Board, standing: Standing) -> EntryView:
    columns, gap = standing.columns, board.gap_of(standing)
    known = fold.race.competitors.get(standing.competitor)
    return EntryView(
        rank=board.rank_of(standing),
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
        number="" if known is None else known.number,
        race_class="" if known is None else known.race_class,
        team="" if known is None else known.team,
        flag="" if known is None else known.flag,
        calculated=standing.outcome.calculated,
    )
