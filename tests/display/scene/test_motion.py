"""Film strips: what moves does so smoothly, ends exactly, and then nothing is drawn any more."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pygame
import pytest

from display.scene.blocks import Block
from display.scene.cards import FADE_NS, SPONSOR_NS, lay_out_sponsors
from display.scene.leaderboard import lay_out_leaderboard
from display.scene.motion import between, progress_ppm
from display.scene.playlist import lay_out
from display.scene.show import Canvas, Moment
from display.scene.story import (
    BRIGHT_NS,
    CELEBRATED_FROM_NS,
    CELEBRATED_TO_NS,
    MARKED_NS,
    SLIDE_NS,
    Story,
)
from display.screen.scene_painter import Painter
from display.screen.show_maker import pictures_in
from pitboard.drawing.typeface import Typeface
from tests.display.example_boards import NEWS_AT_NS, board, leaderboard, show_of

FRAMES = 54
CANVAS = Canvas(size=(1280, 720))
# The fifth was ninth before; those between make room.
STORY = Story(
    newest="c4",
    at_mono_ns=NEWS_AT_NS,
    former={f"c{n}": n + 1 if 4 < n <= 8 else 8 if n == 4 else n for n in range(9)},
)


def test_the_way_starts_fast_slows_down_and_ends_exactly() -> None:
    places = [between(100, 40, progress_ppm(n * 10, 900)) for n in range(91)]
    assert (places[0], places[-1]) == (100, 40)
    steps = [before - after for before, after in pairwise(places)]
    assert all(step >= 0 for step in steps)
    assert max(steps) <= 3
    assert sum(steps[:45]) > 4 * sum(steps[45:])
    assert progress_ppm(-1, 900) == 0
    assert progress_ppm(901, 900) == 1_000_000


def strip() -> list[dict[str, Block]]:
    """Return the rows at each frame until the board asks for none."""
    show = replace(show_of(board(9, newest=4), story=STORY), since_mono_ns=NEWS_AT_NS)
    moment, frames = NEWS_AT_NS, []
    while True:
        frame = lay_out_leaderboard(show, Moment(moment), CANVAS)
        frames.append({block.name: block for block in frame.scene.blocks if block.name.startswith("row")})
        if frame.changes_mono_ns is None or frame.changes_mono_ns > NEWS_AT_NS + SLIDE_NS * 2:
            return frames
        moment = frame.changes_mono_ns


def test_a_new_result_slides_to_its_place_and_the_others_make_room() -> None:
    frames = strip()
    assert FRAMES - 2 <= len(frames) <= FRAMES + 2  # 60 per second
    rest = {block.name: block.area.top for block in leaderboard(board(9, newest=4), size=(1280, 720)).blocks}
    for name, end in frames[-1].items():
        tops = [frame[name].area.top for frame in frames]
        assert tops[-1] == end.area.top == rest[name]
        way = [after - before for before, after in pairwise(tops)]
        assert all(step >= 0 for step in way) or all(step <= 0 for step in way), name
        assert max(map(abs, way), default=0) <= abs(tops[-1] - tops[0]) // 8 + 1, name
    assert frames[0]["row c4"].area.top > frames[-1]["row c4"].area.top
    assert frames[0]["row c6"].area.top > 0
    assert list(frames[5])[-1] == "row c4"  # over the rows that it passes


def test_a_sponsor_fades_in_and_then_stands_still(tmp_path: Path) -> None:
    picture = pygame.Surface((40, 20))
    picture.fill((250, 240, 230))
    for name in ("a.png", "b.png"):
        pygame.image.save(picture, tmp_path / name)
    show = replace(show_of(board(3)), sponsors=pictures_in(tmp_path), since_mono_ns=NEWS_AT_NS)
    painter, surface, shades = Painter(Typeface.load()), pygame.Surface(CANVAS.size), []
    moment = NEWS_AT_NS
    while moment < NEWS_AT_NS + SPONSOR_NS:
        frame = lay_out_sponsors(show, Moment(moment), CANVAS)
        painter.paint(frame.scene, surface)
        shades.append(surface.get_at((640, 400))[0])
        assert frame.changes_mono_ns is not None
        moment = frame.changes_mono_ns
    assert moment == NEWS_AT_NS + SPONSOR_NS  # the next sponsor's turn, and nothing between
    assert len(shades) <= FADE_NS * 60 // 10**9 + 2
    steps = [after - before for before, after in pairwise(shades)]
    assert all(0 <= step <= 30 for step in steps)
    assert shades[-1] == 250


def test_an_entry_of_another_page_slides_in_from_the_edge_of_the_table() -> None:
    story = Story(newest="c150", at_mono_ns=NEWS_AT_NS, former={f"c{n}": n for n in range(150)})
    show = show_of(board(200, newest=150), story=story)
    for age_ns in range(0, SLIDE_NS, SLIDE_NS // 20):
        frame = lay_out_leaderboard(show, Moment(NEWS_AT_NS + age_ns), CANVAS)
        for block in frame.scene.blocks:
            if block.window is not None:
                assert block.window.left <= block.area.left
                assert block.area.right <= block.window.right


@pytest.mark.parametrize("at", [0, 7, 20, FRAMES - 1])
def test_each_frame_of_a_slide_looks_as_if_painted_afresh(at: int) -> None:
    typeface = Typeface.load()
    show = show_of(board(9, newest=4), story=STORY)
    surface, painter = pygame.Surface(CANVAS.size), Painter(typeface)
    moments = [Moment(NEWS_AT_NS + n * SLIDE_NS // FRAMES) for n in range(at + 1)]
    for moment in moments:
        painter.paint(lay_out_leaderboard(show, moment, CANVAS).scene, surface)
    fresh = pygame.Surface(CANVAS.size)
    Painter(typeface).paint(lay_out_leaderboard(show, moments[-1], CANVAS).scene, fresh)
    assert pygame.image.tobytes(surface, "RGB") == pygame.image.tobytes(fresh, "RGB")


def test_after_the_slide_only_what_begins_or_ends_is_drawn() -> None:
    """The celebration comes and goes, the bright row and the arrows go: five frames in a minute."""
    story = replace(STORY, is_new_leader=True)
    show = replace(show_of(board(9, newest=4), story=story), since_mono_ns=NEWS_AT_NS)
    moment: int | None = NEWS_AT_NS + SLIDE_NS
    seen = []
    while moment is not None:
        frame = lay_out(show, Moment(moment), CANVAS)
        seen.append((frame.scene.name, moment - NEWS_AT_NS))
        moment = frame.changes_mono_ns
    assert seen == [
        ("leaderboard", SLIDE_NS),
        ("celebration", CELEBRATED_FROM_NS),
        ("leaderboard", CELEBRATED_TO_NS),
        ("leaderboard", BRIGHT_NS),
        ("leaderboard", MARKED_NS),
    ]
