"""A language: turns a code with its fields into a sentence for people.

A code without a text in the language is said in English, and one without any is named as it is: a sentence
that is missing must never stop what needed it."""

from __future__ import annotations

import string
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal, get_args

import msgspec

from pitboard.sentences.po_file import Entry, plural_rule, read_po

LanguageCode = Literal["en", "de"]
LANGUAGES: tuple[LanguageCode, ...] = get_args(LanguageCode)
_RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})


class Sentence(msgspec.Struct, frozen=True):
    """What shall be said, in no language yet; it travels between programs and stands in no decision."""

    code: str
    fields: dict[str, str | int] = {}


class Language:
    """`say` gives the sentence of a code; `count` among the fields chooses the plural form."""

    def __init__(self, code: str, entries: list[Entry], *, otherwise: Language | None = None) -> None:
        self.code = code
        self.is_right_to_left = code in _RIGHT_TO_LEFT
        self._texts = {entry.code: _forms_of(entry) for entry in entries if entry.code}
        self._form_of = plural_rule(entries)
        self._otherwise = otherwise

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(self._texts)

    def say(self, code: str, /, **fields: object) -> str:
        """Return the sentence; fields that it does not name are left out, a missing one shows as `…`."""
        text = self._texts.get(code)
        if text is None:
            return code if self._otherwise is None else self._otherwise.say(code, **fields)
        if not isinstance(text, str):
            count = fields.get("count")
            form = self._form_of(abs(count) if isinstance(count, int) else 0)
            text = text[min(form, len(text) - 1)]
        if "{" not in text and "}" not in text:
            return text
        return _Forgiving(self, fields).vformat(text, (), fields)

    def tell(self, sentences: list[Sentence] | tuple[Sentence, ...]) -> str:
        """Return sentences in a row."""
        return " ".join(self.say(one.code, **one.fields) for one in sentences)

    def texts(self, prefix: str) -> dict[str, str | list[str]]:
        """Return {code: text, or one text for each plural form} of the codes that begin so."""
        return {
            code: text if isinstance(text, str) else list(text)
            for code, text in self._texts.items()
            if code.startswith(prefix)
        }

    def knows(self, code: str) -> bool:
        return code in self._texts or (self._otherwise is not None and self._otherwise.knows(code))


def _forms_of(entry: Entry) -> str | tuple[str, ...]:
    """Return the text, or where it has a plural all its forms in order."""
    if entry.plural:
        return tuple(entry.texts[form] for form in sorted(entry.texts))
    return entry.texts.get(0, "")


class _Forgiving(string.Formatter):
    """Knows what a field may be: a value as it is, or with `{why:port}` the rest of a code, `port.…`."""

    def __init__(self, words: Language, fields: Mapping[str, object]) -> None:
        self._words = words
        self._fields = fields

    def get_value(self, key: int | str, args: object, kwargs: object) -> object:
        return kwargs.get(key, "…") if isinstance(kwargs, dict) else "…"

    def get_field(self, field_name: str, args: object, kwargs: object) -> tuple[object, str]:
        return self.get_value(field_name, args, kwargs), field_name  # no attributes, no items

    def format_field(self, value: object, format_spec: str) -> str:
        code = f"{format_spec}.{value}"
        if format_spec and self._words.knows(code):
            return self._words.say(code, **self._fields)
        return str(value)


def language_of(environment: Mapping[str, str]) -> Language:
    """Return the language that a person's shell asks for, in gettext's order; English where we lack it."""
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        wanted = environment.get(name, "").replace("-", "_").split(":")[0].split(".")[0].split("_")[0].lower()
        if wanted:
            return next((language(code) for code in LANGUAGES if code == wanted), language())
    return language()


@cache
def language(code: LanguageCode = "en") -> Language:
    """Return a language of ours, read once."""
    text = Path(__file__).with_name(f"{code}.po").read_text(encoding="utf-8")
    return Language(code, read_po(text), otherwise=None if code == "en" else language("en"))
