"""A calculated time says so on every screen and export (FIS 611.3.4): each place that makes text of a time.

Whoever adds a place that shows a lap or a result adds it to the table, with how it tells what was calculated.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NO_RESULT = "no result: a clock, a gap, a penalty, a stamp or what was measured"
MAKES_TEXT = re.compile(
    r"\b(?:format_lap_ns|column_text|amount_text|lapText|timeOf|amountText|resultText|entryResult)\("
)
DEFINES = re.compile(r"^\s*(?:def |export const |export function )")

# file: (places, what in the same file says that a time was calculated, from what and how sure)
PLACES: dict[str, tuple[int, str]] = {
    "display/scene/result_text.py": (4, "calculated_words"),
    "display/scene/leaderboard_row.py": (2, "calculated_words"),
    "display/scene/bracket.py": (1, "signed("),
    "display/scene/driver_laps.py": (2, "lap_text("),
    "trackside/touch/scene/calculated_words.py": (1, "made_words"),
    "trackside/touch/scene/lap_list.py": (1, "made_words"),
    "trackside/touch/scene/passings_scene.py": (3, NO_RESULT),
    "trackside/touch/scene/put_right_scene.py": (1, NO_RESULT),
    "trackside/touch/scene/review_scene.py": (1, "made_words"),
    "trackside/touch/scene/run_scene.py": (1, "made_words"),
    "sync/central/admin/run_plans.py": (1, NO_RESULT),
    "sync/central/admin/admin_acts.py": (1, NO_RESULT),
    "sync/central/admin/act_history.py": (1, NO_RESULT),
    "sync/central/admin/timing/hand_timing.py": (2, NO_RESULT),
    "sync/central/public/first_rows.py": (3, "page.lap.calculated"),
    "sync/central/commands/admin_text.py": (2, "mark_text"),
    "sync/central/admin/desk/page/act_dialog.js": (1, "entryResult"),
    "sync/central/admin/desk/page/format.js": (2, "resultOf"),
    "sync/central/admin/desk/page/home.js": (2, "entryResult"),
    "sync/central/admin/desk/page/meanwhile.js": (1, NO_RESULT),
    "sync/central/admin/desk/page/person.js": (1, "entryResult"),
    "sync/central/admin/desk/page/pieces.js": (4, "desk.time-calculated-from-system-ms-ms"),
    "sync/central/admin/desk/page/run.js": (5, "desk.calculated-from-system-ms-ms"),
    "sync/central/public/page/bracket.js": (1, "calculatedWords"),
    "sync/central/public/page/board_list.js": (1, "calculatedWords"),
    "sync/central/public/page/result_text.js": (5, "signed("),
    "sync/central/public/page/competitor_page.js": (6, "calculatedWords"),
    "sync/central/public/page/track_card.js": (2, "calculatedWords"),
    "sync/central/public/shows/shows.js": (3, "calculatedWords"),
    "pitboard/keeping/export_command.py": (1, "short_text"),
    "pitboard/keeping/export_files.py": (2, NO_RESULT),  # cells of a table with a column of its own for it
    "pitboard/keeping/export_sheets.py": (2, "row.calculated"),
    "pitboard/keeping/report_command.py": (1, "mark_text"),
    "pitboard/keeping/scoring/score_command.py": (
        4,
        NO_RESULT,
    ),  # laps of a file, nothing is calculated there
    "pitboard/keeping/scoring/score_day.py": (1, NO_RESULT),
    "pitboard/keeping/scoring/score_text.py": (1, NO_RESULT),
    "pitboard/drawing/amount_text.py": (1, NO_RESULT),
    "pitboard/drawing/time_text.py": (1, NO_RESULT),
    "venue/appliance/virtual_drill.py": (1, NO_RESULT),  # compared with what the glass showed
}


def places_of(path: Path) -> int:
    lines = path.read_text().splitlines()
    return sum(len(MAKES_TEXT.findall(line)) for line in lines if not DEFINES.match(line) or "=>" in line)


def test_every_place_that_makes_text_of_a_time_is_in_the_table() -> None:
    parts = ("display", "trackside", "sync", "pitboard", "venue", "firmware_bridge")
    paths = [path for part in parts for end in ("py", "js") for path in (ROOT / part).rglob(f"*.{end}")]
    found = {str(path.relative_to(ROOT)): places_of(path) for path in paths}
    assert {name: count for name, count in found.items() if count} == {
        name: count for name, (count, _) in PLACES.items()
    }, "A place that shows a time is new or gone: see that it says what was calculated, then count it here."


@pytest.mark.parametrize("name", [name for name, (_, how) in PLACES.items() if how != NO_RESULT])
def test_each_of_them_says_what_was_calculated(name: str) -> None:
    assert PLACES[name][1] in (ROOT / name).read_text()
