"""Names as they may stand on a board: one line, no hidden characters, no marks that climb over other lines.

Used where a name is typed and again where records are folded, so that an old or rogue writer cannot put
on a board what the keyboard here refuses. Asks for no list of assigned characters: those of nodes differ."""

from __future__ import annotations

import unicodedata

NAME_MAX_LENGTH = 80
MARKS_MAX_COUNT = 2

_JOINERS = frozenset("\u200c\u200d")  # some scripts and emoji need them
_DIRECTION_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # letters by their category, empty to the eye


def clean_name(name: str, *, max_length: int = NAME_MAX_LENGTH) -> str:
    """Return the name in composed form without control, direction, invisible and private characters.

    At most two combining marks stay on one letter and `max_length` characters in all; empty if nothing
    remains that could be seen.
    """
    if name.isascii() and name.isprintable():  # as most are: nothing in it is hidden
        return " ".join(name[: 4 * max_length].split())[:max_length].strip()
    kept: list[str] = []
    marks = 0
    for character in unicodedata.normalize("NFC", name[: 4 * max_length]):
        category = unicodedata.category(character)
        if category == "Cf" and character not in _JOINERS | _DIRECTION_CONTROLS:
            continue  # no width: what stands left and right of it is read as one word
        if _is_hidden(character, category):
            character = " "
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks <= MARKS_MAX_COUNT:
            kept.append(character)
    cleaned = " ".join("".join(kept).split())[:max_length].strip()
    return cleaned if any(_is_seen(character) for character in cleaned) else ""


def _is_hidden(character: str, category: str) -> bool:
    if character in _JOINERS:
        return False
    is_noncharacter = ord(character) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(character) <= 0xFDEF
    return category in ("Cc", "Cf", "Cs", "Co") or character in _BLANKS or is_noncharacter


def _is_seen(character: str) -> bool:
    return character not in _JOINERS and unicodedata.category(character) not in ("Mn", "Me", "Zs")


# Letters that Unicode does not take apart, as people without that key type them.
_PLAIN = str.maketrans(
    {"ı": "i", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ŧ": "t", "æ": "ae", "œ": "oe", "þ": "th"}
)


def fold_name(text: str) -> str:
    """Return the text without case, accents, widths, invisible signs and doubled spaces."""
    if text.isascii():  # as most are: nothing to take apart
        return " ".join(text.lower().split())
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    kept = "".join(sign for sign in decomposed if not _is_dropped(sign))
    return " ".join(kept.translate(_PLAIN).split())


def _is_dropped(sign: str) -> bool:
    return unicodedata.combining(sign) != 0 or unicodedata.category(sign) == "Cf"
