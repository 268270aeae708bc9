"""The last word: each field of the race state is decided by the greatest word said about it.

Words compare by authority, then stamp, then stream, then seq; so no order of arrival matters."""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

from pitboard.bodies import Authority

Value = TypeVar("Value")


class Word(NamedTuple):
    """When and with what authority something was said."""

    authority: Authority
    stamp: int
    stream: str
    seq: int

    @property
    def moment(self) -> tuple[int, str, int]:
        """The order in which things were said, whoever said them."""
        return (self.stamp, self.stream, self.seq)


class Said(Generic[Value]):
    """A value and the word that set it."""

    __slots__ = ("value", "word")

    def __init__(self, value: Value, word: Word) -> None:
        self.value = value
        self.word = word


class LastWord(Generic[Value]):
    """A field: `said` is None until somebody spoke."""

    __slots__ = ("said",)

    def __init__(self) -> None:
        self.said: Said[Value] | None = None

    def say(self, value: Value, word: Word) -> bool:
        """Take the value if its word is the greatest so far; return whether it was taken."""
        if self.said is not None and self.said.word >= word:
            return False
        self.said = Said(value, word)
        return True

    @property
    def value(self) -> Value | None:
        return None if self.said is None else self.said.value
