"""What somebody told this display beyond the scene: how bright, dark or lit, start anew.

Only signed records of enrolled nodes are obeyed, for the fold holds no others. A word to start anew counts
once, and only after the display had caught up: what it finds on the way there was obeyed before."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from display.screen.glass import Glass
from pitboard.journal.replica import Replica
from pitboard.race.bodies.display_bodies import DisplayAssigned
from pitboard.race.scene_names import WHOLE_VENUE

log = logging.getLogger(__name__)

LOOK_S = 5.0
LOOK_UNTIL_LIVE_S = 0.3
"""So that a word that comes right after it had caught up is not taken for one that it found."""


class Steering:
    """`dim` darkens what is painted, where the screen has no light of its own; `start_anew` ends it."""

    def __init__(
        self,
        replica: Replica,
        ids: tuple[str, ...],
        glass: Glass,
        *,
        is_live: Callable[[], bool],
        dim: Callable[[int], None],
        start_anew: Callable[[], None],
    ) -> None:
        self._replica = replica
        self._ids = (*ids, WHOLE_VENUE)
        self._glass = glass
        self._is_live = is_live
        self._dim = dim
        self._start_anew = start_anew
        self._restart: str | None = None
        self._was_live = False
        self._is_on = True
        self.brightness_percent = 100

    @property
    def is_on(self) -> bool:
        return self._is_on

    async def run(self) -> None:
        """Obey until cancelled."""
        version = -1
        while True:
            version = self._replica.version
            await self.look()
            await self._replica.wait_for_news(version, LOOK_S if self._was_live else LOOK_UNTIL_LIVE_S)

    async def look(self) -> None:
        """Obey what was said last."""
        assigned = self._replica.fold.race.programme.assigned(self._ids)
        word = assigned or DisplayAssigned(display=WHOLE_VENUE, name=WHOLE_VENUE)
        if self._restart is None or not self._was_live:
            self._restart = word.restart or self._restart or ""
        elif word.restart and word.restart != self._restart:  # a word without one says nothing of it
            self._restart = word.restart
            log.info("starts anew, as it was told")
            self._start_anew()
        self._was_live = self._is_live()
        if word.brightness_percent != self.brightness_percent:
            self.brightness_percent = word.brightness_percent
            has_light = await asyncio.to_thread(self._glass.dim, word.brightness_percent)
            self._dim(100 if has_light else word.brightness_percent)
        if word.is_on != self._is_on:
            self._is_on = word.is_on
            told = await asyncio.to_thread(self._glass.switch, is_on=word.is_on)
            log.info("turned %s: television=%s", "on" if word.is_on else "dark", "told" if told else "untold")
