"""Themes are read, checked and refused by name."""

from __future__ import annotations

from pathlib import Path

import pygame
import pytest

from display.scene.blocks import Text
from display.scene.playlist import SCENES
from display.scene.show import Canvas
from display.scene.theme import SHIPPED, load_theme
from display.screen.scene_painter import Painter
from pitboard.drawing import palette
from pitboard.drawing.typeface import Typeface
from pitboard.errors import ConfigRefused
from tests.display.contact_sheet import NOW, shows
from tests.display.example_boards import LIVE, board, leaderboard


@pytest.mark.parametrize("name", SHIPPED)
def test_every_theme_that_comes_along_is_legible_and_fills_the_screen(name: str) -> None:
    theme = load_theme(name)
    surface = pygame.Surface((1280, 720))
    Painter(Typeface.load(preferred=theme.fonts), theme).paint(
        leaderboard(board(12), LIVE, (1280, 720), page=0), surface
    )
    assert surface.get_at((1, 1))[:3] == theme[palette.BACKGROUND]


def test_a_theme_of_ones_own_changes_what_it_names(tmp_path: Path) -> None:
    path = tmp_path / "club.toml"
    path.write_text('[colours]\nlive = "#00ff00"\n')
    theme = load_theme(str(path))
    assert theme[palette.GREEN] == (0, 255, 0)
    assert theme[palette.TEXT] == palette.TEXT


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('[colours]\ntext_muted = "#20262f"\n', "'text_muted' on 'background' has a contrast of"),
        ('[colours]\nblack = "#000000"\n', "unknown colour 'black'"),
        ('[colours]\ntext = "white"\n', "colours"),
        ("colours = 5\n", "object"),
        ("no toml", "line 1"),
        ("a = " + "[" * 5_000, "nested too deeply"),
    ],
)
def test_a_theme_that_cannot_be_used_is_refused(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "club.toml"
    path.write_text(text)
    with pytest.raises(ConfigRefused, match=reason):
        load_theme(str(path))


def test_a_theme_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigRefused, match="dark-hall"):
        load_theme("no-such-theme")


def test_what_is_read_in_any_scene_is_drawn_in_an_ink_whose_contrast_is_checked(tmp_path: Path) -> None:
    """Gold letters are legible in a dark hall and not on a bright day."""
    canvas = Canvas(size=(1920, 1080))
    inks = {
        (mark.colour, scene)
        for _, scene, show in shows(tmp_path)
        for block in SCENES[scene](show, NOW, canvas).scene.blocks
        for mark in block.marks
        if isinstance(mark, Text)
    }
    checked = {palette.TEXT, palette.TEXT_MUTED, palette.TEXT_DARK}
    on_dark = (palette.BLUE, "leaderboard")  # of the chip NEW: dark on news and news on dark are one contrast
    assert {ink for ink in inks if ink[0] not in checked} <= {on_dark}
    assert len(inks) > 20
