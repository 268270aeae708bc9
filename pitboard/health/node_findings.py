"""What a node's programs and files say on a race day, each as a finding."""

from __future__ import annotations

import ctypes.util
import pwd
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec

from pitboard.doors.node_client import SMALL_ANSWER_MAX_BYTES, NodeClient
from pitboard.doors.session import UNIX_PREFIX
from pitboard.errors import NOT_UNDERSTOOD, PitboardError
from pitboard.health.findings import Colour, Finding
from pitboard.program.ownership import USER, user_of
from pitboard.program.service import read_last_words
from pitboard.unit_api.unit_status import SealedStatus, UnitStatus, open_status

PROGRAMS = ("central", "trackside", "bridge", "sync", "touch", "display")
SCREENS = ("touch", "display")
ANSWER_MAX_S = 3.0
_ROOTS = ("unit.key", "root.key", "display.key")
"""Keys that may be root's alone: systemd hands them to the program (LoadCredential=)."""
GRAPHICS = {"gbm": "libgbm1", "drm": "libdrm2", "EGL": "libegl1", "GLESv2": "libgles2"}
"""What SDL opens by itself to draw without a desktop, by library, and Debian's package of it."""
_FONT_FOLDER = Path("/usr/share/fonts")
_COLOURS: dict[str, Colour] = {"ok": "green", "warning": "yellow", "bad": "red"}


def programs_here(configs: Path) -> list[str]:
    """Return the programs that have a config on this machine."""
    return [name for name in PROGRAMS if (configs / f"{name}.toml").exists()]


def program_findings(configs: Path, runtime: Path) -> Iterator[Finding]:
    """Yield for each program whether it runs, with its own last sentence where it does not."""
    here = programs_here(configs)
    # One whose config is gone is no program by its files, and the one that has most to say.
    programs = [name for name in PROGRAMS if name in here or read_last_words(runtime, name) is not None]
    if not programs:
        yield Finding(
            code="no-program",
            colour="red",
            sentence=f"No program is set up on this machine: {configs} has no config.",
            advice="Type: sudo pitboard install, with this machine's role or folder.",
            says="command.no-program",
            fields={"path": str(configs)},
        )
    for name in programs:
        said = read_last_words(runtime, name)
        state = _state_of(name)
        if said is not None and said.reads is not None:
            done, count = said.reads
            yield Finding(
                code=f"{name}-opening",
                colour="yellow",
                sentence=f"{name} starts. {said.sentence}.",
                advice="Wait; nothing is lost meanwhile.",
                says="command.program-opening",
                fields={"program": name, "done": done, "count": count or "?"},
            )
        elif said is not None:
            yield Finding(
                code=f"{name}-ended",
                colour="red",
                sentence=f"{name} does not work: {said.sentence}",
                advice="Put that right; the program starts again by itself.",
                says="command.program-ended",
                fields={"program": name, "reason": said.sentence},
            )
        elif state == "inactive":
            yield Finding(
                code=f"{name}-off",
                colour="red",
                sentence=f"{name} is not running.",
                advice=f"Type: sudo systemctl start pitboard-{name}",
                says="command.program-off",
                fields={"program": name},
            )
        elif state is not None:
            yield Finding(
                code=name,
                colour="green",
                sentence=f"{name} runs.",
                says="command.program-runs",
                fields={"program": name},
            )


def _state_of(program: str) -> str | None:
    """Return systemd's word, None where there is no systemd."""
    systemctl = shutil.which("systemctl")
    if systemctl is None or not Path("/run/systemd/system").exists():
        return None
    asked = subprocess.run(
        [systemctl, "is-active", f"pitboard-{program}.service"],
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )
    return "active" if asked.stdout.strip() == "active" else "inactive"


def owner_findings(data: Path) -> Iterator[Finding]:
    """Yield a finding if a file of the node cannot be used by its programs."""
    numbers = {user.pw_name: user.pw_uid for user in pwd.getpwall()}
    if USER not in numbers:
        return
    try:
        foreign = [
            path.name
            for path in sorted(data.iterdir())
            if path.stat().st_uid != numbers.get(user_of(path.name), numbers[USER])
            and not (path.name in _ROOTS and path.stat().st_uid == 0)
        ]
    except OSError as error:
        yield Finding(
            code="data-unreadable",
            colour="yellow",
            sentence=f"{data} cannot be looked at: {error.strerror}.",
            advice="Type the command with sudo in front.",
            says="command.data-unreadable",
            fields={"path": str(data)},
        )
        return
    if foreign:
        yield Finding(
            code="data-foreign",
            colour="red",
            sentence=f"The programs may not use {', '.join(foreign[:3])} in {data}: another user owns it.",
            advice="Type: sudo pitboard install --node FOLDER, with this machine's folder of the stick; "
            f"without one: sudo chown -R {USER}: {data}",
            says="command.data-foreign",
            fields={"files": ", ".join(foreign[:3]), "path": str(data)},
        )
    else:
        yield Finding(
            code="data",
            colour="green",
            sentence="Keys and records belong to the programs.",
            says="command.data-own",
        )


def config_findings(configs: Path) -> Iterator[Finding]:
    """Yield a finding for each config that root may read and the programs may not."""
    try:
        user = pwd.getpwnam(USER)
    except KeyError:
        return
    for program in programs_here(configs):
        path = configs / f"{program}.toml"
        try:
            facts = path.stat()
        except OSError:
            continue
        reads = stat.S_IRUSR if facts.st_uid == user.pw_uid else stat.S_IROTH
        if facts.st_uid != user.pw_uid and facts.st_gid == user.pw_gid:
            reads = stat.S_IRGRP
        if not facts.st_mode & reads:
            yield Finding(
                code=f"{program}-config-closed",
                colour="red",
                sentence=f"{program} may not read its config {path}.",
                advice=f"Type: sudo chown root:{USER} {path} && sudo chmod 640 {path}",
                says="command.config-closed",
                fields={"program": program, "path": str(path)},
            )


def screen_findings(configs: Path, devices: Path = Path("/dev/dri")) -> Iterator[Finding]:
    """Yield what a machine with a screen lacks to draw on it."""
    if not any(name in SCREENS for name in programs_here(configs)):
        return
    missing = [package for library, package in GRAPHICS.items() if ctypes.util.find_library(library) is None]
    if missing:
        yield Finding(
            code="graphics-missing",
            colour="red",
            sentence="Libraries that draw on the screen are missing.",
            advice=f"Type: sudo apt install {' '.join(missing)} libgl1-mesa-dri",
            says="command.graphics-missing",
            fields={"packages": " ".join(missing)},
        )
    if not list(devices.glob("card*")):
        yield Finding(
            code="screen-missing",
            colour="red",
            sentence="This machine has no graphics card that Linux knows.",
            advice="On a Raspberry Pi, let config.txt have the line dtoverlay=vc4-kms-v3d.",
            says="command.screen-missing",
        )
    if not (_FONT_FOLDER.exists() and any(_FONT_FOLDER.rglob("Noto*"))):
        yield Finding(
            code="fonts-missing",
            colour="yellow",
            sentence="Names in many scripts cannot be drawn: the Noto fonts are missing.",
            advice="Type: sudo apt install fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji",
            says="command.fonts-missing",
        )


def ask_unit(socket: Path) -> UnitStatus | Exception:
    """Return how this machine's unit says that it is, or why it says nothing."""
    try:
        return unit_status(socket)
    except (PitboardError, OSError, *NOT_UNDERSTOOD) as error:
        return error


def unit_findings(told: UnitStatus | Exception) -> Iterator[Finding]:
    """Yield the unit's own lights: its sensors, central and the disk."""
    if isinstance(told, Exception):
        yield Finding(
            code="unit-silent",
            colour="red",
            sentence=f"The unit does not answer: {told}.",
            advice="See what is said of trackside above; with 'permission denied', type sudo in front.",
            says="command.unit-silent",
            fields={"reason": str(told)},
        )
        return
    for light in told.lights:
        yield Finding(
            code=f"light-{light.light}",
            colour=_COLOURS.get(light.state, "yellow"),
            sentence=f"{light.light}: {light.detail}",
            says=f"light.{light.light}",
            told=tuple(light.says),
        )


def unit_status(socket: Path) -> UnitStatus:
    """Ask the unit of this machine how it is; raises PitboardError, OSError or msgspec.MsgspecError."""
    client = NodeClient(f"{UNIX_PREFIX}{socket}", name="this unit")
    answer = client.ask("GET", "/v1/unit-status", within_s=ANSWER_MAX_S, max_bytes=SMALL_ANSWER_MAX_BYTES)
    return open_status(msgspec.json.decode(answer.body, type=SealedStatus))
