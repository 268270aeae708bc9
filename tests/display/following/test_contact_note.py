"""What a display remembers of its last source when its process starts again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from display.following.badge import Contact
from display.following.contact_note import PROVEN_MAX_COUNT, WRITE_EVERY_NS, ContactNote
from display.following.source_choice import Candidate, Rank

CONTACT = Contact(boot_id="this boot", mono_ns=100_000_000_000, utc_ms=1_764_000_000_000)
UNIT = Candidate(url="https://192.0.2.7:8441", name="Track A")
KEY = "a1" * 32
CENTRAL = Candidate(url="http://192.0.2.20:8081", name="central", rank=Rank.CENTRAL)


def test_the_last_answer_and_who_proved_itself_survive_also_a_reboot(tmp_path: Path) -> None:
    path = tmp_path / "note"
    note = ContactNote(path)
    note.remember(UNIT, KEY)
    note.remember(replace(UNIT, url="https://192.0.2.9:8441"), KEY)
    note.remember(CENTRAL, KEY)
    note.save(CONTACT)
    fresh = ContactNote(path)
    assert fresh.load() == CONTACT
    assert [(one.url, one.key) for one in fresh.candidates()] == [
        (UNIT.url, KEY),
        ("https://192.0.2.9:8441", KEY),
    ]


def test_who_proved_itself_last_is_kept_and_the_list_is_bounded(tmp_path: Path) -> None:
    note = ContactNote(tmp_path / "note")
    for number in range(100):
        note.remember(replace(UNIT, url=f"https://192.0.2.{number}:8441"), KEY)
        note.remember(UNIT, KEY)
    assert len(note.proven) == PROVEN_MAX_COUNT
    assert list(note.proven)[-1] == UNIT.url


def test_the_note_is_due_at_first_for_another_unit_and_now_and_then(tmp_path: Path) -> None:
    note = ContactNote(tmp_path / "note")
    assert note.is_due(CONTACT)
    note.save(CONTACT)
    assert not note.is_due(replace(CONTACT, mono_ns=CONTACT.mono_ns + 1))
    note.remember(UNIT, KEY)
    assert note.is_due(replace(CONTACT, mono_ns=CONTACT.mono_ns + 1))
    note.save(CONTACT)
    note.remember(UNIT, KEY)
    assert not note.is_due(CONTACT)
    assert note.is_due(replace(CONTACT, mono_ns=CONTACT.mono_ns + WRITE_EVERY_NS))
    assert note.is_due(replace(CONTACT, boot_id="next boot", mono_ns=5))


def test_a_damaged_note_is_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "note"
    path.write_bytes(b"\x00\xff{")
    note = ContactNote(path)
    assert note.load() is None
    assert note.candidates() == []
