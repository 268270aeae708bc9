"""An answer counts as made now only by an enrolled key's signature over the asker's own nonce."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from pitboard.journal.folding.fold import Fold
from pitboard.journal.records.kinds import UnitRevoked
from pitboard.trust.identity import Identity
from sync.exchanging.exchange import SyncRequest, SyncResponse
from sync.exchanging.freshness import WITHHELD_MAX_COUNT, Answerer, FreshPeer, judge, prove
from tests.race_story import ROOT, STRANGER, UNIT_A, UNIT_B, central_enrols

NONCE = "5a" * 16
HAVE = {"1" * 32: 7, "2" * 32: 9}


def fold_with(*units: Identity) -> Fold:
    fold = Fold(ROOT.key)
    for record in central_enrols(*units).records:
        fold.add(record)
    return fold


def answered(identity: Identity, *, nonce: str = NONCE) -> SyncResponse:
    return SyncResponse(have=HAVE, records=[], proof=prove(identity, nonce, HAVE))


def test_only_the_roster_proves_and_only_for_this_nonce_and_these_heads() -> None:
    roster = fold_with(UNIT_A).roster
    assert judge(answered(UNIT_A), NONCE, roster) == Answerer.PROVEN
    assert judge(answered(ROOT), NONCE, roster) == Answerer.PROVEN
    assert judge(answered(STRANGER), NONCE, roster) == Answerer.STRANGER
    assert judge(answered(UNIT_A, nonce="00" * 16), NONCE, roster) == Answerer.UNPROVEN
    less = msgspec.structs.replace(answered(UNIT_A), have={"1" * 32: 7})
    assert judge(less, NONCE, roster) == Answerer.UNPROVEN
    assert judge(SyncResponse(have=HAVE, records=[]), NONCE, roster) == Answerer.UNPROVEN
    borrowed = msgspec.structs.replace(
        answered(STRANGER), proof=msgspec.structs.replace(prove(STRANGER, NONCE, HAVE), key=UNIT_A.key)
    )
    assert judge(borrowed, NONCE, roster) == Answerer.UNPROVEN


class Answering:
    """A peer that makes its answers by `answer(nonce)`."""

    name = "Track A"

    def __init__(self, answer: Callable[[str], SyncResponse]) -> None:
        self.answer = answer

    async def sync(self, request: SyncRequest) -> SyncResponse:
        assert request.nonce is not None
        return self.answer(request.nonce)


def standings_of(
    answer: Callable[[str], SyncResponse], *requests: SyncRequest, fold: Fold, meanwhile: Callable[[], None]
) -> list[Answerer]:
    seen: list[Answerer] = []

    async def story() -> None:
        peer = FreshPeer(Answering(answer), roster=lambda: fold.roster, on_answerer=seen.append)
        for request in requests:
            await peer.sync(request)
            meanwhile()

    asyncio.run(story())
    return seen


def nothing() -> None:
    """Nothing happens meanwhile."""


def test_a_new_node_believes_its_first_source_once_that_brought_the_roster() -> None:
    fold, central = Fold(ROOT.key), central_enrols(UNIT_A)

    def learn() -> None:
        for record in central.records:
            fold.add(record)

    seen = standings_of(
        lambda nonce: answered(UNIT_A, nonce=nonce), SyncRequest(), SyncRequest(), fold=fold, meanwhile=learn
    )
    assert seen == [Answerer.STRANGER, Answerer.PROVEN, Answerer.PROVEN]


def test_every_answer_is_asked_for_with_a_nonce_of_its_own_so_a_recording_proves_nothing() -> None:
    recorded: list[SyncResponse] = []

    def replay(nonce: str) -> SyncResponse:
        recorded.append(answered(UNIT_A, nonce=nonce))
        return recorded[0]

    seen = standings_of(replay, SyncRequest(), SyncRequest(), fold=fold_with(UNIT_A), meanwhile=nothing)
    assert seen == [Answerer.PROVEN, Answerer.UNPROVEN]


def test_who_passes_proofs_on_and_keeps_the_records_is_found_out() -> None:
    ask = SyncRequest(have={"1" * 32: 7})
    seen = standings_of(
        lambda nonce: answered(UNIT_A, nonce=nonce),
        *[ask] * WITHHELD_MAX_COUNT,
        fold=fold_with(UNIT_A),
        meanwhile=nothing,
    )
    assert seen == [Answerer.PROVEN] * (WITHHELD_MAX_COUNT - 1) + [Answerer.UNPROVEN]


def test_a_revoked_unit_proves_nothing_any_more() -> None:
    fold, central = Fold(ROOT.key), central_enrols(UNIT_A, UNIT_B)
    central.say(UnitRevoked(key=UNIT_A.key))
    for record in central.records:
        fold.add(record)
    assert judge(answered(UNIT_A), NONCE, fold.roster) == Answerer.REVOKED
    assert judge(answered(UNIT_B), NONCE, fold.roster) == Answerer.PROVEN
