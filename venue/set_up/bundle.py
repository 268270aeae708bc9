"""All that a machine without internet needs, in one folder for a USB stick; made by `make bundle`.

The packages are those that constraints.txt names, checked by their hashes; development has its own. All is
fetched at once, and kept beside the folder: a stick made again fetches only what is new."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import click

from pitboard.clock import SystemClock
from pitboard.errors import Refusal
from venue.set_up.debs import ARCHITECTURES, PYTHON_PACKAGES, fetch_debs, release
from venue.set_up.installation import SCREEN_PACKAGES
from venue.set_up.terminal_help import write_manual

PYTHONS = ("3.11", "3.13")
MACHINES = ("x86_64", "aarch64")
EXTRAS = ("gpio", "central")
AT_ONCE = 4
"""Downloads; more would share the same wire."""
FETCHED = "fetched"
_GLIBC = ("2_28", "2_17")  # the oldest that a wheel may ask for; Debian 12 has 2.36
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==", re.MULTILINE)
_EXTRA = re.compile(r"""extra == ['"]([^'"]+)""")
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def runtime_packages(name: str = "pitboard", extras: Sequence[str] = EXTRAS) -> set[str]:
    """Return the normalised names of all that the program needs at run time, itself left out."""
    found: set[str] = set()
    waiting = list(_needed(name, extras))
    while waiting:
        package = waiting.pop()
        if package not in found:
            found.add(package)
            waiting += _needed(package, ())
    return found


def _needed(name: str, extras: Sequence[str]) -> Iterator[str]:
    try:
        lines = requires(name) or []
    except PackageNotFoundError:
        return  # another Python's or machine's; the constraints name it if it is needed
    for line in lines:
        spec, _, marker = line.partition(";")
        asked = _EXTRA.search(marker)
        if asked is None or asked[1] in extras:
            match = _NAME.match(spec.strip())
            if match:
                yield normalised(match[0])


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned(constraints: str, wanted: set[str]) -> str:
    """Return those entries of constraints.txt, with their hashes, that belong to the wanted packages."""
    entries = re.split(r"(?m)^(?=[A-Za-z0-9])", constraints)
    return "".join(
        entry for entry in entries if (match := _PIN.match(entry)) and normalised(match[1]) in wanted
    )


def download(requirements: Path, wheels: Path, *, python: str, machine: str) -> None:
    """Fetch the wheels for one Python and machine. Raises Refusal with pip's last line."""
    platforms = [f"manylinux_{glibc}_{machine}" for glibc in _GLIBC] + [f"manylinux2014_{machine}"]
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--only-binary=:all:", "--require-hashes", "--requirement", str(requirements)]
    command += ["--dest", str(wheels), "--python-version", python]
    for platform in platforms:
        command += ["--platform", platform]
    _run(command)


def fetched(requirements: str, kept: Path, *, python: str, machine: str) -> Path:
    """Return a folder below `kept` with those wheels, fetched unless a former call did; raises Refusal.

    It is named by the requirements with their hashes, and there whole or not at all.
    """
    name, digest = f"{python}-{machine}", hashlib.sha256(requirements.encode()).hexdigest()[:16]
    folder = kept / f"{name}-{digest}"
    if folder.is_dir():
        return folder
    kept.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept) as fresh:
        told, wheels = Path(fresh) / "requirements.txt", Path(fresh) / "wheels"
        told.write_text(requirements, encoding="utf-8")
        wheels.mkdir()
        download(told, wheels, python=python, machine=machine)
        for old in kept.glob(f"{name}-*"):
            shutil.rmtree(old)
        wheels.rename(folder)
    return folder


def link_wheels(sources: Sequence[Path], wheels: Path) -> None:
    """Let `wheels` have the files of the sources and no others but ours."""
    wanted = {wheel.name: wheel for source in sources for wheel in source.glob("*.whl")}
    for old in wheels.glob("*.whl"):
        if old.name not in wanted and not old.name.startswith("pitboard-"):
            old.unlink()
    for name, wheel in wanted.items():
        if not (wheels / name).exists():
            os.link(wheel, wheels / name)


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = [line for line in done.stderr.strip().splitlines() if not line.startswith("WARNING")]
        raise Refusal(f"'{' '.join(command[:5])} …' did not work: {lines[-1] if lines else done.returncode}")


def _build_wheel(project: Path, wheels: Path) -> None:
    """Build our own wheel from a copy: setuptools leaves files behind that would be taken for the package."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "project"
        shutil.copytree(project, copy, ignore=shutil.ignore_patterns(".*", "build", "out", "*.egg-info"))
        write_manual(copy / "man", version("pitboard"))
        command = [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
        ]
        _run([*command, "--no-build-isolation", "--wheel-dir", str(wheels), str(copy)])


@click.command()
@click.option("--project", required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False))
@click.option("--python", "pythons", multiple=True, default=PYTHONS, show_default=True)
@click.option("--machine", "machines", multiple=True, default=MACHINES, show_default=True)
@click.option(
    "--debs",
    multiple=True,
    type=click.Choice(ARCHITECTURES),
    help="Debian's packages for these machines too.",
)
def bundle(
    project: Path, out: Path, pythons: tuple[str, ...], machines: tuple[str, ...], debs: tuple[str, ...]
) -> None:
    """Write wheels and install.sh for machines without internet to OUT."""
    wheels = out / "wheels"
    wheels.mkdir(parents=True, exist_ok=True)
    for old in wheels.glob("pitboard-*.whl"):
        old.unlink()
    text = pinned((project / "constraints.txt").read_text(encoding="utf-8"), runtime_packages())
    (out / "requirements.txt").write_text(text, encoding="utf-8")
    clock = SystemClock()
    began_mono_ns = clock.mono_ns()

    def tell(what: str, done: Future[object]) -> None:
        if not done.cancelled() and done.exception() is None:
            click.echo(f"  {what}, {(clock.mono_ns() - began_mono_ns) / 1_000_000_000:.0f} s")

    with ThreadPoolExecutor(AT_ONCE) as pool:
        fetching = []
        for architecture in debs:
            folder = out / "debs" / f"{release()}-{architecture}"
            packages = [*PYTHON_PACKAGES, *SCREEN_PACKAGES]
            one: Future[object] = pool.submit(fetch_debs, folder, architecture, packages)
            one.add_done_callback(partial(tell, f"Debian's packages for {folder.name}"))
            fetching.append(one)
        parts = []
        for python in pythons:
            for machine in machines:
                part = pool.submit(fetched, text, out.parent / FETCHED, python=python, machine=machine)
                part.add_done_callback(partial(tell, f"wheels for Python {python} on {machine}"))
                parts.append(part)
        _build_wheel(project, wheels)
        link_wheels([part.result() for part in parts], wheels)
        for one in fetching:
            one.result()
    script = out / "install.sh"
    script.write_bytes((project / "deploy" / "install.sh").read_bytes())
    script.chmod(0o755)
    (out / "nodes").mkdir(exist_ok=True)
    count = len(list(wheels.glob("*.whl")))
    click.echo(f"{count} wheels in {wheels}. Next: pitboard venue make venue.toml --out {out / 'nodes'}")


if __name__ == "__main__":
    bundle()
