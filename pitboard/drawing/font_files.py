"""Find the machine's font files, best first: plain sans-serif in the wanted weight, then the others.

The folders are searched directly, because a kiosk need not have fontconfig."""

from __future__ import annotations

import os
from enum import Enum
from pathlib import Path

FONT_FOLDERS = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path("~/.local/share/fonts").expanduser(),
    Path("/System/Library/Fonts"),
)
_SUFFIXES = (".ttf", ".otf", ".ttc")
_PREFERRED = ("NotoSans", "DejaVuSans", "NotoSansCJK")
_STYLES_UNWANTED = ("Italic", "Oblique", "Mono", "Condensed", "Light", "Thin", "Display", "Math", "Emoji")
_FILES_MAX_COUNT = 2_000


class Weight(Enum):
    REGULAR = "Regular"
    BOLD = "Bold"


def find_font_files(weight: Weight, *, folders: tuple[Path, ...] = FONT_FOLDERS) -> list[Path]:
    """Return the font files under `folders`, the most suitable first; none may be installed."""
    found = [
        Path(folder) / name
        for top in folders
        for folder, _, names in os.walk(top)
        for name in names
        if name.lower().endswith(_SUFFIXES)
    ]
    return sorted(found, key=lambda path: _rank(path, weight))[:_FILES_MAX_COUNT]


def _rank(path: Path, weight: Weight) -> tuple[int, int, int, str]:
    """Return a sorting key: unwanted styles last, preferred families first, then the weight."""
    family, _, style = path.stem.partition("-")
    unwanted = sum(word in path.stem for word in _STYLES_UNWANTED)
    if family in _PREFERRED:
        family_rank = _PREFERRED.index(family)
    else:
        family_rank = len(_PREFERRED) + (0 if "Sans" in family else 1)
    has_weight = (style or Weight.REGULAR.value) == weight.value
    return (unwanted, family_rank, 0 if has_weight else 1, path.name)
