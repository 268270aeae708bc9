"""Text on real surfaces with whatever fonts this machine has, and with none."""

from __future__ import annotations

import pygame
import pytest

from pitboard.drawing import palette
from pitboard.drawing.typeface import Align, Typeface, Weight, find_font_files
from pitboard.race.names import clean_name

LONG = "Wolfeschlegelsteinhausenbergerdorff, Maximiliane"


@pytest.fixture(params=["installed", "none"])
def typeface(request: pytest.FixtureRequest) -> Typeface:
    if request.param == "installed":
        return Typeface.load()
    pygame.font.init()

    return Typeface({weight: [] for weight in Weight})


def test_a_long_name_is_cut_with_an_ellipsis_and_fits(typeface: Typeface) -> None:
    cut = typeface.fit(LONG, size_px=40, width_px=300)
    assert cut.endswith("…")
    assert LONG.startswith(cut[:-1])
    assert typeface.width(cut, size_px=40) <= 300


def test_drawing_stays_inside_the_width_in_any_script(typeface: Typeface) -> None:
    target = pygame.Surface((400, 80))
    for name in (LONG, "日本語の名前がとても長い場合の表示です", "العربية محمد 7", "हिन्दी क्षत्रिय", ""):
        left, _, width, _ = typeface.draw(
            target, name, (10, 0, 300, 80), size_px=40, colour=palette.TEXT, shrink_to_px=28
        )
        assert left >= 10
        assert width <= 300


def test_a_number_and_its_unit_stay_in_one_line(typeface: Typeface) -> None:
    text = "a car crossed 12 s before START"
    widths = range(60, 600, 7)
    lines = [typeface.wrap(text, size_px=30, width_px=one, lines_max=9) for one in widths]
    assert any(len(one) > 2 for one in lines)
    assert not [one for wrapped in lines for one in wrapped[:-1] if one.endswith("12")]


def test_wrapping_breaks_at_spaces_and_keeps_every_letter_that_fits(typeface: Typeface) -> None:
    width_px = typeface.width("Maximiliane von", size_px=40) + 2
    assert typeface.wrap("Maximiliane von Berg", size_px=40, width_px=width_px, lines_max=2) == [
        "Maximiliane von",
        "Berg",
    ]
    assert len(typeface.wrap(LONG, size_px=40, width_px=200, lines_max=2)) == 2


def test_each_script_uses_a_font_that_has_it(caplog: pytest.LogCaptureFixture) -> None:
    typeface = Typeface.load()
    for name, wanted in (
        ("日本", "CJK"),
        ("العربية", "Arabic"),
        ("हिन्दी", "Devanagari"),
        ("🚀", "ColorEmoji"),
    ):
        if not any(wanted in file.name and "Noto" in file.name for file in find_font_files(Weight.BOLD)):
            pytest.skip(f"no Noto font for {wanted} is installed")
        typeface.width(name, size_px=60)
    assert caplog.messages == []


def test_every_pair_of_text_and_ground_is_legible() -> None:
    pairs = (
        (palette.TEXT, palette.RED),
        (palette.TEXT_MUTED, palette.PANEL),
        (palette.TEXT_DARK, palette.GREEN),
        (palette.TEXT_DARK, palette.AMBER),
        (palette.TEXT_DARK, palette.BLUE),
        (palette.GOLD, palette.PANEL),
    )
    assert all(palette.contrast(text, ground) >= 6 for text, ground in pairs)
    assert palette.contrast(palette.TEXT_DISABLED, palette.PANEL) >= 4.4


def test_tall_marks_stay_inside_a_low_area() -> None:
    typeface = Typeface.load()
    for name in ("ไทย ชื่อ", "Ậ", "gjpq"):
        target = pygame.Surface((600, 200), pygame.SRCALPHA)
        typeface.draw(target, name, (0, 60, 600, 67), size_px=48, colour=palette.TEXT)
        ink = target.get_bounding_rect()
        assert ink.top >= 60
        assert ink.bottom <= 60 + 67


def test_what_is_higher_than_its_area_is_drawn_smaller_instead_of_into_its_neighbours() -> None:
    typeface = Typeface.load()
    for name in (
        clean_name("Z\u0351\u0343\u0349a\u0321\u0353\u034el\u0489g\u0334o"),
        "Ậgjpq\u0e17\u0e35\u0e48",
    ):
        target = pygame.Surface((600, 200), pygame.SRCALPHA)
        typeface.draw(target, name, (0, 60, 600, 50), size_px=56, colour=palette.TEXT)
        ink = target.get_bounding_rect()
        assert ink.top >= 60
        assert ink.bottom <= 60 + 50
        assert ink.height >= 25


def test_a_running_clock_draws_no_new_text_and_stands_still_while_it_runs(
    typeface: Typeface, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = pygame.Surface((1_400, 200))

    def draw(text: str) -> tuple[int, int, int, int]:
        return typeface.draw(
            target, text, (0, 0, 1_400, 200), size_px=150, colour=palette.TEXT, align="right"
        )

    first = draw("1:23.4567890")
    monkeypatch.setattr(typeface, "_drawn", lambda *_: pytest.fail("a text is drawn anew"))
    assert draw("9:87.6543210")[1:] == first[1:]
    assert draw("9:87.6543210")[2] == typeface.width("9:87.6543210", size_px=150)


def test_lines_kept_take_no_more_memory_than_half_the_screen() -> None:
    typeface, target = Typeface.load(), pygame.Surface((1280, 720))
    for number in range(80):
        typeface.draw(target, f"Name {number}", (0, 0, 1280, 300), size_px=200, colour=palette.TEXT)
    kept = sum(line.get_width() * line.get_height() * 4 for line, _ in typeface._lines.values())
    assert 1_000_000 < kept <= 2 * 1_024 * 1_024


def test_one_face_of_a_large_file_serves_every_size_and_script() -> None:
    typeface, target = Typeface.load(), pygame.Surface((1_280, 720))
    if not any("CJK" in file.name for file in find_font_files(Weight.BOLD)):
        pytest.skip("no large font is installed")
    for text in ("日本語の名前", "한국어 이름", "カタカナ"):
        for size_px in (24, 60, 61, 24):
            typeface.draw(target, text, (0, 0, 1_280, 100), size_px=size_px, colour=palette.TEXT)
    assert len([key for key in typeface._fonts._faces if key[0] is not None and "CJK" in key[0].name]) == 1
    # What it draws does not depend on what it drew before.
    _, _, *now = typeface.draw(target, "日本語", (0, 0, 1_280, 100), size_px=60, colour=palette.TEXT)
    _, _, *fresh = Typeface.load().draw(target, "日本語", (0, 0, 1_280, 100), size_px=60, colour=palette.TEXT)
    assert now == fresh


@pytest.mark.parametrize("align", ["left", "centre", "right"])
def test_figures_stand_where_any_text_does(typeface: Typeface, align: Align) -> None:
    """They are put together on a short way of their own; a sign that is no figure takes the long one."""
    for height in (60, 40, 39):  # the short way, just so, and the long one
        quick, slow = (
            typeface.draw(
                pygame.Surface((300, 80)),
                text,
                (10, 4, 280, height),
                size_px=40,
                colour=(1, 2, 3),
                align=align,
            )
            for text in ("10.5", "10.5\u200b")
        )
        assert quick[1:] == slow[1:]
        assert abs(quick[0] - slow[0]) <= 2


@pytest.mark.parametrize("text", ["11.862", "Anna Berg", "日本語", "العربية", "Anna 日本 🚀", "🚀"])
def test_on_a_ground_that_is_told_a_text_looks_the_same_and_keeps_a_byte_a_pixel(text: str) -> None:
    typeface = Typeface.load()
    drawn = []
    for ground in (None, palette.PANEL):
        surface = pygame.Surface((400, 90))
        surface.fill(palette.PANEL)
        typeface.draw(surface, text, (0, 0, 400, 90), size_px=60, colour=palette.TEXT, ground=ground)
        drawn.append(pygame.image.tobytes(surface, "RGB"))
    assert max(abs(a - b) for a, b in zip(*drawn, strict=True)) <= 3
    kept = {key[4]: line.get_bytesize() for key, (line, _) in typeface._lines.items()}
    assert kept[None] == 4
    assert kept[palette.PANEL] == (4 if "🚀" in text else 1)


def test_a_face_as_high_as_a_clock_is_let_go_once_its_figure_is_kept() -> None:
    typeface, target = Typeface.load(), pygame.Surface((900, 400))
    for size_px in (159, 160):
        typeface.draw(target, "8", (0, 0, 900, 400), size_px=size_px, colour=palette.TEXT)
    assert [key[1] for key in typeface._fonts._faces if key[1] >= 159] == [159]
