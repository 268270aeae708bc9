"""A network of a test's own: a thread in a fresh network namespace, which the kernel takes away with it.

Sockets and the `ip` commands of that thread see nothing else, and nobody else's mDNS comes in."""

from __future__ import annotations

import asyncio
import ctypes
import os
import subprocess
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def enter_own_network() -> None:
    """Put this thread into an empty network with loopback and multicast; skips where we may not."""
    if os.geteuid() != 0 or _libc.unshare(CLONE_NEWNET) != 0:
        pytest.skip("a network of one's own needs root")
    ip("link", "set", "lo", "up", "multicast", "on")


def multicast_on_loopback() -> None:
    ip("route", "add", "224.0.0.0/4", "dev", "lo")


def ip(*arguments: str) -> None:
    """Run `ip` in this thread's network."""
    subprocess.run(["ip", *arguments], check=True, capture_output=True, timeout=10)


def tell_in_own_network(story: Callable[[], Coroutine[Any, Any, None]], *, within_s: float) -> None:
    """Run the story on loopback alone, with multicast; whatever it raises is raised here."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            enter_own_network()
            multicast_on_loopback()
            asyncio.run(asyncio.wait_for(story(), within_s))
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if raised:
        raise raised[0]
