"""What the drills take for a machine: the right first process, and one that can be asked something."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from venue.appliance.box import number_inside
from venue.appliance.virtual_disk import Debian
from venue.appliance.virtual_machine import VirtualMachine


@dataclass(slots=True, kw_only=True)
class BootingMachine(VirtualMachine):
    """Answers by the last word of what it is asked."""

    answers: dict[str, str] = field(default_factory=dict)

    def _finds_agent(self) -> bool:
        return True

    def ask(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 0, self.answers.get(command[-1], ""), "")


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


def test_cars_that_cannot_cross_while_the_machine_boots_do_not_end_the_drill(tmp_path: Path) -> None:
    """The agent answers before the rig's GPIO chip is there; five such cars once ended a drill."""
    none = Debian(disk=tmp_path, kernel=tmp_path, initrd=tmp_path)
    machine = BootingMachine(
        host="unit", number=10, debian=none, folder=tmp_path, stick=tmp_path, disks=tmp_path
    )
    with subprocess.Popen(["sleep", "60"]) as machine.process:
        assert not machine.has_booted
        machine.answers = {"/proc/sys/kernel/random/boot_id": "second", "is-system-running": "starting"}
        assert not machine.answers_anew("first")
        assert not machine.has_booted
        machine.answers["is-system-running"] = "running"
        assert machine.answers_anew("first")
        assert machine.has_booted
        machine.cut_power()
        assert not machine.has_booted
