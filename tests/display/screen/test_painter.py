"""Painting on real surfaces: what changed is painted, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pygame
import pytest

from display.scene.blocks import Area, Block, Fill, Scene
from display.screen.scene_painter import Painter, _ground_of
from pitboard.drawing.palette import BACKGROUND, PANEL
from pitboard.drawing.typeface import Typeface, Weight
from pitboard.journal.views.views import BoardView
from tests.display.example_boards import BEFORE, LIVE, SIZES, STALE, board, lap_view, leaderboard, run_view

SIZE = (1280, 720)


@pytest.fixture(scope="module")
def typeface() -> Typeface:
    return Typeface.load()


def pixels(surface: pygame.Surface) -> bytes:
    return pygame.image.tobytes(surface, "RGB")


def painted(typeface: Typeface, view: BoardView) -> tuple[Painter, pygame.Surface]:
    surface = pygame.Surface(SIZE)
    painter = Painter(typeface)
    painter.paint(leaderboard(view, LIVE, SIZE, page=0), surface)
    return painter, surface


def test_the_same_scene_again_paints_nothing(typeface: Typeface) -> None:
    painter, surface = painted(typeface, board(12, newest=3))
    assert painter.paint(leaderboard(board(12, newest=3), LIVE, SIZE, page=0), surface) == []


def test_a_lap_repaints_its_band_only(typeface: Typeface) -> None:
    painter, surface = painted(typeface, board(12, on_track=[run_view()], newest=3))
    scene = leaderboard(
        board(12, on_track=[run_view(laps=[lap_view(1, ms=9_000)])], newest=3), LIVE, SIZE, page=0
    )
    assert painter.paint(scene, surface) == [scene.blocks[-1].area]


def test_painting_step_by_step_looks_like_painting_afresh(typeface: Typeface) -> None:
    """Whatever the order of boards, badges and pages, nothing of an earlier frame stays behind."""
    surface, painter = pygame.Surface(SIZE), Painter(typeface)
    tracks = [run_view(), run_view(track="Track B", phase="armed")]
    for view in (board(0), board(200, newest=7), board(3, on_track=tracks, newest=1), board(12), board(0)):
        for badge in (LIVE, BEFORE, STALE):
            for page in (0, 1):
                scene = leaderboard(view, badge, SIZE, page=page)
                painter.paint(scene, surface)
                fresh = pygame.Surface(SIZE)
                Painter(typeface).paint(scene, fresh)
                assert pixels(surface) == pixels(fresh)


@pytest.mark.parametrize("size", [size for size in SIZES if size != SIZE])
def test_a_screen_of_another_size_is_painted_whole(typeface: Typeface, size: tuple[int, int]) -> None:
    painter, _ = painted(typeface, board(3))
    areas = painter.paint(leaderboard(board(3), LIVE, size, page=0), pygame.Surface(size))
    assert areas[0] == Area(0, 0, *size)


def test_a_text_without_any_font_file_is_still_painted() -> None:
    pygame.font.init()

    surface = pygame.Surface(SIZE)
    Painter(Typeface({weight: [] for weight in Weight})).paint(
        leaderboard(board(3), LIVE, SIZE, page=0), surface
    )
    assert pixels(surface).count(b"\xff\xff\xff") > 100


@pytest.mark.parametrize("area", [Area(3, 5, 400, 45), Area(0, 0, 33, 12), Area(9, 9, 60, 61)])
@pytest.mark.parametrize("radius", [1, 6, 20])
def test_a_panel_with_rounded_corners_looks_like_a_round_rectangle_on_its_ground(
    typeface: Typeface, area: Area, radius: int
) -> None:
    whole, apart = pygame.Surface((420, 80)), pygame.Surface((420, 80))
    panel = Fill(area=area, colour=PANEL, radius_px=radius)
    for surface, marks in (
        (whole, (panel,)),
        (apart, (replace(panel, radius_px=0, colour=BACKGROUND), panel)),
    ):
        block = Block(name="panel", area=area, marks=marks)
        Painter(typeface).paint(Scene(size=(420, 80), blocks=(block,), page=0, page_count=1), surface)
    assert pixels(whole) == pixels(apart)


def test_the_parts_of_a_panel_look_like_the_whole_one() -> None:
    whole, cut = Area(40, 10, 300, 80), (40, 130, 260, 340)
    ends = [(left == cut[0], right == cut[-1]) for left, right in pairwise(cut)]
    parts = [Area(left, whole.top, right - left, whole.height) for left, right in pairwise(cut)]
    drawn = []
    for panels in (
        [Fill(area=whole, colour=PANEL, radius_px=12)],
        [
            Fill(area=part, colour=PANEL, radius_px=12, is_left_end=first, is_right_end=last)
            for part, (first, last) in zip(parts, ends, strict=True)
        ],
    ):
        blocks = tuple(Block(name=str(n), area=fill.area, marks=(fill,)) for n, fill in enumerate(panels))
        surface = pygame.Surface((400, 100))
        Painter(Typeface.load()).paint(Scene(size=(400, 100), blocks=blocks, page=0, page_count=1), surface)
        drawn.append(pixels(surface))
    assert drawn[0] == drawn[1]


def test_a_text_that_lies_on_more_than_one_colour_takes_nothing_for_its_ground() -> None:
    block, chip = Area(0, 0, 200, 60), Area(100, 0, 100, 60)
    assert _ground_of(Area(10, 5, 80, 50), [(block, BACKGROUND), (chip, PANEL)]) == BACKGROUND
    assert _ground_of(Area(110, 5, 80, 50), [(block, BACKGROUND), (chip, PANEL)]) == PANEL
    assert _ground_of(Area(60, 5, 80, 50), [(block, BACKGROUND), (chip, PANEL)]) is None
    assert _ground_of(Area(110, 5, 80, 50), [(block, BACKGROUND), (chip, None)]) is None
