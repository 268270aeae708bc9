"""Draw text in any script: for each piece the first installed font that has its glyphs.

Nothing that is asked for here ever raises: what no font has is drawn as a stand-in and logged once. Where no
font file is found, pygame's own font serves, which has Latin only. Figures are put together sign by sign, so
that a running clock renders no new text."""

from __future__ import annotations

import logging
import re
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pygame

from pitboard.drawing.font_files import (
    PREFERRED,
    Coverage,
    Weight,
    find_font_files,
    package_for,
    read_coverage,
)
from pitboard.drawing.palette import Colour
from pitboard.drawing.text_runs import (
    JOINERS,
    PICTURE_ASKED,
    UNKNOWN,
    Run,
    clusters,
    stand_ins,
    visible,
    visual_runs,
)

__all__ = ["ELLIPSIS", "Align", "Area", "Typeface", "Weight", "find_font_files"]

log = logging.getLogger(__name__)

Align = Literal["left", "centre", "right"]
Area = tuple[int, int, int, int]

ELLIPSIS = "…"
_LINES_KEPT_MAX_COUNT = 600
_LINES_KEPT_MIN_BYTES = 1_024 * 1_024
LINES_KEPT_PER_PIXEL_BYTES = 2
"""So much memory lines are kept in for each pixel of the largest picture drawn on, and at least the former.
One takes four bytes a pixel, on a known ground one."""
_UNIT = re.compile(r"\d (?:s|ms|min|h|m|MB|GB|MiB|°C|%)(?!\w)")
"""A number and its unit stay in one line."""
_FIGURES = frozenset("0123456789.:+-\u2212\u2013")
_FACES_OPEN_MAX_COUNT = 6  # each holds its file open, and half a megabyte
_FACE_LARGE_PX = 160
"""From this size on a face keeps a hundred kilobytes of each letter that it drew; the line is kept anyway."""
_FILE_LARGE_BYTES = 3 * 1_024 * 1_024
"""Of a larger file (Chinese, emoji) only one face is open, which changes its size: each takes megabytes."""
_CHOICES_KEPT_MAX_COUNT = 8_192
_TEXTS_KEPT_MAX_COUNT = 1_024
_SAID_MAX_COUNT = 64
_SIZE_MAX_PX = 2_000
_LEFT_TO_RIGHT = 0
_NO_SCRIPT = "Zyyy"  # ISO 15924: common to all
_RIGHT_TO_LEFT = 1  # pygame.DIRECTION_RTL, which older pygame does not name
_CAPITAL_PERCENT = 71  # height of a capital in percent of the size, for optical centring
_PICTURE_PERCENT = 117  # height of an emoji in percent of the size
_FONT_ERRORS = (OSError, RuntimeError, ValueError, pygame.error, MemoryError)

_Piece = tuple[Path | None, Run]  # the file of a font, and what is drawn with it
_Line = tuple[pygame.Surface, int]  # the drawn line as high as its ink, and its baseline from the top


class _Face:
    """One font at one size, set to one script and direction; pictures are scaled to the size."""

    def __init__(self, file: Path | None, size_px: int, run: Run, *, is_bitmap: bool) -> None:
        # pygame draws its own font that much smaller than it is asked for.
        self._font = pygame.font.Font(*((None, size_px * 16 // 11) if file is None else (str(file), size_px)))
        self._size_px = size_px
        self._is_bitmap = is_bitmap
        self._permille = 1_000
        self._rescale()
        self._script = ""
        self._is_right_to_left = False
        self._set_to(run)

    def change(self, size_px: int, run: Run) -> None:
        """Draw at another size, in another script, from now on; only the face of a file is asked to."""
        if size_px != self._size_px:
            self._font.point_size = self._size_px = size_px
            self._rescale()
        self._set_to(run)

    def _set_to(self, run: Run) -> None:
        if run.script != self._script and hasattr(self._font, "set_script"):
            self._script = run.script
            self._font.set_script(run.script or _NO_SCRIPT)
        if run.is_right_to_left != self._is_right_to_left and hasattr(self._font, "set_direction"):
            self._is_right_to_left = run.is_right_to_left
            self._font.set_direction(_RIGHT_TO_LEFT if run.is_right_to_left else _LEFT_TO_RIGHT)

    def _rescale(self) -> None:
        if self._is_bitmap:
            self._permille = self._size_px * _PICTURE_PERCENT * 10 // max(1, self._font.get_height())

    @property
    def ascent_px(self) -> int:
        return self._font.get_ascent() * self._permille // 1_000

    def width(self, text: str) -> int:
        return self._font.size(text)[0] * self._permille // 1_000

    def render(self, text: str, colour: Colour, ground: Colour | None) -> pygame.Surface:
        """Return the text, see-through around it; on a known ground with a byte a pixel."""
        drawn = self._font.render(text, True, colour, ground)
        if ground is not None:
            drawn.set_colorkey(ground)
        if self._permille == 1_000:
            return drawn
        size = (self.width(text), drawn.get_height() * self._permille // 1_000)
        return pygame.transform.smoothscale(drawn, (max(1, size[0]), max(1, size[1])))


class Typeface:
    """All fonts of one program. `pygame.font` must be initialised before the first call."""

    def __init__(
        self, files: dict[Weight, list[Path]], *, kept_per_pixel_bytes: int = LINES_KEPT_PER_PIXEL_BYTES
    ) -> None:
        self._files = files
        self._per_pixel_bytes = kept_per_pixel_bytes
        self._faces: OrderedDict[tuple[Path | None, int, str], _Face] = OrderedDict()
        self._coverages: dict[Path, Coverage | None] = {}
        self._is_large: dict[Path, bool] = {}
        self._chosen: OrderedDict[tuple[Weight, str], tuple[Path | None, str]] = OrderedDict()
        self._lines: OrderedDict[tuple[str, int, Colour, Weight, Colour | None], _Line] = OrderedDict()
        self._texts: OrderedDict[tuple[str, Weight], tuple[_Piece, ...]] = OrderedDict()
        self._lines_bytes = 0
        self._lines_max_bytes = _LINES_KEPT_MIN_BYTES
        self._widths: OrderedDict[tuple[str, int, Weight], int] = OrderedDict()
        self._said: set[str] = set()
        self._packages_said: set[str] = set()

    @classmethod
    def load(
        cls,
        *,
        preferred: tuple[str, ...] = PREFERRED,
        folders: Sequence[Path] | None = None,
        kept_per_pixel_bytes: int = LINES_KEPT_PER_PIXEL_BYTES,
    ) -> Typeface:
        """Return the fonts of the machine or of these folders, searched once; initialises pygame's fonts.

        Behind them stands pygame's own, which knows Greek and Cyrillic too.
        """
        pygame.font.init()
        own = Path(pygame.__file__).with_name(pygame.font.get_default_font())
        last = [own] if own.exists() else []
        return cls(
            {
                weight: find_font_files(weight, folders=folders, preferred=preferred) + last
                for weight in Weight
            },
            kept_per_pixel_bytes=kept_per_pixel_bytes,
        )

    def width(self, text: str, *, size_px: int, weight: Weight = Weight.BOLD) -> int:
        key = (text, size_px, weight)
        if key not in self._widths:
            try:
                if len(text) > 1 and _FIGURES.issuperset(text):
                    signs = (self.width(sign, size_px=size_px, weight=weight) for sign in text)
                    self._widths[key] = sum(signs)
                else:
                    pieces = self._pieces(visible(text), weight)
                    self._widths[key] = sum(
                        self._face(file, size_px, run).width(run.text) for file, run in pieces
                    )
            except _FONT_ERRORS as error:
                self._say(f"text cannot be measured: reason={error}")
                self._widths[key] = len(text) * size_px * 3 // 5
            if len(self._widths) > _LINES_KEPT_MAX_COUNT * 4:
                self._widths.popitem(last=False)
        return self._widths[key]

    def fit(self, text: str, *, size_px: int, width_px: int, weight: Weight = Weight.BOLD) -> str:
        """Return the text, or as much of it as fits the width with an ellipsis; never half a letter."""
        text = text if _FIGURES.issuperset(text) else visible(text)
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
        """Return at most `lines_max` lines, broken at spaces and hyphens, but not between a number and its
        unit; an ellipsis ends a cut one."""
        lines: list[str] = []
        rest = visible(text).strip()
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
        ground: Colour | None = None,
    ) -> Area:
        """Draw one line fitted to the area's width, capitals centred in its height; return what it covers.

        Who knows that nothing but one colour is under the area says so by `ground`: it looks the same, and
        what is kept of it takes a quarter of the memory.
        A text too wide is first drawn smaller, down to `shrink_to_px`, then cut with an ellipsis. One with
        tall marks, as in Thai, is moved down or up where that keeps them inside, else drawn smaller, down to
        half.
        """
        _, top, width, height = area
        size_px = max(1, min(size_px, _SIZE_MAX_PX))
        self._lines_max_bytes = max(
            self._lines_max_bytes, self._per_pixel_bytes * target.get_width() * target.get_height()
        )
        if height >= size_px and _FIGURES.issuperset(text):
            drawn = self._draw_figures(target, text, area, size_px, colour, weight, align, ground)
            if drawn is not None:
                return drawn
        size_px = self._shrunk(text, size_px, shrink_to_px or size_px, width, weight)
        lines = self._fitted(text, size_px, width, colour, weight, ground)
        line_height = max((line.get_height() for line, _ in lines), default=0)
        if line_height > height:
            size_px = max(size_px // 2, size_px * height // line_height)
            lines = self._fitted(text, size_px, width, colour, weight, ground)
            line_height = max(line.get_height() for line, _ in lines)
        line_width = sum(line.get_width() for line, _ in lines)
        x, base = _start(area, line_width, size_px, align)
        if any(base - at < top or base - at + line.get_height() > top + height for line, at in lines):
            base += _shift(lines, base=base, top=top, height=height)
        at, y = x, top
        for line, baseline in lines:
            y = base - baseline
            target.blit(line, (at, y))
            at += line.get_width()
        return (x, y, line_width, line_height)

    def _fitted(
        self, text: str, size_px: int, width: int, colour: Colour, weight: Weight, ground: Colour | None
    ) -> list[_Line]:
        """Return the lines of as much of the text as fits the width: figures each by itself, else one."""
        fitted = self.fit(text, size_px=size_px, width_px=width, weight=weight)
        parts = fitted if _FIGURES.issuperset(fitted) else (fitted,)
        return [self._line(part, size_px, colour, weight, ground) for part in parts]

    def _draw_figures(
        self,
        target: pygame.Surface,
        text: str,
        area: Area,
        size_px: int,
        colour: Colour,
        weight: Weight,
        align: Align,
        ground: Colour | None,
    ) -> Area | None:
        """Draw figures as `draw` does, in a third of the time; None where they do not fit as they are."""
        lines = [self._line(sign, size_px, colour, weight, ground) for sign in text]
        widths = [line.get_width() for line, _ in lines]
        if sum(widths) > area[2]:
            return None
        x, base = _start(area, sum(widths), size_px, align)
        at, places, y = x, [], area[1]
        for (line, baseline), wide in zip(lines, widths, strict=True):
            y = base - baseline
            places.append((line, (at, y)))
            at += wide
        target.blits(places, doreturn=False)
        return (x, y, at - x, max((line.get_height() for line, _ in lines), default=0))

    def _shrunk(self, text: str, size_px: int, least_px: int, width_px: int, weight: Weight) -> int:
        """Return the size to draw at, in steps of a sixteenth: a guess by proportion, then looked at."""
        wide = self.width(text, size_px=size_px, weight=weight)
        if size_px <= least_px or wide <= width_px:
            return size_px
        step = max(1, size_px // 16)
        short_px = size_px - size_px * width_px // wide
        steps = max(1, short_px // step)
        while (size := max(least_px, size_px - steps * step)) > least_px:
            if self.width(text, size_px=size, weight=weight) <= width_px:
                break
            steps += 1
        return size

    def _head(self, text: str, *, size_px: int, width_px: int, weight: Weight) -> str:
        """Return the longest start of the text that fits one line, at least one cluster."""
        best, fits_whole = "", True
        for index in range(1, len(text) + 1):
            if index < len(text) and (text[index - 1] not in " -" or _UNIT.match(text, index - 2)):
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

    def _line(self, text: str, size_px: int, colour: Colour, weight: Weight, ground: Colour | None) -> _Line:
        key = (text, size_px, colour, weight, ground)
        if key in self._lines:
            self._lines.move_to_end(key)
            return self._lines[key]
        try:
            self._lines[key] = _as_high_as_its_ink(*self._drawn(text, size_px, colour, weight, ground))
        except _FONT_ERRORS as error:
            self._say(f"text cannot be drawn: reason={error}")
            empty = pygame.Surface((max(1, self.width(text, size_px=size_px, weight=weight)), size_px))
            empty.fill(colour)  # a bar: better than a hole that nobody notices
            self._lines[key] = (empty, size_px)
        if size_px >= _FACE_LARGE_PX:
            for face in [face for face in self._faces if face[1] == size_px]:
                del self._faces[face]
        kept = self._lines[key]
        self._lines_bytes += _bytes_of(kept)
        while len(self._lines) > 1 and (
            len(self._lines) > _LINES_KEPT_MAX_COUNT or self._lines_bytes > self._lines_max_bytes
        ):
            self._lines_bytes -= _bytes_of(self._lines.popitem(last=False)[1])
        return kept

    def _drawn(self, text: str, size_px: int, colour: Colour, weight: Weight, ground: Colour | None) -> _Line:
        pieces = self._pieces(visible(text), weight)
        if ground is not None and (len(pieces) != 1 or self._is_picture(pieces[0][0])):
            ground = (
                None  # what is put together of several, or has colours of its own, needs every pixel whole
            )
        drawn = [
            (face.render(run.text, colour, ground), face.ascent_px)
            for file, run in pieces
            for face in (self._face(file, size_px, run),)
        ]
        if len(drawn) == 1:
            return drawn[0]
        baseline = max((ascent for _, ascent in drawn), default=0)
        height = max((baseline - ascent + part.get_height() for part, ascent in drawn), default=1)
        line = pygame.Surface((max(1, sum(part.get_width() for part, _ in drawn)), height), pygame.SRCALPHA)
        x = 0
        for part, ascent in drawn:
            line.blit(part, (x, baseline - ascent))
            x += part.get_width()
        return (line, baseline)

    def _pieces(self, text: str, weight: Weight) -> tuple[_Piece, ...]:
        """Return what `_split` does; of a text that comes round again it is known."""
        key = (text, weight)
        pieces = self._texts.get(key)
        if pieces is None:
            if len(self._texts) >= _TEXTS_KEPT_MAX_COUNT:
                self._texts.popitem(last=False)
            pieces = self._texts[key] = tuple(self._split(text, weight))
        return pieces

    def _split(self, text: str, weight: Weight) -> list[_Piece]:
        """Return the runs from left to right, each split further where the font must change."""
        pieces: list[_Piece] = []
        for run in visual_runs(text):
            parts: list[tuple[Path | None, str]] = []
            for cluster in clusters(run.text):
                file, drawn = self._choice(cluster, weight, before=parts[-1][0] if parts else None)
                if parts and parts[-1][0] == file:
                    parts[-1] = (file, parts[-1][1] + drawn)
                else:
                    parts.append((file, drawn))
            if run.is_right_to_left:
                parts.reverse()
            pieces += [
                (file, Run(text=part, script=run.script, is_right_to_left=run.is_right_to_left))
                for file, part in parts
                if part
            ]
        return pieces

    def _choice(self, cluster: str, weight: Weight, *, before: Path | None) -> tuple[Path | None, str]:
        """Return the first file with all the cluster's glyphs, and what to draw of it with that file.

        Spaces and signs stay with the font before.
        """
        stays = before is not None and not cluster[0].isalnum() and PICTURE_ASKED not in cluster
        if stays and before is not None and not self._is_bitmap(before) and self._has(before, cluster):
            return before, cluster
        key = (weight, cluster)
        if key not in self._chosen:
            self._chosen[key] = self._first_choice(cluster, weight)
            if len(self._chosen) > _CHOICES_KEPT_MAX_COUNT:
                self._chosen.popitem(last=False)
        return self._chosen[key]

    def _first_choice(self, cluster: str, weight: Weight) -> tuple[Path | None, str]:
        files = self._files[weight]
        if not files:
            return None, cluster
        if not _shown(cluster):
            return files[0], ""
        if PICTURE_ASKED in cluster:
            files = [*filter(self._is_bitmap, files), *files]
        for text in (cluster, *stand_ins(cluster)):
            if file := next((file for file in files if self._has(file, text)), None):
                if text in (UNKNOWN, "?") and text != cluster:
                    code = f"U+{ord(cluster[0]):04X}"
                    package = package_for(cluster)
                    self._say_of_package(package, code, text)
                return file, text
        return None, "?"

    def _has(self, file: Path, cluster: str) -> bool:
        coverage = self._coverage(file)
        return coverage is not None and all(coverage.has(sign) for sign in _shown(cluster))

    def _is_bitmap(self, file: Path) -> bool:
        coverage = self._coverage(file)
        return coverage is not None and coverage.is_bitmap

    def _is_picture(self, file: Path | None) -> bool:
        return file is not None and self._is_bitmap(file)

    def _coverage(self, file: Path) -> Coverage | None:
        if file not in self._coverages:
            self._coverages[file] = read_coverage(file)
            if self._coverages[file] is None:
                self._say(f"font file cannot be used: path={file}")
        return self._coverages[file]

    def _face(self, file: Path | None, size_px: int, run: Run) -> _Face:
        """Return the font for that run; one that does not open is never tried again."""
        is_shared = file is not None and self._is_shared(file)
        script = run.script + ("<" if run.is_right_to_left else "")
        key = (file, 0, "") if is_shared else (file, size_px, script)
        if key in self._faces:
            self._faces.move_to_end(key)
            if is_shared:
                self._faces[key].change(size_px, run)
            return self._faces[key]
        try:
            face = _Face(file, size_px, run, is_bitmap=file is not None and self._is_bitmap(file))
        except _FONT_ERRORS as error:
            if file is None:
                raise
            self._say(f"font file cannot be used: path={file} reason={error}")
            self._coverages[file] = None
            self._chosen.clear()
            face = _Face(None, size_px, run, is_bitmap=False)
        self._faces[key] = face
        if len(self._faces) > _FACES_OPEN_MAX_COUNT:
            self._faces.popitem(last=False)
        return face

    def _is_shared(self, file: Path) -> bool:
        if file not in self._is_large:
            size = file.stat().st_size if file.exists() else 0
            can_change = hasattr(pygame.font.Font, "point_size")  # older pygame cannot
            self._is_large[file] = can_change and size > _FILE_LARGE_BYTES
        return self._is_large[file]

    def _say_of_package(self, package: str, code: str, drawn: str) -> None:
        """Log once for each package what it would bring."""
        if package not in self._packages_said:
            self._packages_said.add(package)
            self._say(
                f"no installed font has a character: first={code} drawn={drawn}; "
                f"'apt install {package}' brings more"
            )

    def _say(self, sentence: str) -> None:
        """Log a sentence once; a screen draws the same thing sixty times per second."""
        if sentence not in self._said and len(self._said) < _SAID_MAX_COUNT:
            self._said.add(sentence)
            log.warning("%s", sentence)


def _start(area: Area, line_width: int, size_px: int, align: Align) -> tuple[int, int]:
    """Return where a line that wide begins, and its baseline, so that its capitals stand in the middle."""
    left, top, width, height = area
    spare = width - line_width
    x = left + {"left": 0, "centre": spare // 2, "right": spare}[align]
    return x, top + (height + size_px * _CAPITAL_PERCENT // 100) // 2


def _shift(lines: Sequence[_Line], *, base: int, top: int, height: int) -> int:
    """Return how far down the baseline must move so that all ink lies inside; 0 where that cannot be."""
    ink_top = min(base - baseline for _, baseline in lines)
    ink_bottom = max(base - baseline + line.get_height() for line, baseline in lines)
    if ink_bottom - ink_top > height:
        return 0
    return max(0, top - ink_top) - max(0, ink_bottom - top - height)


def _as_high_as_its_ink(line: pygame.Surface, baseline: int) -> _Line:
    """Return the line without the empty rows of its font, a third of all that a large figure has."""
    ink = line.get_bounding_rect()
    width, height = line.get_size()
    if ink.height >= height:
        return line, baseline
    if not ink.height:
        return pygame.Surface((width, 1), pygame.SRCALPHA), 1
    return line.subsurface((0, ink.top, width, ink.height)).copy(), baseline - ink.top


def _bytes_of(line: _Line) -> int:
    return line[0].get_width() * line[0].get_height() * line[0].get_bytesize()


def _shown(cluster: str) -> str:
    return "".join(sign for sign in cluster if sign not in JOINERS)
