"""Debian packages for a stick: what a screen and Python need, as a small repository that apt reads offline.

This machine's own sources say from which release. apt on the machine that is set up takes from it only what
is missing there, so nothing that it has is put back to another version."""

from __future__ import annotations

import hashlib
import re
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from pitboard.errors import Refusal

ARCHITECTURES = ("amd64", "arm64")
PYTHON_PACKAGES = ("python3-venv",)
_FETCHED = re.compile(r"^'[^']+' (\S+\.deb) ([0-9]+)", re.MULTILINE)
"""A line of `apt-get --print-uris`: where it is, what it is called, its bytes."""


def release() -> str:
    """Return this machine's release by its code name, such as bookworm; raises Refusal where it has none."""
    for line in _lines_of(Path("/etc/os-release")):
        if line.startswith("VERSION_CODENAME="):
            return line.partition("=")[2].strip('"')
    raise Refusal("Debian's packages can be fetched on Debian only; type: make bundle DEBS=")


def fetch_debs(out: Path, architecture: str, packages: Iterable[str]) -> int:
    """Fill `out` with the packages and all that they need, and the index of them; return how many there are.

    Raises Refusal with apt's last line.
    """
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        options = ["-qq", "-y", "--no-install-recommends", *_apart(Path(folder), architecture)]
        _run(["apt-get", *options, "update"])
        # Asked with an empty store, it names all; what is there and has the right size is not fetched.
        told = _run(["apt-get", *options, "--print-uris", "install", *packages])
        sizes = {name: int(size) for name, size in _FETCHED.findall(told)}
        for old in out.glob("*.deb"):
            if sizes.get(old.name) != old.stat().st_size:
                old.unlink()
        _run(
            [
                *("apt-get", *options, "--download-only"),
                *("-o", f"Dir::Cache::archives={out.absolute()}", "install", *packages),
            ]
        )
    debs = sorted(out.glob("*.deb"))
    (out / "Packages").write_text("\n".join(map(index_entry, debs)), encoding="utf-8")
    for rest in (out / "lock", out / "partial"):
        if rest.is_dir():
            rest.rmdir()
        else:
            rest.unlink(missing_ok=True)
    return len(debs)


def _apart(folder: Path, architecture: str) -> list[str]:
    """Return apt's options for lists of its own, of a machine that has no package yet."""
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    (folder / "status").touch()
    told = {
        "Dir::State::lists": folder / "lists",
        "Dir::State::status": folder / "status",
        "Dir::Cache": folder / "cache",
        "APT::Architecture": architecture,
        "APT::Architectures::": architecture,
        "APT::Sandbox::User": "root",
    }
    return [word for key, value in told.items() for word in ("-o", f"{key}={value}")]


def index_entry(deb: Path) -> str:
    """Return the package's entry of a repository's index; Debian's repository format has its fields."""
    control = _run(["dpkg-deb", "--field", str(deb)])
    content = deb.read_bytes()
    return (
        f"{control.rstrip()}\nFilename: ./{deb.name}\nSize: {len(content)}\n"
        f"SHA256: {hashlib.sha256(content).hexdigest()}\n"
    )


def _lines_of(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def _run(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise Refusal(f"'{command[0]}' is not here; type: make bundle DEBS=") from error
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise Refusal(f"'{command[0]} …' did not work: {lines[-1] if lines else done.returncode}")
    return done.stdout
