"""The small files beside a journal, damaged in each byte: a program goes on without one, or says what to do.

The journal itself is damaged in `test_damaged_journal.py`, the spool in `test_damaged_spool.py`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest

from display.following.badge import Contact, badge_for
from display.following.contact_note import ContactNote
from display.following.source_choice import Candidate
from firmware_bridge.watch.bridge_reporter import BridgeStatus, read_bridge_status, write_bridge_status
from pitboard.clock import ScriptedClock
from pitboard.doors.door import check_url
from pitboard.doors.node_client import NodeClient
from pitboard.errors import PitboardError
from pitboard.program.config import load_event_file
from pitboard.program.service import Service, read_last_words
from pitboard.trust.certificate import Certificate
from pitboard.trust.identity import Identity
from sync.central.admin.desk.accounts import Accounts
from sync.central.contacts.contact_key_file import ContactKeyFile
from sync.central.joining.refused_words import RefusedWords
from sync.enrolling.hand_over import load_hand_overs
from tests.race_story import ROOT, UNIT_A, enrolled_as
from trackside.timing.sign_in import SignIn
from trackside.touch.kept_settings import KeptSettings, keep_settings, read_settings

ROOMS = ("pitboard", "firmware_bridge", "sync", "trackside", "display", "venue")
EVENT = enrolled_as("A", event="Grüße")


def write_note(path: Path) -> None:
    note = ContactNote(path)
    note.remember(Candidate(url="https://192.0.2.7:8441", name="Bahn Ä"), UNIT_A.key)
    note.save(Contact(boot_id="b", mono_ns=5_000_000_000, utc_ms=1_764_000_000_000))


def read_note(path: Path) -> None:
    note = ContactNote(path)
    contact = note.load()
    for candidate in note.candidates():
        check_url(candidate.url)
        assert urlsplit(candidate.url).scheme in ("http", "https")
        NodeClient(candidate.url).close()
    badge_for(contact, boot_id="b", now_mono_ns=9_000_000_000, trouble="x", has_board=True)
    badge_for(contact, boot_id="other", now_mono_ns=9_000_000_000, trouble="x", has_board=True)


def sign_in_of(path: Path) -> SignIn:
    return SignIn(path, ScriptedClock(), list)


FILES: dict[str, tuple[Callable[[Path], object], Callable[[Path], object]]] = {
    "the display's note of who proved itself": (write_note, read_note),
    "tries of a PIN": (
        lambda path: path.write_bytes(msgspec.json.encode({"öfficial": 7})),
        lambda path: sign_in_of(path)._wait_s("öfficial"),
    ),
    "settings of the touchscreen": (
        lambda path: keep_settings(path, KeptSettings(language="de", volume_percent=30)),
        read_settings,
    ),
    "last words": (
        lambda path: Service(clock=ScriptedClock(), folder=path.parent).say_last("file", "Ä: put it right"),
        lambda path: read_last_words(path.parent, "file"),
    ),
    "the bridge's status": (
        lambda path: write_bridge_status(path, BridgeStatus(boot_id="b", mono_ns=1, sensors=[])),
        read_bridge_status,
    ),
    "the enrolment": (EVENT.save, load_event_file),
    "a key": (Identity.load_or_create, Identity.load_or_create),
    "former events": (
        lambda path: path.write_text('[{"event":"Grüße"}]'),
        load_hand_overs,
    ),
    "the desk's accounts": (lambda path: path.write_text('[{"name":"bö"}]'), Accounts),
    "the contact key": (
        lambda path: path.write_text('{"version":1,"event_key":"ö"}'),
        lambda path: ContactKeyFile.load(path, event_key=ROOT.key),
    ),
    "refused words": (lambda path: path.write_text("böse\n"), RefusedWords.load),
}


def damages(sound: bytes) -> Iterator[bytes]:
    """Yield the file with each byte damaged in turn, cut at each, and as cards and power cuts leave files."""
    for at in range(len(sound)):
        yield sound[:at]
        for byte in (0xFF, sound[at] ^ 1):
            yield sound[:at] + bytes([byte]) + sound[at + 1 :]
    yield b"\0" * len(sound)
    yield b"[" * 100_000
    yield b"\xff\xfe" + sound
    yield from (b"{}", b"[]", b"null", b"7", b'""')


def was_well_read(read: Callable[[Path], object], path: Path) -> bool:
    """Return whether it was read or refused with the file's name; anything else is raised."""
    try:
        read(path)
    except PitboardError as error:
        return str(path) in str(error)
    return True


@pytest.mark.parametrize("name", FILES)
def test_a_small_file_damaged_in_any_byte_is_left_out_or_said_in_a_sentence(
    name: str, tmp_path: Path
) -> None:
    write, read = FILES[name]
    path = tmp_path / "file.said"
    write(path)
    sound, mode = path.read_bytes(), path.stat().st_mode
    for damaged in damages(sound):
        path.write_bytes(damaged)
        path.chmod(mode)
        assert was_well_read(read, path), damaged[:80]
    path.write_bytes(sound)
    path.chmod(mode)


def test_a_damaged_certificate_of_a_unit_or_display_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "unit.tls.pem"
    Certificate.load_or_renew(path)
    sound = path.read_bytes()
    for at in range(0, len(sound), 97):
        path.write_bytes(sound[:at] + b"\0\xff" + sound[at + 2 :])
        Certificate.load_or_renew(path).server_context()


def test_who_reads_json_takes_all_that_is_raised_for_bytes_that_are_none() -> None:
    """Text that is not UTF-8 raises no error of msgspec's own; `NOT_UNDERSTOOD` names them all."""
    places = [path for room in ROOMS for path in Path(room).rglob("*.py")]
    alone = re.compile(r"except [^:\n]*msgspec\.(MsgspecError|DecodeError)")
    found = [str(path) for path in places if alone.search(path.read_text(encoding="utf-8"))]
    assert found == ["pitboard/doors/http_api.py"]  # which answers each in words of its own
