"""Opened contacts as CSV, for the admin's mail program; the file is for its owner only."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from pitboard.contacts.contact_seal import Contact

_FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedContact:
    """One competitor's contact in the clear."""

    competitor: str
    name: str
    contact: Contact


def csv_of(contacts: Sequence[OpenedContact]) -> bytes:
    """Return a CSV file; a cell that a spreadsheet would compute begins with an apostrophe."""
    lines = io.StringIO(newline="")
    writer = csv.writer(lines)
    writer.writerow(("competitor", "name", "email", "phone"))
    for one in contacts:
        email, phone = one.contact.email or "", one.contact.phone or ""  # a phone number computes nothing
        writer.writerow((one.competitor, _harmless(one.name), _harmless(email), phone))
    return lines.getvalue().encode("utf-8-sig")


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA_SIGNS) else cell
