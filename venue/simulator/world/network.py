"""The venue's network in memory: delay, loss, repetition, reordering, damage and partitions, link by link.

A call is two messages. Each may be late or lost; a request may arrive twice; a record may arrive damaged; and
a caller that gave up may or may not end the work at the other side."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import msgspec

from pitboard.doors.caller import REQUEST_MAX_BYTES
from pitboard.errors import JournalLost, PeerBusy, PeerLost
from pitboard.journal.records.record import WireRecord
from sync.exchanging.exchange import SyncRequest, SyncResponse
from venue.simulator.world.process import Process
from venue.simulator.world.truth import Trace

CONNECT_MAX_S = 0.5
ANSWER_MARGIN_S = 2.0
BUSY_MS = 500
SUSPICIOUS_CHARACTERS = 150_000

Answer = Callable[[str, SyncRequest], Coroutine[Any, Any, SyncResponse]]


@dataclass(slots=True)
class Weather:
    """How bad the network is now."""

    delay_max_s: float = 0.004
    loss: float = 0.0
    repetition: float = 0.0
    damage: float = 0.0


class Network:
    """Knows who answers under which name, and which pairs cannot reach each other."""

    def __init__(self, chance: Random, trace: Trace) -> None:
        self.weather = Weather()
        self._chance = chance
        self._trace = trace
        self._doors: dict[str, tuple[Process, Answer]] = {}
        self._cut: set[tuple[str, str]] = set()

    def open_door(self, name: str, process: Process, answer: Answer) -> None:
        """Let `process` answer calls to `name` until it ends."""
        self._doors[name] = (process, answer)

    def cut(self, one: str, other: str, *, is_one_way: bool = False) -> None:
        """Let nothing through from one to the other; and nothing back, unless only one way is cut."""
        self._cut.add((one, other))
        if not is_one_way:
            self._cut.add((other, one))

    def mend(self) -> None:
        """Let everybody reach everybody."""
        self._cut.clear()

    async def call(self, caller: str, target: str, request: SyncRequest) -> SyncResponse:
        """Return the target's answer; raises PeerLost or PeerBusy as a real connection would."""
        await self._travel(caller, target)
        if _is_too_large(request):
            raise PeerLost(peer=target, reason="it answered with status 413")
        door = self._doors.get(target)
        if door is None or door[0].has_ended:
            raise PeerLost(peer=target, reason="nothing answers there")
        process, answer = door
        damaged = msgspec.structs.replace(request, records=self._damaged(request.records))
        if self._chance.random() < self.weather.repetition:
            process.spawn(self._late(answer, caller, damaged), name=f"again {caller}->{target}")
        handler = process.spawn(answer(caller, damaged), name=f"answer {caller}->{target}")
        try:
            await _end_of(handler, max_s=request.wait_ms / 1_000 + ANSWER_MARGIN_S)
        except asyncio.CancelledError:
            self._give_up(handler)
            raise
        if not handler.done():
            self._give_up(handler)
            raise PeerLost(peer=target, reason="no answer in time")
        response = _response(handler, target)
        await self._travel(target, caller)
        self._trace.say(
            target, f"answers {caller}: took {len(request.records)}, gives {len(response.records)}"
        )
        return msgspec.structs.replace(response, records=self._damaged(response.records))

    async def _travel(self, one: str, other: str) -> None:
        weather, chance = self.weather, self._chance
        if (one, other) in self._cut or chance.random() < weather.loss:
            await asyncio.sleep(chance.choice((0.02, CONNECT_MAX_S, ANSWER_MARGIN_S)))
            raise PeerLost(peer=other, reason="no network")
        await asyncio.sleep(chance.uniform(0, weather.delay_max_s))

    async def _late(self, answer: Answer, caller: str, request: SyncRequest) -> None:
        """The same request once more, some time later; nobody waits for its answer."""
        await asyncio.sleep(self._chance.uniform(0, 1.0))
        try:
            await answer(caller, msgspec.structs.replace(request, wait_ms=0))
        except (PeerLost, JournalLost):
            return

    def _give_up(self, handler: asyncio.Task[SyncResponse]) -> None:
        # aiohttp cancels a handler whose caller has gone, but it may learn of that too late.
        if self._chance.random() < 0.7:
            handler.cancel()

    def _damaged(self, records: Sequence[WireRecord]) -> Sequence[WireRecord]:
        if not records or self._chance.random() >= self.weather.damage:
            return records
        index = self._chance.randrange(len(records))
        copy = list(records)
        copy[index] = damage(copy[index], self._chance)
        return copy


async def _end_of(task: asyncio.Task[SyncResponse], *, max_s: float) -> None:
    """Return when the task has ended, or after `max_s`; what `asyncio.wait` does, with less ado."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()

    def end(_: object = None) -> None:
        if not ended.done():
            ended.set_result(None)

    task.add_done_callback(end)
    timer = loop.call_later(max_s, end)
    try:
        await ended
    finally:
        timer.cancel()
        task.remove_done_callback(end)


def damage(wire: WireRecord, chance: Random) -> WireRecord:
    """Return the record with one character changed, or cut short."""
    part = chance.choice("hsb")
    text: str = getattr(wire, part) or ""
    at = chance.randrange(len(text)) if text else 0
    changed = (
        text[:at] if chance.random() < 0.2 else text[:at] + chance.choice('0aZ"{\x00\ud800') + text[at + 1 :]
    )
    return msgspec.structs.replace(wire, **{part: changed})


def _response(handler: asyncio.Task[SyncResponse], target: str) -> SyncResponse:
    if handler.cancelled():
        raise PeerLost(peer=target, reason="the connection broke")
    error = handler.exception()
    if isinstance(error, JournalLost):
        raise PeerBusy(peer=target, retry_after_ms=BUSY_MS)
    if error is not None:
        raise PeerLost(peer=target, reason="it answered with status 500")
    return handler.result()


def _is_too_large(request: SyncRequest) -> bool:
    if not request.records:
        return False
    characters = sum(len(wire.h) + len(wire.b or "") for wire in request.records)
    return characters > SUSPICIOUS_CHARACTERS and len(msgspec.json.encode(request)) > REQUEST_MAX_BYTES
