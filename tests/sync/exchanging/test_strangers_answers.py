"""What a stranger's answer may cost, and in which order it is looked at: who signs, then what is in it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import msgspec
import pytest

from pitboard.clock import ScriptedClock
from pitboard.errors import LossCode, PeerLost
from pitboard.journal.folding.fold import Fold
from pitboard.journal.records.record import WireRecord
from sync.exchanging.exchange import (
    ANSWER_MAX_BYTES,
    HAVE_MAX_COUNT,
    EventSeen,
    SyncRequest,
    SyncResponse,
    unpack_answer,
)
from sync.exchanging.freshness import Answerer, FreshPeer, prove
from sync.exchanging.pump import LinkState, Pump
from sync.relay import CentralLink, ContactCourier, StatusCourier
from tests.display.jumping_loop import run_jumping
from tests.leaping_loop import LeapingLoop, run_leaping
from tests.race_story import ROOT, STRANGER, UNIT_A, central_enrols


def answer_with(count: int, records: bytes = b"[]") -> bytes:
    have = ",".join(f'"{stream:032x}":1' for stream in range(count))
    return b'{"have":{' + have.encode() + b'},"records":' + records + b"}"


def test_as_many_streams_as_a_venue_may_have_are_taken_and_no_more() -> None:
    fits = answer_with(HAVE_MAX_COUNT)
    assert len(fits) < ANSWER_MAX_BYTES / 2, "there is room for a batch of records beside them"
    assert len(unpack_answer(fits, peer="x").have) == HAVE_MAX_COUNT
    with pytest.raises(PeerLost) as refused:
        unpack_answer(answer_with(HAVE_MAX_COUNT + 1), peer="x")
    assert refused.value.code == LossCode.NOT_UNDERSTOOD


@pytest.mark.parametrize(
    "body",
    [
        answer_with(2_000_000)[:ANSWER_MAX_BYTES],
        answer_with(ANSWER_MAX_BYTES // 40),
        b'{"have":{' + b",".join(b'"%d":1' % n for n in range(200_000)) + b'},"records":[]}',
        b"[" * ANSWER_MAX_BYTES,
        b'{"have":{},"records":' + b"[" * (ANSWER_MAX_BYTES - 22),
        b'{"have":{},"x":[' + b"0," * (ANSWER_MAX_BYTES // 2 - 20) + b'0],"records":[]',
    ],
    ids=["two million streams", "whole answer of streams", "short ids", "nesting", "nested records", "else"],
)
def test_the_worst_answer_of_full_size_holds_nothing_up(body: bytes) -> None:
    assert len(body) <= ANSWER_MAX_BYTES
    began_s = time.thread_time()
    with pytest.raises(PeerLost) as refused:
        unpack_answer(body, peer="x")
    assert refused.value.code == LossCode.NOT_UNDERSTOOD
    assert time.thread_time() - began_s < 0.25


NOT_OURS = [
    b"{}",
    b"[]",
    b"null",
    b"7",
    b"",
    b'{"have":{"',
    b"<html>",
    b'{"have":[],"records":[]}',
    b'"\xff"',
    b"[" * 9_000,
]


@pytest.mark.parametrize("body", NOT_OURS)
def test_what_is_not_a_nodes_answer_is_a_loss_and_nothing_else(body: bytes) -> None:
    """A portal, a proxy's page, an older version: the pump tries again, and nothing is kept of it."""
    with pytest.raises(PeerLost) as refused:
        unpack_answer(body, peer="x")
    assert refused.value.code == LossCode.NOT_UNDERSTOOD


class Saying:
    """A node that answers every call with the same bytes."""

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.calls = 0

    async def call(self, method: str, path: str, body: bytes | None = None, **how: int) -> bytes:
        self.calls += 1
        return self.body


@pytest.mark.parametrize("body", NOT_OURS)
def test_what_is_not_an_answer_ends_no_courier(body: bytes) -> None:
    """They carry contacts and the unit's status, beside the records."""
    unit, central = Saying(body), Saying(body)

    async def story(loop: LeapingLoop) -> None:
        couriers = (
            ContactCourier(unit, central).run(),
            StatusCourier(unit, central).run(),
        )
        running = [asyncio.ensure_future(one) for one in couriers]
        for _ in range(12):
            await loop.leap(16.0)
        assert not [one for one in running if one.done()]
        for one in running:
            one.cancel()

    run_leaping(story)
    assert unit.calls > 10
    assert central.calls == 0


class Box:
    """Answers at once with the records, signed as `identity` says; None signs nothing."""

    name = "a box"

    def __init__(self, records: bytes, *, signer: object = None, event: EventSeen | None = None) -> None:
        self.asked = 0
        self._records = records
        self._signer = signer
        self._event = event

    async def sync(self, request: SyncRequest) -> SyncResponse:
        self.asked += 1
        response = unpack_answer(answer_with(1, self._records), peer=self.name)
        response = msgspec.structs.replace(response, event=self._event)
        if self._signer is None or request.nonce is None:
            return response
        proof = prove(self._signer, request.nonce, response.have)  # type: ignore[arg-type]
        return msgspec.structs.replace(response, proof=proof)


def roster_peer(box: Box, seen: list[Answerer]) -> FreshPeer:
    fold = Fold(ROOT.key)
    for record in central_enrols(UNIT_A).records:
        fold.add(record)
    return FreshPeer(box, roster=lambda: fold.roster, on_answerer=seen.append)


def test_records_that_nobody_vouches_for_are_never_unpacked() -> None:
    async def story() -> None:
        seen: list[Answerer] = []
        rubbish = b'[{"no": "record"}]'
        unproven = await roster_peer(Box(rubbish), seen).sync(SyncRequest(have={}))
        assert list(unproven.records) == []
        proven = await roster_peer(Box(rubbish, signer=UNIT_A), seen).sync(SyncRequest())
        with pytest.raises(PeerLost):
            list(proven.records)
        assert seen == [Answerer.UNPROVEN, Answerer.PROVEN]

    asyncio.run(story())


def test_more_records_than_a_batch_are_refused() -> None:
    many = msgspec.json.encode([WireRecord(h="", s="")] * 501)
    with pytest.raises(PeerLost):
        list(unpack_answer(answer_with(1, many), peer="x").records)


class Target:
    """Takes nothing; serves our event."""

    name = "this node"

    async def sync(self, request: SyncRequest) -> SyncResponse:
        return SyncResponse(have={}, records=[], event=EventSeen(key=ROOT.key, name="Summer Cup"))


def asked_in(box: Box, seconds: float, states: list[LinkState] | None = None) -> int:
    clock = ScriptedClock()

    async def story() -> None:
        on_state = (lambda state: None) if states is None else states.append
        pump = Pump(roster_peer(box, []), Target(), back_off_max_s=5.0, on_state=on_state)
        running = asyncio.create_task(pump.run())
        await asyncio.sleep(seconds)
        running.cancel()

    run_jumping(clock, story())
    return box.asked


def invented(number: int) -> bytes:
    header = f'{{"stream":"{number:032x}"}}'
    return msgspec.json.encode([WireRecord(h=header, s="", b="")])


class Inventor(Box):
    """Offers another invented stream each time, signed by a key that nobody knows."""

    async def sync(self, request: SyncRequest) -> SyncResponse:
        self._records = invented(self.asked)
        return await super().sync(request)


@pytest.mark.parametrize(
    "box",
    [Box(b"[]"), Box(b"[]", signer=STRANGER), Box(b"[]", signer=UNIT_A), Inventor(b"", signer=STRANGER)],
    ids=["proves nothing", "a stranger", "a unit gone mad", "invents streams"],
)
def test_who_answers_at_once_and_brings_nothing_is_asked_seldom(box: Box) -> None:
    assert asked_in(box, 60) < 30


def test_a_node_of_another_event_is_named_and_not_read() -> None:
    states: list[LinkState] = []
    other = EventSeen(key=STRANGER.key, name="Winter\x1b Cup\n")
    asked_in(Box(b"[]", signer=UNIT_A, event=other), 3, states)
    assert states[-1].code == LossCode.ANOTHER_EVENT
    assert states[-1].event == "Winter Cup"


def test_the_official_reads_which_other_event_central_serves() -> None:
    states: list[LinkState] = []
    other = EventSeen(key=STRANGER.key, name="Winter Cup")
    asked_in(Box(b"[]", signer=UNIT_A, event=other), 3, states)
    link = CentralLink(Path("/nowhere.sock"), "https://central.example:8081")
    link.see_downward(states[-1])
    link.see_upward(states[-1])  # that pump reads this unit, whose event central finds strange
    assert link.status().event == "Winter Cup"
    link.see_upward(LinkState(trouble=None, waiting_count=3))  # the unit answered, and central was not asked
    assert (link.status().event, link.status().waiting_count) == ("Winter Cup", 3)
    link.see_downward(LinkState(trouble=None))
    assert (link.status().state, link.status().why, link.status().event) == ("ok", "", "")
