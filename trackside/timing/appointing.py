"""The first official is appointed at the track itself, where nobody is yet; all others by the admin.

The PIN goes from the screen to what it is checked against, and no further: the record holds that in a box
which only the event's units and central open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from pitboard.errors import ActRefused, PinRefused
from pitboard.journal.replica import WritingReplica
from pitboard.race.bodies.people_bodies import OfficialAppointed
from pitboard.trust.pin import pin_verifier
from pitboard.trust.pin_box import seal_pin
from trackside.timing.act_writer import ActWriter, cleaned

WHERE = "touchscreen"


class Appointing:
    """Appoints on this unit; `make_verifier` takes a moment and a thread of its own."""

    def __init__(self, replica: WritingReplica, *, unit_key: str) -> None:
        self._replica = replica
        self._writer = ActWriter(replica, unit_key=unit_key)
        self._lock = asyncio.Lock()
        self.make_verifier: Callable[[str], str] = pin_verifier

    async def appoint(self, name: str, pin: str) -> str:
        """Return the new official's id once the record is durable. Raises ActRefused where somebody is
        appointed already, or what was typed is no PIN."""
        async with self._lock:  # two at once would both be the first
            self._writer.require_enrolment()
            if self._writer.race.roll.officials():
                raise ActRefused(
                    code="official-there", reason="Somebody is appointed already. The admin appoints others."
                )
            official_id = self._writer.new_id()
            try:
                verifier = await asyncio.to_thread(self.make_verifier, pin)
                machines = [self._replica.fold.root_key, *self._replica.fold.roster.enrolled()]
                sealed = seal_pin(verifier, machines, official_id=official_id)
            except PinRefused as error:
                raise ActRefused(code="bad-pin", reason=str(error)) from error
            await self._replica.append(
                OfficialAppointed(
                    official_id=official_id,
                    name=cleaned(name),
                    pin_box=sealed.box,
                    pin_keys=sealed.keys,
                    by=official_id,  # who may take it back
                    where=WHERE,
                )
            )
            return official_id
