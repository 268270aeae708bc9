"""Every scene in every theme and size looks as it did when somebody last looked at it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pygame
import pytest

from display.scene.theme import SHIPPED
from tests.display.contact_sheet import sheet
from tests.display.example_boards import SIZES
from tests.display.golden_pictures import COLUMNS, WIDE, file_of, make_sponsors, pictures

SHADES_MEAN_MAX = 0.8
"""Of 255, over a thumbnail: another release of the font library may set a letter a pixel off."""
SHADES_MAX = 60
SPOTS_MAX_PERMILLE = 4


def differences(one: bytes, other: bytes) -> tuple[float, int]:
    """Return the mean difference, and how many permille of all differ much."""
    shades = [abs(a - b) for a, b in zip(one, other, strict=True)]
    much = sum(shade > SHADES_MAX for shade in shades)
    return sum(shades) / len(shades), much * 1_000 // len(shades)


def looks_alike(one: pygame.Surface, other: pygame.Surface) -> bool:
    first, second = pygame.image.tobytes(one, "RGB"), pygame.image.tobytes(other, "RGB")
    if first == second:
        return True
    mean, spots = differences(first, second)
    return mean <= SHADES_MEAN_MAX and spots <= SPOTS_MAX_PERMILLE


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Show the schedule's times of day as they are in the pictures."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("theme_name", SHIPPED)
def test_every_scene_looks_as_it_did(theme_name: str, size: tuple[int, int], tmp_path: Path) -> None:
    kept = pygame.image.load(file_of(theme_name, size))
    drawn = list(pictures(theme_name, size, make_sponsors(tmp_path)))
    now = sheet([picture for _, picture in drawn], columns=COLUMNS, wide=WIDE)
    assert now.get_size() == kept.get_size()
    box = (WIDE + 8, WIDE * 9 // 16 + 8)
    changed = []
    for index, (name, _) in enumerate(drawn):
        place = (index % COLUMNS * box[0], index // COLUMNS * box[1], *box)
        if not looks_alike(now.subsurface(place), kept.subsurface(place)):
            changed.append(name)
    pygame.image.save(now, tmp_path / "now.png")
    assert not changed, f"look at {tmp_path / 'now.png'} beside {file_of(theme_name, size)}"
