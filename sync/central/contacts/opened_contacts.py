"""Contacts in the clear, for the admin's eyes: opened from sealed rows, and as a table for a mail merge."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from pitboard.contacts.contact_seal import Contact, ContactEnvelope, open_contact
from pitboard.errors import ContactClosed
from pitboard.sentences.language import LanguageCode, language

_HEADS = ("rank", "competitor", "name", "email", "phone")
_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


class OpenedContact(msgspec.Struct, frozen=True, kw_only=True):
    """One competitor's contact in the clear; `rank` is empty where nobody asked for it."""

    competitor: str
    name: str
    contact: Contact
    rank: str = ""


def opened(
    envelope: ContactEnvelope, private: X25519PrivateKey, *, event_key: str, name: str, rank: str = ""
) -> OpenedContact | None:
    """Return the contact, None for one that was sealed to another key or is damaged."""
    try:
        contact = open_contact(
            bytes.fromhex(envelope.sealed), private, event_key=event_key, competitor=envelope.competitor_id
        )
    except ContactClosed:
        return None
    return OpenedContact(competitor=envelope.competitor_id, name=name, contact=contact, rank=rank)


def csv_of(contacts: Sequence[OpenedContact], code: LanguageCode = "en") -> bytes:
    """Return a CSV file, its heads in a language; what a spreadsheet would compute begins with an
    apostrophe."""
    with_rank = any(one.rank for one in contacts)
    lines = io.StringIO(newline="")
    writer = csv.writer(lines)
    rank, *heads = [language(code).say(f"file.{name}") for name in _HEADS]
    writer.writerow(_cells(rank, heads, with_rank))
    for one in contacts:
        email, phone = one.contact.email or "", one.contact.phone or ""  # a phone number computes nothing
        cells = (one.competitor, _harmless(one.name), _harmless(email), phone)
        writer.writerow(_cells(one.rank, cells, with_rank))
    return lines.getvalue().encode("utf-8-sig")


def _cells(rank: str, cells: Iterable[str], with_rank: bool) -> list[str]:
    return [rank, *cells] if with_rank else list(cells)


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA_SIGNS) else cell
