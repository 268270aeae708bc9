"""The letters of a contact while it is typed: one buffer, changed in place, that can be wiped.

The only value of the touchscreen that is not frozen. A Python text cannot be wiped, and one would stay behind
for each letter typed. So none is ever made: letters are drawn one by one, and sealing reads the buffer."""

from __future__ import annotations

from collections.abc import Iterator

from pitboard.contacts.contact_seal import seal_contact, wipe
from pitboard.contacts.contact_text import TYPED_MAX_BYTES, find_contact
from pitboard.unit_api.official_acts import KeepContact
from pitboard.unit_api.screen_state import ContactSeal


class TypedContact:
    """What was typed so far for one competitor, and what it will be sealed to."""

    __slots__ = ("_competitor", "_count", "_letters", "_seal")

    def __init__(self, competitor: str, seal: ContactSeal) -> None:
        self._competitor = competitor
        self._seal = seal
        self._letters = bytearray(TYPED_MAX_BYTES)  # never grows: growing would leave the old one behind
        self._count = 0

    @property
    def count(self) -> int:
        return self._count

    @property
    def kind(self) -> str:
        """What it is by now: "email", "phone", "both", or "" while it is neither."""
        places = find_contact(self._letters, self._count)
        if places is None:
            return ""
        if places.email is not None and places.phone is not None:
            return "both"
        return "phone" if places.email is None else "email"

    def letters_from_end(self) -> Iterator[str]:
        """Yield the letters, the last first; Python has each of these one-letter texts already."""
        return (chr(self._letters[index]) for index in reversed(range(self._count)))

    def type(self, letter: str) -> None:
        """Take one letter; one that no address or number has, or one too many, is left out."""
        if len(letter) == 1 and " " <= letter <= "~" and self._count < TYPED_MAX_BYTES:
            self._letters[self._count] = ord(letter)
            self._count += 1

    def take_back(self) -> None:
        if self._count:
            self._count -= 1
            self._letters[self._count] = 0

    def wipe(self) -> None:
        wipe(self._letters)
        self._count = 0

    def sealed(self) -> KeepContact | None:
        """Return the act that hands it over, None while it is neither address nor number."""
        places = find_contact(self._letters, self._count)
        if places is None:
            return None
        sealed = seal_contact(
            self._letters,
            places,
            contact_key=self._seal.contact_key,
            event_key=self._seal.event_key,
            competitor=self._competitor,
        )
        return KeepContact(
            competitor_id=self._competitor, contact_key=self._seal.contact_key, sealed=sealed.hex()
        )
