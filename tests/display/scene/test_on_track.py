"""On track now: the clock in step with the unit's, the colours of laps, the place that a run would give."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import msgspec
import pytest

from display.scene.blocks import Area, Fill, Text
from display.scene.calculated_note import with_note
from display.scene.drivers import drivers, rank_if_confirmed
from display.scene.on_track import lay_out_on_track
from display.scene.run_clock import learned, run_time
from display.scene.show import Canvas, Moment, Show
from pitboard.drawing.palette import AMBER, GREEN, PURPLE
from pitboard.journal.views.run_views import ClockView, RunView
from pitboard.journal.views.views import BoardView
from pitboard.race.bodies.calculated import Calculated
from pitboard.race.ranking.score import Column
from pitboard.race.runs.run_parts import Lap, Pause, Place, Sector
from tests.display.example_boards import LIVE, SIZES, board, lap_view, run_view, show_of

SECOND_NS = 1_000_000_000
START_NS = 500 * SECOND_NS


def timed(
    *,
    run_ms: int = 120_000,
    laps_ms: tuple[int, ...] = (),
    pauses: tuple[Pause, ...] = (),
    phase: str = "running",
) -> RunView:
    run = run_view(phase=phase, laps=[lap_view(n, ms=ms) for n, ms in enumerate(laps_ms, 1)])  # type: ignore[arg-type]
    clock = ClockView(
        boot_id="unit",
        armed_mono_ns=START_NS - 10 * SECOND_NS,
        armed_utc_ms=1_000_000,
        started_mono_ns=None if phase == "armed" else START_NS,
        run_ms=run_ms,
        pauses=pauses,
    )
    place = Place(
        place=1,
        competitor_id="c1",
        name="Anna Berg",
        laps=run.laps,
        best_ns=run.best_ns,
        columns=(Column("best", "duration_ns", run.best_ns),),
        started_mono_ns=START_NS,
    )
    return msgspec.structs.replace(run, clock=clock, places=(place,))


def shown(run: RunView, seconds: float, *, clocks: dict[str, int] | None = None) -> list[str]:
    """Return all texts so many seconds after the start, the unit's clock being 400 s ahead of ours."""
    ahead = {"unit": 400 * SECOND_NS} if clocks is None else clocks
    view = board(3, on_track=[run])
    moment = Moment(START_NS - 400 * SECOND_NS + int(seconds * SECOND_NS), 1_010_000 + int(seconds * 1_000))
    show = Show(board=view, badge=LIVE, unit_clocks=ahead)
    scene = lay_out_on_track(show, moment, Canvas(size=(1920, 1080))).scene
    return [mark.text for block in scene.blocks for mark in block.marks if isinstance(mark, Text)]


def test_the_clock_counts_down_with_the_units_and_in_tenths_at_the_end() -> None:
    run = timed()
    for seconds, text in (
        (0, "2:00"),
        (0.5, "2:00"),
        (1, "1:59"),
        (109, "0:11"),
        (110, "0:10.0"),
        (112.75, "0:07.3"),
    ):
        assert text in shown(run, seconds), (seconds, text)
    assert "0:00" in shown(run, 125)


def test_without_a_stamp_seen_the_wall_clocks_have_to_do() -> None:
    assert "1:30" in shown(timed(), 30, clocks={})


def test_a_pause_stops_the_clock() -> None:
    pause = Pause(from_mono_ns=START_NS + 10 * SECOND_NS, to_mono_ns=START_NS + 30 * SECOND_NS)
    assert "1:30" in shown(timed(pauses=(pause,)), 50)
    stands = Pause(from_mono_ns=START_NS + 10 * SECOND_NS, to_mono_ns=None)
    assert "1:50" in shown(timed(pauses=(stands,), phase="paused"), 50)


def test_a_run_without_a_limit_counts_up() -> None:
    assert "1:05" in shown(timed(run_ms=0), 65)


def test_the_next_change_is_the_next_second_or_tenth_and_none_at_rest() -> None:
    for seconds, run, expected_ms in ((5.25, timed(), 750), (115.03, timed(), 70)):
        moment = Moment(START_NS + int(seconds * SECOND_NS))
        time = run_time(run, {"unit": 0}, moment)
        assert time is not None
        assert time.changes_in_ms == expected_ms
    for phase in ("armed", "paused", "time-up", "review"):
        frame = lay_out_on_track(
            show_of(board(3, on_track=[timed(phase=phase)])), Moment(0), Canvas(size=(1280, 720))
        )
        assert frame.changes_mono_ns is None


def test_a_stamp_that_was_not_there_before_tells_the_units_clock() -> None:
    armed, running = timed(phase="armed"), timed()
    empty, ready, going = board(3), board(3, on_track=[armed]), board(3, on_track=[running])
    assert learned({}, None, going, mono_ns=0) == {}
    clocks = learned({}, empty, ready, mono_ns=100 * SECOND_NS)
    assert clocks == {"unit": 390 * SECOND_NS}
    better = learned(clocks, ready, going, mono_ns=109 * SECOND_NS)
    assert better == {"unit": 391 * SECOND_NS}
    assert learned(better, ready, going, mono_ns=150 * SECOND_NS) == better  # this one took long to come
    assert learned({}, empty, going, mono_ns=5) == {}  # a run that was there before this display was


@pytest.mark.parametrize(
    ("laps_ms", "colours"),
    [((12_500,), {AMBER}), ((12_500, 12_200), {AMBER, GREEN}), ((12_500, 11_862), {AMBER, PURPLE})],
)
def test_purple_is_the_best_of_all_green_the_own_best_yellow_the_rest(
    laps_ms: tuple[int, ...], colours: set[tuple[int, int, int]]
) -> None:
    run = timed(laps_ms=laps_ms)
    show = Show(board=board(3, on_track=[run]), badge=LIVE)
    scene = lay_out_on_track(show, Moment(0), Canvas(size=(1920, 1080))).scene
    laps = next(block for block in scene.blocks if block.name.startswith("laps"))
    assert {mark.colour for mark in laps.marks if isinstance(mark, Fill)} & {AMBER, GREEN, PURPLE} == colours


def test_the_distance_to_the_best_has_its_sign() -> None:
    assert {"+0.138", "−0.062"} <= set(shown(timed(laps_ms=(12_000, 11_800)), 30))


@pytest.mark.parametrize(("laps_ms", "rank"), [((13_000,), 2), ((12_000,), 2), ((11_000,), 1), ((), None)])
def test_the_place_that_the_run_would_give(laps_ms: tuple[int, ...], rank: int | None) -> None:
    """c1 drove 12.299 before, as c2 did: a slower run changes nothing."""
    view = board(3, on_track=[timed(laps_ms=laps_ms)])
    (driver,) = drivers(view)
    assert rank_if_confirmed(driver, view) == rank


@pytest.mark.parametrize("size", SIZES)
def test_the_clock_is_a_third_of_the_screen_and_nothing_overlaps(size: tuple[int, int]) -> None:
    views: list[BoardView] = [
        board(60, on_track=runs)
        for runs in ([timed()], [timed(), run_view(track="B")], [run_view(track=sign) for sign in "ABCDE"])
    ]
    for view in views:
        scene = lay_out_on_track(show_of(view), Moment(START_NS), Canvas(size=size)).scene
        assert all(Area(0, 0, *size).holds(block.area) for block in scene.blocks)
        assert not [(a.name, b.name) for a, b in combinations(scene.blocks, 2) if a.area.meets(b.area)]
        for block in scene.blocks:
            assert all(block.area.holds(mark.area) for mark in block.marks), block.name
            if block.name.startswith("clock"):  # its figures touch no edge
                sizes = [mark.size_px for mark in block.marks if isinstance(mark, Text)]
                assert all(size_px * 72 // 100 <= block.area.height * 95 // 100 for size_px in sizes)
    scene = lay_out_on_track(show_of(views[0]), Moment(START_NS), Canvas(size=size)).scene
    clock = next(block for block in scene.blocks if block.name.startswith("clock"))
    (text,) = [mark for mark in clock.marks if isinstance(mark, Text)]
    assert text.size_px * 72 // 100 >= size[1] // 3 - 2


def test_the_newest_laps_sectors_are_purple_as_the_best_of_all_green_as_the_own_best_else_yellow() -> None:
    def lap(number: int, ms: int, *ends_ms: int) -> Lap:
        sectors = tuple(Sector(gate=f"gate {n}", elapsed_ns=end * 1_000_000) for n, end in enumerate(ends_ms))
        return msgspec.structs.replace(lap_view(number, ms=ms), sectors=sectors)

    run = timed()
    laps = (lap(1, 12_000, 4_000, 8_100), lap(2, 12_300, 3_900, 8_300), lap(3, 13_000))
    bests = {
        (who, run.track, *ends): ms * 1_000_000
        for who, ends, ms in (
            ("", ("", "gate 0"), 3_900),
            ("c1", ("", "gate 0"), 3_900),
            ("", ("gate 0", "gate 1"), 4_100),
            ("c1", ("gate 0", "gate 1"), 4_100),
            ("", ("gate 1", ""), 3_800),
            ("c1", ("gate 1", ""), 4_000),
        )
    }
    for told, wanted in (
        (laps[:2], [("3.900", PURPLE), ("4.400", AMBER), ("4.000", GREEN)]),
        (laps[:1], [("4.000", AMBER), ("4.100", PURPLE), ("3.900", GREEN)]),
        (laps, []),
        ([msgspec.structs.replace(laps[0], verdict="void", counts=False)], []),
    ):
        driven = msgspec.structs.replace(
            run, laps=told, places=(msgspec.structs.replace(run.places[0], laps=told),)
        )
        show = replace(show_of(board(5, on_track=[driven])), sector_bests=bests)
        scene = lay_out_on_track(show, Moment(0), Canvas(size=(1920, 1080))).scene
        marks = next(block for block in scene.blocks if block.name.startswith("laps")).marks
        chips = {mark.area: mark.colour for mark in marks if isinstance(mark, Fill)}
        texts = {mark.area: mark.text for mark in marks if isinstance(mark, Text)}
        third = [(texts[area], chips[area]) for area in chips if area in texts and area.width < 250]
        assert third == wanted


def test_what_no_clock_changes_is_made_once_for_each_news_and_never_stays_behind_it() -> None:
    canvas = Canvas(size=(1920, 1080))
    first = show_of(board(5, on_track=[timed(laps_ms=(12_000,))]))
    lap = msgspec.structs.replace(
        lap_view(2, ms=11_500), sectors=(Sector(gate="half", elapsed_ns=5_000_000_000),)
    )
    driven = msgspec.structs.replace(first.board.on_track[0].places[0], laps=(lap,))
    run = msgspec.structs.replace(first.board.on_track[0], laps=(lap,), places=(driven,))
    news = replace(first, board=msgspec.structs.replace(first.board, on_track=[run]))
    bests = {("", run.track, "", "half"): 4_000_000_000, ("c1", run.track, "", "half"): 5_000_000_000}
    old = replace(LIVE, headline="old", is_live=False)
    coloured = replace(news, sector_bests=bests)
    for show in (first, news, coloured, replace(coloured, badge=old), first):
        scenes = [
            lay_out_on_track(show, Moment(START_NS + tenth * 10**8), canvas).scene for tenth in range(3)
        ]
        kept = [{block.name: block for block in scene.blocks} for scene in scenes]
        still = [name for name in kept[0] if name.split()[0] in ("state", "name", "laps", "rivals")]
        assert len(still) == 4
        assert all(kept[0][name] is kept[2][name] for name in still)
        for tenth, scene in enumerate(scenes):
            afresh = Canvas(size=(1920, 1080))
            assert scene == lay_out_on_track(show, Moment(START_NS + tenth * 10**8), afresh).scene


def test_a_sector_that_ends_at_what_was_calculated_has_the_sign() -> None:
    mark = Calculated(
        from_passing_id="p",
        from_system="B",
        correction_ns=0,
        before_count=10,
        after_count=0,
        uncertainty_ns=9,
    )
    run = timed()
    sectors = (Sector(gate="bend", elapsed_ns=4_000_000_000), Sector(gate="hill", elapsed_ns=8_000_000_000))
    lap = msgspec.structs.replace(
        lap_view(1, ms=12_300), sectors=sectors, calculated=(mark,), sector_marks=((), (), (mark,))
    )
    at_gate = msgspec.structs.replace(lap, calculated=(), sector_marks=((mark,), (mark,), ()))
    for told, wanted in (
        (lap, ["4.000", "4.000", "≈4.300"]),
        (at_gate, ["≈4.000", "≈4.000", "4.300"]),
    ):
        place = msgspec.structs.replace(run.places[0], laps=(told,))
        driven = msgspec.structs.replace(run, laps=[told], places=(place,))
        show = show_of(board(5, on_track=[driven]))
        scene = with_note(lay_out_on_track, show, Moment(0), Canvas(size=(1920, 1080))).scene
        marks = next(block for block in scene.blocks if block.name.startswith("laps")).marks
        found = [mark.text for mark in marks if isinstance(mark, Text)]
        assert [text for text in found if text in wanted] == wanted
        said = [mark.text for block in scene.blocks for mark in block.marks if isinstance(mark, Text)]
        assert any("calculated from B, ±1 ms" in text for text in said)
