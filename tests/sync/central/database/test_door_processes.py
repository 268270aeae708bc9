"""`pitboard central --door …` as three real processes over one database."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import requests

TOML = """
root_key_file = "root.key"
database = "{url}"
folder = "."
[event]
name = "Summer Cup"
[public]
port = 0
[ingest]
port = 0
tls = false
"""
STOP_MAX_S = 30


@contextlib.contextmanager
def door_process(folder: Path, door: str) -> Iterator[str]:
    """Run one door; yield what it says once it serves, and see it end well."""
    process = subprocess.Popen(
        [sys.executable, "-m", "pitboard", "central", "--config", "central.toml", "--door", door],
        cwd=folder,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        told = ""
        for line in process.stderr:
            told += line
            if "central serves" in line:
                break
        assert "central serves" in told, told
        yield told
        process.send_signal(signal.SIGTERM)
        _, rest = process.communicate(timeout=STOP_MAX_S)
        assert process.returncode == 0, rest
    finally:
        process.kill()
        process.communicate()


def test_three_processes_serve_their_doors_and_the_public_one_has_no_key(
    tmp_path: Path, database: Callable[[], str]
) -> None:
    (tmp_path / "central.toml").write_text(TOML.format(url=database()))
    early = subprocess.run(
        [sys.executable, "-m", "pitboard", "central", "--config", "central.toml", "--door", "public"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert early.returncode == 1
    assert "start the admin's door first" in early.stderr
    assert not (tmp_path / "root.key").exists()
    with contextlib.ExitStack() as stack:
        stack.enter_context(door_process(tmp_path, "admin"))
        # The admin's folder is closed to the two others; here what they may not open is no JSON instead.
        (tmp_path / "central.handed-over.json").write_text("closed")
        ingest = stack.enter_context(door_process(tmp_path, "ingest"))
        public = stack.enter_context(door_process(tmp_path, "public"))
        [url] = re.findall(r"public=(\S+)", public)
        board = requests.get(f"{url}/api/v1/board", timeout=10).json()
        assert board["event"]["name"] == "Summer Cup"
        [url] = re.findall(r"ingest=(\S+)", ingest)
        assert requests.get(f"{url}/v1/health", timeout=10).json()["status"] == "ok"
        assert requests.get(f"{url}/api/v1/board", timeout=10).status_code == 404
        following = requests.get(f"{url}/v1/next-event?after={'ab' * 32}", timeout=10).json()
        assert following["event"] == "Summer Cup"
