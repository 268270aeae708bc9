"""Writes what officials do: by whom, only what may count, and each request once, whatever is sent again.

A repeated request is known by its `act_id`, in the journal and on the way to it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from pitboard.errors import ActRefused
from pitboard.journal.delivery import Deliverer
from pitboard.journal.replica import WritingReplica
from pitboard.race.bodies.body import Body
from pitboard.race.names import NAME_MAX_LENGTH, clean_name
from pitboard.race.race_state import RaceState
from pitboard.unit_api.official_acts import Act


def random_id() -> str:
    """Return an id that nobody gives out twice."""
    return secrets.token_hex(8)


class ActWriter:
    """Appends the bodies of acts to this unit's stream; each call returns once they are durable."""

    def __init__(
        self, replica: WritingReplica, *, unit_key: str, new_id: Callable[[], str] = random_id
    ) -> None:
        self.replica = replica
        self.unit_key = unit_key
        self.new_id = new_id
        self.deliverer = Deliverer(replica, unit_key=unit_key)

    @property
    def race(self) -> RaceState:
        return self.replica.fold.race

    def done_before(self, act: Act) -> Body | None:
        """Return the durable record that this very request made before, None if there is none yet."""
        return self.deliverer.acted(act.act_id) if act.act_id else None

    async def write(self, act: Act, *bodies: Body, same: str = "") -> Body:
        """Append the bodies and return the last; where the same act is on its way, wait for that one's
        instead.

        `same` is what makes two acts the same where they have no id, such as "arm".
        """
        key = f"act {act.act_id}" if act.act_id else same
        if key:
            return await self.deliverer.append_unless_waiting(key, *bodies)
        await self.deliverer.append_unless_said_last(type(bodies[-1]).__name__, bodies[-1])
        return bodies[-1]

    def waiting(self, act: Act, same: str) -> Body | None:
        """Return the body of the same act that is on its way to the disk."""
        return self.deliverer.waiting(f"act {act.act_id}" if act.act_id else same)

    def require_enrolment(self) -> None:
        """Refuse what would be written, shown as saved, and count nowhere."""
        roster = self.replica.fold.roster
        if roster.is_revoked(self.unit_key):
            raise ActRefused(code="not-enrolled", reason="This unit is revoked. Call the admin.")
        if self.unit_key not in roster.enrolled():
            raise ActRefused(
                code="not-enrolled",
                reason="This unit is not enrolled. Connect it to central, call the admin.",
            )

    def require_official(self, act: Act) -> None:
        """Refuse who did not sign in, where the event has appointed officials."""
        officials = {one.official_id for one in self.race.roll.officials()}
        if officials and act.by not in officials:
            raise ActRefused(code="not-signed-in", reason="Sign in with your PIN first.")

    def known_competitor(self, competitor_id: str) -> str:
        """Return the id that the competitor has now. Raises ActRefused where nobody is registered under
        it."""
        now = self.race.roll.now(competitor_id)
        if now not in self.race.competitors:
            raise ActRefused(code="unknown-competitor", reason="This competitor is not registered.")
        return now


def who(act: Act) -> dict[str, Any]:
    """Return what every record of an act carries."""
    return {"by": act.by, "where": act.where, "act_id": act.act_id, "reason": act.reason}


def cleaned(typed: str, *, what: str = "name", max_length: int = NAME_MAX_LENGTH) -> str:
    """Return a typed name or message as it may be shown. Raises ActRefused where nothing of it can be."""
    name = clean_name(typed, max_length=max_length)
    if not name:
        raise ActRefused(code="bad-name", reason=f"Type a {what} with at least one letter or digit.")
    return name
