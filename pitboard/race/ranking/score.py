"""What one competitor's place in a run is worth: a sort key and columns.

Each rule is one pure function and one row of `RULES`; boards, screens and exports draw columns and know no
rule. Amounts are as published: cut to the format's resolution once, at the end. The least amounts are the
best."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from pitboard.race.bodies.calculated import Calculated
from pitboard.race.bodies.formats import Format

Moment: TypeAlias = tuple[int, str, int]
"""When something was said: (stamp, stream, seq)."""
Amounts: TypeAlias = tuple[int, ...]
ColumnKind = Literal["duration_ns", "count", "points"]
Status = Literal["finished", "did-not-finish", "did-not-start", "disqualified"]


class ScoredLap(NamedTuple):
    """A lap as the verdicts left it. `closed_ns` is the run's time at its end, void laps before it included.

    `penalty_ns` is what was added to this lap, for instance for being off the track; `set_at` is the moment
    of the passing that closed it.
    """

    number: int
    lap_ns: int
    counts: bool
    closed_ns: int
    set_at: Moment
    penalty_ns: int = 0
    off_tracks: int = 0
    calculated: tuple[Calculated, ...] = ()

    @property
    def time_ns(self) -> int:
        return self.lap_ns + self.penalty_ns


class Drive(NamedTuple):
    """What one competitor drove in one place of a run, its laps in the order driven.

    `laps_asked` is 0 where the run asks for no number of laps; `is_cancelled` says that by its timing rules
    it has no result.
    """

    laps: Sequence[ScoredLap]
    status: Status = "finished"
    penalty_ns: int = 0
    penalty_laps: int = 0
    is_practice: bool = False
    laps_asked: int = 0
    is_cancelled: bool = False


class Column(NamedTuple):
    """One thing to show: `code` names it in every language, `kind` says how to write `value`, None is a
    dash."""

    code: str
    kind: ColumnKind
    value: int | None


class Worth(NamedTuple):
    """What a rule makes of a drive; `second` breaks a tie where the format says so; empty where there is
    nothing to break it by."""

    amounts: Amounts
    values: tuple[int | None, ...]
    set_at: Moment
    second: Amounts = ()


class Score(msgspec.Struct, frozen=True, gc=False):
    """`amounts` orders scores of one format, the least first; None is no score: too little that counts.

    `set_at` is when the score was reached, None without one. `values` belong to the rule's columns.
    `calculated` are the marks of the calculated laps that it rests on.
    """

    ranking: str
    amounts: Amounts | None
    values: tuple[int | None, ...]
    laps: int
    set_at: Moment | None = None
    second: Amounts = ()
    penalty_ns: int = 0
    penalty_laps: int = 0
    off_tracks: int = 0
    status: Status = "finished"
    calculated: tuple[Calculated, ...] = ()

    @property
    def columns(self) -> tuple[Column, ...]:
        """Return what to show: the rule's columns, then penalties and off-tracks where there are any."""
        return (*columns_of(self.ranking, self.values), *self.extra_columns)

    @property
    def extra_columns(self) -> tuple[Column, ...]:
        extras = (
            Column("penalty", "duration_ns", self.penalty_ns),
            Column("penalty_laps", "count", self.penalty_laps),
            Column("off_tracks", "count", self.off_tracks),
        )
        return tuple(column for column in extras if column.value)


RuleFunction: TypeAlias = Callable[[Drive, list[ScoredLap], Format], Worth | None]


class Rule(NamedTuple):
    """A row of the table. `score` is None where a result is made from the scores of several runs.

    `says` is the rule for people, `amounts` the kinds of what it orders by, `parameter` the format's key that
    it needs.
    """

    says: str
    columns: tuple[tuple[str, ColumnKind], ...]
    score: RuleFunction | None
    amounts: tuple[ColumnKind, ...] = ("duration_ns",)
    parameter: str = ""
    takes_lap_penalty: bool = False
    needs_finish: bool = False


def score(drive: Drive, rules: Format) -> Score:
    """Return what the drive is worth under the format's rule for one run.

    A practice run, a cancelled one, one not started, a disqualified one, and one not finished where the rule
    needs that, have no score; neither has any drive under a rule this version does not know.
    """
    ranking = rules.ranking_of_run
    counting = [lap for lap in drive.laps if lap.counts]
    rule = RULES.get(ranking)
    worth = None
    calculated: tuple[Calculated, ...] = ()
    if rule is not None and rule.score is not None and _may_score(drive, rule, len(counting)):
        worth = rule.score(drive, counting, rules)
        calculated = _marks(drive, worth, rule.score, rules)
    off_tracks = sum(lap.off_tracks for lap in drive.laps)
    penalty_ns = drive.penalty_ns + sum(lap.penalty_ns for lap in counting)
    return Score(
        ranking=ranking,
        amounts=None if worth is None else worth.amounts,
        values=_no_values(ranking, counting, rules) if worth is None else worth.values,
        laps=len(counting),
        set_at=None if worth is None else worth.set_at,
        second=() if worth is None else worth.second,
        penalty_ns=penalty_ns,
        penalty_laps=drive.penalty_laps,
        off_tracks=off_tracks,
        status=drive.status,
        calculated=calculated,
    )


def _marks(drive: Drive, worth: Worth | None, rule: RuleFunction, rules: Format) -> tuple[Calculated, ...]:
    """Return the marks of the calculated laps, each once, where the worth rests on one of them."""
    marked = [lap for lap in drive.laps if lap.counts and lap.calculated]
    if not marked or worth is None:
        return ()
    measured = drive._replace(
        laps=[lap._replace(counts=lap.counts and not lap.calculated) for lap in drive.laps]
    )
    without = rule(measured, [lap for lap in measured.laps if lap.counts], rules)
    if without is not None and without.amounts == worth.amounts:
        return ()
    return tuple(dict.fromkeys(mark for lap in marked for mark in lap.calculated))


def columns_of(ranking: str, values: Sequence[int | None]) -> tuple[Column, ...]:
    """Return the columns of a rule with these values; none for a rule this version does not know."""
    rule = RULES.get(ranking)
    if rule is None:
        return ()
    return tuple(Column(code, kind, value) for (code, kind), value in zip(rule.columns, values, strict=True))


def _may_score(drive: Drive, rule: Rule, counting_count: int) -> bool:
    if drive.is_practice or drive.is_cancelled or drive.status in ("did-not-start", "disqualified"):
        return False
    if not rule.needs_finish:
        return True
    return drive.status == "finished" and counting_count >= drive.laps_asked


def _no_values(ranking: str, counting: list[ScoredLap], rules: Format) -> tuple[int | None, ...]:
    """Return what can be shown beside a missing score: how many laps count, and the best of them."""
    known = {"laps": len(counting), "best": _best_ns(counting, rules)}
    rule = RULES.get(ranking)
    return () if rule is None else tuple(known.get(code) for code, _ in rule.columns)


def _best_ns(counting: list[ScoredLap], rules: Format) -> int | None:
    return rules.cut(min(lap.time_ns for lap in counting)) if counting else None


def _best_lap(drive: Drive, counting: list[ScoredLap], rules: Format) -> Worth | None:
    if not counting:
        return None
    published = sorted((rules.cut(lap.time_ns + drive.penalty_ns), lap.set_at) for lap in counting)
    best_ns, set_at = published[0]
    second = (published[1][0],) if len(published) > 1 else ()
    return Worth((best_ns,), (best_ns, len(counting)), set_at, second)


def _best_average(drive: Drive, counting: list[ScoredLap], rules: Format) -> Worth | None:
    """The least average of `laps` laps in a row; a lap that does not count breaks the row."""
    least: tuple[int, Moment] | None = None
    row: list[ScoredLap] = []
    total_ns = 0
    for lap in drive.laps:
        if not lap.counts:
            row, total_ns = [], 0
            continue
        row.append(lap)
        total_ns += lap.time_ns
        if len(row) > rules.laps:
            total_ns -= row[-1 - rules.laps].time_ns
        if len(row) >= rules.laps:
            average_ns = rules.cut(total_ns // rules.laps + drive.penalty_ns)
            if least is None or (average_ns, lap.set_at) < least:
                least = (average_ns, lap.set_at)
    if least is None:
        return None
    return Worth((least[0],), (least[0], _best_ns(counting, rules), len(counting)), least[1])


def _total_first(drive: Drive, counting: list[ScoredLap], rules: Format) -> Worth | None:
    return _total(drive, counting, counting[: rules.laps], rules)


def _total_best(drive: Drive, counting: list[ScoredLap], rules: Format) -> Worth | None:
    best = sorted(counting, key=lambda lap: (lap.time_ns, lap.set_at))[: rules.laps]
    return _total(drive, counting, best, rules)


def _total(drive: Drive, counting: list[ScoredLap], chosen: list[ScoredLap], rules: Format) -> Worth | None:
    if len(chosen) < rules.laps or not chosen:
        return None
    total_ns = rules.cut(sum(lap.time_ns for lap in chosen) + drive.penalty_ns)
    set_at = max(lap.set_at for lap in chosen)
    return Worth((total_ns,), (total_ns, _best_ns(counting, rules), len(counting)), set_at)


def _most_laps(drive: Drive, counting: list[ScoredLap], rules: Format) -> Worth | None:
    """The most laps; of equal counts the one whose last counting lap closed earlier in the run's time."""
    laps = len(counting) - drive.penalty_laps
    if laps <= 0:
        return None
    last = counting[-1]
    penalty_ns = drive.penalty_ns + sum(lap.penalty_ns for lap in counting)
    elapsed_ns = rules.cut(last.closed_ns + penalty_ns)
    return Worth((-laps, elapsed_ns), (laps, elapsed_ns, _best_ns(counting, rules)), last.set_at)


def _net(drive: Drive, counting: list[ScoredLap], rules: Format) -> Worth | None:
    """The time from start to finish with its penalties: the run's counting laps together."""
    if not counting:
        return None
    net_ns = rules.cut(sum(lap.time_ns for lap in counting) + drive.penalty_ns)
    return Worth((net_ns,), (net_ns,), counting[-1].set_at)


RULES: dict[str, Rule] = {
    "best-lap": Rule(
        "The best lap that counts.",
        (("best", "duration_ns"), ("laps", "count")),
        _best_lap,
    ),
    "best-average": Rule(
        "The best average of N laps in a row; a lap that does not count breaks the row.",
        (("average", "duration_ns"), ("best", "duration_ns"), ("laps", "count")),
        _best_average,
        parameter="laps",
    ),
    "total-first": Rule(
        "The time of the first N laps that count, together.",
        (("total", "duration_ns"), ("best", "duration_ns"), ("laps", "count")),
        _total_first,
        parameter="laps",
    ),
    "total-best": Rule(
        "The time of the best N laps that count, together; they need not be in a row.",
        (("total", "duration_ns"), ("best", "duration_ns"), ("laps", "count")),
        _total_best,
        parameter="laps",
    ),
    "most-laps": Rule(
        "The most laps that count; of equal counts, whose last one closed earlier in the run's time. "
        "Laps that do not count take time too.",
        (("laps", "count"), ("elapsed", "duration_ns"), ("best", "duration_ns")),
        _most_laps,
        amounts=("count", "duration_ns"),
        takes_lap_penalty=True,
    ),
    "net": Rule(
        "The time from start to finish: the run's laps that count, together, with penalties.",
        (("net", "duration_ns"),),
        _net,
        needs_finish=True,
    ),
    "sum-of-best-runs": Rule(
        "The best M runs together; each is scored by `run_ranking`, by net time where that is not given.",
        (("total", "duration_ns"), ("runs", "count")),
        None,
        parameter="runs",
    ),
    "points": Rule(
        "The points of the places in each run together, of the best M runs where `runs` is given; the places "
        "come from `run_ranking`, from the most laps where that is not given.",
        (("points", "points"), ("runs", "count")),
        None,
        amounts=("points",),
        parameter="points",
    ),
}
"""Every rule by its name in `ranking`; the documents' table is made from this one."""
