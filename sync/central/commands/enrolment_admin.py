"""What the admin's enrolment commands ask of the central that runs."""

from __future__ import annotations

from pathlib import Path

from sync.central.commands.admin_client import AdminClient
from sync.central.enrolment.enrolment_api import Issue, Issued, Revoke, Revoked, TicketView, Verdict, Watch
from sync.central.enrolment.unit_register import Cut, UnitView
from sync.enrolling.enrolment_words import WAIT_MAX_MS, EnrolmentState, Role

_BEFORE_THE_CODE: tuple[EnrolmentState, ...] = ("open", "claimed")


class EnrolmentAdmin:
    """Calls central through its admin socket; raises ActRefused, NoCentral."""

    def __init__(self, socket: Path) -> None:
        self._client = AdminClient(socket)

    def issue(self, name: str, role: Role) -> Issued:
        return self._client.post("/v1/admin/enrolments", Issue(name=name, role=role), Issued)

    def wait_for_code(self, ticket: str) -> TicketView:
        """Return the ticket once both ends can show the digits, or once nothing will come of it."""
        state: EnrolmentState = "open"
        while True:
            watch = Watch(ticket=ticket, wait_ms=WAIT_MAX_MS, after=state)
            seen = self._client.post("/v1/admin/enrolments/watch", watch, TicketView)
            if seen.state not in _BEFORE_THE_CODE:
                return seen
            state = seen.state

    def decide(self, ticket: str, *, accept: bool) -> TicketView:
        verdict = Verdict(ticket=ticket, accept=accept)
        return self._client.post("/v1/admin/enrolments/decide", verdict, TicketView)

    def units(self) -> list[UnitView]:
        return self._client.ask("/v1/admin/units", list[UnitView])

    def revoke(self, unit: str, reason: str, cut: Cut) -> Revoked:
        return self._client.post("/v1/admin/units/revoke", Revoke(unit=unit, reason=reason, cut=cut), Revoked)
