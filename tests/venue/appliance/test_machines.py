"""What the drills take for a machine: the right first process, and one that can be asked something."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from venue.appliance.box import number_inside
from venue.appliance.qemu_sockets import GuestAgent
from venue.appliance.virtual_disk import Debian
from venue.appliance.virtual_machine import VirtualMachine


def test_a_process_of_this_machine_is_not_number_one_of_another() -> None:
    assert number_inside(Path("/proc/self/status").read_text()) == os.getpid()
    assert number_inside("") == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, for a namespace of its own")
def test_the_first_process_inside_is_number_one_and_its_starter_is_not() -> None:
    """systemd-nspawn's first child only prepares the machine; taken for it, nothing inside ever answers."""
    asked = ["unshare", "--pid", "--fork", "grep", "--no-messages", "^NSpid", "/proc/self/status"]
    inside = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=10).stdout
    assert len(inside.split()) == 3, "seen from here, and from inside"
    assert number_inside(inside) == 1


def test_a_machine_that_boots_cannot_be_asked_yet(tmp_path: Path) -> None:
    """Else five cars that cannot cross while it boots would end the drill."""
    none = Debian(disk=tmp_path, kernel=tmp_path, initrd=tmp_path)
    machine = VirtualMachine(
        host="unit", number=10, debian=none, folder=tmp_path, stick=tmp_path, disks=tmp_path
    )
    assert not machine.can_be_asked
    with subprocess.Popen(["true"]) as machine.process:
        assert not machine.can_be_asked
        machine._agent = GuestAgent.__new__(GuestAgent)
        assert machine.can_be_asked
