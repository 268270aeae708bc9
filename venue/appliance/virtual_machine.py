"""One virtual machine under QEMU, without KVM: a kernel, a screen, a finger, a serial port, a disk.

What the guest has not written through is gone when QEMU is killed: its disk is opened without a cache."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path

from pitboard.errors import PeerLost, Refusal
from venue.appliance.any_machine import Machine
from venue.appliance.box import BRIDGE, run, seconds, until
from venue.appliance.qemu_sockets import GuestAgent, Monitor
from venue.appliance.virtual_disk import Debian, network_card

BOOT_MAX_S = 900.0
MEMORY_MB = 1_024
WIDTH, HEIGHT = 1_280, 800
SCREENS = {"bochs": "VGA,xres={w},yres={h}", "virtio": "virtio-vga,xres={w},yres={h}"}
HANG_MAX_S = 5.0
LOG_LINES, LOG_MAX_S = 1_000, 60.0
BOOT_ID = "/proc/sys/kernel/random/boot_id"
_SENSOR_SERIAL = "BEAM1"
SENSOR_PORT = f"/dev/serial/by-id/usb-QEMU_QEMU_USB_SERIAL_{_SENSOR_SERIAL}-if00-port0"


def needed_tools() -> list[str]:
    """Return the Debian packages that are missing here."""
    wanted = {"qemu-system-x86_64": "qemu-system-x86", "mmdebstrap": "mmdebstrap", "mke2fs": "e2fsprogs",
              "ip": "iproute2", "modinfo": "kmod", "systemctl": "systemd"}  # fmt: skip
    return [package for tool, package in wanted.items() if shutil.which(tool) is None]


def is_in_memory(folder: Path) -> bool:
    return run("stat", "--file-system", "--format=%T", str(folder)).strip() == "tmpfs"


@dataclass(slots=True, kw_only=True)
class VirtualMachine(Machine):
    """A machine under QEMU."""

    host: str
    number: int
    debian: Debian
    folder: Path
    stick: Path
    disks: Path
    """Where its disk lies; a folder in memory where the host's own disk has too much to do."""
    screen: str = "bochs"
    process: subprocess.Popen[bytes] | None = None
    boots: list[float] = field(default_factory=list)
    _monitor: Monitor | None = None
    _agent: GuestAgent | None = None
    _is_hung: bool = False
    _has_booted: bool = False
    _asking: threading.Lock = field(default_factory=threading.Lock)

    @property
    def disk(self) -> Path:
        return self.disks / f"{self.host}.img"

    @property
    def sensor_socket(self) -> Path:
        """Where a simulated sensor plugs itself into the machine's USB serial adapter."""
        return self.folder / "sensor"

    @property
    def has_booted(self) -> bool:
        """Return whether it is up with all that starts at a boot: not while it is hung or has no power."""
        return self._has_booted

    @property
    def monitor(self) -> Monitor:
        if self._monitor is None:
            raise Refusal(f"{self.host} is not running")
        return self._monitor

    def lay_out(self) -> None:
        """Give it a new disk and a cable to the wire."""
        self.folder.mkdir(parents=True, exist_ok=True)
        run("cp", "--sparse=always", str(self.debian.disk), str(self.disk))
        cable = f"tap{self.number}"
        with contextlib.suppress(Refusal):
            run("ip", "tuntap", "add", "dev", cable, "mode", "tap")
        run("ip", "link", "set", cable, "master", BRIDGE, "up")

    def boot(self) -> float:
        """Start it and return the seconds until systemd says that it is up; raises Refusal."""
        began = seconds()
        for name in ("monitor", "agent", "sensor"):
            (self.folder / name).unlink(missing_ok=True)
        with (self.folder / "qemu.log").open("ab") as said:
            self.process = subprocess.Popen(
                self._command(), stdin=subprocess.DEVNULL, stdout=said, stderr=said
            )
        until(
            (self.folder / "monitor").exists, BOOT_MAX_S, f"{self.host}: QEMU did not start; see {said.name}"
        )
        self._monitor = Monitor(self.folder / "monitor")
        until(self._finds_agent, BOOT_MAX_S, f"{self.host} did not boot; see {self.folder}/console.log")
        until(self.is_up, BOOT_MAX_S, f"{self.host} did not come up; see {self.folder}/console.log")
        self._has_booted = True
        self.boots.append(seconds() - began)
        return self.boots[-1]

    def _command(self) -> list[str]:
        command = ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2"]
        command += ["-m", str(MEMORY_MB), "-display", "none", "-nodefaults", "-rtc", "base=utc"]
        command += ["-kernel", str(self.debian.kernel), "-initrd", str(self.debian.initrd)]
        command += [
            "-append",
            "root=/dev/vda rw console=tty0 console=ttyS0 mitigations=off no_timer_check "
            f"systemd.hostname={self.host}",
        ]
        # Past every cache of ours: what the guest had not written is gone at a SIGKILL, as at a power cut. A
        # folder in memory knows no O_DIRECT, but there each write is through at once.
        cache = "writethrough" if is_in_memory(self.disks) else "none"
        command += ["-drive", f"file={self.disk},if=virtio,format=raw,cache={cache}"]
        command += ["-vga", "none", "-device", SCREENS[self.screen].format(w=WIDTH, h=HEIGHT)]
        command += ["-serial", f"file:{self.folder}/console.log"]
        command += ["-qmp", f"unix:{self.folder}/monitor,server=on,wait=off"]
        command += [
            "-device",
            "virtio-serial",
            "-device",
            "virtserialport,chardev=agent,name=org.qemu.guest_agent.0",
        ]
        command += ["-chardev", f"socket,id=agent,path={self.folder}/agent,server=on,wait=off"]
        command += ["-netdev", f"tap,id=wire,ifname=tap{self.number},script=no,downscript=no"]
        command += ["-device", f"virtio-net-pci,netdev=wire,mac={network_card(self.number)}"]
        command += [
            "-device",
            "qemu-xhci",
            "-device",
            "usb-tablet",
            "-device",
            "i6300esb",
            "-action",
            "watchdog=reset",
        ]
        command += ["-chardev", f"socket,id=sensor,path={self.folder}/sensor,server=on,wait=off"]
        command += ["-device", f"usb-serial,id=sensor,chardev=sensor,serial={_SENSOR_SERIAL}"]
        command += ["-drive", f"if=none,id=stick,file={self.stick},format=raw,readonly=on"]
        command += ["-device", "usb-storage,drive=stick,removable=on"]
        return command

    def _finds_agent(self) -> bool:
        if self.process is not None and self.process.poll() is not None:
            raise Refusal(f"{self.host}: QEMU ended; see {self.folder}/qemu.log")
        if not self._is_hung and b"Kernel panic" in (self.folder / "console.log").read_bytes():
            raise Refusal(f"{self.host}: its kernel ended; see {self.folder}/console.log")
        try:
            agent = GuestAgent(self.folder / "agent")
        except PeerLost:
            return False
        if agent.ping():
            self._agent, self._is_hung = agent, False
            return True
        agent.close()
        return False

    def ask(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command inside and return how it ended; raises PeerLost where the machine went away."""
        if self._agent is None:
            raise Refusal(f"{self.host} is not running")
        with self._asking:
            return self._agent.run("HOME=/root", "LANG=C.UTF-8", *command)

    def log(self) -> str:
        """Return the end of its journal, or why there is none; never waits long."""
        if self._agent is None:
            return "it is not running"
        try:
            with self._asking:
                said = self._agent.run("journalctl", "--no-pager", f"--lines={LOG_LINES}", within_s=LOG_MAX_S)
        except (PeerLost, Refusal) as error:
            return str(error)
        return said.stdout

    def hang(self) -> None:
        """Stop its kernel dead; only its hardware watchdog still runs."""
        agent, self._agent = self._agent, None
        self._is_hung, self._has_booted = True, False
        if agent is not None:
            with contextlib.suppress(PeerLost):
                agent.run("sh", "-c", "echo c > /proc/sysrq-trigger", within_s=HANG_MAX_S)
            agent.close()

    def answers_anew(self, former_boot: str) -> bool:
        """Return whether it has booted again by itself since that boot."""
        if self._agent is None and not self._finds_agent():
            return False
        is_anew = self.ask("cat", BOOT_ID).stdout not in ("", former_boot)
        self._has_booted = is_anew and self.is_up()
        return self._has_booted

    def cut_power(self) -> None:
        """End QEMU at once; nobody inside is told."""
        self._has_booted = False
        if self.process is None:
            return
        self.process.kill()
        self.process.wait()
        self.process = None
        for end in (self._monitor, self._agent):
            if end is not None:
                end.close()
        self._monitor = self._agent = None

    def scrap(self) -> None:
        """Take the machine away with its disk, as a card that died."""
        self.cut_power()
        self.disk.unlink()
        shutil.rmtree(self.folder)
