"""Enrolment as calls: a node claims its token at the ingest door, an admin issues and confirms it at theirs.

Only the admin's yes, after both ends showed the same digits, writes the record that lets a unit count."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from pitboard.clock import Clock
from pitboard.doors.caller import take_body, the_caller
from pitboard.doors.door_limits import Rate, TokenBuckets
from pitboard.doors.http_api import json_response
from pitboard.errors import ActRefused, CallRefused
from pitboard.journal.records.kinds import DisplayEnrolled, DisplayRevoked, UnitEnrolled, UnitRevoked
from pitboard.journal.replica import WritingReplica
from pitboard.race.bodies.body import Body, Name, Reason
from pitboard.race.names import clean_name
from sync.central.enrolment.enrolment_desk import TOKEN_LIFE_NS, EnrolmentDesk, Ticket
from sync.central.enrolment.unit_register import Cut, discards, find_unit, list_units, revocation
from sync.enrolling.enrolment_words import (
    CLAIM_PATH,
    NO_KEY,
    REVEAL_PATH,
    WAIT_MAX_MS,
    Claim,
    EnrolmentState,
    Outcome,
    Reveal,
    Role,
    Welcome,
)

log = logging.getLogger(__name__)

WRONG_OF_SOURCE = Rate(per_s=0.2, burst=6)
"""Wrong secrets. There is no bound in all: it would let a guesser with many addresses keep everybody out, and
of 2^65 secrets nobody finds one."""
_NO_BOUND = Rate(per_s=1e9, burst=10**9)


class Issue(msgspec.Struct, frozen=True, kw_only=True):
    name: Name
    role: Role = "unit"


class Issued(msgspec.Struct, frozen=True, kw_only=True):
    """`address` is where the node finds central; QR and text carry both."""

    ticket: str
    token: str
    address: str
    life_s: int


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    ticket: str
    wait_ms: Annotated[int, Meta(ge=0, le=WAIT_MAX_MS)] = 0
    after: EnrolmentState = "open"


class TicketView(msgspec.Struct, frozen=True, kw_only=True):
    state: EnrolmentState
    name: str
    role: Role
    key: str
    code: str | None


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    ticket: str
    accept: bool


class Find(msgspec.Struct, frozen=True, kw_only=True):
    unit: Annotated[str, Meta(max_length=200)]


class Revoke(msgspec.Struct, frozen=True, kw_only=True):
    """`discards_runs` closes what the unit left open: nobody else ends its runs."""

    unit: Annotated[str, Meta(max_length=200)]
    reason: Annotated[Reason, Meta(min_length=1)]
    cut: Cut = Cut()
    discards_runs: bool = False


class Revoked(msgspec.Struct, frozen=True, kw_only=True):
    """`heads` says how far each stream counts, `discarded_count` how many open runs were closed."""

    name: str
    key: str
    heads: dict[str, int]
    discarded_count: int = 0
    role: Role = "unit"


class EnrolmentApi:
    """Serves one desk at both doors."""

    def __init__(
        self,
        replica: WritingReplica,
        clock: Clock,
        *,
        fingerprint: str | None,
        wrong_of_source: Rate = WRONG_OF_SOURCE,
    ) -> None:
        self._replica = replica
        self._clock = clock
        self._address: Callable[[], str] = str
        self._changed = asyncio.Event()
        self._wrong = TokenBuckets(wrong_of_source, _NO_BOUND)
        self._desk: EnrolmentDesk | None = None
        if fingerprint is not None:
            self._desk = EnrolmentDesk(
                event_key=replica.fold.root_key, fingerprint=fingerprint, on_change=self._nudge
            )

    def add_to_ingest(self, app: web.Application) -> None:
        app.router.add_post(CLAIM_PATH, self._claim)
        app.router.add_post(REVEAL_PATH, self._reveal)

    def add_to_admin(self, app: web.Application, *, address: Callable[[], str]) -> None:
        """Add the admin's calls; `address` tells where nodes reach the ingest door at this moment."""
        self._address = address
        app.router.add_post("/v1/admin/enrolments", self._issue)
        app.router.add_post("/v1/admin/enrolments/watch", self._watch)
        app.router.add_post("/v1/admin/enrolments/decide", self._decide)
        app.router.add_get("/v1/admin/units", self._units)
        app.router.add_post("/v1/admin/units/find", self._find)
        app.router.add_post("/v1/admin/units/revoke", self._revoke)

    async def _claim(self, request: web.Request) -> web.Response:
        now_mono_ns = self._clock.mono_ns()
        self._refuse_guesser(now_mono_ns)
        claim = _claim_decoder.decode(await take_body(request))
        if claim.key is not None:
            self._refuse_key(claim.key)
        try:
            ticket = self._desk_open().claim(claim, now_mono_ns=now_mono_ns)
        except ActRefused as error:
            self._count_wrong(error, now_mono_ns)
            log.warning("enrolment refused: source=%s code=%s", request.remote, error.code)
            raise
        log.info("enrolment claimed: name=%s source=%s key=%s", ticket.name, request.remote, ticket.key)
        event = self._replica.fold.race.event.value
        return json_response(
            Welcome(
                event=event.name if event is not None else "Pitboard",
                event_key=self._replica.fold.root_key,
                name=ticket.name,
                nonce=ticket.nonce,
                contact_key=self._replica.fold.race.contact_key.value,
            )
        )

    async def _reveal(self, request: web.Request) -> web.Response:
        now_mono_ns = self._clock.mono_ns()
        self._refuse_guesser(now_mono_ns)
        reveal = _reveal_decoder.decode(await take_body(request))
        try:
            ticket = self._desk_open().reveal(reveal, now_mono_ns=now_mono_ns)
        except ActRefused as error:
            self._count_wrong(error, now_mono_ns)
            raise
        await self._wait(ticket, ticket.state, reveal.wait_ms if ticket.state == "waiting" else 0)
        return json_response(Outcome(state=ticket.state))

    def _refuse_guesser(self, now_mono_ns: int) -> None:
        if self._wrong.wait_ms(the_caller().name, now_mono_ns=now_mono_ns) is not None:
            raise CallRefused("too-often", "Too many wrong tokens; wait a minute.", status=429)

    def _count_wrong(self, error: ActRefused, now_mono_ns: int) -> None:
        if error.code in ("unknown-token", "bad-nonce"):
            self._wrong.charge(the_caller().name, now_mono_ns=now_mono_ns, cost=1)

    async def _issue(self, request: web.Request) -> web.Response:
        issue = msgspec.json.decode(await take_body(request), type=Issue)
        name = clean_name(issue.name)
        if not name:
            raise ActRefused(code="bad-name", reason="Give the unit a name with a letter or digit.")
        ticket = self._desk_open().issue(name, issue.role, now_mono_ns=self._clock.mono_ns())
        return json_response(
            Issued(
                ticket=ticket.ticket,
                token=ticket.token.text,
                address=self._address(),
                life_s=TOKEN_LIFE_NS // 1_000_000_000,
            )
        )

    async def _watch(self, request: web.Request) -> web.Response:
        watch = msgspec.json.decode(await take_body(request), type=Watch)
        ticket = self._desk_open().ticket(watch.ticket, now_mono_ns=self._clock.mono_ns())
        await self._wait(ticket, watch.after, watch.wait_ms)
        return json_response(_view(ticket))

    async def _decide(self, request: web.Request) -> web.Response:
        verdict = msgspec.json.decode(await take_body(request), type=Verdict)
        desk, now_mono_ns = self._desk_open(), self._clock.mono_ns()
        ticket = desk.ticket(verdict.ticket, now_mono_ns=now_mono_ns)
        if verdict.accept and ticket.state == "waiting" and ticket.role == "unit":
            self._refuse_key(ticket.key)
            # Before the node is told: it must count by the time it believes so.
            await self._replica.append(UnitEnrolled(key=ticket.key, name=ticket.name))
        elif verdict.accept and ticket.state == "waiting" and ticket.key != NO_KEY:
            self._refuse_key(ticket.key)
            await self._replica.append(DisplayEnrolled(key=ticket.key, name=ticket.name))
        ticket = desk.decide(verdict.ticket, accept=verdict.accept, now_mono_ns=now_mono_ns)
        return json_response(_view(ticket))

    async def _units(self, request: web.Request) -> web.Response:
        return json_response(list_units(self._replica))

    async def _find(self, request: web.Request) -> web.Response:
        find = msgspec.json.decode(await take_body(request), type=Find)
        return json_response(find_unit(self._replica, find.unit))

    async def _revoke(self, request: web.Request) -> web.Response:
        revoke = msgspec.json.decode(await take_body(request), type=Revoke)
        unit = find_unit(self._replica, revoke.unit)
        bodies: Sequence[Body] = [DisplayRevoked(key=unit.key, reason=revoke.reason)]
        if unit.role == "unit":
            bodies = await revocation(self._replica, unit.key, revoke.cut, revoke.reason)
        closing = discards(self._replica, unit.key, revoke.reason) if revoke.discards_runs else []
        await self._replica.append(*bodies, *closing)
        log.warning(
            "revoked: role=%s name=%s key=%s discarded=%d", unit.role, unit.name, unit.key, len(closing)
        )
        return json_response(
            Revoked(
                name=unit.name,
                key=unit.key,
                role=unit.role,
                heads={
                    stream: head
                    for body in bodies
                    if isinstance(body, UnitRevoked)
                    for stream, head in body.heads.items()
                },
                discarded_count=len(closing),
            )
        )

    def _refuse_key(self, key: str) -> None:
        roster = self._replica.fold.roster
        if roster.is_revoked(key) or key in roster.revoked_displays():
            raise ActRefused(
                code="revoked-key",
                reason="This key was revoked; move its key file away, then enrol the machine anew.",
            )
        if key == self._replica.fold.root_key:
            raise ActRefused(code="root-key", reason="A unit must not hold the event's root key.")

    def _desk_open(self) -> EnrolmentDesk:
        if self._desk is None:
            raise ActRefused(
                code="no-certificate",
                reason="Say 'fingerprint' under [ingest], as the ingest door logs it or its proxy shows it: "
                "nodes cannot know the door without it.",
            )
        return self._desk

    def _nudge(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def _wait(self, ticket: Ticket, state: EnrolmentState, wait_ms: int) -> None:
        """Return as soon as the ticket is in another state, or after the wait."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_ms / 1_000):
                while ticket.state == state:
                    await self._changed.wait()


_claim_decoder = msgspec.json.Decoder(Claim)
_reveal_decoder = msgspec.json.Decoder(Reveal)


def _view(ticket: Ticket) -> TicketView:
    return TicketView(
        state=ticket.state, name=ticket.name, role=ticket.role, key=ticket.key, code=ticket.code
    )
