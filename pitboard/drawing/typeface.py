"""Draw text in any script: for each piece the first installed font that has its glyphs.

Where no font file is found, pygame's own font serves, which has Latin only. Direction and script are
set where the installed pygame knows them."""

from __future__ import annotations

import os
from collections import OrderedDict
from enum import Enum
from pathlib import Path
from typing import Literal

import pygame
import pygame.freetype

from pitboard.drawing.palette import Colour
from pitboard.drawing.text_runs import Run, clusters, visual_runs

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


Align = Literal["left", "centre", "right"]
Area = tuple[int, int, int, int]

ELLIPSIS = "…"
_LINES_KEPT_MAX_COUNT = 600
_RIGHT_TO_LEFT = 1  # pygame.DIRECTION_RTL, which older pygame does not name
_CAPITAL_PERCENT = 71  # height of a capital in percent of the size, for optical centring

_Line = tuple[pygame.Surface, int, pygame.Rect]  # the drawn line, its baseline from the top, where its ink is


class Typeface:
    """All fonts of one program. `pygame.font` must be initialised before the first call."""

    def __init__(self, files: dict[Weight, list[Path]]) -> None:
        self._files = files
        self._fonts: dict[tuple[Path | None, int, str], pygame.font.Font] = {}
        self._probes: dict[Path, pygame.freetype.Font | None] = {}
        self._chosen: dict[tuple[Weight, str], Path | None] = {}
        self._lines: OrderedDict[tuple[str, int, Colour, Weight], _Line] = OrderedDict()
        self._widths: OrderedDict[tuple[str, int, Weight], int] = OrderedDict()

    @classmethod
    def load(cls) -> Typeface:
        """Return the machine's fonts, searched once; also initialises pygame's font modules."""
        pygame.font.init()
        pygame.freetype.init()
        return cls({weight: find_font_files(weight) for weight in Weight})

    def width(self, text: str, *, size_px: int, weight: Weight = Weight.BOLD) -> int:
        key = (text, size_px, weight)
        if key not in self._widths:
            pieces = self._pieces(text, weight)
            self._widths[key] = sum(self._font(file, size_px, run).size(run.text)[0] for file, run in pieces)
            if len(self._widths) > _LINES_KEPT_MAX_COUNT * 4:
                self._widths.popitem(last=False)
        return self._widths[key]

    def fit(self, text: str, *, size_px: int, width_px: int, weight: Weight = Weight.BOLD) -> str:
        """Return the text, or as much of it as fits the width with an ellipsis; never half a letter."""
        if self.width(text, size_px=size_px, weight=weight) <= width_px:
            return text
        pieces = clusters(text)
        low, high = 0, len(pieces)
        while low < high:
            middle = (low + high + 1) // 2
            cut = "".join(pieces[:middle]).rstrip() + ELLIPSIS
            if self.width(cut, size_px=size_px, weight=weight) <= width_px:
                low = middle
            else:
                high = middle - 1
        return "".join(pieces[:low]).rstrip() + ELLIPSIS

    def wrap(
        self, text: str, *, size_px: int, width_px: int, lines_max: int, weight: Weight = Weight.BOLD
    ) -> list[str]:
        """Return at most `lines_max` lines, broken at spaces and hyphens; an ellipsis ends a cut one."""
        lines: list[str] = []
        rest = text.strip()
        while rest and len(lines) < lines_max - 1:
            head = self._head(rest, size_px=size_px, width_px=width_px, weight=weight)
            lines.append(head.rstrip())
            rest = rest[len(head) :].lstrip()
        if rest:
            lines.append(self.fit(rest, size_px=size_px, width_px=width_px, weight=weight))
        return lines

    def draw(
        self,
        target: pygame.Surface,
        text: str,
        area: Area,
        *,
        size_px: int,
        colour: Colour,
        weight: Weight = Weight.BOLD,
        align: Align = "left",
        shrink_to_px: int | None = None,
    ) -> Area:
        """Draw one line fitted to the area's width, capitals centred in its height; return what it covers.

        A text too wide is first drawn smaller, down to `shrink_to_px`, then cut with an ellipsis. One with
        tall marks, as in Thai, is moved down or up where that keeps them inside.
        """
        left, top, width, height = area
        size_px = self._shrunk(text, size_px, shrink_to_px or size_px, width, weight)
        fitted = self.fit(text, size_px=size_px, width_px=width, weight=weight)
        line, baseline, ink = self._line(fitted, size_px, colour, weight)
        spare = width - line.get_width()
        x = left + {"left": 0, "centre": spare // 2, "right": spare}[align]
        y = top + (height + size_px * _CAPITAL_PERCENT // 100) // 2 - baseline
        if ink.height <= height:
            y = min(max(y, top - ink.top), top + height - ink.bottom)
        target.blit(line, (x, y))
        return (x, y, line.get_width(), line.get_height())

    def _shrunk(self, text: str, size_px: int, least_px: int, width_px: int, weight: Weight) -> int:
        while size_px > least_px and self.width(text, size_px=size_px, weight=weight) > width_px:
            size_px = max(least_px, size_px - max(1, size_px // 16))
        return size_px

    def _head(self, text: str, *, size_px: int, width_px: int, weight: Weight) -> str:
        """Return the longest start of the text that fits one line, at least one cluster."""
        best, fits_whole = "", True
        for index in range(1, len(text) + 1):
            if index < len(text) and text[index - 1] not in " -":
                continue
            if self.width(text[:index].rstrip(), size_px=size_px, weight=weight) > width_px:
                fits_whole = False
                break
            best = text[:index]
        if best or fits_whole:
            return best
        pieces, taken = clusters(text), 1
        while taken < len(pieces):
            if self.width("".join(pieces[: taken + 1]), size_px=size_px, weight=weight) > width_px:
                break
            taken += 1
        return "".join(pieces[:taken])

    def _line(self, text: str, size_px: int, colour: Colour, weight: Weight) -> _Line:
        key = (text, size_px, colour, weight)
        if key in self._lines:
            self._lines.move_to_end(key)
            return self._lines[key]
        drawn = [
            (font.render(run.text, True, colour), font.get_ascent())
            for file, run in self._pieces(text, weight)
            for font in (self._font(file, size_px, run),)
        ]
        baseline = max((ascent for _, ascent in drawn), default=0)
        height = max((baseline - ascent + part.get_height() for part, ascent in drawn), default=1)
        line = pygame.Surface((max(1, sum(part.get_width() for part, _ in drawn)), height), pygame.SRCALPHA)
        x = 0
        for part, ascent in drawn:
            line.blit(part, (x, baseline - ascent))
            x += part.get_width()
        self._lines[key] = (line, baseline, line.get_bounding_rect())
        if len(self._lines) > _LINES_KEPT_MAX_COUNT:
            self._lines.popitem(last=False)
        return self._lines[key]

    def _pieces(self, text: str, weight: Weight) -> list[tuple[Path | None, Run]]:
        """Return the runs from left to right, each split further where the font must change."""
        pieces: list[tuple[Path | None, Run]] = []
        for run in visual_runs(text):
            parts: list[tuple[Path | None, str]] = []
            for cluster in clusters(run.text):
                before = parts[-1][0] if parts else None
                file = self._file_for(cluster, weight, before=before)
                if parts and parts[-1][0] == file:
                    parts[-1] = (file, parts[-1][1] + cluster)
                else:
                    parts.append((file, cluster))
            if run.is_right_to_left:
                parts.reverse()
            pieces += [
                (file, Run(text=part, script=run.script, is_right_to_left=run.is_right_to_left))
                for file, part in parts
            ]
        return pieces

    def _file_for(self, cluster: str, weight: Weight, *, before: Path | None) -> Path | None:
        """Return the first file with all the cluster's glyphs; spaces and signs stay with the font before."""
        if before is not None and not cluster[0].isalnum() and self._has(before, cluster):
            return before
        key = (weight, cluster)
        if key not in self._chosen:
            files = self._files[weight]
            fallback = files[0] if files else None
            self._chosen[key] = next((file for file in files if self._has(file, cluster)), fallback)
        return self._chosen[key]

    def _has(self, file: Path, cluster: str) -> bool:
        visible = "".join(sign for sign in cluster if sign not in "\u200c\u200d\ufe0e\ufe0f")
        probe = self._probes[file] if file in self._probes else _open_probe(file)
        if probe is None:
            self._probes[file] = None
            return False
        has_all = all(metrics is not None for metrics in probe.get_metrics(visible, size=16))
        if has_all:
            self._probes[file] = probe  # one without the glyph is closed again: there may be hundreds
        return has_all

    def _font(self, file: Path | None, size_px: int, run: Run) -> pygame.font.Font:
        """Return the font set to the run's script and direction: one object each, because setting lasts."""
        kind = run.script + ("<" if run.is_right_to_left else "")
        key = (file, size_px, kind)
        if key not in self._fonts:
            if file is None:
                # pygame draws its own font that much smaller than it is asked for.
                font = pygame.font.Font(None, size_px * 16 // 11)
            else:
                font = pygame.font.Font(str(file), size_px)
            if run.script and hasattr(font, "set_script"):
                font.set_script(run.script)
            if run.is_right_to_left and hasattr(font, "set_direction"):
                font.set_direction(_RIGHT_TO_LEFT)
            self._fonts[key] = font
        return self._fonts[key]


def _open_probe(file: Path) -> pygame.freetype.Font | None:
    """Return the file opened to ask for its glyphs; None when it is no usable font."""
    try:
        return pygame.freetype.Font(str(file), 16)
    except (OSError, RuntimeError, pygame.error):
        return None
