"""Split text into runs that one font can shape: one script, one direction, in the order they are drawn.

As much of the Unicode bidirectional algorithm as names and short sentences need: no explicit embeddings,
no bracket pairs."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

# First word of the Unicode character name -> ISO 15924 tag, for scripts that need shaping.
_SCRIPT_TAGS = {
    "ARABIC": "Arab",
    "ARMENIAN": "Armn",
    "BENGALI": "Beng",
    "CJK": "Hani",
    "CYRILLIC": "Cyrl",
    "DEVANAGARI": "Deva",
    "ETHIOPIC": "Ethi",
    "GEORGIAN": "Geor",
    "GREEK": "Grek",
    "GUJARATI": "Gujr",
    "GURMUKHI": "Guru",
    "HANGUL": "Hang",
    "HEBREW": "Hebr",
    "HIRAGANA": "Hira",
    "KANNADA": "Knda",
    "KATAKANA": "Kana",
    "KHMER": "Khmr",
    "LAO": "Laoo",
    "LATIN": "Latn",
    "MALAYALAM": "Mlym",
    "MYANMAR": "Mymr",
    "ORIYA": "Orya",
    "SINHALA": "Sinh",
    "SYRIAC": "Syrc",
    "TAMIL": "Taml",
    "TELUGU": "Telu",
    "THAANA": "Thaa",
    "THAI": "Thai",
    "TIBETAN": "Tibt",
}
JOINERS = frozenset("\u200c\u200d\ufe0e\ufe0f")
UNKNOWN = "\ufffd"
PICTURE_ASKED = "\ufe0f"
TEXT_MAX_LENGTH = 2_000
_MARKS_MAX_COUNT = 4  # on one letter; more climb over the lines above
_FLAG_LETTER_A = 0x1F1E6


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    text: str
    script: str  # ISO 15924, "" for digits and signs alone
    is_right_to_left: bool


def visible(text: str) -> str:
    """Return the text on one line without what is never seen; half a surrogate pair becomes `�`."""
    if text.isascii() and text.isprintable() and len(text) <= TEXT_MAX_LENGTH:
        return text
    kept: list[str] = []
    marks = 0
    for character in text[:TEXT_MAX_LENGTH]:
        category = unicodedata.category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks > _MARKS_MAX_COUNT:
            continue
        if category in ("Cs", "Co") or _is_noncharacter(character):
            kept.append(UNKNOWN)
        elif category in ("Cc", "Zl", "Zp"):
            kept.append(" ")
        elif category != "Cf" or character in JOINERS or _is_flag_tag(character):
            kept.append(character)
    return "".join(kept)


def clusters(text: str) -> list[str]:
    """Return the text in pieces that must not be cut apart: a letter with its marks, an emoji, a flag."""
    pieces: list[str] = []
    for character in text:
        if pieces and _goes_with(pieces[-1], character):
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


def stand_ins(cluster: str) -> list[str]:
    """Return what may be drawn for a cluster that no font has, the likest first.

    The letters of a flag, a fancy letter's plain one, a letter or emoji without its marks.
    """
    if all(_is_flag_letter(character) for character in cluster):
        return ["".join(chr(ord("A") + ord(character) - _FLAG_LETTER_A) for character in cluster)]
    plain = unicodedata.normalize("NFKD", cluster)
    bare = "".join(sign for sign in plain if not _is_attached(sign))
    return [text for text in (plain, bare, bare[:1], UNKNOWN, "?") if text]


def is_right_to_left(text: str) -> bool:
    """Tell whether the first letter with a direction runs from right to left."""
    for character in text:
        direction = unicodedata.bidirectional(character)
        if direction in ("L", "R", "AL"):
            return direction != "L"
    return False


def visual_runs(text: str) -> list[Run]:
    """Return the runs of one line from left to right; each run's own text stays in reading order."""
    pieces = clusters(text)
    levels = _levels(pieces, base=1 if is_right_to_left(text) else 0)
    logical: list[tuple[int, str, str]] = []  # level, script, text
    for piece, level in zip(pieces, levels, strict=True):
        script = _script(piece[0])
        if logical and logical[-1][0] == level and _joins(logical[-1][1], script):
            logical[-1] = (level, logical[-1][1] or script, logical[-1][2] + piece)
        else:
            logical.append((level, script, piece))
    return [
        Run(text=part, script=script, is_right_to_left=level % 2 == 1)
        for level, script, part in _reordered(logical)
    ]


def _levels(pieces: list[str], *, base: int) -> list[int]:
    """Return each piece's embedding level: odd ones run from right to left."""
    kinds, letter = [], "R" if base else "L"
    directions = [unicodedata.bidirectional(piece[0]) for piece in pieces]
    for index, direction in enumerate(directions):
        if direction in ("CS", "ES", "ET") and _is_in_number(directions, index):
            direction = "EN"  # the point of 12.345, the sign of +0.437
        if direction in ("L", "R", "AL"):
            letter = "L" if direction == "L" else "R"
            kinds.append(letter)
        elif direction in ("EN", "AN"):
            kinds.append("L" if letter == "L" else "N")  # a number among right-to-left letters
        else:
            kinds.append("")
    kinds = _with_neutrals_decided(kinds, base_letter="R" if base else "L")
    above_base = {"L": 2 if base else 0, "R": 1, "N": 2}
    return [above_base[kind] for kind in kinds]


def _is_in_number(directions: list[str], index: int) -> bool:
    """Tell whether a separator or sign belongs to the number it touches (rules W4 and W5)."""
    before = directions[index - 1] if index else ""
    after = directions[index + 1] if index + 1 < len(directions) else ""
    if directions[index] == "ET":
        return "EN" in (before, after)
    return after == "EN" and (before == "EN" or (directions[index] == "ES" and before != "EN"))


def _with_neutrals_decided(kinds: list[str], *, base_letter: str) -> list[str]:
    """Give spaces and signs the direction they stand between, or the line's own where that differs."""
    as_letter = {"L": "L", "R": "R", "N": "R"}
    decided, before = [], base_letter
    for index, kind in enumerate(kinds):
        if kind:
            decided.append(kind)
            before = as_letter[kind]
        else:
            after = next((as_letter[later] for later in kinds[index:] if later), base_letter)
            decided.append(before if before == after else base_letter)
    return decided


def _reordered(logical: list[tuple[int, str, str]]) -> list[tuple[int, str, str]]:
    """Reverse, from the highest level down to 1, every stretch at that level or above."""
    line = list(logical)
    for level in range(max((run[0] for run in line), default=0), 0, -1):
        start = 0
        while start < len(line):
            end = start
            while end < len(line) and line[end][0] >= level:
                end += 1
            line[start:end] = line[start:end][::-1]
            start = end + 1
    return line


def _script(character: str) -> str:
    return _SCRIPT_TAGS.get(unicodedata.name(character, "").split(" ")[0], "")


def _joins(one: str, other: str) -> bool:
    return one == other or not one or not other


def _is_attached(character: str) -> bool:
    return (
        unicodedata.category(character) in ("Mn", "Mc", "Me")
        or character in JOINERS
        or "\U0001f3fb" <= character <= "\U0001f3ff"  # the colour of a skin
        or _is_flag_tag(character)
    )


def _goes_with(piece: str, character: str) -> bool:
    if _is_attached(character) or piece[-1] == "\u200d":
        return True
    return len(piece) == 1 and _is_flag_letter(piece) and _is_flag_letter(character)


def _is_flag_letter(character: str) -> bool:
    return 0 <= ord(character) - _FLAG_LETTER_A < 26


def _is_flag_tag(character: str) -> bool:
    """Tell the invisible letters that name a flag such as Scotland's."""
    return 0xE0020 <= ord(character) <= 0xE007F


def _is_noncharacter(character: str) -> bool:
    return ord(character) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(character) <= 0xFDEF
