"""What a font file covers is read from its own tables; no file, however damaged, ends a program."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest

from pitboard.drawing.font_files import Weight, find_font_files, read_coverage


def sfnt(cmap: bytes, *, outlines: bytes = b"glyf") -> bytes:
    """Return a font of just so many tables as tell what it covers."""
    tables = [(b"cmap", cmap), (outlines, b"\0" * 4)]
    offset, directory, body = 12 + 16 * len(tables), b"", b""
    for tag, data in tables:
        directory += struct.pack(">4sIII", tag, 0, offset + len(body), len(data))
        body += data
    return struct.pack(">IHHHH", 0x00010000, len(tables), 0, 0, 0) + directory + body


def cmap_12(*groups: tuple[int, int, int]) -> bytes:
    subtable = struct.pack(">HHIII", 12, 0, 16 + 12 * len(groups), 0, len(groups))
    subtable += b"".join(struct.pack(">III", *group) for group in groups)
    return struct.pack(">HHHHI", 0, 1, 3, 10, 12) + subtable


def cmap_4() -> bytes:
    """Cover A to C by a delta, a to c by an array that misses b."""
    lasts, firsts = (0x43, 0x63, 0xFFFF), (0x41, 0x61, 0xFFFF)
    offsets = (0, 4, 0)  # from the second one's own place to the array behind the three
    subtable = struct.pack(">HHHHHHH", 4, 0, 0, 6, 0, 0, 0) + struct.pack(">3HH3H", *lasts, 0, *firsts)
    subtable += struct.pack(">3H3H3H", 1, 0, 1, *offsets, 7, 0, 9)
    return struct.pack(">HHHHI", 0, 1, 3, 1, 12) + subtable


def test_both_forms_of_the_table_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.ttf").write_bytes(sfnt(cmap_12((0x41, 0x43, 5), (0x1F680, 0x1F680, 0))))
    (tmp_path / "b.ttf").write_bytes(sfnt(cmap_4()))
    long, short = read_coverage(tmp_path / "a.ttf"), read_coverage(tmp_path / "b.ttf")
    assert long is not None
    assert short is not None
    assert [sign for sign in "@ABCD🚀" if long.has(sign)] == ["A", "B", "C"]
    assert [sign for sign in "@ABCDabcd" if short.has(sign)] == ["A", "B", "C", "a", "c"]


def test_a_font_of_pictures_is_told_from_one_of_outlines(tmp_path: Path) -> None:
    for outlines, is_bitmap in ((b"glyf", False), (b"CFF ", False), (b"CBDT", True), (b"sbix", True)):
        (tmp_path / "a.ttf").write_bytes(sfnt(cmap_12((0x41, 0x43, 5)), outlines=outlines))
        coverage = read_coverage(tmp_path / "a.ttf")
        assert coverage is not None
        assert coverage.is_bitmap is is_bitmap
    (tmp_path / "a.ttf").write_bytes(sfnt(cmap_12((0x41, 0x43, 5)), outlines=b"SVG "))
    assert read_coverage(tmp_path / "a.ttf") is None


def test_a_damaged_file_covers_nothing_and_raises_nothing(tmp_path: Path) -> None:
    dice, whole = random.Random(4), sfnt(cmap_12((0x41, 0x43, 5)))
    path = tmp_path / "a.ttf"
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        read_coverage(path)
    for _ in range(500):
        noise = bytearray(whole)
        for _ in range(dice.randrange(1, 8)):
            noise[dice.randrange(len(noise))] = dice.randrange(256)
        path.write_bytes(noise)
        read_coverage(path)
    assert read_coverage(tmp_path / "absent.ttf") is None


def test_every_installed_font_says_what_it_covers() -> None:
    files = find_font_files(Weight.BOLD)
    if not files:
        pytest.skip("no font is installed")
    assert [file for file in files if read_coverage(file) is None] == []


def test_the_family_wished_for_comes_first(tmp_path: Path) -> None:
    for name in ("NotoSans-Bold.ttf", "RobotoCondensed-Bold.ttf", "RobotoCondensed-Light.ttf"):
        (tmp_path / name).touch()
    plain = find_font_files(Weight.BOLD, folders=(tmp_path,))
    wished = find_font_files(Weight.BOLD, folders=(tmp_path,), preferred=("RobotoCondensed", "NotoSans"))
    assert plain[0].name == "NotoSans-Bold.ttf"
    assert [file.name for file in wished] == [
        "RobotoCondensed-Bold.ttf",
        "NotoSans-Bold.ttf",
        "RobotoCondensed-Light.ttf",
    ]
