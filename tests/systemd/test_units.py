"""The unit files as systemd itself reads them: no mistake in them, and a tight sandbox."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SYSTEM_UNITS = Path("/lib/systemd/system")
SERVICES = sorted(path.name for path in (ROOT / "systemd").glob("*.service"))
INSTALLER = "set-up-pitboard.service"
"""Root, to change the system: it has no door, and ends."""
EXPOSURE_MAX = 1.5
BY_NAME = {"gpiochip", "cec"}
"""Without a fixed number: the kernel itself brings the first, and the second only switches a television."""
ADDED_UP = {"Environment", "ReadWritePaths", "SystemCallFilter"}
"""Of these each line adds to those before."""
DEBIANS_GROUPS = {"audio", "dialout", "video"}
"""Of its package base-passwd, so on every machine."""
PROGRAMS = ("trackside", "bridge", "sync", "touch", "display", "central")

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None and "CI" not in os.environ, reason="no systemd here"
)


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root folder with Debian's own units, ours beside them, and something to start."""
    root = tmp_path_factory.mktemp("root")
    units = root / "etc" / "systemd" / "system"
    shutil.copytree(SYSTEM_UNITS, root / "lib" / "systemd" / "system", symlinks=True)
    shutil.copytree(ROOT / "systemd", units, ignore=shutil.ignore_patterns("*.md"))
    program = root / "opt" / "pitboard" / "bin" / "pitboard"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return root


def settings(file: Path) -> dict[str, str]:
    """Return what stands in a unit file, the last of each key."""
    lines = (line.partition("=") for line in file.read_text().splitlines() if not line.startswith(("#", "[")))
    return {key: value for key, is_setting, value in lines if is_setting}


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def test_systemd_finds_no_mistake_in_the_units(system: Path) -> None:
    answer = analyze("verify", "--man=no", f"--root={system}", *SERVICES, "pitboard.target")
    ours = [line for line in (answer.stdout + answer.stderr).splitlines() if "pitboard" in line]
    assert ours == []
    assert SERVICES


@pytest.mark.parametrize("service", [name for name in SERVICES if name != INSTALLER])
def test_a_program_may_do_little_more_than_its_work(system: Path, service: str) -> None:
    answer = analyze("security", "--offline=true", f"--root={system}", service)
    match = re.search(r"Overall exposure level for \S+: ([0-9.]+)", answer.stdout)
    assert match, answer.stderr
    assert float(match[1]) <= EXPOSURE_MAX


@pytest.mark.parametrize("service", SERVICES)
def test_nothing_that_a_unit_says_is_said_otherwise_by_a_stronger_file(service: str) -> None:
    """A unit's drop-ins are read after it: what they say of the same key wins, and nobody is told."""
    folder = ROOT / "systemd"
    said = settings(folder / service)
    if service.startswith("pitboard-"):
        for stronger in sorted((folder / "pitboard-.service.d").glob("*.conf")):
            assert sorted((said.keys() - ADDED_UP) & settings(stronger).keys()) == [], stronger.name


@pytest.mark.parametrize("service", SERVICES)
def test_a_device_is_allowed_whose_driver_comes_after_the_program(service: str) -> None:
    """systemd looks a name up as the program starts; one that comes later stays forbidden for good."""
    for line in (ROOT / "systemd" / service).read_text().splitlines():
        if line.startswith("DeviceAllow=char-"):
            kind = line.removeprefix("DeviceAllow=char-").split()[0]
            assert kind.isdigit() or kind in BY_NAME, line


def test_no_program_waits_for_another_to_serve() -> None:
    """A unit whose disk is full waits in its start; its touchscreen must say so, its bridge record."""
    for name in PROGRAMS:
        for line in (ROOT / "systemd" / f"pitboard-{name}.service").read_text().splitlines():
            if line.startswith(("After=", "Before=", "Requires=", "BindsTo=")):
                assert "pitboard-" not in line, f"{name}: {line}"


def test_each_program_is_a_user_of_its_own_who_is_made() -> None:
    """Central and trackside share one: on one machine their records are of the same trust."""
    made = re.findall(r"^u (\S+)", (ROOT / "systemd/system/sysusers.conf").read_text(), re.MULTILINE)
    common = (ROOT / "systemd/pitboard-.service.d/50-common.conf").read_text()
    assert not re.search(r"^User=", common, re.MULTILINE), "a drop-in is stronger than the unit"
    users = {}
    for name in (*PROGRAMS, "first-boot"):
        said = re.search(
            r"^User=(\S+)", (ROOT / "systemd" / f"pitboard-{name}.service").read_text(), re.MULTILINE
        )
        assert said, name
        users[name] = said[1]
    assert {user for name, user in users.items() if name not in ("central", "trackside")} == {
        f"pitboard-{name}" for name in users if name not in ("central", "trackside")
    }
    assert users["central"] == users["trackside"] == "pitboard"
    assert set(users.values()) == set(made)


def test_every_group_that_a_program_needs_is_there_or_made() -> None:
    """Systemd starts no program one of whose groups is missing; `input` and `render` come with udev only."""
    made = set(re.findall(r"^g (\S+)", (ROOT / "systemd/system/sysusers.conf").read_text(), re.MULTILINE))
    for name in SERVICES:
        needed = settings(ROOT / "systemd" / name).get("SupplementaryGroups", "").split()
        assert set(needed) <= made | DEBIANS_GROUPS, name


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to make a folder of somebody else's")
def test_the_public_door_may_knock_at_the_admins_for_the_queue_and_nowhere_else(tmp_path: Path) -> None:
    """As docs/central.md has the two files copied, and systemd's own programs read them."""
    (tmp_path / "etc").mkdir()
    for name, program in (("sysusers", "systemd-sysusers"), ("tmpfiles", "systemd-tmpfiles")):
        target = tmp_path / "usr" / "lib" / f"{name}.d" / "pitboard-central-doors.conf"
        target.parent.mkdir(parents=True)
        shutil.copy(ROOT / "systemd" / "system" / f"central-doors-{name}.conf", target)
        create = ["--create"] if name == "tmpfiles" else []
        command = [program, f"--root={tmp_path}", *create, target.name]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
    users = dict(line.split(":")[0:3:2] for line in (tmp_path / "etc/passwd").read_text().splitlines())
    groups = {
        line.split(":")[0]: (line.split(":")[2], line.split(":")[3])
        for line in (tmp_path / "etc/group").read_text().splitlines()
    }
    folder = (tmp_path / "run" / "pitboard-join").stat()
    assert str(folder.st_uid) == users["pitboard-admin"]
    assert str(folder.st_gid) == groups["pitboard-public"][0]
    assert folder.st_mode & 0o7777 == 0o2750  # what the admin's door makes in it is of that group
    assert groups["pitboard-admin"][1] == "pitboard-ingest"
    assert groups["pitboard-public"][1] == ""
    own = (ROOT / "systemd/pitboard-central@.service.d/60-door.conf").read_text()
    assert "ReadWritePaths=-/run/pitboard-join" in own.splitlines()
