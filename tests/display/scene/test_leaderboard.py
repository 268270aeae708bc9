"""The leaderboard scene, laid out without a screen."""

from __future__ import annotations

from itertools import combinations, pairwise

import msgspec
import pytest

from display.scene.blocks import Area, Block, Fill, Scene, Text
from display.scene.leaderboard import lay_out_leaderboard
from display.scene.row_grid import PAGE_MIN_NS
from display.scene.show import Canvas, Moment
from display.scene.story import BRIGHT_NS, SLIDE_NS
from pitboard.drawing.palette import BLUE, GOLD
from pitboard.drawing.panel import figure_min_px
from pitboard.journal.views.views import BoardView
from pitboard.race.bodies.calculated import Calculated
from pitboard.race.ranking.score import Column
from tests.display.example_boards import (
    BEFORE,
    LIVE,
    LONG_NAME,
    NEWS_AT_NS,
    SIZES,
    STALE,
    board,
    lap_view,
    leaderboard,
    news,
    run_view,
    show_of,
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
    scene = leaderboard(view, badge, size, page=0)  # type: ignore[arg-type]
    screen = Area(0, 0, *size)
    assert all(screen.holds(block.area) for block in scene.blocks)
    assert not [(a.name, b.name) for a, b in combinations(scene.blocks, 2) if a.area.meets(b.area)]
    for block in scene.blocks:
        assert all(block.area.holds(mark.area) for mark in block.marks), block.name
        words = [mark.area for mark in block.marks if isinstance(mark, Text)]
        assert not [pair for pair in combinations(words, 2) if pair[0].meets(pair[1])], block.name
        assert all(area.width > 0 and area.height > 0 for area in words), block.name


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("count", [3, 12, 30])
def test_columns_stand_in_line_and_times_end_at_one_edge(count: int, size: tuple[int, int]) -> None:
    scene = leaderboard(board(count), LIVE, size, page=0)
    for column in range(4):
        marks = [[mark for mark in row.marks if isinstance(mark, Text)][column] for row in rows(scene)]
        assert len({(mark.area.left, mark.area.width) for mark in marks}) == 1
        assert len({mark.size_px for mark in marks}) == 1
    times = [[mark for mark in row.marks if isinstance(mark, Text)][-2] for row in rows(scene)]
    assert {mark.align for mark in times} == {"right"}
    assert {len(mark.text.partition(".")[2]) for mark in times if "." in mark.text} == {3}


def test_rows_are_legible_from_ten_metres() -> None:
    scene = leaderboard(board(30, on_track=TWO_TRACKS[:1], newest=0), LIVE, (1920, 1080), page=0)
    assert 9 <= len(rows(scene)) <= 12
    assert all(row.area.height >= 60 for row in rows(scene))
    assert all(max(mark.size_px for mark in row.marks if isinstance(mark, Text)) >= 50 for row in rows(scene))


def test_figures_are_as_high_as_the_hall_is_long() -> None:
    """A figure is 0.72 of its size high."""
    size = (1920, 1080)
    least = figure_min_px(size, (1_210, 680), hall_m=10)
    assert least == 63  # 40 mm on a screen 1,210 mm wide
    canvas = Canvas(size=size, figure_min_px=least)
    scene = lay_out_leaderboard(show_of(board(40)), Moment(NEWS_AT_NS), canvas).scene
    sizes = [max(mark.size_px for mark in row.marks if isinstance(mark, Text)) for row in rows(scene)]
    assert min(sizes) * 72 // 100 >= least


def test_the_fewer_entries_the_larger_their_rows() -> None:
    heights = [rows(leaderboard(board(n)))[0].area.height for n in (3, 7, 12, 200)]
    assert heights == sorted(heights, reverse=True)
    assert heights[0] > heights[1] > heights[2] > heights[3]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("count", [12, 60, 200])
def test_pages_that_turn_fill_the_screen_to_its_foot(size: tuple[int, int], count: int) -> None:
    for run_count in (0, 1, 2):
        scene = leaderboard(board(count, on_track=TWO_TRACKS[:run_count]), LIVE, size)
        shown = rows(scene)
        bands = [block for block in scene.blocks if block.name.startswith(("run", "result"))]
        foot = min([size[1], *(band.area.top for band in bands)])
        assert foot - max(row.area.bottom for row in shown) < shown[0].area.height


def test_equal_times_show_the_ranks_they_were_given() -> None:
    scene = leaderboard(board(12), LIVE, (1920, 1080), page=0)
    assert [texts(row)[0] for row in rows(scene)][:4] == ["1", "2", "2", "4"]


def test_the_leader_is_gold_and_has_no_gap() -> None:
    leader, second, *_ = rows(leaderboard(board(12, newest=5), LIVE, (1920, 1080), page=0))
    assert GOLD in [mark.colour for mark in leader.marks if isinstance(mark, Fill)]
    assert GOLD not in [mark.colour for mark in second.marks if isinstance(mark, Fill)]
    assert texts(leader)[-2:] == ["11.862", ""]
    assert texts(second)[-2:] == ["12.299", "+0.437"]


def test_only_the_newest_result_stands_out_and_only_for_a_while() -> None:
    view = board(6, newest=4)
    canvas = Canvas(size=(1920, 1080))

    def bright(age_ns: int) -> list[str]:
        frame = lay_out_leaderboard(show_of(view, story=news(view)), Moment(NEWS_AT_NS + age_ns), canvas)
        return [
            row.name
            for row in rows(frame.scene)
            if BLUE in [mark.colour for mark in row.marks if isinstance(mark, Fill)]
        ]

    assert bright(SLIDE_NS) == bright(BRIGHT_NS - 1) == ["row c4"]
    assert bright(BRIGHT_NS) == []


def test_a_display_that_has_just_started_calls_nothing_new() -> None:
    assert "NEW" not in [text for row in rows(leaderboard(board(12, newest=4))) for text in texts(row)]


def test_a_competitor_without_a_time_has_neither_rank_nor_gap() -> None:
    view = board(12)
    size = (1080, 1920)
    last = rows(leaderboard(view, LIVE, size, page=0))[-1]
    assert texts(last) == ["–", "No Time", "–", ""]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("count", [3, 12, 60, 200])
def test_every_entry_comes_round_within_thirty_seconds_and_the_top_three_stay(
    count: int, size: tuple[int, int]
) -> None:
    view = board(count, on_track=TWO_TRACKS, newest=0)
    show, canvas = show_of(view), Canvas(size=size)
    moment, seen = NEWS_AT_NS, set[str]()
    while moment < NEWS_AT_NS + 30 * 10**9:
        frame = lay_out_leaderboard(show, Moment(moment), canvas)
        assert frame.scene.rows_drawn[:3] == ("c0", "c1", "c2")
        seen.update(frame.scene.rows_drawn)
        if frame.changes_mono_ns is None:
            break
        assert frame.changes_mono_ns - moment >= 2_000_000_000  # time enough to read a page
        moment = frame.changes_mono_ns
    assert seen == {entry.competitor_id for entry in view.entries}


def test_a_page_of_very_many_entries_stays_long_enough_to_be_read() -> None:
    frame = lay_out_leaderboard(show_of(board(3_000)), Moment(NEWS_AT_NS), Canvas(size=(1920, 1080)))
    assert frame.changes_mono_ns == NEWS_AT_NS + PAGE_MIN_NS


def test_a_new_result_turns_to_its_own_page() -> None:
    view = board(200, newest=150)
    at_ns = NEWS_AT_NS + 1
    frame = lay_out_leaderboard(
        show_of(view, story=news(view, at_mono_ns=at_ns)), Moment(at_ns + SLIDE_NS), Canvas(size=(1920, 1080))
    )
    assert "c150" in frame.scene.rows_drawn


def test_columns_and_gap_are_those_of_the_format() -> None:
    view = board(2)
    leader = msgspec.structs.replace(
        view.entries[0],
        columns=(
            Column("laps", "count", 31),
            Column("elapsed", "duration_ns", 300_123_000_000),
            Column("from-the-future", "count", 5),
        ),
        number="7",
    )
    second = msgspec.structs.replace(leader, competitor_id="c1", rank=2, gap=Column("laps", "count", -2))
    scene = leaderboard(msgspec.structs.replace(view, entries=[leader, second]))
    assert {"LAPS", "TIME", "FROM-THE-FUTURE"} <= set(texts(named(scene, "captions")))
    assert {"31", "5:00.123", "5", "7"} <= set(texts(rows(scene)[0]))
    assert texts(rows(scene)[1])[-1] == "−2"


def test_an_empty_board_invites() -> None:
    scene = leaderboard(board(0), LIVE, (1920, 1080), page=0)
    assert "Who sets the first time?" in texts(named(scene, "invitation"))
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
    scenes = [leaderboard(board(12, on_track=[run], newest=2), LIVE, (1920, 1080), page=0) for run in steps]
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
        band = named(leaderboard(board(3, on_track=[run]), LIVE, (1920, 1080), page=0), "run")
        assert words in texts(band)
        assert "BEST · PROVISIONAL" in texts(band)
        assert "12.345" in texts(band)


def test_the_latest_result_fills_the_band_while_nobody_is_on_track() -> None:
    band = named(leaderboard(board(200, newest=150), LIVE, (1920, 1080), page=0), "result")
    assert texts(band)[0] == "LATEST RESULT"
    assert "151" in texts(band)


def test_runs_beyond_the_bands_are_not_claimed_as_drawn() -> None:
    tracks = [run_view(track=f"Track {sign}") for sign in "ABCDE"]
    scene = leaderboard(board(12, on_track=tracks), LIVE, (1920, 1080), page=0)
    assert scene.runs_drawn == ("run Track A", "run Track B", "run Track C")


def test_a_result_that_was_calculated_says_so_from_what_and_how_sure() -> None:
    mark = Calculated(
        from_passing_id="b/9",
        from_system="B",
        correction_ns=3_000_000,
        before_count=10,
        after_count=0,
        uncertainty_ns=11_400_000,
    )
    view = board(3)
    made = msgspec.structs.replace(view.entries[1], calculated=(mark,))
    view = msgspec.structs.replace(view, entries=[view.entries[0], made, view.entries[2]])
    for size in SIZES:
        words = texts(rows(leaderboard(view, LIVE, size, page=0))[1])
        assert "≈12.299" in words
        is_portrait = size[0] < size[1]
        assert ("calculated from B, ±12 ms" in words) != is_portrait


def test_a_disqualified_competitor_shows_no_time() -> None:
    view = board(3, newest=2)
    last = msgspec.structs.replace(view.entries[2], rank=None, gap_ns=None, is_disqualified=True)
    view = msgspec.structs.replace(view, entries=[*view.entries[:2], last])
    scene = leaderboard(view, LIVE, (1920, 1080), page=0)
    assert texts(rows(scene)[2])[-4:] == ["–", last.name, "DSQ", ""]
    assert "DSQ" in texts(named(scene, "result"))


def test_a_page_that_comes_round_again_is_the_same_one_and_not_made_anew() -> None:
    view = board(200)
    canvas = Canvas(size=(1920, 1080))
    page_ns = (first := lay_out_leaderboard(show_of(view), Moment(0), canvas)).changes_mono_ns or 0
    again = lay_out_leaderboard(show_of(view), Moment(page_ns * first.scene.page_count), canvas)
    other = lay_out_leaderboard(show_of(view), Moment(page_ns), canvas)
    assert all(one is another for one, another in zip(rows(first.scene), rows(again.scene), strict=True))
    assert rows(other.scene) != rows(first.scene)
