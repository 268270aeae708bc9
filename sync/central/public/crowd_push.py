"""Each change of the board once to the server in front, which tells it to every phone that follows there.

To write to fifty thousand streams is then the work of nginx and its module nchan, and costs half of what it
costs through us. A phone that finds a change is not of its board, or hears of a board that it does not have,
asks for the files; so the server may lose a message. A beat each ten seconds says that the board is of now.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

import aiohttp
import msgspec

from pitboard.errors import NOT_UNDERSTOOD
from sync.central.public.board_feed import encoded_change
from sync.central.public.live_board import LiveBoard

log = logging.getLogger(__name__)

BEAT_EVERY_S = 10.0
ANSWER_MAX_S = 5.0
AGAIN_S = 1.0
PAUSE_OF_PHONE_S = 10e-6
"""For each phone that was told, until the next change: what it costs, so that one is out before another."""
PUSH_URL = "http://server/push"


class _Answer(msgspec.Struct, frozen=True):
    """What nchan says to who publishes."""

    subscribers: int = 0


class CrowdPush:
    """Tells the board that `newest` names, whose files are written, to the server that listens at `place`."""

    def __init__(self, place: Path, newest: Callable[[], LiveBoard | None]) -> None:
        self.followers = 0
        self._place = place
        self._newest = newest
        self._told: LiveBoard | None = None
        self._news = asyncio.Event()
        self._is_in_trouble = False

    def look(self) -> None:
        """Note that there may be a newer board."""
        self._news.set()

    async def run(self) -> None:
        """Tell until cancelled; where the server is not there, try again each second."""
        connector = aiohttp.UnixConnector(str(self._place), limit=1)
        timeout = aiohttp.ClientTimeout(total=ANSWER_MAX_S)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            while True:
                self._news.clear()
                newest = self._newest()
                is_out = newest is None or await self._tell(session, newest)
                await asyncio.sleep(self.followers * PAUSE_OF_PHONE_S if is_out else AGAIN_S)
                if is_out:
                    await self._wait_for_news(None if newest is None else newest.tag)

    async def _wait_for_news(self, tag: str | None) -> None:
        """Return when another board is there, at the latest when a beat is due."""
        try:
            async with asyncio.timeout(BEAT_EVERY_S):
                while (newest := self._newest()) is None or newest.tag == tag:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            pass

    async def _tell(self, session: aiohttp.ClientSession, newest: LiveBoard) -> bool:
        """Return whether the server took what changed since the last time, or a beat where nothing did."""
        told = self._told
        if told is None or told.tag == newest.tag:
            event, body = "ping", msgspec.json.encode({"tag": newest.tag})
        else:
            event, body = "change", encoded_change(told, newest)
        headers = {"X-EventSource-Event": event, "Accept": "application/json"}
        try:
            async with session.post(PUSH_URL, data=body, headers=headers) as answer:
                said = await answer.read()
                answer.raise_for_status()
            self.followers = msgspec.json.decode(said, type=_Answer).subscribers
        except (aiohttp.ClientError, OSError, *NOT_UNDERSTOOD) as error:
            self.followers = 0
            if not self._is_in_trouble:
                log.warning("phones are not told at %s: %s", self._place, error or type(error).__name__)
            self._is_in_trouble = True
            return False
        if self._is_in_trouble:
            log.info("phones are told at %s again", self._place)
        self._is_in_trouble = False
        self._told = newest
        return True
