"""Sends what the official tapped, one act after the other, and knows what is still on its way.

A passing by hand is kept until the unit has it, however long that does not answer: its moment is the finger's
and does not come again. Every other act waits for one answer, and the official is told where none came."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

import msgspec

from pitboard.clock import Clock
from pitboard.errors import ActRefused, PeerLost
from pitboard.unit_api.official_acts import (
    Act,
    AppointOfficial,
    Arm,
    Confirm,
    Discard,
    Judge,
    KeepContact,
    KeepPublished,
    ManualPassing,
    Register,
    Reopen,
    SignInOfficial,
    Stop,
)
from pitboard.unit_api.unit_client import RETRY_PAUSE_MS, UnitLink
from trackside.touch.input.reaction import follow_up
from trackside.touch.widgets.view import Page

log = logging.getLogger(__name__)

WHERE = "touchscreen"
SLOW_MS = 3_000
ACTS_WAITING_MAX_COUNT = 8
KEPT_MAX_MS = 5 * 60_000
"""How long a passing by hand is sent again and again; then the official reads that it was not saved."""
_NS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """An act by the name of its button; `then` follows it."""

    name: str
    act: Act
    then: tuple[Act, ...] = ()
    tapped_on: Page = Page.MAIN


Outcome = dict[str, object] | ActRefused | PeerLost
"""The unit's answer, its refusal, or that nobody knows whether it has the act."""


def is_kept(act: Act) -> bool:
    """Tell whether the act may be tapped while the unit does not answer. The unit knows it by its stamp, so
    that sent twice it is one."""
    return isinstance(act, ManualPassing)


class ActSender:
    """`run` sends what `put` took; each outcome goes to `on_done` once nothing of that act is on its way."""

    def __init__(self, link: UnitLink, clock: Clock, *, on_done: Callable[[Sending, Outcome], None]) -> None:
        self._link = link
        self._clock = clock
        self._on_done = on_done
        self._waiting: asyncio.Queue[tuple[Sending, int]] = asyncio.Queue(ACTS_WAITING_MAX_COUNT)
        self._on_their_way: list[tuple[str, int]] = []  # (button, since when), the oldest first

    def put(self, sending: Sending, *, official_id: str) -> bool:
        """Send it after those before it; False where too many wait already."""
        acts = [signed(one, official_id) for one in (sending.act, *sending.then)]
        now_mono_ns = self._clock.mono_ns()
        try:
            self._waiting.put_nowait((replace(sending, act=acts[0], then=tuple(acts[1:])), now_mono_ns))
        except asyncio.QueueFull:
            return False
        self._on_their_way.append((sending.name, now_mono_ns))
        return True

    @property
    def names(self) -> frozenset[str]:
        """The buttons whose acts are on their way."""
        return frozenset(name for name, _ in self._on_their_way)

    def slow_names(self, now_mono_ns: int) -> frozenset[str]:
        """Return those that have been for so long that the official must know."""
        return frozenset(
            name for name, since in self._on_their_way if now_mono_ns - since > SLOW_MS * _NS_PER_MS
        )

    async def run(self) -> None:
        while True:
            sending, since_mono_ns = await self._waiting.get()
            outcome: Outcome
            try:
                outcome = await self._send(
                    sending.act, until_mono_ns=since_mono_ns + KEPT_MAX_MS * _NS_PER_MS
                )
                for act in sending.then:
                    await self._link.act(follow_up(act, outcome))
            except ActRefused as error:
                log.info("act refused: act=%s code=%s", sending.act, error.code)
                outcome = error
            except PeerLost as error:
                log.warning("act unanswered: act=%s reason=%s", sending.act, error.reason)
                outcome = error
            self._on_their_way.remove((sending.name, since_mono_ns))
            self._on_done(sending, outcome)

    async def _send(self, act: Act, *, until_mono_ns: int) -> dict[str, object]:
        while True:
            try:
                return await self._link.act(act)
            except PeerLost as error:
                if not (is_kept(act) and error.may_be_retried and self._clock.mono_ns() < until_mono_ns):
                    raise
                log.warning("kept until the unit answers: act=%s reason=%s", act, error.reason)
            await asyncio.sleep(RETRY_PAUSE_MS / 1_000)


def signed(act: Act, official_id: str) -> Act:
    """Return the act with who does it and where; what may be meant twice gets an id for each time."""
    if isinstance(act, KeepContact | SignInOfficial | AppointOfficial):
        return act
    is_meant_once = isinstance(
        act, Register | Arm | Stop | Confirm | Discard | Reopen | KeepPublished | ManualPassing | Judge
    )
    act_id = "" if is_meant_once else secrets.token_hex(8)
    return msgspec.structs.replace(act, by=official_id, where=WHERE, act_id=act_id)
