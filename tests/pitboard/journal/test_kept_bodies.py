"""What a stream's bodies are kept in tells them back whatever came first, and forgets what was erased."""

from __future__ import annotations

import random

from pitboard.journal.kept_bodies import HOLE_MAX_COUNT, KeptBodies
from pitboard.race.bodies import PassingRecorded
from tests.race_story import passing


def test_bodies_in_any_order_and_far_ahead_are_told_back_by_number() -> None:
    wanted = {seq: (passing(seq, s=seq), seq * 10) for seq in (1, 2, 3, 7, 900, 5_000, 2**53 - 1)}
    for seed in range(20):
        kept, order = KeptBodies(), list(wanted)
        random.Random(seed).shuffle(order)
        for seq in order:
            kept.put(seq, *wanted[seq])
        assert {seq: kept.get(seq) for seq in wanted} == wanted
        told = {seq: (body, stamp) for seq, body, stamp in kept}
        assert told == wanted


def test_a_hole_is_no_body_and_what_was_dropped_is_gone() -> None:
    kept = KeptBodies()
    far = HOLE_MAX_COUNT + 10
    for seq in (1, 3, far):
        kept.put(seq, passing(seq, s=seq), seq)
    assert 2 not in kept
    assert 0 not in kept
    assert far - 1 not in kept
    kept.drop(3)
    kept.drop(far)
    left = [body.seq for _, body, _ in kept if isinstance(body, PassingRecorded)]
    assert left == [1]
    assert 3 not in kept
    assert far not in kept
