"""What the scripted official means to do with a run, and what it writes down about it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import msgspec

from trackside.touch.scene.keyboard_scene import KEY_PAGES


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the log: what the official decided and saw saved."""

    run: str | None
    name: str
    decision: str
    voided: list[str]
    mono_ns: int


@dataclass(slots=True, kw_only=True)
class RunPlan:
    """What the official means to do with one run."""

    run: str | None
    name: str = ""
    stop_after_laps: int | None  # None: let the time run out
    judges_at_once: bool
    voids_one: bool
    discards: bool
    voided: set[str] = field(default_factory=set)
    laps: set[str] = field(default_factory=set)
    decision: str | None = None  # tapped, not yet seen to be saved
    decided_mono_ns: int = 0

    @classmethod
    def drawn(cls, dice: random.Random, *, run: str | None) -> RunPlan:
        return cls(
            run=run,
            stop_after_laps=dice.randint(3, 7) if dice.random() < 0.75 else None,
            judges_at_once=dice.random() < 0.5,
            voids_one=dice.random() < 0.25,
            discards=dice.random() < 0.12,
        )

    @classmethod
    def plain(cls, *, run: str | None) -> RunPlan:
        """Return the plan to let the time run out and confirm what was driven."""
        return cls(run=run, stop_after_laps=None, judges_at_once=False, voids_one=False, discards=False)


@dataclass(slots=True, kw_only=True)
class Wish:
    """Who shall drive next."""

    name: str | None  # None: anybody on the list
    pages_down: int = 0


NAMES = (
    "Ada Álvarez",
    "Björn Brandt",
    "Chiara Costa",
    "Dmitri Ivanov",
    "Élodie Dubois",
    "Finn Fischer",
    "Greta Huber",
    "Hugo Jansen",
    "Ingrid Eriksen",
    "Jonas Weiß",
    "Łukasz Žižka",
    "Müjde Şahin",
    "Ole-Kristian Øvergård",
    "Wolfeschlegelsteinhausenbergerdorff, Maximiliane",
    "Team Rocket 7",
    "Kart 12",
    "鈴木 一郎",
    "日本語レーシング",
    "김민준",
    "محمد العربي",
    "हिन्दी क्षत्रिय",
    "Νίκος Παπαδόπουλος",
    "Олександра Шевченко",
    "Nguyễn Thị Hương",
    "Sam",
    "Zoë van den Berg",
)
_KEYS = frozenset("".join("".join(page) for page in KEY_PAGES))


def is_on_keys(name: str) -> bool:
    """Tell whether every letter stands on a key that types it as large or small as it is in the name."""
    return all(_key_letter(letter) in _KEYS or letter == " " for letter in name) and _is_cased(name)


def key_of(letter: str) -> str:
    """Return the widget name of the key that types the letter."""
    return "keyboard:space" if letter == " " else f"keyboard:{_key_letter(letter)}"


def _key_letter(letter: str) -> str:
    return letter if letter in _KEYS or len(letter.upper()) > 1 else letter.upper()


def _is_cased(name: str) -> bool:
    """The keys write a large letter only where a word begins."""
    return all(
        letter.islower() or not letter.isalpha() or index == 0 or not name[index - 1].isalnum()
        for index, letter in enumerate(name)
    ) and all(
        not letter.islower() or letter == "ß" or (index > 0 and name[index - 1].isalnum())
        for index, letter in enumerate(name)
    )
