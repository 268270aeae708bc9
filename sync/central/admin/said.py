"""What became of an act, as codes of the catalogue: each door says it in its reader's own language."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeAlias

import msgspec

from pitboard.race.ranking.presets import preset
from pitboard.sentences.language import Language, language


class Said(msgspec.Struct, frozen=True):
    """One sentence, or a part of one.

    A text among its fields stands in it as it is, what is a word of ours in the sentence's language; a tuple
    is a list.
    """

    code: str
    fields: dict[str, str | int | Said | tuple[str | Said, ...]] = {}

    def text(self, words: Language) -> str:
        """Return it in a language."""
        return words.say(self.code, **{name: _shown(value, words) for name, value in self.fields.items()})


Field: TypeAlias = str | int | Said | tuple[str | Said, ...]


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What was done: `said` for any language, `sentence` the same in English."""

    sentence: str
    said: tuple[Said, ...]


def told(code: str, /, **fields: Field) -> Told:
    """Return the answer of one sentence."""
    one = Said(code, fields)
    return Told(sentence=in_english((one,)), said=(one,))


def in_english(said: Iterable[Said]) -> str:
    return spoken_in(language(), said)


def spoken_in(words: Language, said: Iterable[Said]) -> str:
    """Return sentences in a row."""
    return " ".join(one.text(words) for one in said)


def said_format(name: str) -> Said | str:
    """Return a format's name: a known one has a word in every language, another stands as it was given."""
    if preset(name) is None:
        return name
    return Said("desk.preset-" + _BETWEEN_WORDS.sub("-", name.lower()))


_BETWEEN_WORDS = re.compile(r"[^a-z0-9]+")


def _shown(value: Field, words: Language) -> str | int:
    if isinstance(value, Said):
        return value.text(words)
    if isinstance(value, tuple):
        return ", ".join(str(_shown(one, words)) for one in value)
    return value
