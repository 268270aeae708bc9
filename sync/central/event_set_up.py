"""What central must still say so that the journal agrees with its config.

Pure, and empty once it was said: a restart repeats nothing. A unit that was revoked is not enrolled again."""

from __future__ import annotations

from pitboard.journal.fold import Fold
from pitboard.race.bodies import Authority, Body, EventConfigured, UnitEnrolled
from sync.central.config import CentralConfig, EventConfig, UnitConfig


def bodies_to_say(fold: Fold, config: CentralConfig) -> list[Body]:
    """Return the bodies that make the fold agree with the config."""
    bodies: list[Body] = []
    event = _event(config.event)
    if fold.race.event.value != event:
        bodies.append(event)
    bodies += [UnitEnrolled(key=unit.key, name=unit.name) for unit in config.unit if _is_new(fold, unit)]
    return bodies


def _event(config: EventConfig) -> EventConfigured:
    return EventConfigured(
        name=config.name,
        resolution_ns=config.resolution_ns,
        run_ms=config.run_ms,
        lap_min_ms=config.lap_min_ms,
    )


def _is_new(fold: Fold, unit: UnitConfig) -> bool:
    known_name = fold.roster.name_of(unit.key)
    if known_name is None:
        return fold.roster.authority(unit.key) == Authority.NOBODY
    return known_name != unit.name
