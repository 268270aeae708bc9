"""Carry sealed contacts from this unit to central, and tell the unit which it may forget.

It keeps nothing: what central has not confirmed is offered again, and a repeat is harmless."""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

import msgspec

from pitboard.contacts.contact_envelope import DeliveryNote, EnvelopeBatch
from pitboard.errors import PeerLost

log = logging.getLogger(__name__)

WAIT_MS = 10_000
BACK_OFF_FIRST_S = 0.25
BACK_OFF_MAX_S = 15.0
REFUSED_PAUSE_S = 60.0
"""A unit that is not enrolled yet need not ask every second."""


class Node(Protocol):
    """A node that answers calls; raises PeerLost when it does not."""

    async def call(self, method: str, path: str, body: bytes | None = None, *, wait_ms: int = 0) -> bytes: ...


class ContactCourier:
    """Carries from `unit` to `central`."""

    def __init__(self, unit: Node, central: Node, *, refused_pause_s: float = REFUSED_PAUSE_S) -> None:
        self._unit = unit
        self._central = central
        self._refused_pause_s = refused_pause_s

    async def run(self) -> None:
        """Carry until cancelled."""
        pause_s = BACK_OFF_FIRST_S
        while True:
            try:
                is_all_taken = await self.carry_once()
            except (PeerLost, msgspec.MsgspecError) as error:
                log.debug("contacts wait: reason=%s", error)
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, BACK_OFF_MAX_S)
                continue
            pause_s = BACK_OFF_FIRST_S
            if not is_all_taken:
                await asyncio.sleep(self._refused_pause_s)

    async def carry_once(self) -> bool:
        """Carry what waits, or wait for it; return whether central took all of it."""
        path = f"/v1/contacts/sealed?wait_ms={WAIT_MS}"
        waiting = msgspec.json.decode(await self._unit.call("GET", path, wait_ms=WAIT_MS), type=EnvelopeBatch)
        if not waiting.contacts:
            return True
        answer = await self._central.call("POST", "/v1/contacts", msgspec.json.encode(waiting))
        note = msgspec.json.decode(answer, type=DeliveryNote)
        if note.kept:
            delivered = msgspec.json.encode({"contacts": note.kept})
            await self._unit.call("POST", "/v1/contacts/delivered", delivered)
            log.info("contacts delivered: count=%d", len(note.kept))
        for sentence in set(note.refused.values()):
            log.warning("central refuses contacts: count=%d reason=%s", len(note.refused), sentence)
        return not note.refused
