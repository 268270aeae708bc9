"""Acts that the journal was handed and does not have yet, though whoever asked may have given up.

A record that waits for the disk outlives its caller's patience. A repeat of the same act must find it, or the
disk would later take both."""

from __future__ import annotations

from dataclasses import dataclass

from pitboard.errors import JournalLost
from pitboard.journal.replica import Replica
from pitboard.race.bodies import Body

NEWS_WAIT_S = 60.0


@dataclass(frozen=True, slots=True)
class _Handed:
    body: Body
    stream: str
    seq: int


class InFlight:
    """Keyed by what makes two acts the same, such as `register Ann`; the journal's queue bounds how many."""

    def __init__(self, replica: Replica) -> None:
        self._replica = replica
        self._handed: dict[str, _Handed] = {}

    async def append(self, act: str, body: Body) -> None:
        """Write the body; `waiting` tells of it until it is durable, even when this caller has gone."""
        self._handed = {one: handed for one, handed in self._handed.items() if not self._is_durable(handed)}
        self._handed[act] = _Handed(body, *self._replica.next_place)
        try:
            await self._replica.append(body)
        except JournalLost:
            del self._handed[act]  # it was not even queued
            raise

    def waiting(self, act: str) -> Body | None:
        """Return the body that was handed over and is not in the journal yet."""
        handed = self._handed.get(act)
        return None if handed is None or self._is_durable(handed) else handed.body

    async def until_durable(self, act: str) -> None:
        while self.waiting(act) is not None:
            await self._replica.wait_for_news(self._replica.version, NEWS_WAIT_S)

    def _is_durable(self, handed: _Handed) -> bool:
        return self._replica.have().get(handed.stream, 0) >= handed.seq
