"""What a stream's bodies are kept in tells them back whatever came first, and forgets what was erased."""

from __future__ import annotations

import random

from pitboard.journal.folding.kept_bodies import KeptBodies
from pitboard.journal.records.kinds import StreamOpened
from pitboard.race.bodies.body import Body
from pitboard.race.bodies.passing_bodies import PassingRecorded
from pitboard.race.passings.passing_shelf import PassingShelf
from pitboard.race.words.slot_row import HOLE_MAX_COUNT
from tests.race_story import passing


def of_another_kind(seq: int) -> Body:
    return StreamOpened(key="0" * 64, name=f"{seq}", boot_id="b")


def test_bodies_in_any_order_and_far_ahead_are_told_back_by_number() -> None:
    numbers = (1, 2, 3, 7, 8, 900, 5_000, 5_001, 2**53 - 1)
    wanted = {seq: ((of_another_kind if seq % 2 else passing_at)(seq), seq * 10) for seq in numbers}
    for seed in range(20):
        kept, order = KeptBodies("s", PassingShelf()), list(wanted)
        random.Random(seed).shuffle(order)
        for seq in order:
            kept.put(seq, *wanted[seq])
        assert {seq: kept.get(seq) for seq in wanted} == wanted
        assert [(seq, (body, stamp)) for seq, body, stamp in kept] == list(wanted.items())
        assert [seq for seq, _, _ in kept.but_passings()] == [seq for seq in numbers if seq % 2]
        assert list(kept.passings_named()) == [("beam-1", "dev", seq) for seq in numbers if not seq % 2]


def passing_at(seq: int) -> Body:
    return passing(seq, s=min(seq, 10**6))


def test_a_hole_is_no_body_and_what_was_dropped_is_gone() -> None:
    kept = KeptBodies("s", PassingShelf())
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


def test_a_passing_comes_back_from_the_shelf_in_every_field() -> None:
    shelf = PassingShelf()
    bare = passing(1, s=1)
    full = PassingRecorded(
        sensor="x",
        sensor_boot="y",
        seq=2**53 - 1,
        track="t",
        boot_id="b",
        mono_ns=2**62 - 1,
        uncertainty_ns=2**62 - 1,
        received_mono_ns=2**62 - 1,
        channel=-3,
        tick_us=2**62 - 1,
        rate_ppb=-1_000_000,
        transponder="ABC",
        gate="start",
        system="B",
        lane=4,
        flag="clock-set",
        clock="c1",
        slept_ns=2**62 - 1,
    )
    assert all(getattr(full, name) != getattr(bare, name) for name in full.__struct_fields__)
    for number, body in enumerate((bare, full, bare), start=1):
        slot = shelf.put("s", number, 2**62 - 1, body)
        assert shelf.put("s", number, 2**62 - 1, body) == slot
        assert (shelf.body(slot), shelf.stamp(slot), shelf.record(slot)) == (body, 2**62 - 1, ("s", number))
        assert shelf.passing_id(slot) == body.passing_id
