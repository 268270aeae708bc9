"""Room for a bounded amount of something foreign: connections, waiting calls, bytes on their way.

When it is full, whoever holds most makes room, first with what has been idle longest; so one who takes all
pushes himself out, and a newcomer who holds nothing yet always gets in where somebody else holds more."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(eq=False, slots=True)
class Place:
    """What one holder has of the room; `cut` is called when it is taken away from them."""

    source: str
    amount: int
    cut: Callable[[], None]
    serial: int
    is_held: bool = True


@dataclass(slots=True)
class _Share:
    amount: int = 0
    idle: dict[Place, None] = field(default_factory=dict)  # in the order in which they fell idle


class FairRoom:
    """Holds `max_amount` in all.

    With `cuts_own` False a source that wants more than there is gets nothing, instead of losing what it has.
    """

    def __init__(self, max_amount: int, *, cuts_own: bool = True) -> None:
        self.amount = 0
        self._max_amount = max_amount
        self._cuts_own = cuts_own
        self._shares: dict[str, _Share] = {}
        self._serials = itertools.count()

    def share(self, source: str) -> int:
        """Return how much the source holds."""
        share = self._shares.get(source)
        return 0 if share is None else share.amount

    def enter(self, source: str, cut: Callable[[], None], *, amount: int = 1) -> Place | None:
        """Return a place, others cut where that makes it fair; None where there is no room."""
        while self.amount + amount > self._max_amount:
            victim = self._victim(source, amount)
            if victim is None:
                return None
            self.leave(victim)
            victim.cut()
        place = Place(source, amount, cut, next(self._serials))
        share = self._shares.setdefault(source, _Share())
        share.amount += amount
        share.idle[place] = None
        self.amount += amount
        return place

    def leave(self, place: Place) -> None:
        """Give the place back; one that was cut has been given back already."""
        if not place.is_held:
            return
        place.is_held = False
        share = self._shares[place.source]
        share.amount -= place.amount
        share.idle.pop(place, None)
        self.amount -= place.amount
        if not share.amount:
            del self._shares[place.source]

    def pin(self, place: Place) -> None:
        """Keep the place from being cut: it is at work."""
        if place.is_held:
            self._shares[place.source].idle.pop(place, None)

    def renew(self, place: Place) -> None:
        """Let the place be idle from now on."""
        if place.is_held:
            idle = self._shares[place.source].idle
            idle.pop(place, None)
            place.serial = next(self._serials)
            idle[place] = None

    def _victim(self, newcomer: str, amount: int) -> Place | None:
        wanted = self.share(newcomer) + amount
        victim, most = None, 0
        for source, share in self._shares.items():
            if not share.idle:
                continue
            held = wanted if source == newcomer else share.amount
            first = next(iter(share.idle))
            if victim is None or held > most or (held == most and first.serial < victim.serial):
                victim, most = first, held
        if victim is None or most < wanted or (victim.source == newcomer and not self._cuts_own):
            return None
        return victim
