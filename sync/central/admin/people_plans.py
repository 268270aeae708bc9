"""Acts on who a competitor is: other names and numbers, and two entries that are one person."""

from __future__ import annotations

from pitboard.errors import ActRefused
from pitboard.journal.folding.fold import Fold
from pitboard.race.bodies.people_bodies import CompetitorChanged, CompetitorsJoined
from pitboard.race.names import clean_name
from sync.central.admin.act_plan import Plan
from sync.central.admin.admin_act import Change, Join
from sync.central.admin.lap_reference import LapReference
from sync.central.admin.said import Said

_FIELDS = {
    "name": "desk.past-name",
    "number": "desk.past-number",
    "race_class": "desk.past-class",
    "team": "desk.past-team",
    "flag": "desk.past-flag",
    "transponders": "desk.past-transponders",
}


class PeoplePlans:
    """Plans acts on one fold; raises ActRefused."""

    def __init__(self, fold: Fold, reference: LapReference) -> None:
        self._fold = fold
        self._reference = reference

    def plan(self, act: Change | Join, reason: str) -> Plan:
        """Return what to write; undoing is withdrawing the record."""
        if act.undo:
            raise ActRefused(
                code="nothing-to-undo", reason="Take it back in the competitor's history, by its record."
            )
        return self._change(act, reason) if isinstance(act, Change) else self._join(act, reason)

    def _change(self, act: Change, reason: str) -> Plan:
        competitor = self._reference.competitor(act.competitor)
        if competitor in self._fold.race.erased:
            raise ActRefused(code="erased", reason="This person was erased; no name can be given any more.")
        known = self._fold.race.competitors[competitor]
        said = {name: getattr(act, name) for name in _FIELDS if getattr(act, name) is not None}
        if "name" in said:
            said["name"] = clean_name(said["name"])
            if not said["name"]:
                raise ActRefused(code="bad-name", reason="Give a name with a letter or digit.")
        changed = {name: value for name, value in said.items() if value != getattr(known, name)}
        if not changed:
            raise ActRefused(code="no-change", reason="Nothing in it is different from what is known.")
        done = Said("desk.done-changed", {"fields": tuple(Said(_FIELDS[name]) for name in changed)})
        body = CompetitorChanged(competitor_id=competitor, reason=reason, **changed)
        return Plan(competitor, done, [body])

    def _join(self, act: Join, reason: str) -> Plan:
        competitor, into = (self._reference.competitor(one) for one in (act.competitor, act.into))
        now = self._fold.race.roll.now
        if now(competitor) == now(into):
            raise ActRefused(code="no-change", reason="These two are one competitor already.")
        if now(competitor) != competitor:
            raise ActRefused(
                code="joined-already", reason="This competitor is joined into another one; name that one."
            )
        names = (self._fold.race.name_of(competitor), self._fold.race.name_of(into))
        body = CompetitorsJoined(competitor_id=competitor, into_id=now(into) or into, reason=reason)
        said = Said("desk.done-joined", {"one": names[0], "other": names[1]})
        return Plan(now(into) or into, said, [body])
