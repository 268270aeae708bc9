"""Break the rules one at a time and see each noticed: `make mutants`, by hand and before a release.

Each table in `tests/mutants/*.toml` names a file, what to replace by what, and the tests that should fail
then. The change is made in a copy of the tree, so nothing here is touched."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parent.parent.parent
TEST_MAX_S = 120


@dataclass(frozen=True, slots=True)
class Mutant:
    name: str
    file: str
    replace: str
    by: str
    tests: list[str]


def all_mutants() -> list[Mutant]:
    """Return every mutant of every list, in order."""
    return [
        Mutant(name=f"{path.stem}: {name}", **entry)
        for path in sorted(Path(__file__).parent.glob("*.toml"))
        for name, entry in tomllib.loads(path.read_text(encoding="utf-8")).items()
    ]


def copy_tree(folder: Path) -> None:
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in files.stdout.splitlines():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_file():
            shutil.copyfile(ROOT / name, target)


def is_noticed(mutant: Mutant, folder: Path) -> bool:
    """Return whether one of its tests fails once the rule is broken; the copy is whole again afterwards."""
    path = folder / mutant.file
    sound = path.read_text(encoding="utf-8")
    if sound.count(mutant.replace) != 1:
        raise SystemExit(f"{mutant.name}: {mutant.file} does not hold once what is to be replaced")
    path.write_text(sound.replace(mutant.replace, mutant.by), encoding="utf-8")
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *mutant.tests],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder)},
            capture_output=True,
            timeout=TEST_MAX_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return True  # it hangs, which CI notices
    finally:
        path.write_text(sound, encoding="utf-8")
    if ended.returncode not in (0, 1):
        raise SystemExit(f"{mutant.name}: its tests do not run:\n{ended.stdout.decode()[-2_000:]}")
    return ended.returncode == 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="only mutants whose name holds this")
    arguments = parser.parse_args()
    missed = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy_tree(folder)
        for mutant in all_mutants():
            if arguments.only not in mutant.name:
                continue
            noticed = is_noticed(mutant, folder)
            click.echo(f"{'noticed' if noticed else 'MISSED':8} {mutant.name}")
            if not noticed:
                missed.append(mutant.name)
    if missed:
        raise SystemExit(f"{len(missed)} broken rules were not noticed")


if __name__ == "__main__":
    main()
