"""The smallest drill: one machine that is unit and central, one run, one power cut in it. CI does it.

It boots the system of this machine itself, with nothing of it enabled and no data: so nothing is fetched."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from pitboard.clock import SystemClock
from pitboard.errors import MachineRefused, Refusal
from venue.appliance.box import HOST_ADDRESS, STICK, Box, run
from venue.appliance.drill import FIRST_NUMBER, TRACK_A, Drill
from venue.official.control_client import ControlClient
from venue.official.scripted_official import ScriptedOfficial

NOT_OURS = (
    *("etc/systemd/system", "etc/init.d", *(f"etc/rc{level}.d" for level in "2345S")),
    *("etc/pitboard", "opt", "srv", "home", "root", "usr/local", "run", "tmp", "mnt", "media"),
    *("var/lib/pitboard", "var/log", "var/cache", "var/tmp"),
)
"""Folders that the machine has empty: what was set up here by hand, and what somebody keeps here."""
DISK_MAX = "1500M"
_FIRST_BOOT = "etc/systemd/system-preset/00-nothing.preset"
_VENUE = """
[event]
name = "Small Drill"
run = "12 s"
shortest_lap = "3 s"

[network]
central = "https://{central}:8081"

[central]
host = "track-a"

[[unit]]
host = "track-a"
name = "Track A"
track = "1"
touch = "800x480"
[[unit.sensor]]
kind = "p3"
address = "{decoder}:5403"
"""


def why_not() -> str:
    """Return why this machine may boot none, nothing where it may."""
    apart = ["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc"]
    may = "mount -t tmpfs tmpfs /mnt && cd /mnt && mkdir upper work root && mount -t overlay overlay"
    may += " -o lowerdir=/,upperdir=upper,workdir=work root && ip link add pb0 type bridge"
    done = subprocess.run([*apart, "sh", "-c", may], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stderr.strip() or f"unshare ended with {done.returncode}"


@dataclass(slots=True, kw_only=True)
class SmallDrill(Drill):
    """One run of it, all that it makes below `folder`."""

    @property
    def hosts(self) -> tuple[str, ...]:
        return (TRACK_A,)

    @property
    def journals(self) -> tuple[tuple[str, str], ...]:
        return ((TRACK_A, "unit.db"), (TRACK_A, "central.db"))

    @property
    def venue(self) -> str:
        return _VENUE.format(central=f"10.77.0.{FIRST_NUMBER}", decoder=HOST_ADDRESS)

    def base(self) -> Path:
        return Path("/")

    def play(self) -> None:
        """Do all steps; raises Refusal at the first that does not work, MachineRefused where none boots."""
        try:
            self._set_up()
            self._power_cut()
            self._everywhere_equal()
            self._serves(self.boxes[TRACK_A])
        finally:
            for box in self.boxes.values():
                box.cut_power()
            self.steps.write()

    def _lay_out(self, box: Box) -> None:
        """In memory: what lies over this machine's own root may itself be no overlay, as a container's is."""
        box.folder.mkdir(parents=True)
        run("mount", "-t", "tmpfs", "-o", f"size={DISK_MAX}", "tmpfs", str(box.folder))
        for name in NOT_OURS:
            empty = box.folder / "upper" / name
            empty.mkdir(parents=True)
            os.setxattr(empty, "trusted.overlay.opaque", b"y")
        for name in ("tmp", "var/tmp"):
            (box.folder / "upper" / name).chmod(0o1777)
        (box.folder / "upper" / STICK.lstrip("/")).mkdir()
        preset = box.folder / "upper" / _FIRST_BOOT
        preset.parent.mkdir(parents=True)
        preset.write_text("enable systemd-networkd.service\ndisable *\n")
        box.lay_out()

    def _boot(self, box: Box) -> None:
        try:
            box.boot()
        except Refusal as error:
            raise MachineRefused(str(error)) from error

    def _official(self, host: str) -> ScriptedOfficial:
        client = ControlClient(self._control(host))
        log_path = self.folder / "official.jsonl"
        return ScriptedOfficial(
            client, seed=self.seed, log_path=log_path, clock=SystemClock(), runs_max=1, is_plain=True
        )
