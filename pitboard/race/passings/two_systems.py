"""Two timing systems at one line: A's passings make the results, B's (and a hand's) stand beside them.

Pure. After FIS, International Ski Competition Rules, article 611: where A missed a competitor, its time is
calculated from B's by the mean of B minus A over ten others (611.3.2.1). B's time of day never stands in A's
place."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

PAIR_WITHIN_NS = 500_000_000
"""Two systems at one line see a car within this; further apart they saw two cars, or one missed."""
MISSED_AFTER_NS = 3_000_000_000
"""By then the other system's line has come, where it saw the car at all."""
BOOK_COUNT = 10
"""How many differences the book asks for."""
PART_MIN_NS = 20_000_000
PARTING_COUNT = 3
"""So many pairs in a row must lie off before two systems count as parted."""
SYNC_WITHIN_NS = 1_000_000
SYNC_APART_MIN_NS = 60_000_000_000


class TellsCars(Protocol):
    """What tells cars apart, None where a system cannot."""

    @property
    def transponder(self) -> int | str | None: ...
    @property
    def lane(self) -> int | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One system saw a car then."""

    passing_id: str
    mono_ns: int
    uncertainty_ns: int = 0
    transponder: int | str | None = None
    lane: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Both systems saw the same car."""

    a: Sighting
    b: Sighting

    @property
    def b_minus_a_ns(self) -> int:
        return self.b.mono_ns - self.a.mono_ns


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """In order of time. What only one of the systems saw stands apart."""

    pairs: Sequence[Pair]
    only_a: Sequence[Sighting]
    only_b: Sequence[Sighting]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalculatedTime:
    """When A would have seen the car that only B saw, from which differences, and how far that may be off.

    `correction_ns` is the mean of B minus A, rounded half up to the published resolution. A result with it
    carries a mark: it was calculated (611.3.4).
    """

    mono_ns: int
    uncertainty_ns: int
    correction_ns: int
    from_passing_id: str
    before_count: int
    after_count: int

    @property
    def pairs_count(self) -> int:
        return self.before_count + self.after_count

    @property
    def is_by_the_book(self) -> bool:
        return self.pairs_count >= BOOK_COUNT


def are_two_cars(one: TellsCars, other: TellsCars) -> bool:
    """Return whether both systems tell cars apart in one way, and these are two."""
    return any(
        mine is not None and theirs is not None and mine != theirs
        for mine, theirs in ((one.transponder, other.transponder), (one.lane, other.lane))
    )


def pair(a: Sequence[Sighting], b: Sequence[Sighting], *, within_ns: int = PAIR_WITHIN_NS) -> Pairing:
    """Pair each sighting of A with B's nearest within the bound; the nearest two first, each once."""
    a, b = sorted(a, key=_instant), sorted(b, key=_instant)
    b_instants = [one.mono_ns for one in b]
    candidates = sorted(
        (abs(b_instants[at_b] - one.mono_ns), at_a, at_b)
        for at_a, one in enumerate(a)
        for at_b in range(
            bisect_left(b_instants, one.mono_ns - within_ns),
            bisect_right(b_instants, one.mono_ns + within_ns),
        )
        if not are_two_cars(one, b[at_b])
    )
    partner_of: dict[int, int] = {}
    taken: set[int] = set()
    for _, at_a, at_b in candidates:
        if at_a not in partner_of and at_b not in taken:
            partner_of[at_a] = at_b
            taken.add(at_b)
    return Pairing(
        pairs=[Pair(a=a[at_a], b=b[at_b]) for at_a, at_b in sorted(partner_of.items())],
        only_a=[one for at, one in enumerate(a) if at not in partner_of],
        only_b=[one for at, one in enumerate(b) if at not in taken],
    )


def calculate(
    missing: Sighting, pairs: Sequence[Pair], *, resolution_ns: int, within_ns: int = PAIR_WITHIN_NS
) -> CalculatedTime | None:
    """Return when A would have seen what only B saw, or None where no pair tells.

    Of the pairs the ten before the missing one count, filled up with those after it.
    """
    in_order = sorted(pairs, key=lambda one: one.b.mono_ns)
    at = bisect_left([one.b.mono_ns for one in in_order], missing.mono_ns)
    before = in_order[max(0, at - BOOK_COUNT) : at]
    after = in_order[at : at + BOOK_COUNT - len(before)]
    used = before + after
    if not used:
        return None
    differences_ns = [one.b_minus_a_ns for one in used]
    correction_ns = mean_half_up_ns(differences_ns, resolution_ns)
    off_ns = max(abs(difference_ns - correction_ns) for difference_ns in differences_ns)
    stamps_ns = max(one.a.uncertainty_ns + one.b.uncertainty_ns for one in used)
    # Few pairs know little of how the next may lie; one knows nothing of it.
    spread_ns = off_ns + off_ns * BOOK_COUNT // len(used) if len(used) > 1 else within_ns
    return CalculatedTime(
        mono_ns=missing.mono_ns - correction_ns,
        uncertainty_ns=missing.uncertainty_ns + stamps_ns + spread_ns + resolution_ns,
        correction_ns=correction_ns,
        from_passing_id=missing.passing_id,
        before_count=len(before),
        after_count=len(after),
    )


def mean_half_up_ns(differences_ns: Sequence[int], resolution_ns: int) -> int:
    """Return the mean rounded half up to the resolution, in whole numbers, below zero too."""
    steps = len(differences_ns) * resolution_ns
    return (2 * sum(differences_ns) + steps) // (2 * steps) * resolution_ns


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How two systems stand to each other by their latest pairs.

    `spread_ns` is from the least to the greatest difference. `are_parted` says that the latest differences
    all lie off from those before by more than these ever did.
    """

    pairs_count: int
    median_ns: int
    spread_ns: int
    are_parted: bool
    parted_by_ns: int = 0


def agreement(differences_ns: Sequence[int]) -> Agreement | None:
    """Return how the systems agree by these differences (B minus A, oldest first), None without any."""
    if not differences_ns:
        return None
    latest, before = differences_ns[-PARTING_COUNT:], differences_ns[:-PARTING_COUNT]
    parted_by_ns = 0
    if len(before) >= PARTING_COUNT:
        usual_ns = _median_low(before)
        usual_spread_ns = max(abs(one - usual_ns) for one in before)
        off_ns = min((one - usual_ns for one in latest), key=abs)
        is_one_way = all((one > usual_ns) == (off_ns > 0) for one in latest)
        if is_one_way and abs(off_ns) > max(PART_MIN_NS, usual_spread_ns):
            parted_by_ns = off_ns
    return Agreement(
        pairs_count=len(differences_ns),
        median_ns=_median_low(differences_ns),
        spread_ns=max(differences_ns) - min(differences_ns),
        are_parted=bool(parted_by_ns),
        parted_by_ns=parted_by_ns,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """How a system told of its half of a pair: how long after its stamp, and by what setting of its clock."""

    delay_ns: int
    clock: str = ""
    is_doubted: bool = False


def which_parted(parted_by_ns: int, arrivals: Mapping[str, Sequence[Arrival]]) -> str:
    """Return the system whose own stamps show that it is the one which moved, "" where neither or both do.

    `arrivals` are those of the pairs, oldest first, by system. A stamp that moves against its own arrival, or
    a clock that was set, gives a system away; a beam that was moved gives nothing away.
    """
    moved = [system for system, own in arrivals.items() if _has_moved(parted_by_ns, own)]
    return moved[0] if len(moved) == 1 else ""


def _has_moved(parted_by_ns: int, arrivals: Sequence[Arrival]) -> bool:
    latest, before = arrivals[-PARTING_COUNT:], arrivals[:-PARTING_COUNT]
    if any(one.is_doubted or (before and one.clock != before[-1].clock) for one in latest):
        return True
    delays_ns = [_median_low([one.delay_ns for one in some]) for some in (before, latest) if some]
    return len(delays_ns) == 2 and 2 * abs(delays_ns[1] - delays_ns[0]) > abs(parted_by_ns)


SyncCode = Literal["agree", "too-soon", "run-apart", "sees-later"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncCheck:
    """Whether a switch, closed twice for both systems, was seen alike.

    `code` says which part is off, with `fields` for its words; `sentence` says it in English.
    """

    code: SyncCode
    first_ns: int
    second_ns: int
    apart_ns: int
    fields: Mapping[str, str | int]

    @property
    def is_synchronised(self) -> bool:
        return self.code == "agree"

    @property
    def sentence(self) -> str:
        return _SYNC_SENTENCES[self.code].format(**self.fields)


_SYNC_SENTENCES: dict[SyncCode, str] = {
    "agree": "A and B agree: {first} ms and {second} ms.",
    "too-soon": "The second time came too soon: close the switch again {seconds} s later.",
    "run-apart": "The clocks of A and B run apart by {ms} ms in {seconds} s, {system} is the faster: "
    "warm both up, or change the one that is new.",
    "sees-later": "{system} sees the switch {ms} ms later, both times: look at its cable, its input and its "
    "place.",
}


def check_sync(first: Pair, second: Pair) -> SyncCheck:
    """Return whether both systems saw the switch within 1 ms, both times, and else which part is off."""
    first_ns, second_ns = first.b_minus_a_ns, second.b_minus_a_ns
    apart_ns = second.a.mono_ns - first.a.mono_ns
    ran_apart_ns = second_ns - first_ns
    code: SyncCode = "agree"
    fields: dict[str, str | int] = {"first": _ms(first_ns), "second": _ms(second_ns)}
    if apart_ns < SYNC_APART_MIN_NS:
        code = "too-soon"
        fields = {"seconds": (SYNC_APART_MIN_NS - apart_ns + 999_999_999) // 1_000_000_000}
    elif abs(ran_apart_ns) > SYNC_WITHIN_NS:
        code = "run-apart"
        fields = {"ms": _ms(abs(ran_apart_ns)), "seconds": apart_ns // 10**9}
        fields["system"] = "B" if ran_apart_ns < 0 else "A"
    elif max(abs(first_ns), abs(second_ns)) > SYNC_WITHIN_NS:
        code = "sees-later"
        fields = {"ms": _ms(abs(second_ns)), "system": "B" if second_ns > 0 else "A"}
    return SyncCheck(code=code, first_ns=first_ns, second_ns=second_ns, apart_ns=apart_ns, fields=fields)


def _instant(sighting: Sighting) -> int:
    return sighting.mono_ns


def _ms(duration_ns: int) -> str:
    sign = "-" if duration_ns < 0 else ""
    ms, ns = divmod(abs(duration_ns), 1_000_000)
    return f"{sign}{ms}.{ns // 1_000:03}"


def _median_low(values: Sequence[int]) -> int:
    """Return the middle one, of two the lower; the library's module brings decimals and fractions along."""
    return sorted(values)[(len(values) - 1) // 2]
