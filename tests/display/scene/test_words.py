"""The display's words in other languages, one of them read from right to left."""

from __future__ import annotations

import pygame
import pytest

from display.following.badge import badge_for
from display.following.trouble import Trouble
from display.scene.blocks import Text
from display.scene.playlist import SCENES
from display.scene.show import Canvas, Moment
from display.screen.scene_painter import Painter
from pitboard.drawing.typeface import Typeface
from pitboard.errors import LossCode
from pitboard.sentences.language import Language, language
from tests.display.example_boards import LIVE, NEWS_AT_NS, board, lap_view, run_view, show_of
from tests.pitboard.sentences.pseudo_language import CHINESE, HEBREW

SIZES = ((1280, 720), (1080, 1920))


def words_of(lay: str, words: Language, size: tuple[int, int]) -> str:
    show = show_of(board(30, newest=1, on_track=[run_view(laps=[lap_view(1, ms=12_000)])]), LIVE)
    scene = SCENES[lay](show, Moment(NEWS_AT_NS), Canvas(size=size, words=words)).scene
    Painter(Typeface.load()).paint(scene, pygame.Surface(size))
    return " ".join(mark.text for block in scene.blocks for mark in block.marks if isinstance(mark, Text))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scene", SCENES)
def test_no_english_is_left_in_another_language(scene: str, size: tuple[int, int]) -> None:
    """What a person or the event is called stays as it is."""
    said = words_of(scene, HEBREW if size == SIZES[0] else CHINESE, size)
    for english in ("RANK", "NAME", "GAP", "LAP", "BEST", "RUNNING", "LEADER", "NEXT", "TODAY", "phone"):
        assert english not in said, english


def test_german_captions_and_badge() -> None:
    german = language("de")
    assert "BESTE RUNDE" in words_of("leaderboard", german, SIZES[0])
    assert "LÄUFT" in words_of("on-track", german, SIZES[0])
    badge = badge_for(None, boot_id="b", now_mono_ns=0, trouble=None, has_board=True, words=german)
    assert badge.sentence == "Alter unbekannt: sucht eine Zeitnahme"
    trouble = Trouble(code=LossCode.NO_ANSWER, who="Bahn A")
    assert trouble.said(german) == "Bahn A antwortet nicht"
    assert Trouble(code=LossCode.BROKEN, who="Bahn A").said(german) == "Bahn A antwortet nicht"
