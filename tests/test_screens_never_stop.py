"""No record, name or font may ever stop a screen: everything Unicode has is thrown at each of them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import get_args

import msgspec
import pygame
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from display.following.badge import Badge
from display.screen.scene_painter import Painter as BoardPainter
from pitboard.drawing import palette
from pitboard.drawing.font_files import find_font_files
from pitboard.drawing.never_blank import PaintGuard
from pitboard.drawing.typeface import Area, Typeface, Weight
from pitboard.journal.views.run_views import RunView
from pitboard.journal.views.views import BoardView, EntryView, EventView
from pitboard.race.runs.phases import Phase
from pitboard.race.runs.run_parts import Lap
from pitboard.unit_api import screen_state
from tests.display.example_boards import LIVE, board, leaderboard, run_view
from tests.trackside.touch.touch_samples import NOW_MONO_NS, run, scenes, screen
from trackside.touch.paint.widget_painter import Painter as TouchPainter
from trackside.touch.scene.screen_layout import lay_out as lay_touch
from trackside.touch.widgets.view import Page, View
from trackside.touch.widgets.widgets import Measures

SIZE = (1280, 720)
SMALL_BLOCKS = (*range(0, 0x3400, 128), *range(0x3400, 0xA000, 0x800), *range(0xA000, 0x20000, 256))
HOSTILE = (
    "Team 🚀",
    "👨‍👩‍👧‍👦 👋🏿 1️⃣ 🏴󠁧󠁢󠁳󠁣󠁴󠁿",
    "🇩🇪🇫🇷 🇩",
    "\ud83d half",
    "a\x00b\ud800\udfff\uffff\U0010ffff",
    "Z" + "\u0301" * 400,
    "\u202eretsim\u202c \u2066x",
    "\ue000\U000f0000",
    "x" * 100_000,
    "\u0600\u0601 ‮‮",
    "\u200d\ufe0f",
    "\n\t\r",
    "",
)


@pytest.fixture(scope="module")
def typeface() -> Typeface:
    return Typeface.load()


def paint_board(
    view: BoardView, typeface: Typeface, badge: Badge = LIVE, size: tuple[int, int] = SIZE
) -> None:
    BoardPainter(typeface).paint(leaderboard(view, badge, size, page=0), pygame.Surface(size))


def paint_touch(state: screen_state.ScreenState | None, view: View, typeface: Typeface) -> None:
    measures = Measures(800, 480)
    surface = pygame.Surface((800, 480))
    TouchPainter(surface, typeface, measures).paint(lay_touch(state, view, measures, NOW_MONO_NS).widgets)


@pytest.fixture(autouse=True)
def no_stand_in_is_painted(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """What passes here passes by drawing, not because the guard caught it."""
    yield
    if "guard" not in caplog.text:
        assert [
            line for line in caplog.messages if "stand-in is shown" in line or "cannot be drawn" in line
        ] == []


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_drawn_on_board_and_touchscreen(name: str, typeface: Typeface) -> None:
    view = board(12, on_track=[run_view(name=name, track=name)])
    entries = [msgspec.structs.replace(entry, name=name) for entry in view.entries]
    paint_board(BoardView(EventView(name, 1), entries, view.on_track, "c0"), typeface)
    people = (screen_state.Competitor(competitor_id="c1", name=name),)
    idle = msgspec.structs.replace(screen("idle"), competitors=people, event=name, unit=name)
    paint_touch(idle, View(picked="c1", search=name[:80]), typeface)
    paint_touch(idle, View(page=Page.KEYBOARD, typed=name[:80]), typeface)
    for phase in ("armed", "running", "review"):
        paint_touch(msgspec.structs.replace(screen(phase, run(name=name)), event=name), View(), typeface)


def test_something_of_every_unicode_block_is_measured_and_drawn(typeface: Typeface) -> None:
    target = pygame.Surface((600, 80))
    for block in (*SMALL_BLOCKS, *range(0x20000, 0x30000, 0x1000), 0xE0000, 0xE0100, 0xF0000, 0x10FF80):
        name = "A" + "".join(chr(block + step) for step in (0, 1, 7, 33, 64, 90, 126, 127))
        left, _, width, _ = typeface.draw(
            target, name, (0, 0, 500, 80), size_px=40, colour=palette.TEXT, shrink_to_px=30
        )
        assert left == 0
        assert 0 < width <= 500


def test_every_installed_font_may_be_the_only_one() -> None:
    target = pygame.Surface((600, 80))
    files: list[Path | None] = [*find_font_files(Weight.BOLD)]
    for file in files:
        alone = Typeface({weight: [] if file is None else [file] for weight in Weight})
        for text in ("Ada 12.345", "日本語 🚀 é العربية"):
            alone.draw(target, text, (0, 0, 600, 80), size_px=40, colour=palette.TEXT)


def test_a_file_that_is_no_font_is_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    files = [tmp_path / "NotoSans-Bold.ttf", tmp_path / "NotoSans-Regular.ttf"]
    files[0].write_bytes(b"")
    files[1].write_bytes(b"\x00\x01\x00\x00" + bytes(range(256)) * 8)
    paint_board(board(3), Typeface({weight: list(files) for weight in Weight}))
    said = [line for line in caplog.messages if "font file cannot be used" in line]
    assert len(said) == 2  # once each, however often it is asked


def test_what_no_font_has_is_said_once(typeface: Typeface, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        for size_px in (20, 40):
            typeface.width("\U00010100\U0003fffd", size_px=size_px)
    assert sum("no installed font" in line for line in caplog.messages) <= 2


def test_a_flag_without_a_font_for_it_is_its_letters() -> None:
    letters_only = [file for file in find_font_files(Weight.BOLD) if "Emoji" not in file.name]
    typeface = Typeface(dict.fromkeys(Weight, letters_only))
    for flag, letters in (("🇩🇪", "DE"), ("🇫🇷", "FR")):
        assert typeface.width(flag, size_px=40) == typeface.width(letters, size_px=40)


def test_an_emoji_is_as_high_as_the_text_beside_it(typeface: Typeface) -> None:
    if not any("ColorEmoji" in file.name for file in find_font_files(Weight.BOLD)):
        pytest.skip("no emoji font is installed")
    for size_px in (20, 60, 200):
        target = pygame.Surface((900, 400), pygame.SRCALPHA)
        typeface.draw(target, "🚀", (0, 0, 900, 400), size_px=size_px, colour=palette.TEXT)
        ink = target.get_bounding_rect()
        assert size_px * 8 // 10 <= ink.height <= size_px * 13 // 10
        assert size_px * 8 // 10 <= ink.width <= size_px * 14 // 10


names = st.text(st.characters(), max_size=90) | st.sampled_from([name for name in HOSTILE if len(name) < 500])
spans = st.integers(-(2**40), 2**63 - 1)
maybe_spans = st.none() | spans
laps = st.builds(
    Lap,
    lap_id=names,
    number=st.integers(0, 10**6),
    lap_ns=spans,
    uncertainty_ns=spans,
    is_short=st.booleans(),
    verdict=st.sampled_from([None, "valid", "void"]),
    counts=st.booleans(),
)
runs = st.builds(
    RunView,
    run_id=names,
    unit=names,
    track=names,
    competitor_id=names,
    name=names,
    phase=st.sampled_from(get_args(Phase)),
    laps=st.lists(laps, max_size=4),
    best_ns=maybe_spans,
    passings=st.integers(0, 2**40),
    newest_passing_id=st.none() | names,
)
entries = st.builds(
    EntryView,
    rank=st.none() | st.integers(1, 10**6),
    competitor_id=names,
    name=names,
    best_ns=maybe_spans,
    gap_ns=maybe_spans,
    laps=st.integers(0, 10**6),
    runs=st.integers(0, 10**6),
    set_utc_ms=st.none() | st.integers(0, 2**53),
    is_disqualified=st.booleans(),
)
boards = st.builds(
    BoardView,
    event=st.builds(EventView, name=names, resolution_ns=st.integers(1, 2 * 10**9)),
    entries=st.lists(entries, max_size=25),
    on_track=st.lists(runs, max_size=5),
    newest=st.none() | names,
)
sizes = st.sampled_from([(1280, 720), (240, 240), (720, 1280), (8192, 240)])
badges = st.builds(Badge, is_live=st.booleans(), headline=names, reason=names)
unhurried = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)


@unhurried
@given(view=boards, badge=badges, size=sizes)
def test_random_boards_are_drawn(
    view: BoardView, badge: Badge, size: tuple[int, int], typeface: Typeface
) -> None:
    paint_board(view, typeface, badge, size)


touch_laps = st.builds(
    Lap,
    lap_id=names,
    number=st.integers(0, 10**6),
    lap_ns=spans,
    uncertainty_ns=spans,
    is_short=st.booleans(),
    verdict=st.sampled_from([None, "valid", "void"]),
    counts=st.booleans(),
)
touch_runs = st.builds(
    screen_state.Run,
    run_id=names,
    competitor_id=names,
    name=names,
    run_ms=spans,
    started_mono_ns=maybe_spans,
    laps=st.lists(touch_laps, max_size=5).map(tuple),
    best_ns=maybe_spans,
)
touch_screens = st.builds(
    screen_state.ScreenState,
    version=st.integers(),
    unit=names,
    event=names,
    phase=st.sampled_from(get_args(screen_state.Phase)),
    run=st.none() | touch_runs,
    competitors=st.lists(
        st.builds(screen_state.Competitor, competitor_id=names, name=names, best_ns=maybe_spans),
        max_size=5,
        unique_by=lambda one: one.competitor_id,
    ).map(tuple),
    lights=st.lists(
        st.builds(
            screen_state.Light, light=names, state=st.sampled_from(["ok", "warning", "bad"]), detail=names
        ),
        max_size=4,
    ).map(tuple),
    displays=st.lists(st.builds(screen_state.DisplayNode, name=names, address=names), max_size=8).map(tuple),
    resolution_ns=st.integers(1, 2 * 10**9),
)
views = st.builds(
    View,
    page=st.sampled_from([Page.MAIN, Page.STATUS, Page.KEYBOARD]),
    typed=names,
    search=names,
    picked=st.none() | names,
    list_top=st.integers(0, 10**6),
    asks_discard=st.booleans(),
)


@unhurried
@given(state=touch_screens, view=views)
def test_random_screens_are_drawn(state: screen_state.ScreenState, view: View, typeface: Typeface) -> None:
    paint_touch(state, view, typeface)


class BrokenTypeface(Typeface):
    """Pretends a bug in drawing: one word cannot be drawn."""

    def draw(self, target: pygame.Surface, text: str, area: Area, **how: object) -> Area:
        if "Ada" in text:
            raise ZeroDivisionError("guard: a planted bug")
        return super().draw(target, text, area, **how)  # type: ignore[arg-type]


def test_a_part_that_fails_is_replaced_and_the_rest_is_drawn(caplog: pytest.LogCaptureFixture) -> None:
    broken = BrokenTypeface({weight: find_font_files(weight) for weight in Weight})
    view = board(3, on_track=[run_view(name="Ada")])
    scene = leaderboard(view, LIVE, SIZE, page=0)
    surface, whole = pygame.Surface(SIZE), pygame.Surface(SIZE)
    BoardPainter(broken).paint(scene, surface)
    BoardPainter(Typeface.load()).paint(scene, whole)
    differing = [
        block.name
        for block in scene.blocks
        if surface.subsurface(block.area).get_buffer().raw != whole.subsurface(block.area).get_buffer().raw
    ]
    assert differing == ["run run Track A"]
    assert sum("cannot be drawn" in line for line in caplog.messages) == 1


def test_a_button_that_cannot_be_painted_keeps_its_place(caplog: pytest.LogCaptureFixture) -> None:
    broken = BrokenTypeface({weight: find_font_files(weight) for weight in Weight})
    for state, view in scenes().values():
        for _ in range(2):
            paint_touch(state, replace(view, typed="Ada"), broken)
    assert "guard" in caplog.text


def test_a_failure_is_logged_once_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    guard = PaintGuard()
    with caplog.at_level(logging.ERROR):
        for _ in range(5):
            assert guard.attempt("guard: row", lambda: 1 // 0, otherwise=lambda: 7) == 7
    assert guard.failed_count == 5
    assert len(caplog.records) == 1
    assert caplog.records[0].exc_info is not None


def test_a_script_that_no_font_has_is_said_once_with_its_package(caplog: pytest.LogCaptureFixture) -> None:
    latin = [path for path in find_font_files(Weight.BOLD) if path.name == "RobotoCondensed-Bold.ttf"]
    if not latin:
        pytest.skip("fonts-roboto-unhinted is not installed")
    typeface = Typeface(dict.fromkeys(Weight, latin))
    for name in ("日本語", "한국어", "हिन्दी", "🚀", "العربية", "中"):
        typeface.width(name, size_px=20)
    packages = [line.split("'")[1] for line in caplog.messages if "no installed font" in line]
    assert packages == [f"apt install fonts-noto-{name}" for name in ("cjk", "core", "color-emoji")]
