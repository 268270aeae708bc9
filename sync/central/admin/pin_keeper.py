"""Every enrolled unit can check every official's PIN: who is enrolled later gets them too."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import NoReturn

from pitboard.errors import BodyRefused, JournalLost, PinRefused
from pitboard.journal.replica import WritingReplica
from pitboard.race.bodies.people_bodies import OfficialAppointed
from pitboard.race.roll import Official
from pitboard.trust.identity import Identity
from pitboard.trust.pin_box import is_for, open_pin, seal_pin

log = logging.getLogger(__name__)

LOOK_EVERY_S = 3_600.0


def appointment(
    official_id: str, name: str, verifier: str, *, root: Identity, units: Iterable[str]
) -> OfficialAppointed:
    """Return the record that appoints, its PIN for these units, and for central itself.

    Raises PinRefused where there are too many units.
    """
    sealed = seal_pin(verifier, [root.key, *units], official_id=official_id)
    return OfficialAppointed(official_id=official_id, name=name, pin_box=sealed.box, pin_keys=sealed.keys)


def verifier_of(official: Official, root: Identity) -> str | None:
    """Return what the PIN is checked against, None where central cannot open it."""
    if official.pin:  # of an older version
        return official.pin
    return open_pin(official.pin_box, official.pin_keys, root, official_id=official.official_id)


async def keep_pins(replica: WritingReplica) -> NoReturn:
    """Say an official's PIN anew whenever a unit was enrolled that cannot open it, until cancelled."""
    version = -1
    while True:
        if version != replica.version:
            version = replica.version
            await _seal_again(replica)
        await replica.wait_for_news(version, timeout_s=LOOK_EVERY_S)


async def _seal_again(replica: WritingReplica) -> None:
    enrolled = replica.fold.roster.enrolled()
    for official in replica.fold.race.roll.officials():
        is_open = bool(official.pin)
        if not is_open and all(is_for(official.pin_keys, key) for key in enrolled):
            continue
        verifier = verifier_of(official, replica.identity)
        if verifier is None:
            continue  # appointed at a track, for the machines that were known there
        try:
            await replica.append(
                appointment(
                    official.official_id, official.name, verifier, root=replica.identity, units=enrolled
                )
            )
        except (PinRefused, BodyRefused, JournalLost) as error:
            log.warning("PIN not passed on: official=%s reason=%s", official.official_id, error)
