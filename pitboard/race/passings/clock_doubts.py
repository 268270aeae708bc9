"""What a passing's neighbours on the line leave open: settings of the clock that no line can exclude.

Whatever may have been widens the uncertainty; nothing here makes a passing surer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from itertools import groupby

from msgspec.structs import replace

from pitboard.race.passings.device_clocks import (
    CLOCK_DOUBT,
    CLOCK_LOST,
    CLOCK_SET,
    DOUBT_MIN_NS,
    LATE,
    PASSING_LOST,
    TOGETHER_NS,
    Settled,
    Stamped,
    received_lag_ns,
)

AT_ONCE_NS = 100_000_000
"""Lines that a stall held up come nearer to each other than this once it is over."""

HELD_UP_MAX_NS = 60_000_000_000
"""How long a stalled connection or a repeat holds a line up."""

ASKED_MAX_COUNT = 16
"""So many lines on either side are asked whether they were as late."""

JITTER_MAX_NS = 5_000_000
"""Two lines of one setting that lie apart by more do not tell the same of it for sure."""

SETTING_SURE_COUNT = 4
"""So many lines are not held up by the same time."""


def doubt_by_neighbours(settled: list[Settled], places: Sequence[int], line: Sequence[Stamped]) -> None:
    """Widen what the passings of one sensor, `line` as received, leave open about each other.

    `places` says where each of them stands in `settled`.
    """
    _doubt_what_a_step_may_hide(settled, places, line)
    _doubt_what_began_late(settled, places, line)
    _doubt_what_stands_alone(settled, places, line)
    _doubt_what_a_lost_line_began(settled, places)
    _doubt_what_was_set_back_again(settled, places)
    _doubt_what_came_together(settled, places, line)
    _doubt_what_was_held_up_together(settled, places, line)


def _doubt_what_a_step_may_hide(
    settled: list[Settled], places: Sequence[int], line: Sequence[Stamped]
) -> None:
    """Between two lines in time the clock may have been set back and forward again: then all look late."""
    held_up = {index for first, end in _held_up_together(line) for index in range(first, end)}
    for index, at in enumerate(places):
        one = settled[at]
        late_ns = received_lag_ns(line[index]) - one.lag_ns
        if one.flag in (None, CLOCK_LOST) or late_ns <= 0:
            continue
        sides = (range(index - 1, -1, -1), range(index + 1, len(line)))
        hidden_ns = max(
            _hidden_step_ns(late_ns, _lates_beside(settled, places, line, index, side, held_up))
            for side in sides
        )
        if hidden_ns:
            settled[at] = replace(one, uncertainty_ns=one.uncertainty_ns + hidden_ns, hidden_ns=hidden_ns)


def _hidden_step_ns(late_ns: int, beside_ns: Iterable[int | None]) -> int:
    """Return by how much the clock may have been set, where this line and those beside it were so late.

    Nobody sets a clock for one car: two lines at least must be late by the same, and all between by as much.
    """
    least_ns, lates_ns = late_ns, [late_ns]
    for one_ns in beside_ns:
        if one_ns is None:
            return least_ns
        least_ns = min(least_ns, one_ns)
        lates_ns.append(one_ns)
        if sum(each_ns - least_ns <= DOUBT_MIN_NS for each_ns in lates_ns) >= 2:
            return max(0, least_ns)
    return 0


def _lates_beside(
    settled: Sequence[Settled],
    places: Sequence[int],
    line: Sequence[Stamped],
    index: int,
    side: range,
    held_up: Set[int],
) -> Iterator[int | None]:
    """Yield how late the lines on one side were, up to one in time; None where nobody knows."""
    one, nearer = settled[places[index]], index
    for other in side[:ASKED_MAX_COUNT]:
        beside = settled[places[other]]
        if settled[places[max(nearer, other)]].unseen == PASSING_LOST:
            yield None
        if other in held_up and index not in held_up:
            yield None
        if abs(line[other].received_mono_ns - line[nearer].received_mono_ns) < TOGETHER_NS:
            continue
        if beside.flag is None or (
            beside.clock != one.clock and beside.flag not in (CLOCK_DOUBT, CLOCK_LOST)
        ):
            return
        yield received_lag_ns(line[other]) - one.lag_ns
        nearer = other


def _doubt_what_began_late(settled: list[Settled], places: Sequence[int], line: Sequence[Stamped]) -> None:
    """The first line of a clock set back may be one of before, held up by nearly as much as it was set by."""
    known = {settled[at].clock for at in places[:1]}
    for index in range(1, len(line)):
        one, before = settled[places[index]], settled[places[index - 1]]
        if one.clock in known:
            continue
        known.add(one.clock)
        later = range(index + 1, min(index + ASKED_MAX_COUNT, len(line)))
        of_it_ns = [received_lag_ns(line[at]) for at in later if settled[places[at]].clock == one.clock]
        least_ns = min(of_it_ns[:3], default=before.lag_ns)
        if least_ns > before.lag_ns and abs(received_lag_ns(line[index]) - least_ns) > JITTER_MAX_NS:
            settled[places[index]] = _or_as_around(
                one,
                (before.lag_ns,),
                received_ns=line[index].received_mono_ns + line[index].slept_ns,
                before_ns=before.awake_and_asleep_ns,
            )


def _doubt_what_stands_alone(settled: list[Settled], places: Sequence[int], line: Sequence[Stamped]) -> None:
    """The first line of a setting may have been held up; where none after it agrees, it may be old."""
    clocks = [settled[at].clock for at in places]
    known = set(clocks[:1])
    for index in range(1, len(line)):
        first, one, before = line[index], settled[places[index]], settled[places[index - 1]]
        if one.clock in known or one.flag not in (LATE, CLOCK_SET):
            continue
        known.add(one.clock)
        later = [
            (clock, received_lag_ns(passing) - received_lag_ns(first))
            for clock, passing in zip(clocks[index + 1 :], line[index + 1 :], strict=True)
            if passing.received_mono_ns - first.received_mono_ns >= TOGETHER_NS
        ]
        if later and not any(clock == one.clock and abs(off_ns) <= DOUBT_MIN_NS for clock, off_ns in later):
            since_ns = max(0, one.awake_and_asleep_ns - before.awake_and_asleep_ns)
            settled[places[index]] = replace(one, uncertainty_ns=max(one.uncertainty_ns, since_ns))


def _doubt_what_a_lost_line_began(settled: list[Settled], places: Sequence[int]) -> None:
    """A setting that began with a line of which nothing tells is as doubtful, until one comes in time."""
    lost_ns: dict[str | None, int] = {}
    for at in places:
        one = settled[at]
        if one.flag is None:
            lost_ns[one.clock] = 0
        least_ns = lost_ns.setdefault(one.clock, one.uncertainty_ns if one.flag == CLOCK_LOST else 0)
        if least_ns > one.uncertainty_ns:
            settled[at] = replace(one, uncertainty_ns=least_ns)


def _doubt_what_was_set_back_again(settled: list[Settled], places: Sequence[int]) -> None:
    """A few lines behind, and the next in time again: the clock was set twice, or those few were held up."""
    groups = groupby(places, key=lambda at: settled[at].clock)
    settings = [of_one for of_one in (list(of_one) for _, of_one in groups) if _is_setting(settled, of_one)]
    for before, these, after in zip(settings, settings[1:], settings[2:], strict=False):
        lag_ns = settled[before[-1]].lag_ns
        behind_ns = min(settled[at].lag_ns for at in these) - lag_ns
        took_ns = settled[these[-1]].awake_and_asleep_ns - settled[these[0]].awake_and_asleep_ns
        has_returned = abs(settled[after[0]].lag_ns - lag_ns) <= DOUBT_MIN_NS
        if not has_returned or not DOUBT_MIN_NS < behind_ns <= HELD_UP_MAX_NS or took_ns >= HELD_UP_MAX_NS:
            continue
        for at in these if len(these) < SETTING_SURE_COUNT else ():
            settled[at] = replace(
                settled[at],
                uncertainty_ns=settled[at].uncertainty_ns + behind_ns,
                hidden_ns=settled[at].hidden_ns + behind_ns,
                or_mono_ns=settled[at].mono_ns - behind_ns,
                flag=CLOCK_DOUBT,
            )


def _is_setting(settled: list[Settled], places: Sequence[int]) -> bool:
    return any(settled[at].flag not in (CLOCK_DOUBT, CLOCK_LOST) for at in places)


def _doubt_what_came_together(settled: list[Settled], places: Sequence[int], line: Sequence[Stamped]) -> None:
    """Where the line that shows a new setting came with others that were held up, it was held up too.

    Set forward, the clock may have been so for some of those already.
    """
    held_up: list[int] = []
    for index, at in enumerate(places):
        passing, before = line[index], line[index - 1] if index else None
        if before is None or passing.received_mono_ns - before.received_mono_ns >= TOGETHER_NS:
            held_up = [at]
            continue
        if settled[at].clock != settled[held_up[0]].clock:
            if settled[at].mono_ns == passing.mono_ns:
                late_ns = before.received_mono_ns - settled[places[index - 1]].mono_ns
                least_ns = max(late_ns, settled[at].uncertainty_ns)
                settled[at] = replace(settled[at], uncertainty_ns=least_ns)
            for one in held_up:
                settled[one] = _or_already_set(settled[one], passing)
        held_up.append(at)


def _doubt_what_was_held_up_together(
    settled: list[Settled], places: Sequence[int], line: Sequence[Stamped]
) -> None:
    """When lines come together that were held up, each may be of the setting before or of the one after."""
    counts = Counter(settled[at].clock for at in places)
    from_first, last_end = 0, 0
    for first, end in _held_up_together(line):
        from_first = from_first if first == last_end else first  # one stall close upon another
        last_end = end
        if first == 0:
            continue
        before, these = settled[places[first - 1]], places[first:end]
        beside = [before, *(settled[at] for at in (*places[end : end + 1], places[max(0, from_first - 1)]))]
        around_ns = {lag_ns for one in beside for lag_ns in (one.lag_ns, one.lag_ns + one.hidden_ns)}
        in_time = counts - Counter(settled[at].clock for at in these)
        before_ns = before.awake_and_asleep_ns
        for at, passing in zip(these, line[first:end], strict=True):
            one, received_ns = settled[at], passing.received_mono_ns + passing.slept_ns
            one = _or_as_around(one, around_ns, received_ns=received_ns, before_ns=before_ns)
            if not in_time[one.clock]:  # nothing tells how late they were
                one = replace(one, uncertainty_ns=max(one.uncertainty_ns, received_ns - before_ns))
            settled[at] = one
        if end == len(line):
            _doubt_what_was_last(settled, places[first:end], line[first:end], before)


def _doubt_what_was_last(
    settled: list[Settled], places: Sequence[int], line: Sequence[Stamped], before: Settled
) -> None:
    """No line came since a stall: the clock may have been set meanwhile, by what its lines leave room for.

    Set forward, none passed before the one before it; set back, none came before its passing.
    """
    passed_ns = [settled[at].tick_us * 1_000 + settled[at].lag_ns for at in places]
    lates_ns = [
        one.received_mono_ns + one.slept_ns - one_ns for one, one_ns in zip(line, passed_ns, strict=True)
    ]
    hidden_ns, before_ns = 0, before.awake_and_asleep_ns
    for index, at in enumerate(places):
        hidden_ns = max(hidden_ns, passed_ns[index] - before_ns, min(lates_ns[index:]))
        before_ns = passed_ns[index]
        one = settled[at]
        settled[at] = replace(
            one, uncertainty_ns=one.uncertainty_ns + hidden_ns, hidden_ns=one.hidden_ns + hidden_ns
        )


def _or_as_around(one: Settled, around_ns: Iterable[int], *, received_ns: int, before_ns: int) -> Settled:
    """Return the passing as it is known if its lag may be one of these: after the one before, till now."""
    tick_ns, mono_ns = one.tick_us * 1_000, one.awake_and_asleep_ns
    earliest_ns = min(before_ns, mono_ns)
    others_ns = [
        max(tick_ns + lag_ns, earliest_ns)
        for lag_ns in around_ns
        if tick_ns + lag_ns <= received_ns and abs(lag_ns - one.lag_ns) <= HELD_UP_MAX_NS
    ]
    # The lag of a lost line is by its arrival, its instant by a setting that it may be of.
    other_ns = max(others_ns, key=lambda other: abs(other - mono_ns), default=mono_ns)
    off_ns, hidden_ns = (
        max((abs(other - own_ns) for other in others_ns), default=0)
        for own_ns in (mono_ns, tick_ns + one.lag_ns)
    )
    is_far = off_ns > DOUBT_MIN_NS and one.or_mono_ns is None
    return replace(
        one,
        uncertainty_ns=one.uncertainty_ns + off_ns,
        hidden_ns=one.hidden_ns + hidden_ns,
        or_mono_ns=other_ns - one.slept_ns if is_far else one.or_mono_ns,
    )


def _held_up_together(line: Sequence[Stamped]) -> Iterator[tuple[int, int]]:
    """Yield the first and the end of each row of lines that came together though they were sent apart.

    Their ticks say so, or that they all lag behind the lines before them and after.
    """
    first = 0
    for end in range(1, len(line) + 1):
        if end < len(line) and (line[end].received_mono_ns - line[end - 1].received_mono_ns < AT_ONCE_NS):
            continue
        if end - first > 1:
            lags_ns = [received_lag_ns(one) for one in line[first:end]]
            beside_ns = [
                received_lag_ns(one) for one in (*line[max(0, first - 1) : first], *line[end : end + 1])
            ]
            least_ns = min(min(lags_ns), max(beside_ns, default=max(lags_ns)))
            if max(lags_ns) - least_ns > DOUBT_MIN_NS:
                yield first, end
        first = end


def _or_already_set(settled: Settled, showed_by: Stamped) -> Settled:
    """Return the passing as it is known if its clock was perhaps set forward as the later line shows."""
    ahead_ns = settled.lag_ns - received_lag_ns(showed_by)
    if settled.clock == showed_by.clock or ahead_ns <= DOUBT_MIN_NS:
        return settled
    return replace(
        settled,
        uncertainty_ns=settled.uncertainty_ns + ahead_ns,
        hidden_ns=settled.hidden_ns + ahead_ns,
        or_mono_ns=settled.mono_ns - ahead_ns,
    )
