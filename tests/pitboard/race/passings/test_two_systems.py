"""Two systems at one line: pairs, what one missed, the time by the book, and whether they run alike."""

from __future__ import annotations

from random import Random

import pytest

from pitboard.race.passings.two_systems import (
    SYNC_WITHIN_NS,
    Pair,
    Sighting,
    agreement,
    calculate,
    check_sync,
    mean_half_up_ns,
    pair,
)

MS = 1_000_000
SECOND_NS = 1_000_000_000


def seen(mono_ms: float, name: str = "") -> Sighting:
    return Sighting(passing_id=name or f"at-{mono_ms}", mono_ns=round(mono_ms * MS))


def both(a_ms: float, difference_ms: float) -> Pair:
    return Pair(a=seen(a_ms), b=seen(a_ms + difference_ms))


def test_the_book_worked_by_hand() -> None:
    """Ten differences of B minus A, in ms:

    12.4 12.6 12.1 12.9 12.5 12.3 12.7 12.2 12.8 12.0, in sum 124.5, in the mean 12.45, as published
    12 ms. B saw the missing car at 131.072 s, so A would have at 131.060 s. The eleventh before, which is far
    off, is not asked.
    """
    differences_ms = [12.4, 12.6, 12.1, 12.9, 12.5, 12.3, 12.7, 12.2, 12.8, 12.0]
    pairs = [both(10_000, 400.0)]
    pairs += [both(20_000 + 10_000 * at, one) for at, one in enumerate(differences_ms)]
    pairs += [both(140_000, -300.0)]
    calculated = calculate(seen(131_072, "b"), pairs, resolution_ns=MS)
    assert calculated is not None
    assert calculated.correction_ns == 12 * MS
    assert calculated.mono_ns == 131_060 * MS
    assert (calculated.before_count, calculated.after_count) == (10, 0)
    assert calculated.is_by_the_book
    assert calculated.from_passing_id == "b"
    # Twice the furthest from 12 ms (0.9 ms), and the resolution.
    assert calculated.uncertainty_ns == 2 * 900_000 + MS


def test_what_is_missing_before_is_filled_up_with_those_after() -> None:
    pairs = [both(10_000 * at, 5.0) for at in range(1, 4)] + [both(10_000 * at, 7.0) for at in range(5, 20)]
    calculated = calculate(seen(40_000), pairs, resolution_ns=MS)
    assert calculated is not None
    assert (calculated.before_count, calculated.after_count) == (3, 7)
    assert calculated.correction_ns == 6 * MS  # (3 * 5 + 7 * 7) / 10 = 6.4


def test_fewer_than_ten_say_how_many_stand_behind_the_time() -> None:
    few = calculate(seen(40_000), [both(10_000 * at, 5.0) for at in range(1, 4)], resolution_ns=MS)
    one = calculate(seen(40_000), [both(10_000, 5.0)], resolution_ns=MS)
    assert few is not None
    assert one is not None
    assert (few.pairs_count, few.is_by_the_book) == (3, False)
    assert one.uncertainty_ns > 400 * MS
    assert calculate(seen(40_000), [], resolution_ns=MS) is None


@pytest.mark.parametrize(
    ("differences_ns", "resolution_ns", "rounded_ns"),
    [
        ([12_500_000], MS, 13 * MS),
        ([12_499_999], MS, 12 * MS),
        ([-12_500_000], MS, -12 * MS),
        ([-12_500_001], MS, -13 * MS),
        ([1, 2], 1, 2),
        ([14 * MS, 15 * MS], 10 * MS, 10 * MS),
        ([15 * MS, 15 * MS], 10 * MS, 20 * MS),
    ],
)
def test_the_mean_is_rounded_half_up(differences_ns: list[int], resolution_ns: int, rounded_ns: int) -> None:
    assert mean_half_up_ns(differences_ns, resolution_ns) == rounded_ns


def test_the_nearest_are_paired_and_each_once() -> None:
    pairing = pair([seen(0), seen(300)], [seen(290), seen(310)])
    instants_ms = [(one.a.mono_ns // MS, one.b.mono_ns // MS) for one in pairing.pairs]
    assert instants_ms == [(0, 310), (300, 290)]
    assert len({one.b.passing_id for one in pairing.pairs}) == 2
    assert pair([seen(0)], [seen(501)]).pairs == []
    assert pair([seen(0)], [seen(500)]).only_b == []


def test_a_calculated_time_is_within_its_uncertainty_and_no_miss_is_silent() -> None:
    for seed in range(300):
        random = Random(seed)
        offset_ns, jitter_ns = random.randint(-150, 150) * MS, random.randint(0, 3 * MS)
        a, b, truth = [], [], {}
        for number in range(random.randint(12, 120)):
            at_ns = (number + 1) * 3 * SECOND_NS + random.randint(0, SECOND_NS)
            sees_a, sees_b = random.random() >= 1 / 50, random.random() >= 1 / 50
            if sees_a:
                a.append(Sighting(passing_id=f"a{number}", mono_ns=at_ns + random.randint(0, jitter_ns)))
            if sees_b:
                b_ns = at_ns + offset_ns + random.randint(0, jitter_ns)
                b.append(Sighting(passing_id=f"b{number}", mono_ns=b_ns))
            if sees_b and not sees_a:
                truth[f"b{number}"] = at_ns
            if sees_a and not sees_b:
                truth[f"a{number}"] = at_ns
        pairing = pair(a, b)
        assert {one.passing_id for one in [*pairing.only_a, *pairing.only_b]} == set(truth), seed
        for missing in pairing.only_b:
            calculated = calculate(missing, pairing.pairs, resolution_ns=MS)
            assert calculated is not None
            # What A itself would have added of its own jitter is no fault of the book.
            off_ns = abs(calculated.mono_ns - truth[missing.passing_id] - jitter_ns // 2)
            assert off_ns <= calculated.uncertainty_ns + jitter_ns // 2, seed


def test_systems_that_part_are_seen_and_a_single_outlier_is_not() -> None:
    steady = [12 * MS, 13 * MS, 11 * MS, 12 * MS, 12 * MS]
    calm = agreement(steady)
    assert calm is not None
    assert (calm.pairs_count, calm.median_ns, calm.spread_ns, calm.are_parted) == (5, 12 * MS, 2 * MS, False)
    outlier = agreement([*steady, 90 * MS, 12 * MS, 12 * MS])
    assert outlier is not None
    assert not outlier.are_parted
    parted = agreement([*steady, 90 * MS, 91 * MS, 95 * MS])
    assert parted is not None
    assert (parted.are_parted, parted.parted_by_ns) == (True, 78 * MS)
    assert agreement([]) is None


def test_a_switch_for_both_again_a_minute_later() -> None:
    def contacts(first_ms: float, second_ms: float, apart_s: float = 60) -> tuple[Pair, Pair]:
        return both(1_000, first_ms), both(1_000 + apart_s * 1_000, second_ms)

    assert check_sync(*contacts(1.0, 0.3)).is_synchronised
    assert SYNC_WITHIN_NS == MS
    runs_apart = check_sync(*contacts(0.2, -1.3))
    assert not runs_apart.is_synchronised
    assert "run apart by 1.500 ms in 60 s, B is the faster" in runs_apart.sentence
    later = check_sync(*contacts(4.0, 4.2))
    assert not later.is_synchronised
    assert later.sentence.startswith("B sees the switch 4.200 ms later")
    assert "30 s later" in check_sync(*contacts(0, 0, apart_s=30)).sentence
