"""Who drives now, each with their place in the run, and the rank that it would give them.

Of all runs under way; nothing of how they are shown."""

from __future__ import annotations

from typing import NamedTuple

from display.scene.board_index import index_of, sort_key
from display.scene.result_text import columns_of
from pitboard.journal.views.run_views import RunView
from pitboard.journal.views.views import BoardView, EntryView
from pitboard.race.runs.run_parts import Place


class Driver(NamedTuple):
    """Who drives in which place of which run, with their line of the board."""

    run: RunView
    place: Place
    entry: EntryView | None


def drivers(view: BoardView) -> list[Driver]:
    entries = index_of(view).by_id
    found = []
    for run in view.on_track:
        for place in run.places or [_only_place(run)]:
            found.append(Driver(run, place, entries.get(place.competitor_id or "")))
    return found


def rank_if_confirmed(driver: Driver, view: BoardView) -> int | None:
    """Return the rank that the driver would have if the run were confirmed as it stands.

    Known where the run is shown by the same columns as the board.
    """
    mine = driver.place.columns
    if not mine or mine[0].value is None or driver.place.status != "finished":
        return None
    codes = tuple(column.code for column in mine[: 2 if mine[0].kind != "duration_ns" else 1])
    own = sort_key(mine, codes)
    before = None if driver.entry is None else sort_key(columns_of(driver.entry), codes)
    if own is None or (before is not None and before < own):
        own = before
    return None if own is None else index_of(view).rank_of(own, codes)


def _only_place(run: RunView) -> Place:
    return Place(place=1, competitor_id=run.competitor_id, name=run.name, laps=run.laps, best_ns=run.best_ns)
