"""Where a key lies: its own file that nobody else reads, or systemd's credential store."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from pitboard.errors import ConfigRefused
from pitboard.program.config import Config, load_config, load_event_file
from pitboard.trust.certificate import Certificate, make_certificate
from pitboard.trust.identity import Identity


class KeyConfig(Config, frozen=True, kw_only=True, forbid_unknown_fields=True):
    key_file: Path


def test_a_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "unit.key"
    identity = Identity.load_or_create(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Identity.load_or_create(path).key == identity.key
    assert [one.name for one in path.parent.iterdir()] == ["unit.key"]


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "unit.key"
    Identity.load_or_create(path)
    path.chmod(0o644)
    with pytest.raises(ConfigRefused, match="others may read this key"):
        Identity.load_or_create(path)


def test_a_key_comes_from_systemds_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config_path = tmp_path / "unit.toml"
    config_path.write_text('key_file = "$CREDENTIALS_DIRECTORY/unit.key"\n')
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(ConfigRefused, match="only under systemd"):
        load_config(KeyConfig, config_path)
    folder = tmp_path / "credentials"
    identity = Identity.load_or_create(folder / "unit.key")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    found = load_config(KeyConfig, config_path).key_file
    assert found == folder / "unit.key"
    assert Identity.load_or_create(found).key == identity.key


@pytest.mark.parametrize("content", [b"", b"rubbish", make_certificate().split(b"-----BEGIN CERT")[0]])
def test_a_damaged_certificate_that_nobody_knows_is_made_anew(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "unit.tls.pem"
    path.write_bytes(content)
    with pytest.raises(ConfigRefused):
        Certificate.load_or_create(path).server_context()  # central's: nodes know it, so a person decides
    renewed = Certificate.load_or_renew(path)
    assert renewed.server_context()
    assert Certificate.load_or_renew(path) == renewed
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_certificate_with_anothers_key_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "unit.tls.pem"
    key, _, _ = make_certificate().partition(b"-----BEGIN CERT")
    path.write_bytes(key + b"-----BEGIN CERT" + make_certificate().partition(b"-----BEGIN CERT")[2])
    assert Certificate.load_or_renew(path).server_context()


def test_a_damaged_enrolment_says_what_mends_it(tmp_path: Path) -> None:
    path = tmp_path / "event.toml"
    path.write_text("")
    with pytest.raises(ConfigRefused, match=r"not what enrolment wrote.*pitboard enrol"):
        load_event_file(path)
    path.unlink()
    assert load_event_file(path) is None


def test_a_key_that_systemd_hands_in_comes_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = Identity.load_or_create(tmp_path / "kept" / "unit.key")
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    handed_in = credentials / "unit.key"
    handed_in.write_text("none")  # the unit's SetCredential=, where no key was made yet
    assert Identity.load_or_create(tmp_path / "kept" / "unit.key").key == mine.key
    handed_in.write_text("01" * 32 + "\n")
    handed_in.chmod(0o444)  # systemd's own folder keeps others out
    assert Identity.load_or_create(tmp_path / "kept" / "unit.key").key == Identity.from_seed(b"\1" * 32).key
    handed_in.write_text("nonsense")
    with pytest.raises(ConfigRefused):
        Identity.load_or_create(tmp_path / "kept" / "unit.key")
