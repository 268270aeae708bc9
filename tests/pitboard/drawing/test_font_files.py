"""What a font file covers is read from its own tables; no file, however damaged, ends a program."""

from __future__ import annotations

import random
import re
import struct
from pathlib import Path

import pygame
import pytest

from display.scene.theme import SHIPPED, load_theme
from pitboard.drawing.font_files import Weight, find_font_files, packaged_folders, read_coverage
from pitboard.drawing.typeface import Typeface


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


def test_our_own_face_has_every_latin_letter_and_figures_of_one_width() -> None:
    names = {path.name for path in find_font_files(Weight.BOLD, folders=packaged_folders())}
    assert {"IBMPlexSansCondensed-Bold.ttf", "IBMPlexSansCondensed-Regular.ttf"} <= names
    for weight in Weight:
        best = find_font_files(weight, folders=packaged_folders(), preferred=load_theme(SHIPPED[0]).fonts)[0]
        assert best.name == f"IBMPlexSansCondensed-{weight.value}.ttf"
        coverage = read_coverage(best)
        assert coverage is not None
        latin = (*range(0x20, 0x7F), *range(0xC0, 0x180), *range(0x1EA0, 0x1EFA))
        assert all(coverage.has(chr(code)) for code in latin)
        typeface = Typeface.load(folders=packaged_folders(), preferred=load_theme(SHIPPED[0]).fonts)
        assert len({typeface.width(digit, size_px=200, weight=weight) for digit in "0123456789"}) == 1


def test_a_machine_without_fonts_shows_names_and_says_once_what_it_lacks(
    caplog: pytest.LogCaptureFixture,
) -> None:
    typeface = Typeface.load(folders=packaged_folders(), preferred=load_theme(SHIPPED[0]).fonts)
    target = pygame.Surface((800, 100))
    for name in ("Zoë Müller", "Łukasz Święty", "Nguyễn Thị Ước", "Ελένη", "Сергей", "−0.214 · P3…"):
        typeface.draw(target, name, (0, 0, 800, 100), size_px=60, colour=(255, 255, 255))
    assert caplog.messages == []
    for name in ("日本語", "中文名", "العربية"):
        typeface.draw(target, name, (0, 0, 800, 100), size_px=60, colour=(255, 255, 255))
    assert [re.findall(r"apt install [a-z-]+", line) for line in caplog.messages] == [
        ["apt install fonts-noto-cjk"],
        ["apt install fonts-noto-core"],
    ]
