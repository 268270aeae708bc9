"""The windows of runs on a unit's clock, asked for one stamp and for many."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pitboard.race.passings.attribution import TimedPassing, Timeline

stamps = st.integers(min_value=0, max_value=40)


def _never(slot: int) -> TimedPassing:
    raise AssertionError(slot)


@given(windows=st.lists(st.tuples(stamps, st.sampled_from("abc"))), asked=st.lists(stamps))
def test_many_stamps_are_in_the_windows_that_each_alone_is_in(
    windows: list[tuple[int, str]], asked: list[int]
) -> None:
    timeline = Timeline(_never)
    for from_mono_ns, run_id in windows:
        timeline.open_window(from_mono_ns, run_id)
    alone = {timeline.run_at(mono_ns) for mono_ns in asked}
    assert timeline.runs_at(asked) == alone - {None}
