"""Who calls, and what may still be asked of a door: every call is met here before any handler sees it.

A caller who proved itself pays from a purse of its own key. Strangers pay from what their source and all of
them together have: one for a call, and for what it costs beyond that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

from aiohttp import web
from aiohttp.http_parser import RawRequestMessage
from aiohttp.typedefs import Handler, Middleware

from pitboard.doors.bounded_listener import BoundedListener
from pitboard.doors.door_limits import REFUSAL_AFTER_S, DoorLimits, TokenBuckets
from pitboard.doors.door_proof import CHALLENGE_HEADER, PROOF_HEADER, Doorkeeper
from pitboard.doors.fair_room import FairRoom
from pitboard.doors.turnstile import Turnstile
from pitboard.doors.whole_answer import WholeAnswer, asks_plainly
from pitboard.errors import CallRefused

REQUEST_MAX_BYTES = 1_024 * 1_024
BODY_MAX_S = 10.0
HELD_BODY_MAX_BYTES = 4 * 1_024
"""What a refused call may have brought and wait all the same; who brought more is cut off at once."""
COST_BYTES = 4 * 1_024
COST_OF_PROVEN_BYTES = 16 * 1_024
"""So a unit brings 77 MiB at once, a day's journal, and 8 MiB per second for ever."""
QUICK_PER_TURN_COUNT = 16
"""Calls that cost something and are answered at once in a turn of the loop: a millisecond of it."""
NEWS_TO_OWN_PROGRAMS_AFTER_S = 0.02
"""The unit's sync program brings news to central: on the same cores a display in the hall paints it first."""
_LOCAL = "local"


def busy(retry_after_ms: int = 1_000) -> CallRefused:
    return CallRefused("busy", "Too many calls at once.", status=503, retry_after_ms=retry_after_ms)


@dataclass(frozen=True, slots=True)
class Caller:
    """`source` is by what a stranger is counted, None for one bounded in all only; `key` is proven."""

    door: Door
    source: str | None
    key: str | None

    @property
    def is_proven(self) -> bool:
        return self.key is not None

    @property
    def name(self) -> str:
        """Return by what to tell callers apart."""
        return self.key or self.source or _LOCAL

    def pay(self, cost: float) -> None:
        """Take from a stranger what the rest of the call will cost; raises CallRefused for too much."""
        if self.key is None:
            now_mono_ns = _now_mono_ns()
            wait_ms = self.door.strangers.take(self.source, now_mono_ns=now_mono_ns, cost=cost)
            if wait_ms is not None:
                raise busy(wait_ms)

    async def take_turn(self) -> None:
        """Let a stranger wait until the loop has looked at whoever came between."""
        if self.key is None:
            await self.door.turnstile.go_through()

    async def let_others_see_first(self) -> None:
        """Wait, now that news has come, until it is this caller's turn to have it.

        A program of this machine waits until the nodes that wait for the same news have had time to show it.
        """
        if self.key == _LOCAL:
            await asyncio.sleep(NEWS_TO_OWN_PROGRAMS_AFTER_S)
        else:
            await self.take_turn()

    def charge(self, cost: float) -> None:
        """Take from a stranger what the call turned out to cost."""
        if self.key is None and cost:
            self.door.strangers.charge(self.source, now_mono_ns=_now_mono_ns(), cost=cost)


class Door:
    """What one door knows: its limits, who proved itself, and what is under way."""

    def __init__(self, limits: DoorLimits, doorkeeper: Doorkeeper | None) -> None:
        self.limits = limits
        self.doorkeeper = doorkeeper
        self.listener: BoundedListener | None = None
        self.strangers = TokenBuckets(limits.calls_of_source, limits.calls_of_all, limits.calls_of_quiet)
        self.proven = TokenBuckets(limits.calls_of_key, limits.calls_of_keys)
        self.strange_bodies = FairRoom(limits.bodies_max_bytes)
        self.proven_bodies = FairRoom(limits.bodies_max_bytes)
        self.turnstile = Turnstile()
        self.quick_turnstile = Turnstile(QUICK_PER_TURN_COUNT)  # nobody waits at it
        self.free_paths: frozenset[str] = frozenset()
        """Fixed answers, held in memory: they cost nothing and no limit counts them."""
        self.quick_answers: dict[str, QuickAnswer] = {}
        """By path, what is answered before the app sees the call; by None it is left to the app."""
        self.on_quick_answer: Callable[[int, int], None] = _count_nothing
        """Told the status of each, and how many nanoseconds it took."""

    def caller(self, request: web.Request) -> Caller:
        source = self.limits.source_of(request.remote or "", request.headers.get("X-Forwarded-For"))
        proof = request.headers.get(PROOF_HEADER)
        key = None if proof is None or self.doorkeeper is None else self.doorkeeper.who(proof)
        return Caller(self, source, key)

    def answer_at_once(
        self, message: RawRequestMessage, protocol: asyncio.Protocol, host: str
    ) -> bytes | None:
        """Return the whole answer to a call that needs no handler, None where the app is to answer."""
        path = message.path.partition("?")[0]
        answer = self.quick_answers.get(path)
        if answer is None or not asks_plainly(message):
            return None
        now_mono_ns = _now_mono_ns()
        source, is_free = None, path in self.free_paths
        if not is_free:
            source = self.limits.source_of(host, message.headers.get("X-Forwarded-For"))
            may_pass = PROOF_HEADER not in message.headers and self.quick_turnstile.is_passed_at_once()
            if not may_pass or self.strangers.take(source, now_mono_ns=now_mono_ns) is not None:
                return None
        if self.listener is not None:
            self.listener.begin_call(protocol)
            self.listener.end_call(protocol)
        answered = answer(message)
        if answered is None:
            return None
        if not is_free and (cost := answered.body_bytes // COST_BYTES):
            self.strangers.charge(source, now_mono_ns=now_mono_ns, cost=cost)
        self.on_quick_answer(answered.status, _now_mono_ns() - now_mono_ns)
        return answered.whole()

    def wait_ms(self, caller: Caller) -> int | None:
        """Return None if the caller may call, else in how many milliseconds to come back."""
        if caller.key is not None:
            return self.proven.take(caller.key, now_mono_ns=_now_mono_ns())
        return self.strangers.take(caller.source, now_mono_ns=_now_mono_ns())

    def challenge_for(self, request: web.Request, caller: Caller) -> str | None:
        """Return the challenge to answer with, None where none is due."""
        if self.doorkeeper is None:
            return None
        proof = request.headers.get(PROOF_HEADER, "")
        if caller.is_proven and not self.doorkeeper.is_stale(proof):
            return None
        return self.doorkeeper.challenge()


QuickAnswer = Callable[[RawRequestMessage], WholeAnswer | None]
DOOR: web.AppKey[Door] = web.AppKey("door", Door)
_caller: ContextVar[Caller | None] = ContextVar("caller", default=None)  # aiohttp has a task for each call


def _count_nothing(status: int, took_ns: int) -> None:
    pass


def the_caller() -> Caller:
    """Return whose call this is; a call over a Unix socket is this machine's own."""
    return _caller.get() or Caller(_own_door(), None, _LOCAL)


def _own_door() -> Door:
    return Door(DoorLimits(), None)


def meet_callers(door: Door, refuse: Callable[[int], web.StreamResponse]) -> Middleware:
    """Return the outermost middleware; it answers `refuse(wait_ms)` to a caller that calls too often.

    That takes a while, except for the first call of a connection: a node that was not here yet needs the
    challenge that comes with the refusal, to be served among strangers who have used up what they may.
    """

    @web.middleware
    async def meet(request: web.Request, handler: Handler) -> web.StreamResponse:
        caller = door.caller(request)
        _caller.set(caller)
        listener, protocol = door.listener, request.protocol
        if listener is not None:
            listener.begin_call(protocol)
            if caller.key is not None:
                listener.prove(protocol, caller.key)
        challenge = door.challenge_for(request, caller)
        try:
            is_free = request.path in door.free_paths
            wait_ms = None if is_free else door.wait_ms(caller)
            await caller.take_turn()
            if wait_ms is None:
                response = await handler(request)
            else:
                response = refuse(wait_ms)
                length = request.content_length
                if request.can_read_body and (length is None or length > HELD_BODY_MAX_BYTES):
                    response.force_close()
                elif challenge is None or listener is None or not listener.is_first_call(protocol):
                    if listener is not None:
                        listener.end_call(protocol)  # it may be cut meanwhile
                    await asyncio.sleep(REFUSAL_AFTER_S)
            if challenge is not None and not response.prepared:
                response.headers[CHALLENGE_HEADER] = challenge
            if (
                wait_ms is None
                and not is_free
                and isinstance(response, web.Response)
                and isinstance(response.body, bytes)
            ):
                caller.charge(len(response.body) // COST_BYTES)
            return response
        finally:
            if listener is not None:
                listener.end_call(protocol)

    return meet


async def take_body(request: web.Request) -> bytes:
    """Return the request's body, which is then nowhere else; raises CallRefused where it is too much or slow.

    What all bodies on their way hold together is bounded before the first byte is read.
    """
    door = request.config_dict.get(DOOR)
    if door is None:
        return await request.read()
    caller = the_caller()
    room = door.proven_bodies if caller.is_proven else door.strange_bodies
    length = request.content_length
    wanted = REQUEST_MAX_BYTES if length is None else max(1, length)
    if wanted > REQUEST_MAX_BYTES:
        raise _too_large(request)
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(BODY_MAX_S) as patience:
            place = room.enter(caller.name, lambda: patience.reschedule(loop.time()), amount=wanted)
            if place is None:
                raise busy()
            try:
                body = await request.read()
            finally:
                room.leave(place)
    except TimeoutError as error:
        request.protocol.force_close()
        raise CallRefused("too-slow", "The request took too long to arrive.", status=408) from error
    except web.HTTPRequestEntityTooLarge as error:
        raise _too_large(request) from error
    request._read_bytes = None  # aiohttp keeps a copy for as long as the call lasts, and some wait
    caller.charge(len(body) // COST_BYTES)
    if caller.key is not None:
        cost = len(body) // COST_OF_PROVEN_BYTES
        door.proven.charge(caller.key, now_mono_ns=_now_mono_ns(), cost=cost)
    return body


def _too_large(request: web.Request) -> CallRefused:
    return CallRefused("too-large", f"A request holds at most {REQUEST_MAX_BYTES} bytes.", status=413)


def _now_mono_ns() -> int:
    return round(asyncio.get_running_loop().time() * 1_000_000_000)
