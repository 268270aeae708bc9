"""The admin makes the key, opens contacts with the passphrase, and every read is written down."""

from __future__ import annotations

import asyncio
import csv
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import requests
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from pitboard.contacts.contact_seal import ContactEnvelope, DeliveryNote
from pitboard.errors import PassphraseRefused, Refusal
from pitboard.journal.disk.sqlite_storage import Journal
from pitboard.journal.disk.storage import read_all
from pitboard.journal.records.kinds import read_body
from pitboard.race.bodies.people_bodies import ContactsRead
from pitboard.trust.identity import Identity
from sync.central.command import central as central_command
from sync.central.contacts.contact_key_file import ContactKeyFile, wrap_key
from sync.exchanging.requests_peer import RequestsPeer
from tests.race_story import UNIT_A
from tests.sync.central.central_stage import CentralThread, TrackStory
from tests.sync.central.contact_story import ADMIN, CONTACT_KEY, envelope

PASSPHRASE = "four plain words here"
NEXT_PASSPHRASE = "other words than before"


class Office:
    """A central that runs, and the admin's terminal beside it."""

    def __init__(self, folder: Path, central: CentralThread) -> None:
        self.folder = folder
        self.central = central
        self.event_key = Identity.load_or_create(folder / "root.key").key
        (folder / "central.toml").write_text(
            f'root_key_file = "root.key"\njournal = "central.db"\n[event]\nname = "Cup"\n'
            f'[[unit]]\nname = "Track A"\nkey = "{UNIT_A.key}"\n'
        )

    def type(self, *arguments: str, answers: str = "") -> Result:
        command = ["--config", str(self.folder / "central.toml"), *arguments]
        return CliRunner().invoke(central_command, command, input=answers)

    def has_key(self) -> None:
        """Put a key in place that costs little to open, and publish it."""
        wrap_key(ADMIN, PASSPHRASE, event_key=self.event_key, memory_kib=8_192).save(
            self.folder / "contact.key"
        )
        assert self.type("contact-key").exit_code == 0

    def takes(self, *envelopes: ContactEnvelope) -> None:
        """Hand contacts in by the ingest door, as a unit's sync process does."""
        body = msgspec.json.encode({"contacts": envelopes})
        door = RequestsPeer(f"http://127.0.0.1:{self.central.ingest_port}")
        note = msgspec.json.decode(asyncio.run(door.call("POST", "/v1/contacts", body)), type=DeliveryNote)
        assert len(note.kept) == len(envelopes)
        door.close()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with CentralThread(tmp_path).running() as central:
        office = Office(tmp_path, central)
        central.take(TrackStory().drives("c1", "Zoë Quux", 12.5).drives("c2", "=cmd()", 13.5).news())
        yield office


def filled(office: Office) -> Office:
    office.has_key()
    office.takes(
        envelope("zoe@example.org +49 171 234567", "c1", event_key=office.event_key),
        envelope("0171 999999", "c2", event_key=office.event_key),
    )
    return office


def reads_in_journal(folder: Path, root_key: str) -> list[ContactsRead]:
    async def read() -> list[ContactsRead]:
        async with Journal.open(folder / "central.db", root_key=root_key) as journal:
            bodies = [read_body(one.header.kind, one.body_bytes or b"") async for one in read_all(journal)]
        return [body for body in bodies if isinstance(body, ContactsRead)]

    return asyncio.run(read())


def test_the_key_is_made_with_a_passphrase_asked_twice_and_published(office: Office) -> None:
    answers = f"too short\ntoo short\n{PASSPHRASE}\nnot the same\n{PASSPHRASE}\n{PASSPHRASE}\n"
    made = office.type("contact-key", answers=answers)
    assert made.exit_code == 0, made.output
    assert "every contact is lost" in made.output
    assert "at least 12 characters" in made.output
    assert "published: units ask for contacts now" in made.output
    assert PASSPHRASE not in made.output
    again = office.type("contact-key")
    assert "published already" in again.output


def test_contacts_open_by_name_and_every_read_is_written_down(office: Office, tmp_path: Path) -> None:
    filled(office)
    answers = f"{PASSPHRASE}\n"
    read = office.type("contacts", "quux", "zoe", "--reason", "lost glove", answers=answers)
    assert "Zoë Quux\tzoe@example.org\t+49 171 234567" in read.output
    assert "0171 999999" not in read.output
    everybody = office.type("contacts", "--reason", "weather", answers=answers)
    assert "2 contacts" in everybody.output
    listed = office.type("contacts", "--reads").output.splitlines()
    assert [line.split("\t")[2:] for line in listed] == [
        ["read", "1 competitor", "lost glove"],
        ["read", "2 competitors", "weather"],
    ]
    office.central.stop()
    assert reads_in_journal(tmp_path, office.event_key) == [
        ContactsRead(count=1, reason="lost glove"),
        ContactsRead(count=2, reason="weather"),
    ]


def test_an_export_is_for_its_owner_only_and_computes_nothing(office: Office, tmp_path: Path) -> None:
    filled(office)
    path = tmp_path / "contacts.csv"
    done = office.type("contacts", "--reason", "mail", "--export", str(path), answers=f"{PASSPHRASE}\n")
    assert done.exit_code == 0, done.output
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    assert rows == [
        ["competitor", "name", "email", "phone"],
        ["c1", "Zoë Quux", "zoe@example.org", "+49 171 234567"],
        ["c2", "'=cmd()", "", "0171 999999"],
    ]


def test_a_wrong_passphrase_is_one_sentence_and_is_written_down(office: Office) -> None:
    filled(office)
    wrong = office.type("contacts", "--reason", "curious", answers="a guess at it\n")
    assert isinstance(wrong.exception, PassphraseRefused)
    assert str(wrong.exception).count(".") == 1
    assert "zoe@" not in wrong.output
    [line] = office.type("contacts", "--reads").output.splitlines()
    assert line.split("\t")[2] == "wrong-passphrase"


@pytest.mark.parametrize(
    "reason", ["", "call 0171 999999", "write to zoe@example.org", "Zoë Quux lost a glove"]
)
def test_a_reason_is_needed_and_carries_no_contact_and_no_name(office: Office, reason: str) -> None:
    filled(office)
    refused = office.type("contacts", "--reason", reason, answers=f"{PASSPHRASE}\n")
    assert refused.exit_code != 0
    assert "zoe@example.org +49" not in refused.output
    assert office.type("contacts", "--reads").output == ""


def test_the_passphrase_can_be_changed_and_the_key_stays(office: Office, tmp_path: Path) -> None:
    filled(office)
    answers = f"{PASSPHRASE}\n{NEXT_PASSPHRASE}\n{NEXT_PASSPHRASE}\n"
    assert office.type("contact-key", "--change-passphrase", answers=answers).exit_code == 0
    file = ContactKeyFile.load(tmp_path / "contact.key", event_key=office.event_key)
    assert file is not None
    assert file.key == CONTACT_KEY
    with pytest.raises(PassphraseRefused):
        file.open(PASSPHRASE)
    assert "2 contacts" in office.type("contacts", "--reason", "mail", answers=f"{NEXT_PASSPHRASE}\n").output


def test_what_was_sealed_to_an_earlier_key_is_counted_not_opened(office: Office) -> None:
    filled(office)
    other = X25519PrivateKey.generate().public_key().public_bytes_raw().hex()
    office.takes(envelope("01234", "c1", event_key=office.event_key, contact_key=other))
    read = office.type("contacts", "--reason", "mail", answers=f"{PASSPHRASE}\n")
    assert "1 contact sealed to an earlier key or damaged" in read.output


def test_without_a_running_central_nothing_is_opened(office: Office) -> None:
    filled(office)
    office.central.stop()
    read = office.type("contacts", "--reason", "mail", answers=f"{PASSPHRASE}\n")
    assert read.exit_code != 0
    assert "zoe@" not in read.output
    made = office.type("contact-key")
    assert "Not published yet" in made.output


def test_the_admin_door_is_a_socket_for_one_user(office: Office, tmp_path: Path) -> None:
    [socket] = tmp_path.rglob("*.sock")
    assert stat.S_IMODE(socket.stat().st_mode) == 0o600
    with pytest.raises(requests.RequestException):
        requests.get(f"http://127.0.0.1:{office.central.port + 1}/v1/admin/contacts/reads", timeout=1)


def test_a_new_key_is_published_and_the_old_file_kept(office: Office, tmp_path: Path) -> None:
    filled(office)
    made = office.type("contact-key", "--replace", answers=f"{NEXT_PASSPHRASE}\n{NEXT_PASSPHRASE}\n")
    assert "published: units ask for contacts now" in made.output
    old = ContactKeyFile.load(tmp_path / f"contact.key.{CONTACT_KEY[:8]}", event_key=office.event_key)
    assert old is not None
    assert old.open(PASSPHRASE).private_bytes_raw() == ADMIN.private_bytes_raw()
    read = office.type("contacts", "--reason", "mail", answers=f"{NEXT_PASSPHRASE}\n")
    assert "2 contacts sealed to an earlier key or damaged" in read.output


def test_changing_a_passphrase_that_is_not_there_says_so(office: Office) -> None:
    refused = office.type("contact-key", "--change-passphrase")
    assert isinstance(refused.exception, Refusal)
    assert "there is no contact key yet" in str(refused.exception)
