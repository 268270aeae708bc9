"""What one drive is worth under each rule."""

from __future__ import annotations

import pytest

from pitboard.race.bodies.formats import RANKINGS, Format
from pitboard.race.ranking.score import RULES, Column, Drive, ScoredLap, score

MS = 1_000_000


def drive(*laps_ms: int | None, **keys: object) -> Drive:
    """A drive of these laps; None before a lap says that it does not count."""
    laps: list[ScoredLap] = []
    elapsed, counts = 0, True
    for lap_ms in laps_ms:
        if lap_ms is None:
            counts = False
            continue
        elapsed += lap_ms * MS
        number = len(laps) + 1
        laps.append(ScoredLap(number, lap_ms * MS, counts, elapsed, (number, "s", number)))
        counts = True
    return Drive(laps, **keys)  # type: ignore[arg-type]


VOID = None


@pytest.mark.parametrize(
    ("rules", "driven", "amounts_ms"),
    [
        (Format(ranking="best-lap"), (9_500, 9_400, 9_600), (9_400,)),
        (Format(ranking="best-lap"), (9_500, VOID, 9_400), (9_500,)),
        (Format(ranking="best-lap"), (VOID, 9_400), None),
        (Format(ranking="best-average", laps=3), (9_000, 10_000, 11_000, 9_000), (10_000,)),
        (Format(ranking="best-average", laps=3), (9_000, 9_000, VOID, 1_000, 9_000), None),
        (Format(ranking="best-average", laps=2), (9_000, 9_500, VOID, 1_000, 8_000, 9_000), (8_500,)),
        (Format(ranking="total-first", laps=2), (9_000, VOID, 9_500, 10_000, 1_000), (19_000,)),
        (Format(ranking="total-first", laps=2), (9_000, VOID, 9_500), None),
        (Format(ranking="total-best", laps=2), (9_000, 10_000, VOID, 1_000, 8_000), (17_000,)),
        (Format(ranking="total-best", laps=2), (9_000,), None),
        (Format(ranking="net"), (61_010,), (61_010,)),
        (Format(ranking="net"), (VOID, 61_010), None),
        (Format(ranking="sum-of-best-runs", runs=2), (61_010,), (61_010,)),
    ],
)
def test_times_that_rank(rules: Format, driven: tuple[int, ...], amounts_ms: tuple[int, ...] | None) -> None:
    amounts = score(drive(*driven), rules).amounts
    assert amounts == (None if amounts_ms is None else tuple(amount * MS for amount in amounts_ms))


def test_most_laps_is_tied_by_the_moment_at_which_the_last_counting_lap_closed() -> None:
    rules = Format(ranking="most-laps")
    assert score(drive(10_000, VOID, 4_000, 10_000), rules).amounts == (-2, 24_000 * MS)
    assert score(drive(10_000, 10_000, VOID, 4_000), rules).amounts == (-2, 20_000 * MS)
    assert score(drive(VOID, 4_000), rules).amounts is None
    assert score(drive(10_000, 10_000, 10_000, penalty_laps=1), rules).amounts == (-2, 30_000 * MS)
    assert score(drive(10_000, penalty_laps=1), rules).amounts is None


def test_times_are_cut_to_the_resolution_once_and_never_rounded() -> None:
    hundredths = {"resolution_ns": 10 * MS}
    laps = drive(9_509, 9_509, 9_509)
    assert score(laps, Format(**hundredths)).amounts == (9_500 * MS,)  # type: ignore[arg-type]
    total = Format(ranking="total-best", laps=3, **hundredths)  # type: ignore[arg-type]
    assert score(laps, total).amounts == (28_520 * MS,)
    average = Format(ranking="best-average", laps=3)
    assert score(drive(9_500, 9_501, 9_501), average).amounts == (9_500 * MS,)


@pytest.mark.parametrize("ranking", ["best-lap", "best-average", "total-first", "total-best", "net"])
def test_a_penalty_in_time_is_added_once_to_what_ranks(ranking: str) -> None:
    rules = Format(ranking=ranking, laps=1)
    assert score(drive(9_000, penalty_ns=2_000 * MS), rules).amounts == (11_000 * MS,)
    slow = ScoredLap(1, 9_000 * MS, True, 9_000 * MS, (1, "s", 1), penalty_ns=500 * MS, off_tracks=1)
    with_off_track = score(Drive([slow]), rules)
    assert with_off_track.amounts == (9_500 * MS,)
    assert with_off_track.columns[-2:] == (
        Column("penalty", "duration_ns", 500 * MS),
        Column("off_tracks", "count", 1),
    )


@pytest.mark.parametrize(
    ("rules", "lap_number"),
    [
        (Format(ranking="best-lap"), 3),
        (Format(ranking="best-average", laps=2), 4),
        (Format(ranking="total-first", laps=2), 2),
        (Format(ranking="total-best", laps=2), 4),
        (Format(ranking="most-laps"), 5),
        (Format(ranking="net"), 5),
    ],
)
def test_a_score_is_reached_with_the_last_lap_that_it_is_made_of(rules: Format, lap_number: int) -> None:
    worth = score(drive(9_000, 9_500, 7_000, 7_000, 9_000), rules)
    assert worth.set_at == (lap_number, "s", lap_number)


def test_who_may_not_score() -> None:
    for ranking in RANKINGS:
        rules = Format(ranking=ranking, laps=1, runs=1)
        assert score(drive(9_000), rules).amounts is not None
        assert score(drive(9_000, is_practice=True), rules).amounts is None
        assert score(drive(9_000, status="did-not-start"), rules).amounts is None
        assert score(drive(9_000, status="disqualified"), rules).amounts is None
    assert score(drive(9_000, status="did-not-finish"), Format(ranking="net")).amounts is None
    assert score(drive(9_000, status="did-not-finish"), Format(ranking="best-lap")).amounts == (9_000 * MS,)
    assert score(drive(9_000), Format(ranking="of-a-later-version")).columns == ()


def test_the_columns_of_a_rule_hold_what_it_ranks_by() -> None:
    driven = drive(9_000, 8_000, VOID, 7_000, 8_500)
    shown = {
        column.code: column.value for column in score(driven, Format(ranking="best-average", laps=2)).columns
    }
    assert shown == {"average": 8_500 * MS, "best": 8_000 * MS, "laps": 3}
    none = {
        column.code: column.value for column in score(driven, Format(ranking="best-average", laps=9)).columns
    }
    assert none == {"average": None, "best": 8_000 * MS, "laps": 3}


def test_every_ranking_is_a_row_of_the_table() -> None:
    assert tuple(RULES) == RANKINGS
