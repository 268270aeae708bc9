"""Wait for something, but not for ever.

Not asyncio.wait_for: on Python 3.11 it swallows a cancellation that comes together with what was waited for,
and a program that is told to stop then goes on."""

from __future__ import annotations

import asyncio


async def happened(event: asyncio.Event, within_s: float | None) -> bool:
    """Return True once the event is set, False after `within_s`; None waits for ever."""
    try:
        async with asyncio.timeout(within_s):
            await event.wait()
    except TimeoutError:
        return False
    return True
