"""Names for the scripted official: plausible, some long, some in scripts that the on-screen keys lack."""

from __future__ import annotations

from trackside.touch.scene.keyboard_scene import KEY_PAGES

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
