"""What the first system missed: each passing that only the backup or a hand saw, with the time by the book.

Pure. An offer is no passing: it becomes one where a person takes it. The stamp of the system that saw the car
never stands in the first one's place. Where no pair tells how the two systems differ, nothing can be
calculated, and nothing is offered."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from pitboard.race.bodies.calculated import Calculated
from pitboard.race.bodies.passing_bodies import PassingInserted
from pitboard.race.bodies.run_bodies import RunPlace
from pitboard.race.passings.attribution import (
    BACKUP_SYSTEM,
    FIRST_SYSTEM,
    HAND,
    PassingKey,
    TimedPassing,
    fits,
)
from pitboard.race.passings.two_systems import CalculatedTime, Sighting, calculate, pair

OTHER_SYSTEMS = (BACKUP_SYSTEM, HAND)
NEIGHBOURS_MAX_COUNT = 400
"""How many passings before and after a run are looked through for pairs."""
OFFERS_MAX_COUNT = 20
"""More is no car that was missed here and there: the first system is blind, which its light says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A passing that the first system missed, on the clock of this boot.

    `place` is 0 where only a person can tell whose it is.
    """

    passing: TimedPassing
    place: int
    boot_id: str
    time: CalculatedTime

    @property
    def mark(self) -> Calculated:
        """What is said beside the time that the offer would make."""
        return Calculated(
            from_passing_id=self.time.from_passing_id,
            from_system=self.passing.body.system,
            correction_ns=self.time.correction_ns,
            before_count=self.time.before_count,
            after_count=self.time.after_count,
            uncertainty_ns=self.time.uncertainty_ns,
        )

    def inserted(self, *, passing_id: str, run_id: str, place: int) -> PassingInserted:
        """Return the offer as the passing that a person takes it for; who did it is still to be said."""
        mark = self.mark
        return PassingInserted(
            passing_id=passing_id,
            run_id=run_id,
            place=place,
            boot_id=self.boot_id,
            mono_ns=max(0, self.time.mono_ns),
            uncertainty_ns=mark.uncertainty_ns,
            gate=self.passing.body.gate,
            from_passing_id=mark.from_passing_id,
            from_system=mark.from_system,
            correction_ns=mark.correction_ns,
            before_count=mark.before_count,
            after_count=mark.after_count,
        )


def offers_of(
    passings: Sequence[TimedPassing],
    *,
    within: Collection[PassingKey],
    places: Sequence[RunPlace],
    boot_id: str,
    resolution_ns: int,
) -> list[Offer]:
    """Return an offer for each passing among `within` that no passing of the first system stands beside.

    `passings` are those of the run and its neighbours on the clock of its unit's boot; `within` are of the
    run, and nobody spoke of them yet. Of too many the latest are returned.
    """
    wanted = [one for one in passings if one.key in within and one.body.system in OTHER_SYSTEMS]
    offers = [
        Offer(passing=passing, place=_place_of(passing, places), boot_id=boot_id, time=time)
        for gate, system in sorted({(one.body.gate, one.body.system) for one in wanted})
        for passing, time in _missed_at(passings, gate, system, resolution_ns)
        if passing.key in within
    ]
    offers.sort(key=lambda one: one.passing.order)
    return offers[-OFFERS_MAX_COUNT:]


def _missed_at(
    passings: Iterable[TimedPassing], gate: str, system: str, resolution_ns: int
) -> Iterator[tuple[TimedPassing, CalculatedTime]]:
    """Yield what the system saw alone at the gate, as far as there are pairs to calculate by."""
    here = [one for one in passings if one.body.gate == gate and not one.is_inserted]
    seen = {one.passing_id: one for one in here if one.body.system == system}
    first = [_sighting(one) for one in here if one.body.system == FIRST_SYSTEM]
    pairing = pair(first, [_sighting(one) for one in seen.values()])
    for sighting in pairing.only_b:
        time = calculate(sighting, pairing.pairs, resolution_ns=resolution_ns)
        if time is not None:
            yield seen[sighting.passing_id], time


def _place_of(passing: TimedPassing, places: Sequence[RunPlace]) -> int:
    fitting = [place.place for place in places if fits(place, passing.body)]
    if not fitting and len(places) == 1 and places[0].told_by == "transponder":
        # A backup that reads no transponders sees whoever drives; alone on the track, that is this one.
        return places[0].place if passing.body.transponder is None else 0
    return fitting[0] if fitting else 0


def _sighting(passing: TimedPassing) -> Sighting:
    return Sighting(
        passing_id=passing.passing_id,
        mono_ns=passing.mono_ns,
        uncertainty_ns=passing.uncertainty_ns,
        transponder=passing.body.transponder,
        lane=passing.body.lane,
    )
