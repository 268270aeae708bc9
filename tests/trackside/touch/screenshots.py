"""Pictures of every page in every state: `python -m tests.trackside.touch.screenshots` (`make screenshots`).

All of them go to `build/screens/`, to be looked at; the few that the manual shows also to `docs/screens/`."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")

import click
import pygame

from pitboard.drawing.typeface import Typeface
from pitboard.sentences.language import LANGUAGES, Language, language
from pitboard.unit_api.screen_state import ScreenState
from tests.hung_glass import GLASSES, on_glass
from tests.pitboard.sentences.pseudo_language import HEBREW
from tests.trackside.touch.touch_samples import NOW_MONO_NS, scenes
from trackside.touch.paint.widget_painter import Painter
from trackside.touch.scene.screen_layout import lay_out
from trackside.touch.widgets.view import View
from trackside.touch.widgets.widgets import Measures

ROOT = Path(__file__).resolve().parents[3]
SIZES = (
    Measures(800, 480, (154, 86)),
    Measures(1024, 600, (154, 86)),
    Measures(1280, 720, (155, 87)),
    Measures(720, 1280, (87, 155)),
)
SHOWN = ("idle-stray", "running-acts", "review-would", "passings")
"""The states that docs/touch.md shows, in English at 800x480."""


HUNG = ("idle", "keyboard", "running-acts", "review-would")


def main() -> None:
    pygame.display.init()
    languages = [*(language(code) for code in LANGUAGES), HEBREW]
    count = 0
    for measures in SIZES:
        for words in languages:
            folder = ROOT / "build" / "screens" / f"{measures.width}x{measures.height}-{words.code}"
            folder.mkdir(parents=True, exist_ok=True)
            for name, (state, view) in scenes().items():
                pygame.image.save(picture(state, view, measures, words), folder / f"{name}.png")
                count += 1
    count += save_hung(ROOT / "build" / "screens" / "hung")
    shown = ROOT / "docs" / "screens"
    shown.mkdir(parents=True, exist_ok=True)
    for name in SHOWN:
        state, view = scenes()[name]
        pygame.image.save(picture(state, view, SIZES[0], language("en")), shown / f"{name}.png")
    click.echo(f"{count} pictures in build/screens, {len(SHOWN)} in docs/screens")


def picture(state: ScreenState | None, view: View, measures: Measures, words: Language) -> pygame.Surface:
    surface = pygame.Surface((measures.width, measures.height))
    layout = lay_out(state, replace(view, language=words), measures, NOW_MONO_NS)
    Painter(surface, Typeface.load(), measures).paint(layout.widgets)
    return surface


def save_hung(folder: Path) -> int:
    """Save a few states on each glass as it hangs; return how many."""
    folder.mkdir(parents=True, exist_ok=True)
    for glass_name, (glass, hanging) in GLASSES.items():
        for name in HUNG:
            measures = Measures(*hanging.canvas_size(glass))
            state, view = scenes()[name]

            def paint(
                canvas: pygame.Surface,
                state: ScreenState | None = state,
                view: View = view,
                measures: Measures = measures,
            ) -> None:
                canvas.blit(picture(state, view, measures, language("en")), (0, 0))

            pygame.image.save(on_glass(glass, hanging, paint), folder / f"{glass_name}-{name}.png")
    return len(GLASSES) * len(HUNG)


if __name__ == "__main__":
    main()
