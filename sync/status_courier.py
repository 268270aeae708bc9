"""Tell central how this unit is: within half a second of a change of state, else every ten seconds.

Nothing waits and nothing is repeated: a status that central did not get is replaced by the next."""

from __future__ import annotations

import asyncio
import logging

import msgspec

from pitboard.errors import PeerLost, Refusal
from pitboard.unit_api.unit_status import SealedStatus, open_status
from sync.contact_courier import Node

log = logging.getLogger(__name__)

# A sensor counts as silent after 2.5 s, and central shall know it within three.
LOOK_EVERY_S = 0.4
TELL_EVERY_COUNT = 25


class StatusCourier:
    """Carries from `unit` to `central`."""

    def __init__(self, unit: Node, central: Node) -> None:
        self._unit = unit
        self._central = central
        self._told: list[str] | None = None
        self._looks_since_told = 0

    async def run(self, *, look_every_s: float = LOOK_EVERY_S) -> None:
        """Carry until cancelled."""
        while True:
            try:
                await self.carry_once()
            except (PeerLost, Refusal, msgspec.MsgspecError) as error:
                self._told = None
                log.debug("status not told: %s", error)
            await asyncio.sleep(look_every_s)

    async def carry_once(self) -> bool:
        """Look at the unit; return whether central was told."""
        answer = await self._unit.call("GET", "/v1/unit-status")
        states = open_status(msgspec.json.decode(answer, type=SealedStatus)).states
        self._looks_since_told += 1
        if states == self._told and self._looks_since_told < TELL_EVERY_COUNT:
            return False
        await self._central.call("POST", "/v1/unit-status", answer)
        self._told, self._looks_since_told = states, 0
        return True
