"""What apt needs to read the stick as a repository; docs/venue.md tells where it was tried for real."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from pitboard.errors import Refusal
from venue.set_up.debs import fetch_debs, index_entry

pytestmark = pytest.mark.skipif(
    shutil.which("apt-get") is None and "CI" not in os.environ, reason="no apt here"
)


def deb_at(folder: Path) -> Path:
    root = folder / "one"
    (root / "DEBIAN").mkdir(parents=True)
    (root / "DEBIAN" / "control").write_text(
        "Package: one\nVersion: 1.0\nArchitecture: all\nMaintainer: X <x@example.org>\nDescription: a test\n"
    )
    deb = folder / "one_1.0_all.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "--build", root, deb], check=True, capture_output=True)
    return deb


def test_the_index_has_the_packages_fields_and_what_apt_checks(tmp_path: Path) -> None:
    deb = deb_at(tmp_path)
    fields = dict(line.split(": ", 1) for line in index_entry(deb).splitlines())
    assert (fields["Package"], fields["Version"], fields["Filename"]) == ("one", "1.0", f"./{deb.name}")
    assert fields["SHA256"] == hashlib.sha256(deb.read_bytes()).hexdigest()
    assert int(fields["Size"]) == deb.stat().st_size


def test_apt_finds_the_package_on_the_stick_without_any_other_source(tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    deb = deb_at(tmp_path).rename(stick / "one_1.0_all.deb")
    (stick / "Packages").write_text(index_entry(deb))
    lists = tmp_path / "lists"
    (lists / "partial").mkdir(parents=True)
    (tmp_path / "stick.list").write_text(f"deb [trusted=yes] file:{stick} ./\n")
    (tmp_path / "status").touch()
    told = {
        "Dir::Etc::sourcelist": tmp_path / "stick.list",
        "Dir::Etc::sourceparts": "-",
        "Dir::State::lists": lists,
        "Dir::State::status": tmp_path / "status",
        "Dir::Cache": tmp_path,
        "APT::Sandbox::User": "root",
    }
    options = [word for key, value in told.items() for word in ("-o", f"{key}={value}")]
    for command in (["update"], ["--simulate", "--download-only", "install", "one"]):
        done = subprocess.run(
            ["apt-get", *options, "-qq", *command], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


_APT = """#!/bin/sh
case "$*" in
  *--print-uris*)
    echo "'http://x/kept.deb' kept_1%3a2_all.deb 4 SHA256:aa"
    echo "'http://x/new.deb' new_1_all.deb 3 SHA256:bb" ;;
  *--download-only*) cp {new} {out}/new_1_all.deb ;;
esac
"""


def test_a_package_that_is_there_already_is_not_fetched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, tools = tmp_path / "out", tmp_path / "bin"
    out.mkdir()
    tools.mkdir()
    new = deb_at(tmp_path)
    (tools / "apt-get").write_text(_APT.format(new=new, out=out))
    (tools / "dpkg-deb").write_text("#!/bin/sh\necho Package: one\n")
    for tool in tools.iterdir():
        tool.chmod(0o755)
    (out / "kept_1%3a2_all.deb").write_bytes(b"whol")
    (out / "new_1_all.deb").write_bytes(b"ha")  # the network went in the middle of it
    (out / "gone_1_all.deb").write_bytes(b"no longer needed")
    monkeypatch.setenv("PATH", str(tools), prepend=os.pathsep)
    assert fetch_debs(out, "arm64", ["one"]) == 2
    assert (out / "kept_1%3a2_all.deb").read_bytes() == b"whol"
    assert (out / "new_1_all.deb").read_bytes() == new.read_bytes()
    assert "Filename: ./kept_1%3a2_all.deb" in (out / "Packages").read_text()


def test_a_package_that_is_nowhere_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "apt-get").write_text("#!/bin/sh\necho 'E: Unable to locate package one' >&2\nexit 100\n")
    (tools / "apt-get").chmod(0o755)
    monkeypatch.setenv("PATH", str(tools), prepend=os.pathsep)
    with pytest.raises(Refusal, match="Unable to locate package one"):
        fetch_debs(tmp_path / "out", "arm64", ["one"])
