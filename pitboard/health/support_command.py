"""`pitboard support`: one file for who helps from afar, without names, contacts, keys or records in it."""

from __future__ import annotations

import io
import os
import platform
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import click
import msgspec

from pitboard.clock import SystemClock
from pitboard.errors import Refusal
from pitboard.health.doctor_command import Diagnosis, all_findings
from pitboard.health.findings import worst
from pitboard.health.machine_facts import read_machine_facts
from pitboard.health.node_findings import PROGRAMS
from pitboard.program.speech import say

LOG_MAX_BYTES = 4 * 1_024 * 1_024
LOG_MAX_LINES = 40_000
ASKED_MAX_S = 20.0
_PASSWORD = re.compile(r"(://[^\s/:@\"']*):[^\s/@\"']*@")
_README = """What Pitboard's programs on this machine say of themselves. Made by `pitboard support`.

In it: what `pitboard doctor` found, the configs (stars in place of a password), the programs' log,
what systemd says of them, their last sentences, the sizes and owners of the files, and versions.

Not in it: records, names of competitors, contacts, keys, certificates, the sensors' raw lines.
The log holds no personal data; look through it before you send the file if you want to be sure.
"""


@click.command()
@click.option(
    "--out", default=None, type=click.Path(path_type=Path, dir_okay=False), help="The file; a zip archive."
)
@click.option(
    "--configs", default="/etc/pitboard", show_default=True, type=click.Path(path_type=Path, file_okay=False)
)
@click.option(
    "--data", default="/var/lib/pitboard", show_default=True, type=click.Path(path_type=Path, file_okay=False)
)
@click.option(
    "--runtime", default="/run/pitboard", show_default=True, type=click.Path(path_type=Path, file_okay=False)
)
def support(out: Path | None, configs: Path, data: Path, runtime: Path) -> None:
    """Pack what a helper needs to see into one file, without personal data and without keys."""
    now = datetime.fromtimestamp(SystemClock().utc_ms() / 1_000, UTC)
    path = out or Path(f"pitboard-support-{platform.node()}-{now:%Y%m%d-%H%M%S}.zip")
    parts = dict(support_parts(configs, data, runtime))
    try:
        write_archive(path, parts)
    except OSError as error:
        raise Refusal(f"{path} cannot be written: {error.strerror}; name another place with --out") from error
    say("command.packed", path=path, count=len(parts), size=path.stat().st_size // 1_024 + 1)


def support_parts(configs: Path, data: Path, runtime: Path) -> Iterator[tuple[str, str]]:
    """Yield (name in the archive, text) for each part; one that cannot be had says why in its place."""
    yield "README.txt", _README
    yield "versions.json", _json(_versions())
    findings = list(all_findings(configs, data, runtime))
    yield (
        "doctor.json",
        _json(Diagnosis(version=version("pitboard"), colour=worst(findings), findings=findings)),
    )
    yield "machine.json", _json(msgspec.to_builtins(read_machine_facts(data, utc_ms=SystemClock().utc_ms())))
    for path in sorted(configs.glob("*.toml")) if configs.is_dir() else []:
        yield f"configs/{path.name}", without_passwords(_text(path))
    for path in sorted(runtime.glob("*.said")) if runtime.is_dir() else []:
        yield f"last-words/{path.name}", _text(path)
    yield "files.txt", "\n".join(_listing(configs, data, runtime)) + "\n"
    units = [f"pitboard-{program}.service" for program in PROGRAMS]
    yield "systemd.txt", asked("systemctl", "status", "--no-pager", "--lines=0", *units)
    chosen = [word for unit in units for word in ("--unit", unit)]
    log = asked("journalctl", "--no-pager", "--output=short-iso-precise", f"--lines={LOG_MAX_LINES}", *chosen)
    yield "log.txt", log[-LOG_MAX_BYTES:]


def without_passwords(text: str) -> str:
    """Return a config's text with the password of each URL replaced by stars."""
    return _PASSWORD.sub(r"\1:***@", text)


def asked(*command: str) -> str:
    """Return what a program of this machine says, or a sentence why it could not be asked."""
    found = shutil.which(command[0])
    if found is None:
        return f"{command[0]} is not on this machine.\n"
    try:
        answer = subprocess.run(
            [found, *command[1:]],
            capture_output=True,
            timeout=ASKED_MAX_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        return f"{command[0]} did not answer within {ASKED_MAX_S:.0f} s.\n"
    return (answer.stdout + answer.stderr).decode(errors="replace")


def write_archive(path: Path, parts: dict[str, str]) -> None:
    """Write the parts as a zip that only its owner may read; raises OSError."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compression=zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(packed.getvalue())


def _versions() -> dict[str, str]:
    release = platform.freedesktop_os_release() if Path("/etc/os-release").exists() else {}
    return {
        "pitboard": version("pitboard"),
        "python": platform.python_version(),
        "kernel": platform.release(),
        "machine": platform.machine(),
        "system": release.get("PRETTY_NAME", ""),
    }


def _listing(*folders: Path) -> Iterator[str]:
    """Yield mode, owner's and group's number, bytes and time of each file, never what is in it."""
    for folder in folders:
        try:
            found = sorted([folder, *folder.rglob("*")])
        except OSError as error:
            yield f"{folder}: {error.strerror}"
            continue
        for path in found:
            try:
                said = path.lstat()
            except OSError as error:
                yield f"{path}: {error.strerror}"
                continue
            when = f"{datetime.fromtimestamp(said.st_mtime, UTC):%Y-%m-%dT%H:%M:%SZ}"
            yield f"{said.st_mode:o} {said.st_uid}:{said.st_gid} {said.st_size:>12} {when} {path}"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}; type the command with sudo in front.\n"


def _json(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=1).decode() + "\n"
