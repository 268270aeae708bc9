"""A real Mosquitto of a test's own."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from tests.nginx_server import need_program

MOSQUITTO = Path("/usr/sbin/mosquitto")
TOPIC = "pitboard/cup"


@contextlib.contextmanager
def mosquitto(folder: Path) -> Iterator[int]:
    """Yield the port of a broker that keeps nothing beyond its end."""
    need_program(MOSQUITTO)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    config = folder / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n")
    server = subprocess.Popen(
        [str(MOSQUITTO), "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until = time.monotonic() + 20
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            assert time.monotonic() < until, "mosquitto does not start"
            time.sleep(0.02)
        yield port
    finally:
        server.terminate()
        server.wait(20)
