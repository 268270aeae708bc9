"""The desk's own unit: a key beside central's journal, enrolled like any unit's, that writes what is typed.

It hands its records to central's replica as a unit at a track does, so nothing that is typed stands above a
measured time, and all of it can be revoked as one unit."""

from __future__ import annotations

import asyncio
from pathlib import Path

from pitboard.contacts.contact_seal import ContactEnvelope, SealedContact, sign_envelope
from pitboard.errors import ActRefused, JournalLost
from pitboard.journal.records.kinds import KIND_OF, UnitEnrolled
from pitboard.journal.records.record import Record, StreamWriter
from pitboard.journal.replica import WritingReplica
from pitboard.race.bodies.body import Body
from pitboard.trust.identity import Identity

DESK_UNIT_NAME = "Desk"


class DeskUnit:
    """Its key is made, and enrolled, when the first thing is typed."""

    def __init__(self, replica: WritingReplica, key_file: Path) -> None:
        self._replica = replica
        self._key_file = key_file
        self._identity: Identity | None = None
        self._writer: StreamWriter | None = None
        self._saying = asyncio.Lock()

    def key(self) -> str | None:
        """Return the key, None while nothing was ever typed."""
        if self._identity is None and self._key_file.exists():
            self._identity = Identity.load_or_create(self._key_file)
        return None if self._identity is None else self._identity.key

    def made_key(self) -> str:
        """Return the key, made now where there was none."""
        return self._made().key

    async def say(self, *bodies: Body) -> None:
        """Return once all bodies are durable and folded. Raises JournalLost, after which they may be there or
        not: whoever repeats looks first."""
        async with self._saying:
            identity = await self._enrolled()
            records: list[Record] = []
            if self._writer is None:
                self._writer, opening = self._replica.guest_stream(identity, DESK_UNIT_NAME)
                records.append(self._writer.write(KIND_OF[type(opening)], opening))
            writer, self._writer = self._writer, None  # after a failure another stream is opened
            records += [writer.write(KIND_OF[type(body)], body) for body in bodies]
            accepted = await self._replica.accept(records)
            if accepted.taken < len(records):
                raise JournalLost(path="of central", reason="the desk's records were not taken; try again")
            self._writer = writer

    async def sign(self, contact: SealedContact) -> ContactEnvelope:
        """Return the sealed contact under the desk's name."""
        async with self._saying:
            identity = await self._enrolled()
        return sign_envelope(identity, contact, event_key=self._replica.fold.root_key)

    async def _enrolled(self) -> Identity:
        identity = self._made()
        roster = self._replica.fold.roster
        if roster.is_revoked(identity.key):
            raise ActRefused(
                code="revoked-key",
                reason=f"The desk's unit was revoked. To time here again move {self._key_file.name} away and"
                " start central anew.",
            )
        if identity.key not in roster.enrolled():
            await self._replica.append(UnitEnrolled(key=identity.key, name=DESK_UNIT_NAME))
        return identity

    def _made(self) -> Identity:
        if self._identity is None:
            self._identity = Identity.load_or_create(self._key_file)
        return self._identity


def desk_key_beside(journal: Path) -> Path:
    return journal.with_suffix(".desk.key")
