"""The Debian package carries one machine's wheels and makes its environment of them, without any network."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = ROOT / "deploy" / "build_deb.sh"
WHEELS = (
    "pitboard-0.1.0-py3-none-any.whl",
    "click-8-py3-none-any.whl",
    "msgspec-1-cp311-cp311-manylinux2014_x86_64.whl",
    "msgspec-1-cp311-cp311-manylinux2014_aarch64.whl",
)
pytestmark = pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="needs Debian's dpkg-deb")


def built(tmp_path: Path, architecture: str) -> subprocess.CompletedProcess[str]:
    wheels = tmp_path / "bundle" / "wheels"
    wheels.mkdir(parents=True, exist_ok=True)
    for name in WHEELS:
        (wheels / name).write_bytes(b"a wheel")
    return subprocess.run(
        ["sh", str(SCRIPT), str(tmp_path / "bundle"), architecture, str(tmp_path / "out")],
        capture_output=True,
        text=True,
        check=False,
    )


def told(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    ("architecture", "mine", "other"), [("amd64", "x86_64", "aarch64"), ("arm64", "aarch64", "x86_64")]
)
def test_it_holds_the_wheels_of_its_machine_and_no_others(
    tmp_path: Path, architecture: str, mine: str, other: str
) -> None:
    answer = built(tmp_path, architecture)
    assert answer.returncode == 0, answer.stderr
    package = Path(answer.stdout.strip())
    assert package.name == f"pitboard_0.1.0_{architecture}.deb"
    listing = told("dpkg-deb", "--contents", str(package))
    assert f"msgspec-1-cp311-cp311-manylinux2014_{mine}.whl" in listing
    assert other not in listing
    assert "pitboard-0.1.0-py3-none-any.whl" in listing
    assert told("dpkg-deb", "--field", str(package), "Architecture").strip() == architecture
    assert "root/root" in listing


def test_without_a_bundle_or_for_another_machine_it_says_what_to_type(tmp_path: Path) -> None:
    answer = subprocess.run(
        ["sh", str(SCRIPT), str(tmp_path), "amd64", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1
    assert "make bundle" in answer.stderr
    assert "none of amd64 and arm64" in built(tmp_path, "riscv64").stderr


@pytest.mark.parametrize("script", ["postinst", "prerm", "postrm"])
def test_the_packages_own_scripts_are_plain_sh(script: str) -> None:
    subprocess.run(["sh", "-n", str(ROOT / "deploy" / "debian" / script)], check=True)
