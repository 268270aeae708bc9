"""Points by place: whose points changed is always told."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from pitboard.race.ranking.placings import Driver, Placings

DRIVERS: list[Driver] = [(name, "1") for name in "abcdefgh"]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.sampled_from(DRIVERS), st.none() | st.integers(1, 6)), max_size=40))
def test_points_are_those_of_a_naive_count_and_every_change_is_told(
    changes: list[tuple[Driver, int | None]],
) -> None:
    points = (5, 3, 1)
    placings, scores = Placings(points), dict[Driver, int]()
    for driver, amount in changes:
        before = {one: placings.points_of(one) for one in DRIVERS}
        moved = placings.set_score(driver, None if amount is None else (amount,))
        scores.pop(driver, None)
        if amount is not None:
            scores[driver] = amount
        for one in DRIVERS:
            place = sum(other < scores[one] for other in scores.values()) if one in scores else len(points)
            assert placings.points_of(one) == (points[place] if place < len(points) else 0)
            assert one in moved or placings.points_of(one) == before[one]
        assert len(placings) == len(scores)


def test_a_change_far_behind_the_points_concerns_nobody_else() -> None:
    placings = Placings((5, 3, 1))
    for number in range(1_000):
        placings.set_score((f"d{number}", "1"), (number,))
    assert placings.set_score(("d999", "1"), (500,)) == {("d999", "1")}
    assert len(placings.set_score(("d999", "1"), (0,))) <= 6
