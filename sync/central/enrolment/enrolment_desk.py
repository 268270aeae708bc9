"""The rules of enrolment: a token is used once, within ten minutes, and counts when an admin said yes.

Pure: it writes no record and asks no clock; tickets live in memory, so a restart of central ends them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from pitboard.errors import ActRefused
from pitboard.trust.identity import signature_holds
from sync.enrolling.enrolment_words import (
    ENROLMENT_DOMAIN,
    NO_KEY,
    Claim,
    EnrolmentState,
    EnrolmentToken,
    Reveal,
    Role,
    claim_message,
    commitment_to,
    enrolment_code,
    new_nonce,
)

TOKEN_LIFE_NS = 600_000_000_000
TICKETS_MAX_COUNT = 32
KEPT_NS = 2 * TOKEN_LIFE_NS  # an old token is told to be used or expired for so long, then unknown


@dataclass(slots=True, kw_only=True)
class Ticket:
    """One enrolment under way; `key` is known once claimed, `code` once both nonces are."""

    ticket: str
    token: EnrolmentToken
    name: str
    role: Role
    issued_mono_ns: int
    state: EnrolmentState = "open"
    key: str = NO_KEY
    commitment: str = ""
    nonce: str = ""
    code: str | None = None


class EnrolmentDesk:
    """Issues tokens and follows each; `on_change` is called whenever a ticket moved on."""

    def __init__(self, *, event_key: str, fingerprint: str, on_change: Callable[[], None]) -> None:
        self.fingerprint = fingerprint
        self._event_key = event_key
        self._on_change = on_change
        self._tickets: dict[str, Ticket] = {}

    def issue(self, name: str, role: Role, *, now_mono_ns: int) -> Ticket:
        """Return a new ticket; raises ActRefused while too many are open."""
        self._expire(now_mono_ns)
        if sum(ticket.state == "open" for ticket in self._tickets.values()) >= TICKETS_MAX_COUNT:
            raise ActRefused(code="too-many-tokens", reason="Too many tokens are out; wait ten minutes.")
        ticket = Ticket(
            ticket=secrets.token_hex(8),
            token=EnrolmentToken.make(fingerprint=self.fingerprint),
            name=name,
            role=role,
            issued_mono_ns=now_mono_ns,
        )
        self._tickets[ticket.ticket] = ticket
        return ticket

    def claim(self, claim: Claim, *, now_mono_ns: int) -> Ticket:
        """Take the token's only use; raises ActRefused with one plain sentence."""
        self._expire(now_mono_ns)
        ticket = self._of_secret(claim.secret)
        if ticket.state == "expired":
            raise ActRefused(
                code="expired-token", reason="This token is older than ten minutes; get a new one."
            )
        if ticket.state != "open":
            raise ActRefused(
                code="used-token",
                reason="This token was used already; get a new one, and tell the admin if it was not you.",
            )
        if claim.role != ticket.role:
            raise ActRefused(
                code="wrong-role", reason=f"This token is for a {ticket.role}, not a {claim.role}."
            )
        if (claim.role == "unit" or claim.key is not None) and not self._holds_its_key(claim):
            raise ActRefused(code="bad-key", reason=f"The {claim.role} did not show that it holds its key.")
        ticket.state = "claimed"
        ticket.key = claim.key or NO_KEY
        ticket.commitment = claim.commitment
        ticket.nonce = new_nonce()
        self._on_change()
        return ticket

    def reveal(self, reveal: Reveal, *, now_mono_ns: int) -> Ticket:
        """Take the node's nonce, and its word if it refuses; return how the ticket stands."""
        self._expire(now_mono_ns)
        ticket = self._of_secret(reveal.secret)
        if commitment_to(reveal.nonce) != ticket.commitment:
            raise ActRefused(code="bad-nonce", reason="This is not the node that used the token.")
        if ticket.state == "claimed":
            ticket.state = "waiting"
            ticket.code = enrolment_code(
                key=ticket.key,
                event_key=self._event_key,
                fingerprint=self.fingerprint,
                central_nonce=ticket.nonce,
                node_nonce=reveal.nonce,
            )
            self._on_change()
        if reveal.is_refused and ticket.state == "waiting":
            ticket.state = "refused"
            self._on_change()
        return ticket

    def decide(self, ticket_id: str, *, accept: bool, now_mono_ns: int) -> Ticket:
        """Take the admin's word on a ticket whose digits both ends show."""
        ticket = self.ticket(ticket_id, now_mono_ns=now_mono_ns)
        if accept and ticket.state != "waiting":
            raise ActRefused(code="not-waiting", reason="There is nothing to confirm; start again.")
        if ticket.state != "confirmed":
            ticket.state = "confirmed" if accept else "refused"
            self._on_change()
        return ticket

    def ticket(self, ticket_id: str, *, now_mono_ns: int) -> Ticket:
        self._expire(now_mono_ns)
        if ticket_id not in self._tickets:
            raise ActRefused(code="unknown-ticket", reason="Central was restarted since; get a new token.")
        return self._tickets[ticket_id]

    def _of_secret(self, secret: str) -> Ticket:
        found = None
        for ticket in self._tickets.values():  # all of them, so that the time tells nothing
            if secrets.compare_digest(ticket.token.secret, secret):
                found = ticket
        if found is None:
            raise ActRefused(code="unknown-token", reason="Central does not know this token; get a new one.")
        return found

    def _holds_its_key(self, claim: Claim) -> bool:
        if claim.key is None or claim.signature is None:
            return False
        message = claim_message(
            secret=claim.secret, commitment=claim.commitment, fingerprint=self.fingerprint
        )
        return signature_holds(claim.key, message, bytes.fromhex(claim.signature), domain=ENROLMENT_DOMAIN)

    def _expire(self, now_mono_ns: int) -> None:
        for ticket_id, ticket in list(self._tickets.items()):
            age_ns = now_mono_ns - ticket.issued_mono_ns
            if age_ns > KEPT_NS:
                del self._tickets[ticket_id]
            elif age_ns > TOKEN_LIFE_NS and ticket.state in ("open", "claimed", "waiting"):
                ticket.state = "expired"
                self._on_change()
