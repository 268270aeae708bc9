"""What every scene looks like, as small pictures: `python -m tests.display.golden_pictures` writes them anew.

Drawn with the face that comes with the program, which is the same on every machine. After a change that is
meant, write them anew and look at what git says has changed."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")

import pygame

from display.scene.playlist import SCENES
from display.scene.show import Canvas
from display.scene.theme import SHIPPED, load_theme
from display.screen.scene_painter import Painter
from pitboard.drawing.font_files import packaged_folders
from pitboard.drawing.typeface import Typeface
from tests.display.contact_sheet import NOW, sheet, shows, thumbnail
from tests.display.example_boards import SIZES

FOLDER = Path(__file__).with_name("golden")
WIDE = 160
COLUMNS = 6
COMBINATIONS = [(theme, size) for theme in SHIPPED for size in SIZES]


def file_of(theme_name: str, size: tuple[int, int]) -> Path:
    return FOLDER / f"{theme_name}-{size[0]}x{size[1]}.png"


def pictures(theme_name: str, size: tuple[int, int], sponsors: Path) -> Iterator[tuple[str, pygame.Surface]]:
    """Yield each scene's name and its thumbnail."""
    theme = load_theme(theme_name)
    painter = Painter(Typeface.load(folders=packaged_folders(), preferred=theme.fonts), theme)
    canvas = Canvas(size=size, digit_permille=painter.digit_permille)
    surface = pygame.Surface(size)
    for name, scene, show in shows(sponsors):
        painter.forget()
        painter.paint(SCENES[scene](show, NOW, canvas).scene, surface)
        yield name, thumbnail(surface, WIDE)


def make_sponsors(folder: Path) -> Path:
    picture = pygame.Surface((400, 200))
    picture.fill((200, 30, 60))
    picture.fill((250, 240, 230), (100, 50, 200, 100))
    pygame.image.save(picture, folder / "sponsor.png")
    return folder


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    os.environ["TZ"] = "UTC"  # the schedule shows the time of day
    time.tzset()
    with tempfile.TemporaryDirectory() as folder:
        sponsors = make_sponsors(Path(folder))
        for theme_name, size in COMBINATIONS:
            found = [picture for _, picture in pictures(theme_name, size, sponsors)]
            pygame.image.save(sheet(found, columns=COLUMNS, wide=WIDE), file_of(theme_name, size))


if __name__ == "__main__":
    main()
