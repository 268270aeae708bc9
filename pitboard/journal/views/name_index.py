"""An index of names: finds those that contain some words, whatever the size, and forgives a typing error.

Names lie in words, and of words there are far fewer than names: a query's words are looked for in the list of
all words, by their grams, and only then the names that have such a word. Nothing is taken out when a name
changes: a name is asked again whether it has the words before it is found."""

from __future__ import annotations

from array import array
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

GRAM_LENGTHS = (1, 2, 3)
LOOKED_AT_MAX_COUNT = 4_000
"""Names that one search looks at, of the rarest of its words."""
PORTION_COUNT = 500
"""Of them, looked at in one go: one more list costs less than asking for each name by itself."""
FOUND_MAX_COUNT = 250
WORDS_MAX_COUNT = 1_000
FEW_COUNT = 5
TYPO_LEAST_LENGTH = 4
_LAST = "\U0010ffff"
_END = "\0"


class NameIndex:
    """Names as folded text by number, the words they are made of, and what these are made of."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._in_order: list[str] = []  # name, _END, number
        self._having: dict[str, array[int]] = {}  # word -> numbers of the names that have it, or had it
        self._words: list[str] = []  # in order
        self._backwards: list[str] = []  # the same words from behind, in order
        self._of_gram: dict[str, list[str]] = {}

    def __len__(self) -> int:
        return len(self._names)

    def add_all(self, names: Iterable[str]) -> None:
        """Take many at once; each gets the next number."""
        fresh: set[str] = set()
        for name in names:
            number = len(self._names)
            self._names.append(name)
            self._in_order.append(_key(name, number))
            fresh |= self._list_words(name, number)
        self._in_order.sort()
        self._words += fresh
        self._words.sort()
        self._backwards += [word[::-1] for word in fresh]
        self._backwards.sort()

    def add(self, name: str) -> int:
        number = len(self._names)
        self._names.append("")
        self._put(name, number)
        return number

    def change(self, number: int, name: str) -> None:
        """Let the number have another name; an empty one is found by nothing."""
        key = _key(self._names[number], number)
        del self._in_order[bisect_left(self._in_order, key)]
        self._put(name, number)

    def _put(self, name: str, number: int) -> None:
        self._names[number] = name
        insort(self._in_order, _key(name, number))
        for word in self._list_words(name, number):
            insort(self._words, word)
            insort(self._backwards, word[::-1])

    def _list_words(self, name: str, number: int) -> set[str]:
        """List the name under its words; return the words that are new."""
        fresh = set()
        for word in set(words_of(name)):
            having = self._having.get(word)
            if having is None:
                having = self._having[word] = array("I")
                fresh.add(word)
                for gram in _grams(word):
                    self._of_gram.setdefault(gram, []).append(word)
            having.append(number)
        return fresh

    def find(self, wanted: str, *, forgives: bool = True) -> Iterator[int]:
        """Yield the names that contain all words of `wanted`, which is folded, in the best order.

        First those that begin with it, then those whose words begin with its words, then the rest; each
        group by name as far as it was looked at. Where that is few and it `forgives`, then those with a word
        mistyped.
        """
        seen: set[int] = set()
        words = wanted.split(" ")
        for number in self._beginning_with(wanted):
            seen.add(number)
            yield number
        containing = [self._containing(word) for word in words]
        looked_at = self._look_at(words, containing, seen)
        yield from self._closest_first(looked_at, words)
        seen.update(looked_at)
        if forgives and len(seen) < (FEW_COUNT if len(words) == 1 else 1):
            for number in self._mistyped(words, containing):
                if number not in seen:
                    seen.add(number)
                    yield number

    def _closest_first(self, numbers: Iterable[int], words: Sequence[str]) -> list[int]:
        """Return the names in order: who has the words whole, whose words begin with them, the rest."""
        wholes, starts = [f" {word} " for word in words], [f" {word}" for word in words]
        keyed = []
        for number in numbers:
            name = self._names[number]
            text = _with_room(name)
            for start in starts:
                if start not in text:
                    closeness = 2
                    break
            else:
                closeness = 0 if all(whole in text for whole in wholes) else 1
            keyed.append((closeness, name, number))
        keyed.sort()
        return [number for _, _, number in keyed]

    def _beginning_with(self, wanted: str) -> Iterator[int]:
        for at in range(bisect_left(self._in_order, wanted), len(self._in_order)):
            key = self._in_order[at]
            if not key.startswith(wanted):
                return
            yield int(key.rpartition(_END)[2])

    def _look_at(self, words: Sequence[str], containing: Sequence[list[str]], seen: set[int]) -> list[int]:
        """Return the names that have all the words somewhere and were not seen yet."""
        found = dict[int, None]()
        rarest = self._rarest(containing)
        having = self._having_one_of(containing[rarest])
        # The others first: nearly all of these have the rarest one, but for those that changed.
        others = [word for place, word in enumerate(words) if place != rarest]
        while some := list(islice(having, PORTION_COUNT)):
            for number in self._those_with([*others, words[rarest]], some):
                if number not in seen:
                    found[number] = None
                    if len(found) == FOUND_MAX_COUNT:
                        return list(found)
        return list(found)

    def _those_with(self, words: Iterable[str], numbers: list[int]) -> list[int]:
        names = self._names
        for word in words:
            numbers = [number for number in numbers if word in names[number]]
        return numbers

    def _having_one_of(self, words: Iterable[str]) -> Iterator[int]:
        """Return the names that have one of the words, as many as one search looks at."""
        return islice(chain.from_iterable(map(self._having.__getitem__, words)), LOOKED_AT_MAX_COUNT)

    def _rarest(self, some: Sequence[list[str]]) -> int:
        """Return which words fewest names have; where there are too many words, that is not known."""
        few = [place for place, words in enumerate(some) if len(words) < WORDS_MAX_COUNT]
        if len(few) <= 1:
            return few[0] if few else 0
        return min(few, key=lambda place: sum(map(len, map(self._having.__getitem__, some[place]))))

    def _containing(self, part: str) -> list[str]:
        """Return the words that contain the part: first those that begin with it."""
        starting = _starting(self._words, part)
        left = WORDS_MAX_COUNT - len(starting)
        if not left:
            return starting
        rarest: list[str] | None = None
        for gram in _grams(part):
            if (having := self._of_gram.get(gram)) is None:
                return starting  # no word has it
            if rarest is None or len(having) < len(rarest):
                rarest = having
        inside = (word for word in rarest or () if part in word and not word.startswith(part))
        return starting + list(islice(inside, left))

    def _mistyped(self, words: Sequence[str], containing: Sequence[list[str]]) -> Iterator[int]:
        """Yield the names that have the words but for one typing error in each, some more than once."""
        likes = [self._like(word) for word in words]
        if not any(likes):
            return  # who has all words as they are typed was found before
        meant = [[*like, *whole] for like, whole in zip(likes, containing, strict=True)]
        as_typed = [word for word, like in zip(words, likes, strict=True) if not like]
        each = [set(some) for some, like in zip(meant, likes, strict=True) if like]
        having = self._having_one_of(meant[self._rarest(meant)])
        while some := list(islice(having, PORTION_COUNT)):
            for number in self._those_with(as_typed, some):
                parts = words_of(self._names[number])
                if not any(one.isdisjoint(parts) for one in each):
                    yield number

    def _like(self, typed: str) -> list[str]:
        """Return the words that are the typed one but for one letter wrong, missing, too many or swapped.

        The error is in one half, so the other half stands at the beginning or at the end of the word; or in
        the middle two letters are swapped. Words that are not typed to their end come last.
        """
        if len(typed) < TYPO_LEAST_LENGTH or typed.isdecimal():
            return []
        half = len(typed) // 2
        swapped = typed[: half - 1] + typed[half] + typed[half - 1] + typed[half + 1 :]
        # By word: how many letters it has in common with what was typed, at the least.
        starting = dict.fromkeys(_starting(self._words, typed[:half]), half)
        starting |= dict.fromkeys(_starting(self._words, swapped), half - 1)
        ending = [word[::-1] for word in _starting(self._backwards, typed[half:][::-1])]
        lengths = range(len(typed) - 1, len(typed) + 2)
        whole = {
            word
            for word in chain(starting, ending)
            if len(word) in lengths and is_one_typo_apart(typed, word, starting.get(word, 0))
        }
        begun = [
            word
            for word, common in starting.items()
            if word not in whole and _begins_with_a_typo(typed, word, common)
        ]
        return [*sorted(whole), *begun]


def _starting(words: list[str], start: str) -> list[str]:
    first = bisect_left(words, start)
    last = bisect_left(words, start + _LAST, first, min(len(words), first + WORDS_MAX_COUNT))
    return words[first:last]


def words_of(name: str) -> list[str]:
    """Return the words that somebody may begin to type; a name with a hyphen has its parts too."""
    words = name.split(" ")
    return words + [part for word in words if "-" in word for part in word.split("-") if part]


def _with_room(name: str) -> str:
    """Return the name with a blank around each of its words, and of the parts that hyphens join."""
    return f" {name} {name.replace('-', ' ')} " if "-" in name else f" {name} "


def is_one_typo_apart(typed: str, word: str, common: int = 0) -> bool:
    """Return whether one letter is wrong, missing or too many, or two beside each other are swapped.

    Their first `common` letters are known to be the same.
    """
    if abs(len(typed) - len(word)) > 1:
        return False
    at = common
    while at < len(typed) and at < len(word) and typed[at] == word[at]:
        at += 1
    if len(typed) == len(word):
        is_swapped = typed[at : at + 2] == word[at : at + 2][::-1] and typed[at + 2 :] == word[at + 2 :]
        return is_swapped or typed[at + 1 :] == word[at + 1 :]
    longer, shorter = (typed, word) if len(typed) > len(word) else (word, typed)
    return longer[at + 1 :] == shorter[at:]


def _begins_with_a_typo(typed: str, word: str, common: int) -> bool:
    """Return the same of a word that is not typed to its end, by its first letters."""
    at, end = common, len(typed)
    while at < end and at < len(word) and typed[at] == word[at]:
        at += 1
    rest = typed[at + 1 :]
    return (
        rest == word[at + 1 : end]
        or rest == word[at : end - 1]
        or typed[at:] == word[at + 1 : end + 1]
        or (typed[at : at + 2] == word[at : at + 2][::-1] and typed[at + 2 :] == word[at + 2 : end])
    )


def _key(name: str, number: int) -> str:
    return f"{name}{_END}{number}"


def _grams(word: str) -> set[str]:
    return {word[at : at + length] for length in GRAM_LENGTHS for at in range(len(word) - length + 1)}
