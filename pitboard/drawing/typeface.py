"""Draw text in any script, measured, fitted, wrapped and kept; which font draws what is in `font_choice.py`.

Nothing that is asked for here ever raises. Where no font file is found, pygame's own font serves, which has
Latin only. Figures are put together sign by sign, so that a running clock renders no new text."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pygame

from pitboard.drawing.font_choice import FONT_ERRORS, FontChoice
from pitboard.drawing.font_files import PREFERRED, Weight, find_font_files
from pitboard.drawing.palette import Colour
from pitboard.drawing.text_runs import clusters, visible

__all__ = ["ELLIPSIS", "Align", "Area", "Typeface", "Weight", "find_font_files"]

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
_FACE_LARGE_PX = 160
"""From this size on a face keeps a hundred kilobytes of each letter that it drew; the line is kept anyway."""
_SIZE_MAX_PX = 2_000
_CAPITAL_PERCENT = 71  # height of a capital in percent of the size, for optical centring

_Line = tuple[pygame.Surface, int]  # the drawn line as high as its ink, and its baseline from the top


class Typeface:
    """All fonts of one program. `pygame.font` must be initialised before the first call."""

    def __init__(
        self, files: dict[Weight, list[Path]], *, kept_per_pixel_bytes: int = LINES_KEPT_PER_PIXEL_BYTES
    ) -> None:
        self._fonts = FontChoice(files)
        self._per_pixel_bytes = kept_per_pixel_bytes
        self._lines: OrderedDict[tuple[str, int, Colour, Weight, Colour | None], _Line] = OrderedDict()
        self._lines_bytes = 0
        self._lines_max_bytes = _LINES_KEPT_MIN_BYTES
        self._widths: OrderedDict[tuple[str, int, Weight], int] = OrderedDict()

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
                    pieces = self._fonts.pieces(visible(text), weight)
                    self._widths[key] = sum(
                        self._fonts.face(file, size_px, run).width(run.text) for file, run in pieces
                    )
            except FONT_ERRORS as error:
                self._fonts.say(f"text cannot be measured: reason={error}")
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
        except FONT_ERRORS as error:
            self._fonts.say(f"text cannot be drawn: reason={error}")
            empty = pygame.Surface((max(1, self.width(text, size_px=size_px, weight=weight)), size_px))
            empty.fill(colour)  # a bar: better than a hole that nobody notices
            self._lines[key] = (empty, size_px)
        if size_px >= _FACE_LARGE_PX:
            self._fonts.close_faces_of(size_px)
        kept = self._lines[key]
        self._lines_bytes += _bytes_of(kept)
        while len(self._lines) > 1 and (
            len(self._lines) > _LINES_KEPT_MAX_COUNT or self._lines_bytes > self._lines_max_bytes
        ):
            self._lines_bytes -= _bytes_of(self._lines.popitem(last=False)[1])
        return kept

    def _drawn(self, text: str, size_px: int, colour: Colour, weight: Weight, ground: Colour | None) -> _Line:
        pieces = self._fonts.pieces(visible(text), weight)
        if ground is not None and (len(pieces) != 1 or self._fonts.is_picture(pieces[0][0])):
            ground = (
                None  # what is put together of several, or has colours of its own, needs every pixel whole
            )
        drawn = [
            (face.render(run.text, colour, ground), face.ascent_px)
            for file, run in pieces
            for face in (self._fonts.face(file, size_px, run),)
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
