"""Which font draws what: for each piece of a text the first installed font that has its glyphs, opened once.

What no font has gets a stand-in and is logged once. Few faces are open at a time, for each holds its file."""

from __future__ import annotations

import logging
from collections import OrderedDict
from pathlib import Path

import pygame

from pitboard.drawing.font_files import Coverage, Weight, package_for, read_coverage
from pitboard.drawing.palette import Colour
from pitboard.drawing.text_runs import JOINERS, PICTURE_ASKED, UNKNOWN, Run, clusters, stand_ins, visual_runs

log = logging.getLogger(__name__)

FONT_ERRORS = (OSError, RuntimeError, ValueError, pygame.error, MemoryError)
_FACES_OPEN_MAX_COUNT = 6  # each holds its file open, and half a megabyte
_FILE_LARGE_BYTES = 3 * 1_024 * 1_024
"""Of a larger file (Chinese, emoji) only one face is open, which changes its size: each takes megabytes."""
_CHOICES_KEPT_MAX_COUNT = 8_192
_TEXTS_KEPT_MAX_COUNT = 1_024
_SAID_MAX_COUNT = 64
_LEFT_TO_RIGHT = 0
_NO_SCRIPT = "Zyyy"  # ISO 15924: common to all
_RIGHT_TO_LEFT = 1  # pygame.DIRECTION_RTL, which older pygame does not name
_PICTURE_PERCENT = 117  # height of an emoji in percent of the size
Piece = tuple[Path | None, Run]  # the file of a font, and what is drawn with it


class Face:
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


class FontChoice:
    """The fonts of one program by weight, those to be asked first at the front."""

    def __init__(self, files: dict[Weight, list[Path]]) -> None:
        self._files = files
        self._faces: OrderedDict[tuple[Path | None, int, str], Face] = OrderedDict()
        self._coverages: dict[Path, Coverage | None] = {}
        self._is_large: dict[Path, bool] = {}
        self._chosen: OrderedDict[tuple[Weight, str], tuple[Path | None, str]] = OrderedDict()
        self._texts: OrderedDict[tuple[str, Weight], tuple[Piece, ...]] = OrderedDict()
        self._said: set[str] = set()
        self._packages_said: set[str] = set()

    def pieces(self, text: str, weight: Weight) -> tuple[Piece, ...]:
        """Return what `_split` does; of a text that comes round again it is known."""
        key = (text, weight)
        pieces = self._texts.get(key)
        if pieces is None:
            if len(self._texts) >= _TEXTS_KEPT_MAX_COUNT:
                self._texts.popitem(last=False)
            pieces = self._texts[key] = tuple(self._split(text, weight))
        return pieces

    def _split(self, text: str, weight: Weight) -> list[Piece]:
        """Return the runs from left to right, each split further where the font must change."""
        pieces: list[Piece] = []
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

    def is_picture(self, file: Path | None) -> bool:
        return file is not None and self._is_bitmap(file)

    def _coverage(self, file: Path) -> Coverage | None:
        if file not in self._coverages:
            self._coverages[file] = read_coverage(file)
            if self._coverages[file] is None:
                self.say(f"font file cannot be used: path={file}")
        return self._coverages[file]

    def face(self, file: Path | None, size_px: int, run: Run) -> Face:
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
            face = Face(file, size_px, run, is_bitmap=file is not None and self._is_bitmap(file))
        except FONT_ERRORS as error:
            if file is None:
                raise
            self.say(f"font file cannot be used: path={file} reason={error}")
            self._coverages[file] = None
            self._chosen.clear()
            face = Face(None, size_px, run, is_bitmap=False)
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
            self.say(
                f"no installed font has a character: first={code} drawn={drawn}; "
                f"'apt install {package}' brings more"
            )

    def say(self, sentence: str) -> None:
        """Log a sentence once; a screen draws the same thing sixty times per second."""
        if sentence not in self._said and len(self._said) < _SAID_MAX_COUNT:
            self._said.add(sentence)
            log.warning("%s", sentence)

    def close_faces_of(self, size_px: int) -> None:
        """Let go of the faces of this size; what they drew stays."""
        for face in [face for face in self._faces if face[1] == size_px]:
            del self._faces[face]


def _shown(cluster: str) -> str:
    return "".join(sign for sign in cluster if sign not in JOINERS)
