"""What a display remembers of its last source when its process starts again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from display.following.badge import Contact
from display.following.contact_note import WRITE_EVERY_NS, ContactNote
from display.following.source_choice import Candidate, Rank

CONTACT = Contact(boot_id="this boot", mono_ns=100_000_000_000, utc_ms=1_764_000_000_000)
UNIT = Candidate(url="http://192.0.2.7:8441", name="Track A")
CENTRAL = Candidate(url="http://192.0.2.20:8081", name="central", rank=Rank.CENTRAL)


def test_the_last_answer_and_its_unit_survive(tmp_path: Path) -> None:
    path = tmp_path / "note"
    ContactNote(path).save(CONTACT, UNIT)
    note = ContactNote(path)
    assert note.load() == CONTACT
    assert note.unit_of_this_boot("this boot") == UNIT
    assert note.unit_of_this_boot("next boot") is None


def test_a_lost_source_or_central_does_not_replace_the_unit(tmp_path: Path) -> None:
    path = tmp_path / "note"
    note = ContactNote(path)
    note.save(CONTACT, UNIT)
    for source in (None, CENTRAL):
        note.save(replace(CONTACT, mono_ns=CONTACT.mono_ns + 1), source)
        fresh = ContactNote(path)
        fresh.load()
        assert fresh.unit_of_this_boot("this boot") == UNIT


def test_the_note_is_due_at_first_for_another_unit_and_now_and_then(tmp_path: Path) -> None:
    note = ContactNote(tmp_path / "note")
    assert note.is_due(CONTACT, UNIT)
    note.save(CONTACT, UNIT)
    assert not note.is_due(replace(CONTACT, mono_ns=CONTACT.mono_ns + 1), UNIT)
    assert note.is_due(CONTACT, replace(UNIT, name="Track B"))
    assert note.is_due(replace(CONTACT, mono_ns=CONTACT.mono_ns + WRITE_EVERY_NS), UNIT)
    assert note.is_due(replace(CONTACT, boot_id="next boot", mono_ns=5), UNIT)


def test_a_damaged_note_is_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "note"
    path.write_bytes(b"\x00\xff{")
    note = ContactNote(path)
    assert note.load() is None
    assert note.unit_of_this_boot("this boot") is None
