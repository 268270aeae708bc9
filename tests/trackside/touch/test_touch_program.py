"""Config, video driver and painting of the touchscreen program."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pygame
import pytest

from pitboard.drawing import palette
from pitboard.drawing.typeface import Typeface
from pitboard.drawing.window import Window
from pitboard.errors import ConfigRefused
from tests.trackside.fake_unit import FakeUnit
from tests.trackside.touch.touch_samples import NOW_MONO_NS, SIZES, SOME_LAPS, lap, run, scenes, screen
from tests.trackside.touch.touch_stage import open_stage
from tests.trackside.touch.virtual_screen import VirtualScreen, before_the_screen
from trackside.touch.command import TouchConfig
from trackside.touch.paint.first_picture import show_at_once
from trackside.touch.paint.widget_painter import Painter
from trackside.touch.scene.screen_layout import lay_out
from trackside.touch.touchscreen import LOOK_AGAIN_MS, Touchscreen
from trackside.touch.widgets.view import View


def test_the_config_has_defaults_and_paths_beside_its_file(tmp_path: Path) -> None:
    path = tmp_path / "touch.toml"
    path.write_text('socket = "api.sock"\n')
    config = TouchConfig.load(path)
    assert (config.socket, config.width, config.height) == (tmp_path / "api.sock", 1280, 800)
    assert (config.fullscreen, config.control_socket) == (False, None)


def test_the_window_shows_its_name_before_any_font_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setattr(Typeface, "load", lambda: pytest.fail("fonts are looked for"))
    with Window.open(title="Pitboard", size=(800, 480), is_fullscreen=False) as window:
        show_at_once(window)
        shown = pygame.transform.average_color(window.surface)
        assert shown[:3] > palette.BACKGROUND  # not black alone
        assert window.surface.get_at((2, 2))[:3] == palette.BACKGROUND


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("fulscreen = true", "unknown key 'fulscreen'"),
        ("width = 320", "key 'width'"),
        ('height = "tall"', "key 'height'"),
    ],
)
def test_a_wrong_key_or_value_stops_the_start_and_says_where(tmp_path: Path, line: str, reason: str) -> None:
    path = tmp_path / "touch.toml"
    path.write_text(f'socket = "api.sock"\n{line}\n')
    with pytest.raises(ConfigRefused, match=reason):
        TouchConfig.load(path)


def test_without_a_screen_it_stays_up_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A panel that is off at boot: the program waits for it, and shows the page of that moment."""

    async def story() -> None:
        async with open_stage(FakeUnit(), driver="no-such-driver") as stage:
            assert (await stage.ask(ask="widgets"))["has_screen"] is False
            await stage.wait_for("register")
            assert (await stage.ask(ask="tap", x=5, y=5))["error"] == "no-screen"
            monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
            async with asyncio.timeout(8):
                while not (await stage.ask(ask="widgets"))["has_screen"]:
                    await asyncio.sleep(0.05)
            await stage.tap("register")
            await stage.wait_for("keyboard:A")

    asyncio.run(story())


class NoUnit:
    """Trackside is told another socket, or does not run."""

    @asynccontextmanager
    async def serve(self, socket: Path) -> AsyncIterator[None]:
        yield


def test_where_no_unit_answers_the_screen_names_the_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trackside.touch.touchscreen.UNIT_SILENT_NS", 10_000_000)
    monkeypatch.setattr("trackside.touch.touchscreen.WORDS_PAUSE_MS", 10)

    async def story() -> None:
        async with open_stage(NoUnit()) as stage, asyncio.timeout(5):
            while str(stage.folder / "api.sock") not in (await stage.wait_for("connecting"))["note"]:
                await asyncio.sleep(0.02)

    asyncio.run(story())


def test_a_turned_panel_is_tapped_where_it_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        async with open_stage(FakeUnit(), width=1280, height=720, rotate=90, overscan_percent=3) as stage:
            field = (await stage.wait_for("register"))["rect"]
            assert field[0] + field[2] <= 720
            await stage.tap("register")
            await stage.wait_for("keyboard:A")

    asyncio.run(story())


@pytest.mark.parametrize("measures", SIZES, ids=lambda one: f"{one.width}x{one.height}")
def test_every_page_can_be_painted(measures: object) -> None:
    size = next(one for one in SIZES if one == measures)
    surface = pygame.Surface((size.width, size.height))
    painter = Painter(surface, Typeface.load(), size)
    for state, view in scenes().values():
        assert painter.paint(lay_out(state, view, size, NOW_MONO_NS).widgets)


def test_only_what_changed_is_painted_again_and_the_picture_is_the_same() -> None:
    size = SIZES[0]
    typeface = Typeface.load()
    before = lay_out(screen("running", run(*SOME_LAPS)), View(), size, NOW_MONO_NS).widgets
    after = lay_out(
        screen("running", run(*SOME_LAPS, lap(7, 20_100))), View(), size, NOW_MONO_NS + 1_000_000_000
    ).widgets
    kept = pygame.Surface((size.width, size.height))
    painter = Painter(kept, typeface, size)
    assert painter.paint(before) == [size.screen]
    assert painter.paint(before) == []
    patches = painter.paint(after)
    assert size.screen not in patches
    fresh = pygame.Surface((size.width, size.height))
    Painter(fresh, typeface, size).paint(after)
    assert pygame.image.tobytes(kept, "RGB") == pygame.image.tobytes(fresh, "RGB")


def test_a_new_second_repaints_the_countdown_and_little_else() -> None:
    size = SIZES[0]
    painter = Painter(pygame.Surface((size.width, size.height)), Typeface.load(), size)
    state = screen("running", run(*SOME_LAPS))
    painter.paint(lay_out(state, View(), size, NOW_MONO_NS).widgets)
    changed = painter.paint(lay_out(state, View(), size, NOW_MONO_NS + 1_000_000_000).widgets)
    (patch,) = changed
    assert patch.w * patch.h < size.width * size.height // 8


def test_in_a_run_it_sleeps_between_news_and_wakes_for_a_finger(monkeypatch: pytest.MonkeyPatch) -> None:
    """A finger's moment is a lap's, yet nobody asks for one a hundred times per second."""
    looks: list[int] = []
    read_input = Touchscreen._read_input

    def counted(screen: Touchscreen) -> None:
        looks.append(screen._clock.mono_ns())
        read_input(screen)

    monkeypatch.setattr(Touchscreen, "_read_input", counted)

    async def story(screen: VirtualScreen) -> None:
        await screen.register("Ada")
        await screen.tap("start")
        await screen.unit.cross()
        await screen.until(lambda now: now.phase == "running")
        await asyncio.sleep(3.033)
        looks.clear()
        await asyncio.sleep(10)
        assert len(looks) <= 2 * 10_000 // LOOK_AGAIN_MS  # for a clock that shows tenths, and what it painted
        for _ in range(10):
            await asyncio.sleep(0.017)
            looks.clear()
            screen.wake()
            touched_ns = screen.unit.clock.mono_ns()
            await asyncio.sleep(0.001)
            assert looks[0] == touched_ns

    before_the_screen(story, window_kind=Window)
