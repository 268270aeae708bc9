"""The disk of a virtual machine: a Debian with a kernel of its own, and what the rig needs inside.

The rig is no part of Pitboard: a simulated GPIO chip, an address by network card, an agent that runs
commands, and a way to the touchscreen's control socket. All machines begin with the same bytes."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from pitboard.errors import Refusal
from venue.appliance.any_machine import NETWORK
from venue.appliance.box import DEBIAN, STICK, run
from venue.set_up.installation import SCREEN_PACKAGES

PACKAGES = ",".join(
    (
        *("linux-image-amd64", "systemd-sysv", "dbus", "udev", "python3", "python3-venv", "iproute2"),
        *("qemu-guest-agent", *SCREEN_PACKAGES),
    )
)
"""And what a screen needs: to unpack it takes a quarter of an hour under emulation."""
BUILDER_PACKAGES = "linux-headers-amd64,linux-source-6.1,gcc,make,xz-utils"
DISK_MB = 3_000
FIRST_NUMBER, LAST_NUMBER = 10, 19
BEAM_PIN = 17
CHIP_LABEL = "pinctrl-bcm2711"
"""What a Pi 4's chip is called, so that the bridge finds it without being told."""
CONTROL_PORT = 7_000
_IDLE_WORK = ("apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer",
              "e2scrub_reap.service", "fstrim.timer", "man-db.timer", "apparmor.service")  # fmt: skip
_MADE_OF = "usr/local/lib/rig/packages"
_MODULE = "usr/local/lib/rig/gpio-sim.ko"
_WIRE = """[Match]
MACAddress={card}
[Network]
Address={address}/24
LinkLocalAddressing=ipv6
"""
_FSTAB = f"""/dev/vda / ext4 errors=remount-ro 0 1
LABEL=stick {STICK} ext4 ro,nofail,x-systemd.device-timeout=180s 0 0
"""
_LONG_WATCHDOG = """# Rig: an emulated machine that shares its processors may stand still longer than any Pi.
[Manager]
RuntimeWatchdogSec=3min
"""
LONG_WATCHDOG = "/etc/systemd/system.conf.d/zz-rig.conf"
"""Taken away before the step that hangs the machine, which is so ended by what Pitboard installed."""
_GPIO_UNIT = """[Unit]
Description=Rig: a simulated GPIO chip
After=sys-kernel-config.mount
Before=pitboard.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh /usr/local/lib/rig/make-chip
[Install]
WantedBy=multi-user.target
"""
_MAKE_CHIP = f"""set -eu
modprobe configfs
mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config
insmod /{_MODULE}
chip=/sys/kernel/config/gpio-sim/pi
mkdir -p $chip/bank0/line{BEAM_PIN}
echo 54 > $chip/bank0/num_lines
echo {CHIP_LABEL} > $chip/bank0/label
echo 1 > $chip/live
sh /usr/local/lib/rig/beam down
"""
_BEAM = f"""# Interrupt the beam, as a car does: beam break; or leave it so: beam up, beam down.
pull() {{
  for line in /sys/devices/platform/gpio-sim.*/gpiochip*/sim_gpio{BEAM_PIN}/pull; do
    echo "pull-$1" > "$line"
  done
}}
case $1 in
  break) pull up; sleep 0.05; pull down ;;
  *) pull "$1" ;;
esac
"""
_CONTROL_SOCKET = f"""[Socket]
ListenStream={CONTROL_PORT}
[Install]
WantedBy=sockets.target
"""
_CONTROL_SERVICE = """[Service]
ExecStart=/lib/systemd/systemd-socket-proxyd --exit-idle-time=1min {socket}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Debian:
    """Where it all lies: the disk that machines are copied from, and the kernel that QEMU is given."""

    disk: Path
    kernel: Path
    initrd: Path


def network_card(number: int) -> str:
    """Return the hardware address of machine `number`."""
    return f"52:54:00:77:00:{number:02x}"


def debian(folder: Path, *, control: str) -> Debian:
    """Return a Debian below `folder`, made the first time; it is fetched by apt. Raises Refusal."""
    root = folder / "virtual-root"
    found = Debian(disk=folder / "virtual.img", kernel=root / "vmlinuz", initrd=root / "initrd.img")
    if not _is_of_today(root):
        folder.mkdir(parents=True, exist_ok=True)
        half = folder / "virtual-root.half"
        shutil.rmtree(half, ignore_errors=True)
        run("mmdebstrap", "--quiet", "--variant=important", f"--include={PACKAGES}", DEBIAN, str(half))
        _bring_module(folder, half)
        (half / _MADE_OF).write_text(PACKAGES)
        shutil.rmtree(root, ignore_errors=True)
        half.rename(root)
    _bring_rig(root, control)
    make_disk(root, found.disk, size_mb=DISK_MB, label="system")
    return found


def _is_of_today(root: Path) -> bool:
    """Return whether a former call left a Debian with all that is asked for now."""
    made_of = root / _MADE_OF
    return made_of.exists() and made_of.read_text() == PACKAGES


def make_disk(content: Path, disk: Path, *, size_mb: int, label: str) -> None:
    """Write a disk of one ext4 that holds the folder; nothing is mounted."""
    disk.unlink(missing_ok=True)
    run("truncate", "-s", f"{size_mb}M", str(disk))
    run("mke2fs", "-q", "-t", "ext4", "-L", label, "-d", str(content), str(disk))


def _bring_module(folder: Path, root: Path) -> None:
    """Leave gpio-sim in `root`, built in a Debian with a compiler that is thrown away; raises Refusal."""
    module = folder / "gpio-sim.ko"
    kernel = next((root / "lib/modules").iterdir()).name
    if not (module.exists() and _is_for(module, kernel)):
        here = Path(__file__).with_name("build_gpio_sim.sh")
        run(
            *("mmdebstrap", "--quiet", "--variant=apt", f"--include={BUILDER_PACKAGES}"),
            *(
                f'--customize-hook=sh {here} "$1"',
                f"--customize-hook=copy-out /gpio-sim/gpio-sim.ko {folder}",
            ),
            *(DEBIAN, "/dev/null"),
        )
    if not _is_for(module, kernel):
        raise Refusal(f"gpio-sim was built for another kernel than {kernel}; type the command again")
    place = root / _MODULE
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(module, place)


def _is_for(module: Path, kernel: str) -> bool:
    return run("modinfo", "--field=vermagic", str(module)).split()[0] == kernel


def _bring_rig(root: Path, control: str) -> None:
    files = {
        "etc/fstab": _FSTAB,
        LONG_WATCHDOG.lstrip("/"): _LONG_WATCHDOG,
        "etc/systemd/system/rig-chip.service": _GPIO_UNIT,
        "etc/systemd/system/rig-control.socket": _CONTROL_SOCKET,
        "etc/systemd/system/rig-control.service": _CONTROL_SERVICE.format(socket=control),
        "usr/local/lib/rig/make-chip": _MAKE_CHIP,
        "usr/local/lib/rig/beam": _BEAM,
    }
    for number in range(FIRST_NUMBER, LAST_NUMBER + 1):
        wire = _WIRE.format(card=network_card(number), address=f"{NETWORK}.{number}")
        files[f"etc/systemd/network/{number}.network"] = wire
    for name, text in files.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    (root / "etc/hostname").unlink(missing_ok=True)  # the kernel's command line says it
    (root / "etc/machine-id").write_text("")
    (root / STICK.lstrip("/")).mkdir(parents=True, exist_ok=True)
    # Work that a race day does not need and emulation makes long.
    run("systemctl", "--root", str(root), "mask", *_IDLE_WORK)
    run(
        "systemctl",
        "--root",
        str(root),
        "enable",
        "systemd-networkd",
        "rig-chip.service",
        "rig-control.socket",
    )
