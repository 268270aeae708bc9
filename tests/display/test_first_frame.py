"""The last board is on the screen before the network's libraries are even loaded."""

from __future__ import annotations

import subprocess
import sys

NETWORK = ("aiohttp", "requests", "zeroconf", "sync.exchanging.pump", "display.node")


def test_nothing_of_the_network_is_loaded_before_the_first_frame() -> None:
    looked = f"import display.command, sys; print([name for name in {NETWORK} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", looked], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
