"""The stick holds what the programs need at run time, with the hashes that the project knows, and no more."""

from __future__ import annotations

import stat
import subprocess
import tomllib
from pathlib import Path

import pytest

from pitboard.errors import Refusal
from venue.set_up import bundle as bundle_module
from venue.set_up.bundle import fetched, link_wheels, pinned, runtime_packages

ROOT = Path(__file__).resolve().parents[3]
NOT_OPENED = {ROOT / "venue/appliance/build_gpio_sim.sh"}
"""Of the drill, which runs from a checkout."""
CONSTRAINTS = """# a comment
aiohttp==3.14 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
Mypy_Extensions==1.0 \\
    --hash=sha256:cc
zeroconf==0.154 ; sys_platform == 'linux' \\
    --hash=sha256:dd
"""


def test_only_the_wanted_packages_are_taken_each_with_its_hashes() -> None:
    text = pinned(CONSTRAINTS, {"aiohttp", "zeroconf"})
    assert text == CONSTRAINTS.replace("# a comment\n", "").replace(
        "Mypy_Extensions==1.0 \\\n    --hash=sha256:cc\n", ""
    )
    assert pinned(CONSTRAINTS, {"mypy-extensions"}).startswith("Mypy_Extensions==1.0")


def test_the_closure_holds_what_a_dependency_needs_and_nothing_of_development() -> None:
    needed = runtime_packages()
    assert {"aiohttp", "yarl", "multidict", "cryptography", "cffi", "gpiod", "pygame-ce"} <= needed
    assert needed.isdisjoint({"pytest", "mypy", "ruff", "playwright", "hypothesis"})


def test_all_that_is_needed_has_its_hashes_in_the_project() -> None:
    text = pinned((ROOT / "constraints.txt").read_text(encoding="utf-8"), runtime_packages())
    entries = [line for line in text.splitlines() if "==" in line]
    assert len(entries) >= 20
    assert all(line.rstrip().endswith("\\") for line in entries)


def test_wheels_are_fetched_once_for_the_same_hashes_and_are_there_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def pretend(requirements: Path, wheels: Path, *, python: str, machine: str) -> None:
        asked.append(requirements.read_text())
        (wheels / f"one-{len(asked)}.whl").touch()
        if "broken" in asked[-1]:
            raise Refusal("the network went")

    monkeypatch.setattr(bundle_module, "download", pretend)
    kept = tmp_path / "fetched"

    def names(requirements: str) -> list[str]:
        folder = fetched(requirements, kept, python="3.11", machine="x86_64")
        return sorted(path.name for path in folder.iterdir())

    assert names("a") == names("a") == ["one-1.whl"]
    with pytest.raises(Refusal, match="network"):
        names("broken")
    assert names("a") == ["one-1.whl"], "what was whole before stays"
    assert names("b") == ["one-3.whl"]
    assert asked == ["a", "broken", "b"]
    assert len(list(kept.iterdir())) == 1, "and what nobody needs any more is gone"


def test_the_stick_has_the_wheels_of_now_and_no_former_ones(tmp_path: Path) -> None:
    first, second, wheels = (tmp_path / name for name in ("first", "second", "wheels"))
    for folder in (first, second, wheels):
        folder.mkdir()
    (first / "both-1.whl").touch()
    (second / "both-1.whl").touch()
    (second / "new-2.whl").touch()
    (wheels / "old-1.whl").touch()
    (wheels / "pitboard-0.1.whl").touch()
    for _ in range(2):
        link_wheels([first, second], wheels)
        assert sorted(one.name for one in wheels.iterdir()) == ["both-1.whl", "new-2.whl", "pitboard-0.1.whl"]


def test_a_stick_that_is_not_there_is_a_sentence_before_anything_is_made(tmp_path: Path) -> None:
    command = ["make", "--no-print-directory", "stick", f"STICK={tmp_path}/none"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "No stick there. Type where it is: make stick VENUE=venue.toml STICK=/media/stick" in done.stderr


def install_script(*arguments: str, stick: Path) -> subprocess.CompletedProcess[str]:
    """Run it as nobody: whatever it says, it then changes nothing."""
    script = (ROOT / "deploy" / "install.sh").read_text(encoding="utf-8")
    (stick / "install.sh").write_text(script, encoding="utf-8")
    command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sh", str(stick / "install.sh")]
    return subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=20, check=False)


def test_without_root_the_script_says_what_to_type(tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents):
        if not folder.stat().st_mode & stat.S_IXOTH:
            folder.chmod(0o755)
    answer = install_script("track-a", stick=tmp_path)
    assert answer.returncode == 1
    assert "type: sudo sh" in answer.stderr


def test_every_file_that_a_program_opens_travels_in_its_wheel() -> None:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    travels = {
        path
        for package, patterns in told["package-data"].items()
        for pattern in patterns
        for path in (ROOT / package.replace(".", "/")).glob(pattern)
    }
    parts = [pattern.removesuffix("*") for pattern in told["packages"]["find"]["include"]]
    beside = [
        path
        for part in parts
        for path in (ROOT / part).rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc") and path not in travels
    ]
    assert [str(path.relative_to(ROOT)) for path in beside if path not in NOT_OPENED] == []
