"""The font files of this machine: where they are, which suits best, and which characters each one has.

A file is never opened by the drawing library to ask for a glyph: one without any (a colour emoji font asked
for an odd size, a broken file) fails in ways that differ from version to version. Its own table is read.
Source: the OpenType specification, "Table directory", "cmap" formats 4 and 12."""

from __future__ import annotations

import importlib.util
import os
import struct
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

FONT_FOLDERS = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path("~/.local/share/fonts").expanduser(),
    Path("/System/Library/Fonts"),
)
PACKAGED = "fontpkg_ibm_plex_sans_condensed"
"""The Python package with our own face: condensed, all of Latin, figures of one width."""
PREFERRED = ("NotoSans", "DejaVuSans", "NotoSansCJK")
_SUFFIXES = (".ttf", ".otf", ".ttc")
PICTURE = "\ufe0f"
_STYLES_UNWANTED = ("Italic", "Oblique", "Mono", "Condensed", "Light", "Thin", "Display", "Math", "Emoji")
_FILES_MAX_COUNT = 2_000
_TABLES_MAX_COUNT = 128
_CMAP_MAX_BYTES = 4 * 1_024 * 1_024
_OUTLINES = frozenset((b"glyf", b"CFF ", b"CFF2"))
_BITMAPS = frozenset((b"CBDT", b"sbix", b"EBDT"))


_CJK = (
    (0x1100, 0x11FF),
    (0x2E80, 0xA4CF),
    (0xAC00, 0xD7FF),
    (0xF900, 0xFAFF),
    (0xFF00, 0xFFEF),
    (0x20000, 0x3FFFF),
)
_EMOJI = ((0x2600, 0x27BF), (0x1F000, 0x1FAFF))


class Weight(StrEnum):
    REGULAR = "Regular"
    BOLD = "Bold"


def find_font_files(
    weight: Weight, *, folders: Sequence[Path] | None = None, preferred: tuple[str, ...] = PREFERRED
) -> list[Path]:
    """Return the font files under `folders`, or the machine's and our own, the most suitable first."""
    folders = (*FONT_FOLDERS, *packaged_folders()) if folders is None else folders
    found = [
        Path(folder) / name
        for top in folders
        for folder, _, names in os.walk(top)
        for name in names
        if name.lower().endswith(_SUFFIXES)
    ]
    return sorted(found, key=lambda path: _rank(path, weight, preferred))[:_FILES_MAX_COUNT]


def packaged_folders() -> tuple[Path, ...]:
    """Return where the face is that came with the program; nothing where it was installed without."""
    spec = importlib.util.find_spec(PACKAGED)
    places = [] if spec is None else spec.submodule_search_locations or []
    return tuple(Path(place) for place in places)


def package_for(cluster: str) -> str:
    """Return Debian's package of fonts that most likely has the first character of this text."""
    code = ord(cluster[0])
    if any(first <= code <= last for first, last in _CJK):
        return "fonts-noto-cjk"
    if PICTURE in cluster or any(first <= code <= last for first, last in _EMOJI):
        return "fonts-noto-color-emoji"
    return "fonts-noto-core"


def _rank(path: Path, weight: Weight, preferred: tuple[str, ...]) -> tuple[int, int, int, str]:
    """Return a sorting key: unwanted styles last, preferred families first, then the weight."""
    family, _, style = path.stem.partition("-")
    judged = style if family in preferred else path.stem
    unwanted = sum(word in judged for word in _STYLES_UNWANTED)
    if family in preferred:
        family_rank = preferred.index(family)
    else:
        family_rank = len(preferred) + (0 if "Sans" in family else 1)
    has_weight = (style or Weight.REGULAR.value) == weight.value
    return (unwanted, family_rank, 0 if has_weight else 1, path.name)


class Coverage:
    """The characters of one font file, as ranges, and whether it holds pictures instead of outlines."""

    __slots__ = ("_firsts", "_lasts", "is_bitmap")

    def __init__(self, ranges: list[tuple[int, int]], *, is_bitmap: bool) -> None:
        ranges = sorted(ranges)
        self._firsts = array("L", (first for first, _ in ranges))
        self._lasts = array("L", (last for _, last in ranges))
        self.is_bitmap = is_bitmap

    def has(self, character: str) -> bool:
        index = bisect_right(self._firsts, ord(character)) - 1
        return index >= 0 and ord(character) <= self._lasts[index]


def read_coverage(path: Path) -> Coverage | None:
    """Return what the file covers; None for one that is no font, is damaged, or draws in a way we cannot."""
    try:
        with path.open("rb") as file:
            tables = _read_tables(file)
            if not tables.keys() & (_OUTLINES | _BITMAPS) or b"cmap" not in tables:
                return None
            offset, length = tables[b"cmap"]
            file.seek(offset)
            ranges = _read_cmap(file.read(min(length, _CMAP_MAX_BYTES)))
    except (OSError, struct.error, ValueError):
        return None
    return Coverage(ranges, is_bitmap=not tables.keys() & _OUTLINES) if ranges else None


def _read_tables(file: BinaryIO) -> dict[bytes, tuple[int, int]]:
    """Return offset and length of each table; of a collection, those of its first face."""
    head = file.read(16)
    if head[:4] == b"ttcf":
        file.seek(struct.unpack_from(">I", head, 12)[0])
        head = file.read(12)
    else:
        file.seek(12)
    count = min(struct.unpack_from(">H", head, 4)[0], _TABLES_MAX_COUNT)
    directory = file.read(16 * count)
    return {tag: (offset, length) for tag, _, offset, length in struct.iter_unpack(">4sIII", directory)}


def _read_cmap(table: bytes) -> list[tuple[int, int]]:
    """Return the ranges of the fullest Unicode subtable."""
    (count,) = struct.unpack_from(">H", table, 2)
    formats: dict[int, int] = {}
    for index in range(min(count, _TABLES_MAX_COUNT)):
        platform, encoding, offset = struct.unpack_from(">HHI", table, 4 + 8 * index)
        if platform == 0 or (platform == 3 and encoding in (1, 10)):
            formats[struct.unpack_from(">H", table, offset)[0]] = offset
    if 12 in formats:
        return list(_format_12(table, formats[12]))
    return list(_format_4(table, formats[4])) if 4 in formats else []


def _format_12(table: bytes, offset: int) -> Iterator[tuple[int, int]]:
    (count,) = struct.unpack_from(">I", table, offset + 12)
    for first, last, glyph in struct.iter_unpack(">III", table[offset + 16 : offset + 16 + 12 * count]):
        if first <= last <= 0x10FFFF:
            yield (first + (glyph == 0), last)  # glyph 0 is the box of a missing character


def _format_4(table: bytes, offset: int) -> Iterator[tuple[int, int]]:
    (doubled,) = struct.unpack_from(">H", table, offset + 6)
    count = doubled // 2
    lasts = struct.unpack_from(f">{count}H", table, offset + 14)
    firsts = struct.unpack_from(f">{count}H", table, offset + 16 + doubled)
    offsets_at = offset + 16 + 3 * doubled
    glyph_offsets = struct.unpack_from(f">{count}H", table, offsets_at)
    for index, (first, last, glyph_offset) in enumerate(zip(firsts, lasts, glyph_offsets, strict=True)):
        if first > last or first == 0xFFFF:
            continue
        if not glyph_offset:
            yield (first, last)
            continue
        start = offsets_at + 2 * index + glyph_offset
        held = table[start : start + 2 * (last - first + 1)]
        for step in range(len(held) // 2):
            if held[2 * step : 2 * step + 2] != b"\0\0":
                yield (first + step, first + step)
