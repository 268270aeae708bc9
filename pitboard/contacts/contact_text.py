"""Read an e-mail address and a phone number out of typed letters, without making a copy of them.

A text that Python has made cannot be wiped, so this works on a buffer and answers with places in it. Only
ASCII is taken: addresses of other scripts have an ASCII form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

EMAIL_MAX_BYTES = 254
PHONE_MAX_BYTES = 32
TYPED_MAX_BYTES = EMAIL_MAX_BYTES + 1 + PHONE_MAX_BYTES
DIGITS_MIN_COUNT, DIGITS_MAX_COUNT = 5, 15  # E.164 allows 15

_EMAIL = (
    rb"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    rb"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])"
)
_PHONE = rb"\+?[0-9(][0-9 ()/.-]*[0-9]"
_WHOLE = re.compile(
    rb" *(?:(?P<e1>%(e)s)(?: +(?P<p1>%(p)s))?|(?P<p2>%(p)s)(?: +(?P<e2>%(e)s))?) *"
    % {b"e": _EMAIL, b"p": _PHONE}
)
_DIGITS = frozenset(b"0123456789")

Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactPlaces:
    """Where in the buffer the address and the number stand; at least one of them does."""

    email: Span | None
    phone: Span | None


def find_contact(letters: bytearray, count: int) -> ContactPlaces | None:
    """Return where e-mail and phone stand in the first `count` letters, None where they are not just that."""
    match = _WHOLE.fullmatch(letters, 0, count)
    if match is None:
        return None
    email, phone = (_span(match, names) for names in (("e1", "e2"), ("p1", "p2")))
    if email is not None and (email[1] - email[0] > EMAIL_MAX_BYTES or _local_length(letters, email) > 64):
        return None
    if phone is not None and not _is_phone(letters, phone):
        return None
    return ContactPlaces(email=email, phone=phone)


def _span(match: re.Match[bytes], names: tuple[str, str]) -> Span | None:
    return next((match.span(name) for name in names if match.start(name) >= 0), None)


def _local_length(letters: bytearray, email: Span) -> int:
    return letters.index(b"@", *email) - email[0]


def _is_phone(letters: bytearray, phone: Span) -> bool:
    digits_count = sum(letter in _DIGITS for letter in _letters(letters, phone))
    return phone[1] - phone[0] <= PHONE_MAX_BYTES and DIGITS_MIN_COUNT <= digits_count <= DIGITS_MAX_COUNT


def _letters(letters: bytearray, span: Span) -> Iterator[int]:
    return (letters[index] for index in range(*span))
