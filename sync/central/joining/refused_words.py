"""Words that no name given by phone may have: a list that the organiser can change, one word a line.

A word is refused as a word of its own, however it is written (`F.U.C.K`, `sh1t`); with a star inside of
others too. It keeps out what is meant as a joke; the official sees every name before anybody else does."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

from pitboard.errors import ConfigRefused
from pitboard.race.names import fold_name

WORDS_MAX_COUNT = 2_000
_AS_LETTERS = str.maketrans({"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", "$": "s"})
_BETWEEN = re.compile(r"[^\w]+|_+")


class RefusedWords:
    """The list as it was read."""

    def __init__(self, lines: list[str]) -> None:
        said = [line.strip() for line in lines]
        words = [line for line in said if line and not line.startswith("#")][:WORDS_MAX_COUNT]
        self._anywhere = [_plain(word).replace(" ", "") for word in words if word.endswith("*")]
        self._alone = {f" {_plain(word)} " for word in words if not word.endswith("*")}

    @classmethod
    def load(cls, path: Path | None) -> RefusedWords:
        """Return the list in the file, ours where there is none; raises ConfigRefused."""
        if path is None:
            text = (resources.files("sync.central.joining") / "refused_words.txt").read_text(encoding="utf-8")
            return cls(text.splitlines())
        try:
            return cls(path.read_text(encoding="utf-8").splitlines())
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigRefused(
                path=path, reason=f"the list of refused words cannot be read: {error}"
            ) from error

    def has_one(self, name: str) -> bool:
        plain = _plain(name)
        together = plain.replace(" ", "")
        words = f" {plain} {_spelled(plain)} "
        return any(word in together for word in self._anywhere if word) or any(
            word in words for word in self._alone
        )


def _plain(text: str) -> str:
    letters = fold_name(text).translate(_AS_LETTERS)
    return " ".join(_BETWEEN.sub(" ", letters).split())


def _spelled(plain: str) -> str:
    """Return single letters that stand one after the other as the word that they spell."""
    return re.sub(r"(?<=\b\w) (?=\w\b)", "", plain)
