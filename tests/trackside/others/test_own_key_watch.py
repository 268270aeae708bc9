"""A copied card is noticed by the unit itself, without central or neighbours: two machines, one key."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from pitboard.clock import ScriptedClock
from pitboard.errors import LossCode, PeerLost
from pitboard.presence.heard_nodes import FoundNode
from pitboard.trust.identity import Identity
from sync.exchanging.clock_reading import read_clock
from sync.exchanging.exchange import SyncRequest, SyncResponse
from sync.exchanging.freshness import prove
from tests.leaping_loop import LeapingLoop, run_leaping
from tests.race_story import STRANGER, UNIT_A
from trackside.others.own_key_watch import ASK_EVERY_S, KEPT_NS, OwnKeyWatch, places_of_own_key

OWN_STREAM, COPYS_STREAM = "a" * 32, "c" * 32
COPY = "https://192.0.2.9:8441"


class Machine:
    """Who answers at an address; `identity` None means nobody."""

    name = "there"

    def __init__(self, boot_id: str, stream: str, identity: Identity | None = UNIT_A) -> None:
        self.clock = ScriptedClock(boot_id=boot_id)
        self.have = {stream: 7}
        self.identity = identity
        self.signs_nonce: str | None = None
        self.closed_count = 0

    async def sync(self, request: SyncRequest) -> SyncResponse:
        if self.identity is None:
            raise PeerLost(peer=self.name, code=LossCode.NO_ANSWER)
        assert request.nonce is not None
        assert request.have is None, "nothing is asked for but the proof"
        nonce = self.signs_nonce or request.nonce
        return SyncResponse(
            have=self.have,
            records=(),
            proof=prove(self.identity, nonce, self.have),
            clock=read_clock(self.identity, self.clock, nonce, received_mono_ns=0),
        )

    def close(self) -> None:
        self.closed_count += 1


def watch_of(machine: Machine, told: list[Sequence[str]], clock: ScriptedClock | None = None) -> OwnKeyWatch:
    return OwnKeyWatch(
        UNIT_A.key,
        clock or ScriptedClock(boot_id="here"),
        own_stream=lambda: OWN_STREAM,
        connect=lambda url, name: machine,
        on_change=told.append,
    )


@pytest.mark.parametrize(
    ("machine", "is_copy"),
    [
        (Machine("there", COPYS_STREAM), True),
        (Machine("there", OWN_STREAM), True),  # it heard of our stream by others
        (Machine("here", COPYS_STREAM), True),
        (Machine("here", OWN_STREAM), False),  # our own door, by an address that somebody configured
        (Machine("there", COPYS_STREAM, STRANGER), False),
        (Machine("there", COPYS_STREAM, None), False),  # our own advert of before the move
    ],
)
def test_only_a_machine_that_proves_our_key_and_is_not_this_one_is_told_of(
    machine: Machine, is_copy: bool
) -> None:
    told: list[Sequence[str]] = []
    watch = watch_of(machine, told)
    watch.follow({COPY: "192.0.2.9"})
    asyncio.run(watch.ask())
    assert told == ([("192.0.2.9",)] if is_copy else [])


def test_an_old_answer_that_somebody_plays_back_proves_nothing() -> None:
    told: list[Sequence[str]] = []
    machine = Machine("there", COPYS_STREAM)
    machine.signs_nonce = "0" * 32
    watch = watch_of(machine, told)
    watch.follow({COPY: "192.0.2.9"})
    asyncio.run(watch.ask())
    assert told == []


def test_it_is_told_at_once_and_goes_once_the_copy_is_taken_away() -> None:
    told: list[Sequence[str]] = []
    machine, clock = Machine("there", COPYS_STREAM), ScriptedClock(boot_id="here")
    watch = watch_of(machine, told, clock)

    async def story(loop: LeapingLoop) -> None:
        running = asyncio.ensure_future(watch.run())
        await loop.leap(0.1)
        assert told == []
        watch.follow({COPY: "192.0.2.9"})
        await loop.leap(0.1)
        assert told == [("192.0.2.9",)]
        machine.identity = None
        clock.advance(ns=KEPT_NS - 1)
        await loop.leap(ASK_EVERY_S)
        assert told == [("192.0.2.9",)]  # one question without an answer is no sign
        watch.follow({})
        clock.advance(ns=1)
        await loop.leap(ASK_EVERY_S)
        assert told == [("192.0.2.9",), ()]
        assert machine.closed_count == 1
        running.cancel()

    run_leaping(story)


def test_asked_is_where_our_key_signed_that_it_is_and_this_machine_is_not() -> None:
    heard = FoundNode(name="pb", host="192.0.2.9", port=8441, properties={"key": UNIT_A.key}, is_signed=True)
    nodes = [
        heard,
        replace(heard, host="192.0.2.7"),
        replace(heard, host="fe80::5%eth0"),
        replace(heard, host="192.0.2.11", is_signed=False),
        replace(heard, host="192.0.2.12", properties={"key": STRANGER.key}),
    ]
    own = {"192.0.2.7", "fe80::5%eth0", "127.0.0.1"}
    assert places_of_own_key(nodes, UNIT_A.key, own=own) == {COPY: "192.0.2.9"}
