"""A real nginx of the tests' own, on a Unix socket, with the configuration that the project ships.

Where it is missing the tests are left out, and fail in CI."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

NGINX = Path("/usr/sbin/nginx")
NCHAN = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")
SHIPPED = Path(__file__).resolve().parents[1] / "deploy" / "nginx" / "pitboard.conf"
_MAIN = """
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log;
daemon off;
worker_processes {workers};
include /etc/nginx/modules-enabled/*.conf;
events {{ worker_connections {connections}; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {servers}
}}
"""
START_MAX_S = 20.0


def need_nginx() -> None:
    """Leave the test out where there is no nginx."""
    need_program(NGINX)


def need_program(program: Path) -> None:
    """Leave the test out where the program is missing."""
    if program.exists():
        return
    missing = f"{program.name} is missing; make system-packages installs it"
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)


def shipped(*, listen: str, files: Path, public_port: int, push: Path | None = None) -> str:
    """Return the shipped configuration with this venue's places in it; with `push` that for a crowd."""
    text = SHIPPED.read_text()
    if push is not None:
        text = re.sub(r"(?m)^( *)#crowd ", r"\1", re.sub(r"(?m)^.*#few\n", "", text))
        assert text.count("/run/pitboard-push/push.sock") == 1
        text = text.replace("/run/pitboard-push/push.sock", str(push))
    for ours, theirs in (
        ("listen 80;", f"listen {listen};"),
        ("/run/pitboard-public/files", str(files)),
        ("127.0.0.1:8080", f"127.0.0.1:{public_port}"),
    ):
        assert text.count(ours) in (1, 3), ours  # the board's folder stands in three places
        text = text.replace(ours, theirs)
    return text


@contextlib.contextmanager
def running_nginx(
    folder: Path, servers: str, *, socket: Path | None = None, workers: int = 1, connections: int = 1_024
) -> Iterator[int]:
    """Run nginx until the block ends and yield its process id; `socket` is one that it listens on."""
    user = "user root;" if os.geteuid() == 0 else ""
    config = folder / "nginx.conf"
    config.write_text(
        _MAIN.format(folder=folder, user=user, servers=servers, workers=workers, connections=connections)
    )
    begun = socket or folder / "nginx.pid"
    server = subprocess.Popen(
        [str(NGINX), "-c", str(config), "-e", str(folder / "error.log")],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + START_MAX_S
        while not begun.exists():
            assert server.poll() is None, (folder / "error.log").read_text()
            assert time.monotonic() < until, "nginx does not start"
            time.sleep(0.02)
        yield server.pid
    finally:
        server.terminate()
        server.wait(20)
