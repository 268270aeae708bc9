"""The last board is on the screen before the network's libraries are even loaded."""

from __future__ import annotations

import subprocess
import sys

NETWORK = ("aiohttp", "requests", "zeroconf", "segno", "sync.exchanging.pump", "display.node")


def test_nothing_of_the_network_is_loaded_before_the_first_frame() -> None:
    looked = (
        "import display.command, display.first_frame, sys; "
        f"print([name for name in {NETWORK} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", looked], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_display_loads_no_decoder_of_music() -> None:
    looked = (
        "import display.command, sys; display.command.leave_out(*display.command.SOUND); "
        "import display.first_frame; "
        "print([name for name in sys.modules if name.startswith('pygame.mixer') and sys.modules[name]])"
    )
    done = subprocess.run([sys.executable, "-c", looked], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_nothing_is_said_of_what_a_display_leaves_out() -> None:
    looked = "import display.command; display.command.leave_out(*display.command.SOUND); import pygame"
    done = subprocess.run([sys.executable, "-c", looked], capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_a_display_never_loads_what_it_does_not_need() -> None:
    """The HTTP libraries alone took 17 MiB of its memory."""
    unneeded = ("aiohttp", "requests", "urllib3", "cryptography.x509", "segno")
    looked = (
        "import display.command, display.first_frame, display.node, display.display_replica, sys; "
        f"print([name for name in {unneeded} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", looked], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
