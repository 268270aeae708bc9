"""The demo opens on a race day in progress, and its figures are those of the race that one sees."""

from __future__ import annotations

import asyncio
from pathlib import Path

from display.screen.show_maker import pictures_in
from pitboard.journal.views.stage_view import view_stages
from pitboard.journal.views.views import view_board
from pitboard.keeping.journal_copy import fold_file
from pitboard.race.runs.phases import DRIVEN
from venue.demo.audit import Audit
from venue.demo.crew import Crew
from venue.demo.demo_venue import SENSOR, DemoVenue
from venue.demo.earlier_day import (
    DRIVERS,
    EARLIER,
    FINALS_DRIVEN,
    SPONSORS,
    TRACK,
    WAITING,
    write_earlier_day,
)


def test_the_unit_opens_on_a_day_in_progress_and_the_audit_counts_none_of_it(tmp_path: Path) -> None:
    venue = DemoVenue.set_up(tmp_path / "out", has_windows=False)
    asyncio.run(write_earlier_day(venue, seed=1))
    fold = fold_file(venue.journal("trackside"))
    board = view_board(fold)
    ranked = [entry for entry in board.entries if entry.rank is not None]
    assert len(ranked) == DRIVERS
    assert len({entry.race_class for entry in ranked}) == 2
    assert all(entry.number for entry in ranked)
    assert board.on_track == []
    assert not any(fold.race.phase(run) in DRIVEN for run in fold.race.runs.values())
    assert len(fold.race.programme.queue(TRACK)) == WAITING
    assert fold.race.programme.schedule()
    assert Audit(fold, [], [], sensor=SENSOR, earlier=EARLIER).runs() == []
    assert len(Audit(fold, [], [], sensor=SENSOR).runs()) == DRIVERS + 2 * FINALS_DRIVEN
    (finals,) = view_stages(fold)
    assert [heat.phase for heat in finals.heats].count("driven") == FINALS_DRIVEN
    assert any(heat.phase == "ready" for heat in finals.heats)
    assert len(pictures_in(venue.folder / "sponsors")) == len(SPONSORS)


def test_a_window_that_somebody_closed_stays_closed_and_is_no_unexpected_exit(tmp_path: Path) -> None:
    async def story() -> tuple[list[str], dict[str, list[int]]]:
        async with Crew.assembled(tmp_path, {}) as crew:
            for name, may_be_closed in (("board", True), ("bridge", False)):
                crew.add(name, "-c", "0", module="this", may_be_closed=may_be_closed)
            await crew.start("board")
            watcher = crew.members["board"].watcher
            assert watcher is not None
            await asyncio.wait([watcher])
            return crew.closed(), crew.unexpected_exits()

    assert asyncio.run(story()) == (["board"], {})
