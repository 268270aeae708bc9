"""The phone page's sentences: the catalogue of every other screen, given to the page as a file."""

from __future__ import annotations

import json
import re
from html import escape

from pitboard.sentences.language import LANGUAGES, Language, language

WORDS = "words.js"
OF_PHONES = ("page.", "result.", "touch.heat-")
"""A heat is called the same on the official's screen and on a phone."""
OF_DESK = (
    "desk.",
    "refused.",
    "result.",
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
_SAID = re.compile(r'(<[^<>]*data-say="([^"]+)"[^<>]*>)[^<]*')
_HINTED = re.compile(r'(placeholder=")[^"]*("[^<>]*data-say-hint=")([^"]+)')
_HEADER_MAX_LENGTH = 200


def words_file(prefixes: tuple[str, ...] = OF_PHONES) -> bytes:
    """Return the file: {language: {code: text, or [one, many]}} of the codes that begin so."""
    words = {
        code: {name: text for prefix in prefixes for name, text in language(code).texts(prefix).items()}
        for code in LANGUAGES
    }
    text = json.dumps(words, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return f"// Made from the catalogue: pitboard/sentences.\nexport const WORDS = {text};\n".encode()


def asked_language(header: str) -> Language:
    """Return the first language of a browser's Accept-Language that we have, as the page itself chooses; else
    English."""
    for wanted in header[:_HEADER_MAX_LENGTH].lower().split(","):
        code = wanted.partition(";")[0].strip().partition("-")[0]
        if code in LANGUAGES:
            return language(code)
    return language()


def spoken(page: str, words: Language) -> str:
    """Return the page with what its script will say in this language, for the time until it runs."""
    turned = ' dir="rtl"' if words.is_right_to_left else ""
    page = page.replace('<html lang="en">', f'<html lang="{words.code}"{turned}>', 1)
    page = _SAID.sub(lambda found: found[1] + escape(words.say(found[2])), page)
    return _HINTED.sub(lambda found: found[1] + escape(words.say(found[3])) + found[2] + found[3], page)


def with_words(page: str) -> str:
    """Return the page with the sentences that stand in it in every language."""
    for mark, code in _MARKS.items():
        said = (f'<p lang="{one}">{escape(language(one).say(code))}</p>' for one in LANGUAGES)
        page = page.replace(mark, "".join(said))
    return page
