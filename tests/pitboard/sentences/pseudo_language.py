"""A language that nobody speaks: every sentence of ours in Hebrew letters, read from right to left."""

from __future__ import annotations

import re
from importlib import resources

from pitboard.sentences.language import Language
from pitboard.sentences.po_file import Entry, read_po

_LETTERS = str.maketrans(
    "abcdefghijklmnopqrstuvwxyz",
    "\u05d0\u05d1\u05d2\u05d3\u05d4\u05d5\u05d6\u05d7\u05d8\u05d9\u05db\u05dc\u05de\u05e0\u05e1\u05e4\u05e6\u05e7\u05e8\u05e9\u05ea\u05d0\u05d1\u05d2\u05d3\u05d4",
)


def _turned(text: str) -> str:
    parts = re.split(r"(\{[a-z_]+\})", text)
    return "".join(part if part.startswith("{") else part.lower().translate(_LETTERS) for part in parts)


def _pseudo() -> Language:
    english = read_po(resources.files("pitboard.sentences").joinpath("en.po").read_text(encoding="utf-8"))
    header, *entries = english
    turned = [
        Entry(one.code, one.plural, {form: _turned(text) for form, text in one.texts.items()})
        for one in entries
    ]
    return Language("he", [header, *turned])


HEBREW = _pseudo()
