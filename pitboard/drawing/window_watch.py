"""Wakes when the desktop or a keyboard has something to tell, so that nobody asks it ten times per second.

SDL's own waiting asks each millisecond on some drivers. Where its connections are known they are watched
beside all else that the program waits for; a look once per second finds what SDL had read on its own."""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable, Iterable

from pitboard.clock import happened

LOOK_S = 1.0
LOOK_BLIND_S = 0.1
REST_S = 0.02
UNREAD_MAX_COUNT = 5
"""A connection that is still not read after so many looks is none of SDL's to read, and is left alone."""


class WindowWatch:
    """`descriptors()` gives the connections to watch, None where they cannot be known; `look_s` is how long a
    wait takes at most."""

    def __init__(self, descriptors: Callable[[], Iterable[int] | None], *, look_s: float = LOOK_S) -> None:
        self._descriptors = descriptors
        self._look_s = look_s
        self._heard: set[int] = set()
        self._unread: dict[int, int] = {}
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """End the wait under way, or the next one."""
        self._wake.set()

    async def wait(self, at_most_s: float | None = None, *, blind_s: float = LOOK_BLIND_S) -> None:
        """Return once there may be something to read, or after the longest wait; where the connections are
        not known, after `blind_s`."""
        watched = self._descriptors()
        look_s = self._look_s if at_most_s is None else min(at_most_s, self._look_s)
        try:
            if watched is None:
                await happened(self._wake, min(look_s, blind_s))
            else:
                await self._hear_from(watched, look_s)
        finally:
            self._wake.clear()

    async def _hear_from(self, watched: Iterable[int], look_s: float) -> None:
        for descriptor in self._heard:
            self._unread[descriptor] = self._unread.get(descriptor, 0) + 1 if _is_readable(descriptor) else 0
        if self._heard:
            self._heard.clear()
            await asyncio.sleep(REST_S)
        loop, added = asyncio.get_running_loop(), []
        for descriptor in watched:
            if self._unread.get(descriptor, 0) < UNREAD_MAX_COUNT:
                try:
                    loop.add_reader(descriptor, self._hear, descriptor)
                except (OSError, RuntimeError):
                    continue  # closed meanwhile: the screen went, or its number is one of our own connections
                added.append(descriptor)
        try:
            await happened(self._wake, look_s)
        finally:
            for descriptor in added:
                loop.remove_reader(descriptor)

    def _hear(self, descriptor: int) -> None:
        self._heard.add(descriptor)
        self._wake.set()


def _is_readable(descriptor: int) -> bool:
    try:
        return bool(select.select([descriptor], [], [], 0)[0])
    except (OSError, ValueError):
        return False
