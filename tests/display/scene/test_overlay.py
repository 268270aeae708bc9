"""What a video mixer lays over its picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pygame
import pytest

from display.scene.blocks import Text
from display.scene.overlay import lay_out_overlay
from display.scene.playlist import lay_out, own_playlist
from display.scene.show import Canvas, Moment
from display.scene.theme import SHIPPED, load_theme
from display.screen.scene_painter import Painter
from display.screen.screen_picture import save_picture, without_key
from pitboard.drawing.palette import KEY
from pitboard.drawing.typeface import Typeface
from tests.display.example_boards import (
    LIVE,
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

RUN = run_view(laps=[lap_view(1, ms=12_345)])


@pytest.mark.parametrize("theme_name", SHIPPED)
def test_what_is_not_the_board_is_cut_out_without_a_rim(theme_name: str, tmp_path: Path) -> None:
    theme = load_theme(theme_name)
    painter, surface = Painter(Typeface.load(), theme), pygame.Surface((1280, 720))
    painter.paint(leaderboard(board(12), LIVE, (1280, 720)), surface)
    show = replace(show_of(board(60, on_track=[RUN]), STALE), playlist=own_playlist(["overlay"]))
    frame = lay_out(show, Moment(NEWS_AT_NS), Canvas(size=(1280, 720)))
    assert frame.scene.ground == KEY
    painter.paint(frame.scene, surface)
    clear = without_key(surface, painter.key)
    save_picture(clear, tmp_path / "overlay.png")
    kept = pygame.image.load(tmp_path / "overlay.png")
    alphas = set(pygame.image.tobytes(kept, "RGBA")[3::4])
    assert alphas == {0, 255}
    opaque = [block.area for block in frame.scene.blocks]
    assert kept.get_at((900, 300))[3] == 0
    for area in opaque:
        assert kept.get_at((area.left + area.width // 2, area.top + area.height // 2))[3] == 255
    share = sum(area.width * area.height for area in opaque) / (1280 * 720)
    assert share < 0.45  # the picture beneath is what people want to see


@pytest.mark.parametrize("size", SIZES)
def test_it_says_how_old_it_is_only_where_it_is_not_live(size: tuple[int, int]) -> None:
    def names(show: object) -> list[str]:
        scene = lay_out_overlay(show, Moment(NEWS_AT_NS), Canvas(size=size)).scene  # type: ignore[arg-type]
        for block in scene.blocks:
            assert all(block.area.holds(mark.area) for mark in block.marks), block.name
            assert block.area.bottom <= size[1]
        return [block.name for block in scene.blocks]

    assert names(show_of(board(60))) == ["tower"]
    assert names(show_of(board(60, on_track=[RUN]), STALE)) == ["tower", f"run {RUN.run_id}", "badge"]
    view = board(60, newest=30)
    assert names(show_of(view, story=news(view))) == ["tower", "result"]
    assert names(show_of(board(0))) == []


def test_the_tower_has_the_first_ten_and_their_gaps() -> None:
    scene = lay_out_overlay(show_of(board(60)), Moment(NEWS_AT_NS), Canvas(size=SIZES[0])).scene
    said = [mark.text for mark in scene.blocks[0].marks if isinstance(mark, Text)]
    assert said[0] == "Spring Cup 2026"
    assert said[3::3][:3] == ["11.862", "+0.437", "+0.437"]
    assert len(said) == 1 + 3 * 10
