"""A machine is set up from its folder, twice to the same end, and goes back from a version that fails."""

from __future__ import annotations

import asyncio
import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner

from pitboard.clock import ScriptedClock
from pitboard.errors import Refusal
from pitboard.health.node_findings import GRAPHICS
from pitboard.program.service import Service
from tests.venue.set_up.recorded_machine import RecordedMachine
from venue.set_up.install_command import _tell, install, refuse_read_only, see_that_it_serves
from venue.set_up.installation import RUN, SCREEN_PACKAGES, UNDECIDED, Installation, NodeFiles, system_folder
from venue.set_up.machine import Owned
from venue.set_up.node_defaults import ALL_IN_ONE, SECRETS, default_node
from venue.set_up.terminal_help import MANUAL, terminal_help, write_manual
from venue.set_up.upgrade import OPENING_MAX_S, make_environment, new_version_folder, old_versions, switch_to

VERSION_1, VERSION_2 = Path("/opt/pitboard-versions/1"), Path("/opt/pitboard-versions/2")
SERVICES = ["pitboard-trackside.service"]
PROJECT = Path(__file__).parents[3]


def machine_at(tmp_path: Path) -> RecordedMachine:
    root = tmp_path / "root"
    root.mkdir(exist_ok=True)
    return RecordedMachine(root=root)


TAB_KEY = Path("/usr/local/share/bash-completion/completions/pitboard")
PAGE = Path("/usr/local/share/man/man1/pitboard-install.1")


def installation_on(machine: RecordedMachine) -> Installation:
    environment = machine.root.parent / "environment"
    write_manual(environment / MANUAL, "1.0")
    return Installation(machine, systemd=system_folder(), terminal_help=terminal_help(environment))


def installed(machine: RecordedMachine, node: NodeFiles) -> list[str]:
    installation = Installation(machine, systemd=system_folder())
    return list(installation.install(node, program=VERSION_1))


def unit_node(kept: dict[str, bytes] | None = None) -> NodeFiles:
    return default_node(ALL_IN_ONE, "track-a", kept=kept or {})[0]


def test_a_machine_gets_users_units_configs_keys_and_only_its_own_programs(tmp_path: Path) -> None:
    machine = machine_at(tmp_path)
    node, _ = default_node("display", "hall", kept={})
    installed(machine, node)
    assert machine.read(Path("/etc/pitboard/display.toml")) == node.configs["display.toml"]
    assert machine.read(Path("/etc/systemd/system/pitboard-.service.d/50-common.conf"))
    assert machine.read(Path("/usr/lib/sysusers.d/pitboard.conf"))
    assert machine.enabled == {"pitboard-display.service", "pitboard.target"}
    assert machine.read(Path("/usr/lib/udev/rules.d/70-pitboard.rules"))
    assert (machine.root / "opt" / "pitboard").readlink() == VERSION_1
    apt = next(command for command in machine.commands if "apt-get" in command)
    assert set(SCREEN_PACKAGES) <= set(apt)


def test_every_place_that_names_what_a_screen_needs_names_all_of_it() -> None:
    """SDL draws without a desktop through four libraries; one left out is a black screen."""
    for page in ("deploy/build_deb.sh", "systemd/README.md"):
        assert [name for name in GRAPHICS.values() if name not in (PROJECT / page).read_text()] == [], page


def test_terminals_have_manual_pages_and_the_tab_key_until_the_programs_go(tmp_path: Path) -> None:
    machine = machine_at(tmp_path)
    list(installation_on(machine).install(unit_node(), program=VERSION_1))
    assert b"_PITBOARD_COMPLETE" in (machine.read(TAB_KEY) or b"")
    assert b"trackside unit, a display, central" in (machine.read(PAGE) or b"")
    list(installation_on(machine).uninstall())
    assert machine.read(TAB_KEY) is machine.read(PAGE) is None


def test_a_second_time_changes_nothing(tmp_path: Path) -> None:
    machine = machine_at(tmp_path)
    node = unit_node()
    installed(machine, node)
    kept = {name: content for name in SECRETS if (content := machine.read(Path("/var/lib/pitboard") / name))}
    assert set(kept) == set(SECRETS)
    machine.commands.clear()
    again = installed(machine, unit_node(kept))
    changes = [line for line in again if "packages" not in line]  # this machine has no packages of its own
    assert changes == []
    assert [command for command in machine.commands if "apt-get" not in command] == []


def test_typed_again_in_mid_race_it_restarts_nothing(tmp_path: Path) -> None:
    machine = machine_at(tmp_path)
    node = unit_node()
    installed(machine, node)
    machine.commands.clear()
    see_that_it_serves(machine, node, changes=0)
    assert machine.commands == []


def test_what_could_not_be_done_is_said_and_is_no_reason_to_restart(tmp_path: Path) -> None:
    """A unit without internet lacks the screen's packages each time; its run goes on."""
    machine = machine_at(tmp_path)
    machine.refused = "apt-get"
    node = unit_node()
    installed(machine, node)
    kept = {name: machine.read(Path("/var/lib/pitboard") / name) or b"" for name in SECRETS}
    lines = installed(machine, unit_node(kept))
    assert [line for line in lines if "NOT installed" in line] == lines != []
    assert _tell(lines, is_dry=False) == 0


def test_a_machine_that_is_nothing_yet_shows_how_it_gets_a_set_up_until_it_is_a_node(tmp_path: Path) -> None:
    machine = machine_at(tmp_path)
    first_boot = {"pitboard-first-boot.service", "set-up-pitboard.path"}
    list(installation_on(machine).install_first_boot(program=VERSION_1))
    assert machine.enabled == {*first_boot, "pitboard.target"}
    assert machine.read(Path("/etc/systemd/system/set-up-pitboard.path"))
    assert not list(machine.at(Path("/etc/pitboard")).iterdir())
    machine.enabled.add("set-up-pitboard.service")  # what systemctl says of a unit that is started by another
    installed(machine, unit_node())
    assert machine.enabled.isdisjoint(first_boot)
    assert "set-up-pitboard.service" in machine.enabled  # it is what installs just now
    assert "pitboard-trackside.service" in machine.enabled


def test_a_machine_where_udev_does_not_answer_is_set_up_all_the_same(tmp_path: Path) -> None:
    machine = machine_at(tmp_path)
    machine.refused = "trigger"
    assert any("next boot" in line for line in installed(machine, unit_node()))
    assert "pitboard-bridge.service" in machine.enabled


def test_every_device_that_the_udev_rules_speak_of_is_handed_over_without_a_reboot(tmp_path: Path) -> None:
    """The GPIO chip was not, and a fresh unit saw no beam at its pins until it was started anew."""
    machine = machine_at(tmp_path)
    installed(machine, unit_node())
    rules = (system_folder() / "udev" / "70-pitboard.rules").read_text(encoding="utf-8")
    spoken_of = set(re.findall(r'^SUBSYSTEM[!=]="([a-z]+)"', rules, re.MULTILINE))
    [triggered] = [command for command in machine.commands if command[:2] == ("udevadm", "trigger")]
    assert set(triggered[2:]) == {f"--subsystem-match={one}" for one in spoken_of}


def test_secrets_are_for_their_owner_only(tmp_path: Path) -> None:
    machine = machine_at(tmp_path)
    installed(machine, unit_node())
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode)
        for path in machine.at(Path("/var/lib/pitboard")).iterdir()
    }
    assert modes.pop("event.toml") == 0o640  # no secret; every program of the machine reads it
    assert set(modes.values()) == {0o600}


def test_a_machine_of_another_event_is_refused_before_anything_is_changed(tmp_path: Path) -> None:
    machine = machine_at(tmp_path)
    installed(machine, unit_node())
    before = {path: path.read_bytes() for path in machine.root.rglob("*") if path.is_file()}
    machine.commands.clear()
    with pytest.raises(Refusal, match="another"):
        installed(machine, unit_node())  # with keys of its own making
    assert {path: path.read_bytes() for path in machine.root.rglob("*") if path.is_file()} == before
    assert machine.commands == []


def test_a_display_keeps_the_key_that_it_was_enrolled_with_whatever_a_stick_brings(tmp_path: Path) -> None:
    machine, key = machine_at(tmp_path), Path("/var/lib/pitboard/display.key")
    node = unit_node()
    installed(machine, replace(node, data={**node.data, "display.key": b"of a token"}))
    installed(machine, replace(node, data={**node.data, "display.key": b"of a stick"}))
    assert machine.read(key) == b"of a token"


def test_a_program_that_is_no_longer_meant_here_is_disabled(tmp_path: Path) -> None:
    machine = machine_at(tmp_path)
    node = unit_node()
    installed(machine, node)
    without_touch = NodeFiles(
        host=node.host,
        roles=node.roles,
        configs={name: text for name, text in node.configs.items() if name != "touch.toml"},
        data=node.data,
    )
    installed(machine, without_touch)
    assert "pitboard-touch.service" not in machine.enabled
    assert "pitboard-trackside.service" in machine.enabled


def test_a_role_or_a_folder_typed_by_mistake_stops_no_unit(tmp_path: Path) -> None:
    """`pitboard install display` on a unit ended its timing without a word."""
    machine = machine_at(tmp_path)
    installation = installation_on(machine)
    whole, board = unit_node(), default_node("display", "hall", kept={})[0]
    installation.refuse_to_stop(board, is_by_role=True)  # a fresh machine becomes anything
    installed(machine, whole)
    for is_by_role in (True, False):
        said = r"central, trackside, bridge, touch, sync would stop\. .*--instead"
        with pytest.raises(Refusal, match=said):
            installation.refuse_to_stop(board, is_by_role=is_by_role)
        installation.refuse_to_stop(whole, is_by_role=is_by_role)
    less = replace(whole, roles=["central", "trackside"])  # the same machine without its second screen
    installation.refuse_to_stop(less, is_by_role=False)
    with pytest.raises(Refusal, match="display would stop"):
        installation.refuse_to_stop(less, is_by_role=True)


def test_uninstalling_keeps_results_keys_and_settings(tmp_path: Path) -> None:
    machine = machine_at(tmp_path)
    node = unit_node()
    installed(machine, node)
    list(Installation(machine, systemd=system_folder()).uninstall())
    assert machine.read(Path("/var/lib/pitboard/unit.key")) == node.data["unit.key"]
    assert machine.read(Path("/etc/pitboard/trackside.toml"))
    assert machine.read(Path("/etc/systemd/system/pitboard.target")) is None
    assert not (machine.root / "opt" / "pitboard").is_symlink()
    assert machine.enabled == set()


def test_a_dry_run_changes_nothing(tmp_path: Path) -> None:
    outcome = CliRunner().invoke(install, ["all-in-one", "--dry-run", "--root", str(tmp_path)])
    assert outcome.exit_code == 0, outcome.output
    assert "would write /etc/pitboard/trackside.toml" in outcome.output
    assert list(tmp_path.iterdir()) == []


def test_a_role_without_a_venue_file_says_what_was_assumed(tmp_path: Path) -> None:
    outcome = CliRunner().invoke(install, ["trackside", "--dry-run", "--root", str(tmp_path)])
    assert "times track 1" in outcome.output
    assert "sudo pitboard enrol --config /etc/pitboard/trackside.toml" in outcome.output


def test_neither_role_nor_folder_is_a_sentence(tmp_path: Path) -> None:
    outcome = CliRunner().invoke(install, ["--dry-run", "--root", str(tmp_path)])
    assert "say what this machine is" in str(outcome.exception)


UNIT = Path("/etc/systemd/system/pitboard-trackside.service")


def switched(
    machine: RecordedMachine, *, reads_until_s: int = 0, at_each_look: Callable[[], None] = lambda: None
) -> None:
    """Switch; for so many seconds the programs still read their journals, and do not serve."""
    clock = ScriptedClock()
    began_mono_ns = clock.mono_ns()
    said = Service(clock=clock, folder=machine.at(RUN))
    broken = set(machine.broken)

    def bring_version(folder: Path) -> None:
        machine.write(UNIT, str(folder).encode(), Owned())

    async def pause(seconds: float) -> None:
        at_each_look()
        clock.advance(ms=int(seconds * 1_000))
        elapsed_s = (clock.mono_ns() - began_mono_ns) // 1_000_000_000
        machine.broken = broken
        if elapsed_s < reads_until_s:
            machine.broken = {str(VERSION_1), str(VERSION_2)}
            said.say_opening("trackside", elapsed_s, reads_until_s)
        elif reads_until_s:
            said.say_ready("trackside")

    asyncio.run(
        switch_to(
            machine,
            VERSION_2,
            former=VERSION_1,
            services=SERVICES,
            clock=clock,
            say=lambda _: None,
            bring_version=bring_version,
            pause=pause,
        )
    )


def test_a_version_that_serves_is_kept(tmp_path: Path) -> None:
    machine = machine_at(tmp_path)
    machine.link(Path("/opt/pitboard"), VERSION_1)
    switched(machine)
    assert (machine.root / "opt" / "pitboard").readlink() == VERSION_2
    assert machine.read(UNIT) == b"/opt/pitboard-versions/2"  # its units came with it


def test_from_a_version_that_does_not_serve_the_machine_goes_back_by_itself(tmp_path: Path) -> None:
    machine = machine_at(tmp_path)
    machine.broken = {str(VERSION_2)}
    machine.link(Path("/opt/pitboard"), VERSION_1)
    with pytest.raises(Refusal, match=f"went back to {VERSION_1}, which serves again"):
        switched(machine)
    assert (machine.root / "opt" / "pitboard").readlink() == VERSION_1
    assert machine.read(UNIT) == b"/opt/pitboard-versions/1"
    assert machine.commands.count(("systemctl", "restart", "pitboard.target")) == 2


def test_the_power_may_go_before_it_is_decided_and_the_next_boot_goes_back(tmp_path: Path) -> None:
    machine = machine_at(tmp_path)
    machine.broken = {str(VERSION_2)}
    machine.link(Path("/opt/pitboard"), VERSION_1)

    def power_goes() -> None:
        raise SystemExit

    with pytest.raises(SystemExit):
        switched(machine, at_each_look=power_goes)
    program = machine.root / "opt" / "pitboard"
    assert program.readlink() == VERSION_2
    for at_boot in ([], ["--boot"]):  # in between, systemd's own clean-up leaves it alone
        subprocess.run(
            ["systemd-tmpfiles", "--create", *at_boot, f"--root={machine.root}", UNDECIDED.name], check=True
        )
        assert program.readlink() == (VERSION_1 if at_boot else VERSION_2)
    machine.broken.clear()
    switched(machine)
    assert machine.read(UNDECIDED) is None


@pytest.mark.parametrize("broken", [{str(VERSION_2)}, set[str]()])
def test_a_decided_upgrade_is_not_undone_by_a_boot(broken: set[str], tmp_path: Path) -> None:
    machine = machine_at(tmp_path)
    machine.broken = broken
    machine.link(Path("/opt/pitboard"), VERSION_1)
    with nullcontext() if not broken else pytest.raises(Refusal):
        switched(machine)
    assert machine.read(UNDECIDED) is None


def test_an_upgrade_that_is_broken_off_goes_back(tmp_path: Path) -> None:
    machine = machine_at(tmp_path)
    machine.link(Path("/opt/pitboard"), VERSION_1)
    looks: list[bool] = []

    def ctrl_c() -> None:
        looks.append(True)
        if len(looks) == 1:
            raise asyncio.CancelledError

    with pytest.raises(
        Refusal, match=f"broken off; this machine went back to {VERSION_1}, which serves again"
    ):
        switched(machine, at_each_look=ctrl_c)
    assert (machine.root / "opt" / "pitboard").readlink() == VERSION_1
    assert machine.read(UNIT) == b"/opt/pitboard-versions/1"


@pytest.mark.parametrize(("reads_until_s", "used"), [(OPENING_MAX_S - 20, VERSION_2), (10_000, VERSION_1)])
def test_a_version_that_reads_a_great_journal_is_waited_for_but_not_for_ever(
    reads_until_s: int, used: Path, tmp_path: Path
) -> None:
    machine = machine_at(tmp_path)
    machine.link(Path("/opt/pitboard"), VERSION_1)
    machine.at(RUN).mkdir(parents=True)
    with pytest.raises(Refusal) if used == VERSION_1 else nullcontext():
        switched(machine, reads_until_s=reads_until_s)
    assert (machine.root / "opt" / "pitboard").readlink() == used


def test_wheels_that_do_not_install_leave_no_half_version(tmp_path: Path) -> None:
    machine = machine_at(tmp_path)
    machine.refused = "pip"
    place = machine.at(VERSION_2)
    place.mkdir(parents=True)
    with pytest.raises(Refusal):
        make_environment(machine, VERSION_2, python="python3", wheels=tmp_path)
    assert not place.exists()


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_who_waits_sees_how_far_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    machine = machine_at(tmp_path)
    machine.link(Path("/opt/pitboard"), VERSION_1)
    switched(machine)
    assert re.search(r"Seconds, at most .*\[#+-+\] +10/60", terminal.getvalue())

    class Filling(RecordedMachine):
        def run(self, *command: str) -> bool:
            if "pip" in command:
                for name in ("click-8.dist-info", "msgspec-1.dist-info"):
                    self.make_folder(VERSION_2 / "lib/python3.11/site-packages" / name, Owned())
            return super().run(*command)

    for name in ("click-8-py3.whl", "msgspec-1-a.whl", "msgspec-1-b.whl"):
        (tmp_path / name).touch()
    make_environment(Filling(root=machine.root), VERSION_2, python="python3", wheels=tmp_path)
    assert re.search(r"Installing .*100%", terminal.getvalue())


def test_a_new_version_has_all_that_the_first_had(tmp_path: Path) -> None:
    machine = machine_at(tmp_path)
    make_environment(machine, VERSION_2, python="python3", wheels=tmp_path)
    script = (Path(__file__).resolve().parents[3] / "deploy" / "install.sh").read_text(encoding="utf-8")
    asked_for = next(command[-1] for command in machine.commands if "pip" in command)
    assert f"'{asked_for}'" in script


def test_versions_are_numbered_and_those_nobody_goes_back_to_are_removed() -> None:
    assert new_version_folder([]) == VERSION_1
    assert new_version_folder(["1", "9", "note", "10"]) == Path("/opt/pitboard-versions/11")
    assert old_versions(["1", "2", "3", "note"], in_use="4", former="3") == [VERSION_1, VERSION_2]


def test_a_machine_whose_system_is_read_only_is_told_what_to_type() -> None:
    refuse_read_only(0)
    with pytest.raises(Refusal, match="remount,rw"):
        refuse_read_only(os.ST_RDONLY | os.ST_NOATIME)
