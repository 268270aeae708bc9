"""The phone page's sentences: the catalogue of every other screen, given to the page as a file."""

from __future__ import annotations

import json
from html import escape

from pitboard.sentences.language import LANGUAGES, language

WORDS = "words.js"
OF_PHONES = ("page.", "touch.heat-")
"""A heat is called the same on the official's screen and on a phone."""
OF_DESK = (
    "desk.",
    "refused.",
    "touch.machine-",
    "touch.scene-",
    "display.column.",
    "light.",
    "sensor.",
    "port.",
    "loss.",
)
_MARKS = {"<!--STILL-->": "page.still", "<!--WITHOUT_SCRIPT-->": "page.without-script"}
"""Sentences for a page whose script does not run: it cannot choose, so every language stands there."""


def words_file(prefixes: tuple[str, ...] = OF_PHONES) -> bytes:
    """Return the file: {language: {code: text, or [one, many]}} of the codes that begin so."""
    words = {
        code: {name: text for prefix in prefixes for name, text in language(code).texts(prefix).items()}
        for code in LANGUAGES
    }
    text = json.dumps(words, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return f"// Made from the catalogue: pitboard/sentences.\nexport const WORDS = {text};\n".encode()


def with_words(page: str) -> str:
    """Return the page with the sentences that stand in it in every language."""
    for mark, code in _MARKS.items():
        said = (f'<p lang="{one}">{escape(language(one).say(code))}</p>' for one in LANGUAGES)
        page = page.replace(mark, "".join(said))
    return page
