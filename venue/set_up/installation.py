"""What makes a fresh Debian or Raspberry Pi OS a node of a venue, and takes it away again.

Each part says what it changed. Data is never written over: a key that is there already stays."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pitboard.errors import Refusal
from pitboard.health.node_findings import GRAPHICS
from pitboard.program.config import EVENT_FILE_MODE, EVENT_FILE_NAME
from pitboard.program.ownership import USER, user_of
from venue.set_up.machine import Machine, Owned
from venue.set_up.node_configs import DISPLAY_KEY, Role

CONFIGS = Path("/etc/pitboard")
DATA = Path("/var/lib/pitboard")
DATA_MODE, RUN_MODE = 0o3770, 0o3775
"""Each program adds files of its own there and cannot touch another's."""
RUN = Path("/run/pitboard")
_SAID = (".said", "-status.json")
KEYS = ("unit.key", "root.key")
"""Root's alone: systemd hands each to its program (LoadCredential=)."""
PROGRAM = Path("/opt/pitboard")
"""A link to the version in use, so that an upgrade is one rename and going back is another."""
VERSIONS = Path("/opt/pitboard-versions")
UNDECIDED = Path("/etc/tmpfiles.d/pitboard-upgrade.conf")
"""There until an upgrade has seen its version serve: at a boot systemd-tmpfiles puts the former link back by
it, before any program starts."""
UNITS = Path("/etc/systemd/system")
COMMAND_LINK = Path("/usr/local/bin/pitboard")
TARGET = "pitboard.target"
DEVICES = ("tty", "gpio", "backlight")
"""The kinds of device that our udev rules speak of."""

FIRST_BOOT_UNITS = ("pitboard-first-boot.service", "set-up-pitboard.path")
INSTALLER = "set-up-pitboard.service"
"""Runs `pitboard first-boot take`; static, which systemd calls enabled."""
_UNIT_SUFFIXES = (".service", ".target", ".path")
_SYSTEM_FILES = {
    "system/sysusers.conf": Path("/usr/lib/sysusers.d/pitboard.conf"),
    "system/tmpfiles.conf": Path("/usr/lib/tmpfiles.d/pitboard.conf"),
    "system/preset.conf": Path("/usr/lib/systemd/system-preset/80-pitboard.preset"),
    "system/journald.conf": Path("/etc/systemd/journald.conf.d/pitboard.conf"),
    "system/watchdog.conf": Path("/etc/systemd/system.conf.d/pitboard.conf"),
    "udev/70-pitboard.rules": Path("/usr/lib/udev/rules.d/70-pitboard.rules"),
}
_SERVER_ONLY_NOT = {"system/journald.conf", "system/watchdog.conf", "udev/70-pitboard.rules"}
"""A server's log, watchdog and ports are its owner's business."""
SCREEN_PACKAGES = (
    *GRAPHICS.values(),
    "libgl1-mesa-dri",
    "fonts-roboto-unhinted",
    "fonts-noto-core",
    "fonts-noto-cjk",
    "fonts-noto-color-emoji",
)
_APT_INSTALL = (
    "env",
    "DEBIAN_FRONTEND=noninteractive",
    "apt-get",
    "install",
    "-qq",
    "-y",
    "--no-install-recommends",
)
_PROGRAMS: dict[Role, tuple[str, ...]] = {
    "central": ("central",),
    "trackside": ("trackside", "bridge", "touch", "sync"),
    "display": ("display",),
}


_HOLD_THE_RACE = {"pitboard-central.service", "pitboard-trackside.service"}


class LeftUndone(str):
    """A line about what could not be done; nothing was changed by it, so it is no reason to restart."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFiles:
    """What `pitboard venue make` wrote for one machine: {file name: content}."""

    host: str
    roles: list[Role]
    configs: dict[str, bytes]
    data: dict[str, bytes]

    @classmethod
    def of_folder(cls, folder: Path) -> NodeFiles:
        """Read a machine's folder; raises Refusal where it is none."""
        try:
            told = json.loads((folder / "node.json").read_text(encoding="utf-8"))
            return cls(
                host=str(told["host"]),
                roles=[role for role in _PROGRAMS if role in told["roles"]],
                configs=_files_of(folder / "etc"),
                data=_files_of(folder / "data"),
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Refusal(
                f"{folder} is no machine's folder; name one that pitboard venue make wrote ({error})"
            ) from error

    @property
    def services(self) -> list[str]:
        """The units that run here: those of its roles that have a config."""
        return [
            f"pitboard-{program}.service"
            for role in self.roles
            for program in _PROGRAMS[role]
            if f"{program}.toml" in self.configs
        ]

    @property
    def has_screen(self) -> bool:
        return any(name in self.configs for name in ("touch.toml", "display.toml"))


def _whose(name: str) -> tuple[str, str]:
    """Return owner and group of what has that name in the data folder."""
    return ("root", "root") if name in KEYS else (user_of(name), USER)


def _files_of(folder: Path) -> dict[str, bytes]:
    return (
        {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}
        if folder.is_dir()
        else {}
    )


def system_folder(environment: Path = Path(sys.prefix)) -> Path:
    """Return where the units and system files lie: installed with the package, or in a checkout."""
    installed = environment / "share" / "pitboard" / "systemd"
    checkout = Path(__file__).resolve().parents[2] / "systemd"
    for folder in (installed, checkout):
        if (folder / TARGET).exists():
            return folder
    raise Refusal("the systemd units were not installed with the package; install the wheel again")


class Installation:
    """Installs one node on a machine; every method may be called again and then changes nothing."""

    def __init__(
        self,
        machine: Machine,
        *,
        systemd: Path,
        terminal_help: Mapping[Path, bytes] | None = None,
        root: Path = Path("/"),
    ) -> None:
        self._machine = machine
        self._systemd = systemd
        self._terminal_help = terminal_help or {}
        self._root = root

    def install(self, node: NodeFiles, *, program: Path) -> Iterator[str]:
        """Do all of it, yielding one line for each part that changed something; `program` is a virtual
        environment. Raises Refusal with the reason at the first part that cannot be done."""
        self._refuse_another_node(node)
        if node.has_screen:
            yield from self._packages()
        yield from self.bring_version(is_server=node.roles == ["central"])
        yield from self._data(node)
        yield from self._configs(node)
        yield from self._program(program)
        yield from self._enable(node)

    def refuse_to_stop(self, node: NodeFiles, *, is_by_role: bool) -> None:
        """Raise Refusal where this node would take the place of what the machine is now.

        A changed folder may lack a screen or a sensor; a role, or another machine's folder, that was typed by
        mistake would end a race.
        """
        ours = [program for programs in _PROGRAMS.values() for program in programs]
        run_here = [
            name
            for program in ours
            if self._machine.asks(
                "systemctl", *self._rooted, "is-enabled", name := f"pitboard-{program}.service"
            )
        ]
        stopped = [name for name in run_here if name not in node.services]
        if stopped and (is_by_role or not _HOLD_THE_RACE.isdisjoint(stopped)):
            programs = ", ".join(name.removeprefix("pitboard-").removesuffix(".service") for name in stopped)
            raise Refusal(
                f"this machine is something else: {programs} would stop. Was that meant, type the same with "
                "--instead; nothing was changed"
            )

    def install_first_boot(self, *, program: Path) -> Iterator[str]:
        """Let the machine show at its next start how it gets a set-up; it becomes no node yet."""
        yield from self._packages()
        yield from self.bring_version(is_server=False)
        yield from self._program(program)
        yield from self._start_at_boot([*FIRST_BOOT_UNITS, TARGET])

    def bring_version(self, *, is_server: bool) -> Iterator[str]:
        """Write what a version of the programs brings for the system: settings, units, help in terminals."""
        yield from self._system(is_server=is_server)
        yield from self._units()
        changed = [
            place
            for place, content in self._terminal_help.items()
            if self._machine.write(place, content, Owned())
        ]
        if changed:
            yield "help for terminals written: man pitboard, and the Tab key after pitboard"

    def uninstall(self) -> Iterator[str]:
        """Take the programs away; configs and data stay."""
        if self._machine.asks("systemctl", *self._rooted, "is-enabled", TARGET):
            self._machine.run("systemctl", *self._rooted, *self._now, "disable", TARGET)
            there = [path.name for path in self._unit_files() if self._machine.read(UNITS / path.name)]
            # Without --now, which the template of central's doors refuses; the target took all with it.
            self._machine.run("systemctl", *self._rooted, "disable", *there)
            yield "programs stopped"
        ours = [UNITS / path.name for path in [*self._unit_files(), *self._drop_in_folders()]]
        for path in (
            *ours,
            *_SYSTEM_FILES.values(),
            *self._terminal_help,
            COMMAND_LINK,
            UNDECIDED,
            PROGRAM,
            VERSIONS,
        ):
            if self._machine.remove(path):
                yield f"{path} removed"
        yield f"{CONFIGS} and {DATA} stay: results, keys and settings are there"

    @property
    def _rooted(self) -> list[str]:
        return [] if self._root == Path("/") else [f"--root={self._root}"]

    @property
    def _now(self) -> list[str]:
        return ["--now"] if self._root == Path("/") else []

    def _packages(self) -> Iterator[str]:
        missing = [name for name in SCREEN_PACKAGES if not self._machine.asks("dpkg-query", "--show", name)]
        if not missing:
            return
        try:
            self._machine.run(*_APT_INSTALL, *missing)
        except Refusal:
            # No internet is no reason to leave a machine half set up: timing needs none of them.
            yield LeftUndone(
                f"NOT installed, no internet: {' '.join(missing)}; a screen may stay dark or lack letters"
            )
        else:
            yield f"packages for the screen installed: {', '.join(missing)}"

    def _system(self, *, is_server: bool) -> Iterator[str]:
        left_out = _SERVER_ONLY_NOT if is_server else set[str]()
        changed = []
        for name, place in _SYSTEM_FILES.items():
            if name in left_out:
                continue
            if self._machine.write(place, (self._systemd / name).read_bytes(), Owned()):
                changed.append(place)
        if _SYSTEM_FILES["system/sysusers.conf"] in changed:
            self._machine.run("systemd-sysusers", *self._rooted)
            yield "user and groups made"
        if not self._rooted and _SYSTEM_FILES["udev/70-pitboard.rules"] in changed:
            yield from self._name_ports()
        if changed:
            yield f"system settings written: {', '.join(str(place) for place in changed)}"
        if self._machine.make_folder(CONFIGS, Owned(mode=0o750, group=USER)):
            yield f"{CONFIGS} made"
        if self._machine.make_folder(DATA, Owned(mode=DATA_MODE, owner=USER)):
            yield f"{DATA} made"
        if not self._rooted and self._machine.make_folder(RUN, Owned(mode=RUN_MODE, owner=USER)):
            yield f"{RUN} made"
        given = [name for name in self._machine.names(DATA) if self._machine.give(DATA / name, *_whose(name))]
        if given:
            for name in self._machine.names(RUN):
                if name.endswith(_SAID):  # of the user before; who may not replace it would say nothing
                    self._machine.remove(RUN / name)
            yield f"given to the programs that write them: {', '.join(given)}"

    def _name_ports(self) -> Iterator[str]:
        """Give what is plugged in already its name and group now, not at the next boot."""
        try:
            self._machine.run("udevadm", "control", "--reload")
            self._machine.run("udevadm", "trigger", *(f"--subsystem-match={one}" for one in DEVICES))
        except Refusal:  # a container has no udev; a machine has it at its next boot at the latest
            yield "udev does not answer: sensors are handed to the bridge at the next boot"

    def _unit_files(self) -> list[Path]:
        return sorted(path for path in self._systemd.glob("*pitboard*") if path.suffix in _UNIT_SUFFIXES)

    def _drop_in_folders(self) -> list[Path]:
        return sorted(self._systemd.glob("pitboard-*.service.d"))

    def _units(self) -> Iterator[str]:
        sources = {UNITS / path.name: path for path in self._unit_files()}
        for folder in self._drop_in_folders():
            sources |= {UNITS / folder.name / path.name: path for path in sorted(folder.glob("*.conf"))}
        changed = [
            place
            for place, source in sources.items()
            if self._machine.write(place, source.read_bytes(), Owned())
        ]
        if changed and not self._rooted:
            self._machine.run("systemctl", "daemon-reload")
        if changed:
            yield f"units written: {len(changed)}"

    def _refuse_another_node(self, node: NodeFiles) -> None:
        for name, content in node.data.items():
            there = self._machine.read(DATA / name)
            may_differ = name in (EVENT_FILE_NAME, DISPLAY_KEY.name)
            if there is not None and there != content and not may_differ:
                raise Refusal(
                    f"{DATA / name} is there already and is another one: this machine is a node of another "
                    f"event, or had its key made by hand. Move {DATA} away to begin anew; nothing was changed"
                )

    def _data(self, node: NodeFiles) -> Iterator[str]:
        """Bring keys and what the node was told."""
        for name, content in node.data.items():
            if name == DISPLAY_KEY.name and self._machine.read(DATA / name) is not None:
                continue  # it was enrolled by a token
            owner, group = _whose(name)
            mode = EVENT_FILE_MODE if name == EVENT_FILE_NAME else 0o600
            if self._machine.write(DATA / name, content, Owned(mode=mode, owner=owner, group=group)):
                yield f"{DATA / name} written"

    def _configs(self, node: NodeFiles) -> Iterator[str]:
        written = [
            name
            for name, content in node.configs.items()
            if self._machine.write(CONFIGS / name, content, Owned(mode=0o640, group=USER))
        ]
        if written:
            yield f"configs written: {', '.join(written)}"

    def _program(self, program: Path) -> Iterator[str]:
        self._machine.remove(UNDECIDED)  # of an upgrade that a power cut ended
        if program != PROGRAM and self._machine.link(PROGRAM, program):
            yield f"the programs are those of {program}"
        if self._machine.link(COMMAND_LINK, PROGRAM / "bin" / "pitboard"):
            yield "the command pitboard works in every terminal"

    def _enable(self, node: NodeFiles) -> Iterator[str]:
        services = node.services
        yield from self._start_at_boot([*services, TARGET])
        # Only then, so a power cut leaves a machine that goes on. To stop the installer would be to stop us.
        wanted = (*services, TARGET, INSTALLER)
        others = [path.name for path in self._unit_files() if path.name not in wanted]
        for name in others:
            if self._machine.asks("systemctl", *self._rooted, "is-enabled", name):
                self._machine.run("systemctl", *self._rooted, *self._now, "disable", name)
                yield f"{name} runs here no longer"

    def _start_at_boot(self, units: Sequence[str]) -> Iterator[str]:
        missing = [
            name for name in units if not self._machine.asks("systemctl", *self._rooted, "is-enabled", name)
        ]
        if missing:
            self._machine.run("systemctl", *self._rooted, "enable", *missing)
            yield f"starts at every boot: {', '.join(name for name in units if name != TARGET)}"


def is_healthy(machine: Machine, services: Sequence[str]) -> bool:
    """Return whether every service says that it serves."""
    return all(machine.asks("systemctl", "is-active", "--quiet", name) for name in services)
