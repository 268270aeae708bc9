"""The leaderboard scene, laid out without a screen."""

from __future__ import annotations

from itertools import combinations, pairwise

import msgspec
import pytest

from display.scene.blocks import Area, Block, Fill, Scene, Text
from display.scene.leaderboard import INVITATION, lay_out, row_count
from pitboard.drawing.palette import BLUE, GOLD
from pitboard.journal.views import BoardView
from tests.display.example_boards import (
    BEFORE,
    LIVE,
    LONG_NAME,
    SIZES,
    STALE,
    board,
    lap_view,
    run_view,
)

TWO_TRACKS = (
    run_view(laps=[lap_view(1, ms=12_345)], name=LONG_NAME),
    run_view(phase="armed", track="Track B with quite a long name of its own"),
)
BOARDS = (
    board(0),
    board(0, on_track=TWO_TRACKS[:1]),
    board(3, newest=2),
    board(12, on_track=TWO_TRACKS[:1], newest=0),
    board(200, on_track=TWO_TRACKS, newest=130),
    board(200, on_track=[*TWO_TRACKS, run_view(track="C"), run_view(track="D")], newest=1),
)


def texts(block: Block) -> list[str]:
    return [mark.text for mark in block.marks if isinstance(mark, Text)]


def rows(scene: Scene) -> list[Block]:
    return [block for block in scene.blocks if block.name.startswith("row")]


def named(scene: Scene, name: str) -> Block:
    return next(block for block in scene.blocks if block.name.startswith(name))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("view", BOARDS)
@pytest.mark.parametrize("badge", [LIVE, STALE, BEFORE])
def test_nothing_overlaps_or_leaves_the_screen(view: BoardView, badge: object, size: tuple[int, int]) -> None:
    scene = lay_out(view, badge, size, page=0)  # type: ignore[arg-type]
    screen = Area(0, 0, *size)
    assert all(screen.holds(block.area) for block in scene.blocks)
    assert not [(a.name, b.name) for a, b in combinations(scene.blocks, 2) if a.area.meets(b.area)]
    for block in scene.blocks:
        assert all(block.area.holds(mark.area) for mark in block.marks), block.name
        words = [mark.area for mark in block.marks if isinstance(mark, Text)]
        assert not [pair for pair in combinations(words, 2) if pair[0].meets(pair[1])], block.name
        assert all(area.width > 0 and area.height > 0 for area in words), block.name


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("count", [3, 12, 200])
def test_columns_stand_in_line_and_times_end_at_one_edge(count: int, size: tuple[int, int]) -> None:
    scene = lay_out(board(count), LIVE, size, page=0)
    for column in range(4):
        marks = [[mark for mark in row.marks if isinstance(mark, Text)][column] for row in rows(scene)]
        assert len({(mark.area.left, mark.area.width) for mark in marks}) == 1
        assert len({mark.size_px for mark in marks}) == 1
    times = [[mark for mark in row.marks if isinstance(mark, Text)][-2] for row in rows(scene)]
    assert {mark.align for mark in times} == {"right"}
    assert {len(mark.text.partition(".")[2]) for mark in times if "." in mark.text} == {3}


def test_rows_are_legible_from_ten_metres() -> None:
    scene = lay_out(board(200, on_track=TWO_TRACKS[:1], newest=0), LIVE, (1920, 1080), page=0)
    assert 10 <= len(rows(scene)) <= 12
    assert all(row.area.height >= 60 for row in rows(scene))
    assert all(max(mark.size_px for mark in row.marks if isinstance(mark, Text)) >= 50 for row in rows(scene))


def test_few_entries_get_larger_rows() -> None:
    few, many = (rows(lay_out(board(n, newest=0), LIVE, (1920, 1080), page=0)) for n in (3, 12))
    assert few[0].area.height > many[0].area.height


def test_equal_times_show_the_ranks_they_were_given() -> None:
    scene = lay_out(board(12), LIVE, (1920, 1080), page=0)
    assert [texts(row)[0] for row in rows(scene)][:4] == ["1", "2", "2", "4"]


def test_the_leader_is_gold_and_has_no_gap() -> None:
    leader, second, *_ = rows(lay_out(board(12, newest=5), LIVE, (1920, 1080), page=0))
    assert GOLD in [mark.colour for mark in leader.marks if isinstance(mark, Fill)]
    assert GOLD not in [mark.colour for mark in second.marks]
    assert texts(leader)[-2:] == ["11.862", ""]
    assert texts(second)[-2:] == ["12.299", "+0.437"]


def test_only_the_newest_result_stands_out() -> None:
    scene = lay_out(board(12, newest=4), LIVE, (1920, 1080), page=0)
    bright = [
        texts(row)[1:]
        for row in rows(scene)
        if BLUE in [mark.colour for mark in row.marks if mark.area == row.area]
    ]
    assert len(bright) == 1
    assert "NEW" in texts(rows(scene)[4])


def test_a_competitor_without_a_time_has_neither_rank_nor_gap() -> None:
    view = board(12)
    size = (1080, 1920)
    last = rows(lay_out(view, LIVE, size, page=0))[-1]
    assert row_count(view, size) >= 12
    assert texts(last) == ["–", "No Time", "–", ""]


def test_every_entry_appears_on_some_page_and_the_top_three_on_all() -> None:
    view = board(200, newest=0)
    first = lay_out(view, LIVE, (1920, 1080), page=0)
    seen: set[str] = set()
    for page in range(first.page_count):
        scene = lay_out(view, LIVE, (1920, 1080), page=page)
        assert scene.rows_drawn[:3] == ("c0", "c1", "c2")
        assert f"page {page + 1} of {first.page_count}" in " ".join(texts(named(scene, "captions")))
        seen.update(scene.rows_drawn)
    assert seen == {entry.competitor_id for entry in view.entries}


def test_a_page_that_is_no_more_shows_the_last_one() -> None:
    assert lay_out(board(200), LIVE, (1920, 1080), page=999).rows_drawn[-1] == "c199"


def test_an_empty_board_invites() -> None:
    scene = lay_out(board(0), LIVE, (1920, 1080), page=0)
    assert INVITATION in texts(named(scene, "invitation"))
    assert rows(scene) == []


def test_every_passing_changes_the_band_and_nothing_else() -> None:
    laps = [lap_view(number, ms=12_000) for number in range(1, 4)]
    steps = [
        run_view(phase="armed"),
        run_view(),
        *(run_view(laps=laps[:count]) for count in (1, 2, 3)),
        run_view(phase="time-up", laps=laps),
        run_view(phase="time-up", laps=laps, passings=5),
        run_view(phase="review", laps=laps, passings=5),
    ]
    scenes = [lay_out(board(12, on_track=[run], newest=2), LIVE, (1920, 1080), page=0) for run in steps]
    for before, after in pairwise(scenes):
        changed = set(after.blocks) - set(before.blocks)
        assert [block.name for block in changed] == ["run run Track A"]


def test_the_band_marks_provisional_short_and_void_laps() -> None:
    good = lap_view(1, ms=12_345)
    for last, words in (
        (lap_view(2, ms=2_100, is_short=True), "LAP 2 · TOO SHORT?"),
        (lap_view(2, ms=13_000, verdict="void"), "LAP 2 · VOID"),
        (lap_view(2, ms=13_000), "LAST LAP"),
    ):
        run = run_view(laps=[good, last])
        band = named(lay_out(board(3, on_track=[run]), LIVE, (1920, 1080), page=0), "run")
        assert words in texts(band)
        assert "BEST · PROVISIONAL" in texts(band)
        assert "12.345" in texts(band)


def test_the_latest_result_fills_the_band_while_nobody_is_on_track() -> None:
    band = named(lay_out(board(200, newest=150), LIVE, (1920, 1080), page=0), "result")
    assert texts(band)[0] == "LATEST RESULT"
    assert "151" in texts(band)


def test_runs_beyond_the_bands_are_not_claimed_as_drawn() -> None:
    tracks = [run_view(track=f"Track {sign}") for sign in "ABCDE"]
    scene = lay_out(board(12, on_track=tracks), LIVE, (1920, 1080), page=0)
    assert scene.runs_drawn == ("run Track A", "run Track B", "run Track C")


def test_a_disqualified_competitor_shows_no_time() -> None:
    view = board(3, newest=2)
    last = msgspec.structs.replace(view.entries[2], rank=None, gap_ns=None, is_disqualified=True)
    view = msgspec.structs.replace(view, entries=[*view.entries[:2], last])
    scene = lay_out(view, LIVE, (1920, 1080), page=0)
    assert texts(rows(scene)[2])[-4:] == ["–", last.name, "DSQ", ""]
    assert "DSQ" in texts(named(scene, "result"))
