"""What a person says of a passing: whose it is, that it was no car, or that one is missing.

The passing itself is never changed. A time of the backup system never stands for one of system A; what was
calculated from it may."""

from __future__ import annotations

import msgspec

from pitboard.clock import Clock
from pitboard.errors import ActRefused
from pitboard.journal.replica import WritingReplica
from pitboard.race.bodies.body import Body
from pitboard.race.bodies.passing_bodies import (
    PassingAttributed,
    PassingInserted,
    PassingJudged,
    PassingRecorded,
)
from pitboard.race.passings.attribution import BACKUP_SYSTEM
from pitboard.race.passings.two_systems import MISSED_AFTER_NS
from pitboard.race.runs.run import Run
from pitboard.unit_api.official_acts import AttributePassing, IgnorePassing, InsertPassing
from trackside.timing.act_writer import ActWriter, who


class Marshalling:
    """Makes the record of such an act on one unit; raises ActRefused with nothing written."""

    def __init__(self, replica: WritingReplica, clock: Clock, writer: ActWriter, *, unit_key: str) -> None:
        self._replica = replica
        self._clock = clock
        self._writer = writer
        self._unit_key = unit_key

    def body_of(self, act: InsertPassing | AttributePassing | IgnorePassing, run: Run) -> Body:
        if isinstance(act, InsertPassing) and act.from_passing_id is not None:
            return self._calculated_passing(act, act.from_passing_id, run)
        if isinstance(act, InsertPassing):
            boot_id, mono_ns, uncertainty_ns = self._clock.boot_id, act.mono_ns, act.uncertainty_ns
            if act.copy_of is not None:
                copied = self.known_passing(act.copy_of, run)
                _refuse_backup(copied)
                boot_id, mono_ns, uncertainty_ns = copied.boot_id, copied.mono_ns, copied.uncertainty_ns
            return PassingInserted(
                passing_id=f"inserted/{self._writer.new_id()}",
                run_id=run.run_id,
                place=act.place,
                boot_id=boot_id,
                mono_ns=self.possible(mono_ns) if boot_id == self._clock.boot_id else mono_ns,
                uncertainty_ns=uncertainty_ns,
                gate=act.gate,
                copy_of=act.copy_of,
                **who(act),
            )
        key = self._writer.race.key_of_passing(act.passing_id, run)
        if key is None:
            raise ActRefused(code="unknown-passing", reason="This passing is not known on this unit.")
        unit = "" if key[0] == self._unit_key else key[0]
        if isinstance(act, IgnorePassing):
            return PassingJudged(passing_id=act.passing_id, unit=unit, verdict="ignored", **who(act))
        if act.to_run_id is not None:
            to_run = self.known_run(act.to_run_id)
            _refuse_backup(self.known_passing(act.passing_id, run))
            if to_run.place_of(act.place) is None:
                raise ActRefused(code="unknown-place", reason="The run has no such place.")
            if not self._writer.race.is_comparable(to_run, act.passing_id):
                raise ActRefused(
                    code="not-comparable", reason="This passing was stamped by a clock the run does not know."
                )
        return PassingAttributed(
            passing_id=act.passing_id, unit=unit, run_id=act.to_run_id, place=act.place, **who(act)
        )

    def _calculated_passing(self, act: InsertPassing, seen_id: str, run: Run) -> Body:
        """Take the offer that the screen showed; the instant is calculated here, by all that is known now."""
        offers = self._writer.race.offers(run, self._replica.fold.resolution_ns)
        offer = next((one for one in offers if one.passing.passing_id == seen_id), None)
        if offer is None:
            raise ActRefused(
                code="no-offer", reason="This time is not missing any more, or it is inserted already."
            )
        body = offer.passing.body
        if body.boot_id == self._clock.boot_id and not self._is_ripe(body):
            raise ActRefused(
                code="offer-too-soon", reason="System A may still tell of it. Wait 3 seconds, then tap again."
            )
        inserted = offer.inserted(
            passing_id=f"inserted/{self._writer.new_id()}", run_id=run.run_id, place=act.place
        )
        return msgspec.structs.replace(inserted, **who(act))

    def _is_ripe(self, seen: PassingRecorded) -> bool:
        return self._clock.mono_ns() - seen.mono_ns >= MISSED_AFTER_NS

    def possible(self, mono_ns: int) -> int:
        """Return the instant, but no later than now: nobody stamps the future."""
        return max(0, min(mono_ns, self._clock.mono_ns()))

    def known_run(self, run_id: str) -> Run:
        run = self._writer.race.runs.get(run_id)
        if run is None or run.unit != self._unit_key:
            raise ActRefused(code="unknown-run", reason="This run is not known on this unit.")
        return run

    def known_passing(self, passing_id: str, run: Run) -> PassingRecorded:
        key = self._writer.race.key_of_passing(passing_id, run)
        passing = None if key is None else self._writer.race.passing(key)
        if passing is None:
            raise ActRefused(code="unknown-passing", reason="This passing is not known on this unit.")
        return passing.body


def _refuse_backup(passing: PassingRecorded) -> None:
    if passing.system == BACKUP_SYSTEM:
        raise ActRefused(
            code="backup-time",
            reason="This is the time of system B, which never stands for A's. Take the calculated time.",
        )
