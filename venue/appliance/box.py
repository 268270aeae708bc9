"""One booted Debian: a container with systemd as process 1, its own disk, its own address, no way out.

The disk is an overlay over one root for all; ending the machine is a SIGKILL of everything in it. What a
container cannot show: a kernel of its own, a screen (KMSDRM), GPIO, and what an unsynced disk loses."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pitboard.clock import SystemClock
from pitboard.errors import Refusal
from venue.appliance.any_machine import NETWORK, Machine

DEBIAN = "bookworm"
PACKAGES = "systemd-sysv,dbus,udev,python3,python3-venv,iproute2"
BRIDGE = "pb0"
HOST_ADDRESS = f"{NETWORK}.1"
DATA = "/var/lib/pitboard"
STICK = "/media/stick"
BOOT_MAX_S = 120.0
_LOOK_EVERY_S = 0.2
_CLOCK = SystemClock()
_NS_PER_S = 1_000_000_000
Seen = TypeVar("Seen")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_WIRE = """[Match]
Name=host0
[Network]
Address={address}/24
LinkLocalAddressing=ipv6
"""


def seconds() -> float:
    """Return the seconds since this machine's boot."""
    return _CLOCK.mono_ns() / _NS_PER_S


def needed_tools() -> list[str]:
    """Return the Debian packages that are missing here."""
    wanted = {"mmdebstrap": "mmdebstrap", "systemd-nspawn": "systemd-container", "nsenter": "util-linux",
              "ip": "iproute2", "script": "bsdutils"}  # fmt: skip
    return [package for tool, package in wanted.items() if shutil.which(tool) is None]


def debian_root(folder: Path) -> Path:
    """Return a Debian root below `folder`, made the first time; raises Refusal."""
    root = folder / "debian"
    if not (root / "etc").is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        half = folder / "debian.half"
        shutil.rmtree(half, ignore_errors=True)
        run("mmdebstrap", "--quiet", "--variant=important", f"--include={PACKAGES}", DEBIAN, str(half))
        half.rename(root)
    return root


def run(*command: str) -> str:
    """Return what the command says; raises Refusal with its last line where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise Refusal(f"'{' '.join(command[:4])} …' did not work: {said[-1] if said else done.returncode}")
    return done.stdout


def lay_wire() -> None:
    """Make the bridge that all machines hang on, in this process's network; it leads nowhere else."""
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", BRIDGE, "type", "bridge")
    run("ip", "addr", "add", f"{HOST_ADDRESS}/24", "dev", BRIDGE)
    run("ip", "link", "set", BRIDGE, "up")


@dataclass(slots=True, kw_only=True)
class Box(Machine):
    """A container."""

    host: str
    number: int
    base: Path
    folder: Path
    stick: Path
    process: subprocess.Popen[bytes] | None = None
    init_pid: int = 0
    is_read_only: bool = False
    boots: list[float] = field(default_factory=list)

    @property
    def root(self) -> Path:
        return self.folder / "root"

    def lay_out(self) -> None:
        """Give it an empty disk over the common root, a name and an address."""
        for name in ("upper", "work", "root"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        layers = f"lowerdir={self.base},upperdir={self.folder}/upper,workdir={self.folder}/work"
        run("mount", "-t", "overlay", "overlay", "-o", layers, str(self.root))
        (self.root / "etc/hostname").write_text(f"{self.host}\n")
        (self.root / "etc/machine-id").unlink(missing_ok=True)
        network = self.root / "etc/systemd/network/10-wire.network"
        network.parent.mkdir(parents=True, exist_ok=True)
        network.write_text(_WIRE.format(address=self.address))
        run("systemctl", "--root", str(self.root), "enable", "systemd-networkd")

    def write(self, path: str, text: str) -> None:
        """Write a file on its disk."""
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")

    def boot(self) -> float:
        """Start it and return the seconds until systemd says that it is up; raises Refusal."""
        began = seconds()
        console = f"systemd-nspawn --quiet --boot --directory={self.root} --machine={self.host} --register=no"
        console += f" --keep-unit --network-bridge={BRIDGE} --bind-ro={self.stick}:{STICK}"
        if self.is_read_only:
            console += f" --read-only --tmpfs=/tmp --tmpfs=/var/tmp --bind={self.folder}/data:{DATA}"
        self.process = subprocess.Popen(
            ["/usr/bin/script", "-qfc", console, str(self.folder / "console.log")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        self.init_pid = until(
            self._find_init, BOOT_MAX_S, f"{self.host} did not boot; see {self.folder}/console.log"
        )
        until(self.is_up, BOOT_MAX_S, f"{self.host} did not come up; see {self.folder}/console.log")
        self.boots.append(seconds() - began)
        return self.boots[-1]

    def _find_init(self) -> int:
        """Return the process that is number 1 inside, 0 while there is none.

        Not the first child of systemd-nspawn: that prepares the machine, and ends once number 1 is there."""
        for line in run("ps", "-e", "-o", "pid=,ppid=").splitlines():
            pid, parent = line.split()
            starter = _command(parent)
            if (
                starter.startswith("systemd-nspawn")
                and f"--machine={self.host} " in starter
                and number_inside(_status(pid)) == 1
            ):
                return int(pid)
        return 0

    def ask(self, *command: str, within_s: float = 600.0) -> subprocess.CompletedProcess[str]:
        """Run a command inside and return how it ended."""
        inside = [
            "nsenter",
            "--target",
            str(self.init_pid),
            "--mount",
            "--uts",
            "--ipc",
            "--net",
            "--pid",
            "--cgroup",
        ]
        inside += ["env", "-i", f"PATH={_PATH}", "HOME=/root", "LANG=C.UTF-8", *command]
        return subprocess.run(
            inside, capture_output=True, text=True, check=False, timeout=within_s, stdin=subprocess.DEVNULL
        )

    def path(self, inside: str) -> Path:
        """Return where a path of the running machine is found from here, sockets in memory too."""
        return Path(f"/proc/{self.init_pid}/root{inside}")

    def cut_power(self) -> None:
        """End everything in it at once; nobody inside is told."""
        if self.process is None:
            return
        if self.init_pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.init_pid, signal.SIGKILL)  # the kernel ends all others of its namespace with it
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None
        if self.init_pid:
            until(lambda: not _lives(self.init_pid), 30.0, f"{self.host} does not end")
        self.init_pid = 0
        with contextlib.suppress(Refusal):
            run("ip", "link", "delete", f"vb-{self.host}")

    def make_read_only(self) -> None:
        """Give the data a place of their own; from the next boot on the system is read-only."""
        run("cp", "--archive", f"{self.root}{DATA}", str(self.folder / "data"))
        self.is_read_only = True

    def scrap(self) -> None:
        """Take the machine away with its disk, as a card that died."""
        self.cut_power()
        run("umount", str(self.root))
        shutil.rmtree(self.folder)


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def number_inside(status: str) -> int:
    """Return a process's number in its innermost namespace, from /proc's `status`; 0 where it is not said."""
    for line in status.splitlines():
        if line.startswith("NSpid:"):
            return int(line.split()[-1])
    return 0


def _status(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/status").read_text(errors="replace")
    except OSError:
        return ""


def _command(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def until(look: Callable[[], Seen], within_s: float, sentence: str) -> Seen:
    """Return what `look` says as soon as it is true; raises Refusal with the sentence."""
    ends = seconds() + within_s
    pause = threading.Event()
    while True:
        seen = look()
        if seen:
            return seen
        if seconds() > ends:
            raise Refusal(sentence)
        pause.wait(_LOOK_EVERY_S)
