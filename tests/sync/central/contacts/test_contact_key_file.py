"""The contact key opens with its passphrase, and with nothing else."""

from __future__ import annotations

import stat
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from pitboard.errors import ConfigRefused, PassphraseRefused
from sync.central.contacts.contact_key_file import ITERATIONS, LANES, MEMORY_KIB, ContactKeyFile, wrap_key
from tests.race_story import ROOT, UNIT_A

PRIVATE = X25519PrivateKey.from_private_bytes(b"k" * 32)
PASSPHRASE = "four plain words here"


def light(passphrase: str = PASSPHRASE) -> ContactKeyFile:
    return wrap_key(PRIVATE, passphrase, event_key=ROOT.key, memory_kib=8_192)


def test_the_passphrase_opens_it_and_a_wrong_one_does_not(tmp_path: Path) -> None:
    path = tmp_path / "contact.key"
    light().save(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    file = ContactKeyFile.load(path, event_key=ROOT.key)
    assert file is not None
    assert file.open(PASSPHRASE).private_bytes_raw() == PRIVATE.private_bytes_raw()
    for wrong in ("", PASSPHRASE + " ", PASSPHRASE.upper()):
        with pytest.raises(PassphraseRefused):
            file.open(wrong)


def test_the_private_key_is_not_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "contact.key"
    light().save(path)
    raw = PRIVATE.private_bytes_raw()
    content = path.read_bytes()
    assert raw not in content
    assert raw.hex().encode() not in content


def test_two_wrappings_share_nothing_and_a_tampered_one_stays_closed() -> None:
    one, two = light(), light()
    assert (one.salt, one.nonce, one.wrapped) != (two.salt, two.nonce, two.wrapped)
    for change in ({"key": UNIT_A.key}, {"event_key": UNIT_A.key}, {"iterations": 4}, {"salt": two.salt}):
        with pytest.raises(PassphraseRefused):
            msgspec.structs.replace(one, **change).open(PASSPHRASE)


def test_a_file_of_another_event_or_with_absurd_costs_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "contact.key"
    assert ContactKeyFile.load(path, event_key=ROOT.key) is None
    light().save(path)
    with pytest.raises(ConfigRefused, match="another event"):
        ContactKeyFile.load(path, event_key=UNIT_A.key)
    for content in (
        b"",
        msgspec.json.encode(msgspec.structs.replace(light(), memory_kib=2**30)),
        msgspec.json.encode(msgspec.structs.replace(light(), wrapped="00")),
    ):
        path.write_bytes(content)
        with pytest.raises(ConfigRefused, match="not a readable contact key file"):
            ContactKeyFile.load(path, event_key=ROOT.key)


def test_the_stated_cost_is_what_a_new_key_gets() -> None:
    file = wrap_key(PRIVATE, PASSPHRASE, event_key=ROOT.key)
    assert (file.memory_kib, file.iterations, file.lanes) == (MEMORY_KIB, ITERATIONS, LANES)
    assert (MEMORY_KIB, ITERATIONS, LANES) == (262_144, 3, 4)
