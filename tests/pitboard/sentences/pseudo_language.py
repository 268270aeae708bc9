"""Languages that nobody speaks: every sentence of ours in Hebrew letters, read from right to left, and in
Chinese signs, without blanks between words."""

from __future__ import annotations

import re
from importlib import resources

from pitboard.sentences.language import Language
from pitboard.sentences.po_file import Entry, read_po

_LETTERS = str.maketrans(
    "abcdefghijklmnopqrstuvwxyz",
    "\u05d0\u05d1\u05d2\u05d3\u05d4\u05d5\u05d6\u05d7\u05d8\u05d9\u05db\u05dc\u05de\u05e0\u05e1\u05e4\u05e6\u05e7\u05e8\u05e9\u05ea\u05d0\u05d1\u05d2\u05d3\u05d4",
)


_SIGNS = str.maketrans(
    "abcdefghijklmnopqrstuvwxyz ", "的一是不了人我在有他這中大來上國個到說們為子和你地出，"
)


def _turned(text: str, letters: dict[int, int]) -> str:
    parts = re.split(r"(\{[a-z_]+\})", text)
    return "".join(part if part.startswith("{") else part.lower().translate(letters) for part in parts)


def _pseudo(code: str, letters: dict[int, int]) -> Language:
    english = read_po(resources.files("pitboard.sentences").joinpath("en.po").read_text(encoding="utf-8"))
    header, *entries = english
    turned = [
        Entry(one.code, one.plural, {form: _turned(text, letters) for form, text in one.texts.items()})
        for one in entries
    ]
    return Language(code, [header, *turned])


HEBREW = _pseudo("he", _LETTERS)
CHINESE = _pseudo("zh", _SIGNS)
