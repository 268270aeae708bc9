"""Stages: heats whose drivers come from places in earlier heats, worked out from the results at any time.

A stage is a list of heats and who takes part in each: a seed, or a place in another heat. A place that nobody
can have (a bye) leaves its slot empty; a heat with at most one driver needs no run. Nothing is stored but the
finishing orders, so that a corrected result moves everybody who depends on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Literal, NamedTuple, TypeAlias

import msgspec
from msgspec import Meta

from pitboard.race.bodies import StageSet
from pitboard.race.score import Amounts

StageKind = Literal["heats", "knockout", "double-elimination", "heat-knockout", "ladder"]
"""`heats` are drawn, each driver once on every lane; the others are worked out from the results."""
DRIVERS_MAX_COUNT = 1_024


class StageSettings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The numbers of a stage, as the record `stage-set` carries them in `settings`.

    `count` drivers of the qualifying take part, or those in `picked`, in this order. `heat_size` and
    `advance` are for heat-knockout (the first `advance` of each heat go on) and ladder (they bump up).
    """

    count: Annotated[int, Meta(ge=2, le=DRIVERS_MAX_COUNT)] = 8
    heat_size: Annotated[int, Meta(ge=2, le=64)] = 4
    advance: Annotated[int, Meta(ge=1, le=63)] = 2
    has_small_final: bool = True
    picked: Annotated[tuple[str, ...], Meta(max_length=DRIVERS_MAX_COUNT)] = ()


class StagePlan(StageSettings, frozen=True, kw_only=True, omit_defaults=True):
    """What a person decides about a stage."""

    stage: Annotated[str, Meta(min_length=1, max_length=80)]
    name: Annotated[str, Meta(min_length=1, max_length=80)]
    kind: Annotated[str, Meta(max_length=40)] = "knockout"
    race_class: Annotated[str, Meta(max_length=80)] = ""
    format: Annotated[str, Meta(max_length=80)] = ""


class Seed(NamedTuple):
    """The driver who was so far up in the qualifying, 1 for the best."""

    rank: int


class Place(NamedTuple):
    """Whoever comes to this place in the heat, 1 for the winner."""

    heat: str
    place: int


Source: TypeAlias = Seed | Place


class Heat(NamedTuple):
    """A heat of a stage; `round` counts from 1."""

    heat: str
    round: int
    slots: tuple[Source, ...]


class Stage(NamedTuple):
    """Heats in the order in which they can be run, and whose places make the final order, best first."""

    heats: tuple[Heat, ...]
    podium: tuple[Source, ...]


class HeatState(NamedTuple):
    """`drivers` are known so far, `waits` for others; `order` is the result, None while there is none.

    A heat with `is_bye` has its result without being run.
    """

    heat: str
    round: int
    drivers: tuple[str, ...]
    waits: bool
    order: tuple[str, ...] | None
    is_bye: bool

    @property
    def can_run(self) -> bool:
        return not self.waits and self.order is None


class StageState(NamedTuple):
    heats: tuple[HeatState, ...]
    podium: tuple[str | None, ...]
    """None where a place is not decided yet; places that nobody can have are left out."""

    @property
    def next_up(self) -> list[HeatState]:
        return [heat for heat in self.heats if heat.can_run]


def plan_of(stage: StageSet) -> StagePlan | None:
    """Return what the record says about the stage; None where a later version wrote settings that we cannot
    read."""
    known = {key: value for key, value in stage.settings.items() if key in StageSettings.__struct_fields__}
    try:
        return msgspec.convert(
            {
                **known,
                "stage": stage.stage_id,
                "name": stage.name,
                "kind": stage.kind,
                "race_class": stage.race_class,
                "format": stage.format,
            },
            StagePlan,
        )
    except msgspec.ValidationError:
        return None


def stage_of(plan: StagePlan) -> Stage | None:
    """Return the plan's heats; None for heats that are drawn, and for a kind this version does not know."""
    count = len(plan.picked) or plan.count
    makers: dict[str, Callable[[], Stage]] = {
        "knockout": lambda: knockout(count, has_small_final=plan.has_small_final),
        "double-elimination": lambda: double_elimination(count),
        "heat-knockout": lambda: heat_knockout(count, heat_size=plan.heat_size, advance=plan.advance),
        "ladder": lambda: ladder(count, heat_size=plan.heat_size, bump=plan.advance),
    }
    maker = makers.get(plan.kind)
    return None if maker is None else maker()


def work_out(stage: Stage, seeds: Sequence[str], orders: Mapping[str, Sequence[str]]) -> StageState:
    """Return who drives where, given the seeds (best first) and the finishing order of each heat run so far.

    A finishing order names only drivers of its heat; who is missing from it (did not start, disqualified)
    takes no place, and what depends on that place stays empty. An order with a stranger in it, left over from
    before a correction, is not taken: the heat must be run again.
    """
    states: dict[str, HeatState] = {}
    for heat in stage.heats:
        found = [_driver(slot, seeds, states) for slot in heat.slots]
        drivers = tuple(one for one in found if isinstance(one, str))
        waits = any(one is _UNDECIDED for one in found)
        is_bye = not waits and len(drivers) < 2
        order: tuple[str, ...] | None = drivers if is_bye else None
        said = orders.get(heat.heat)
        if said is not None and not waits and not is_bye and set(said) <= set(drivers):
            order = tuple(dict.fromkeys(said))
        states[heat.heat] = HeatState(heat.heat, heat.round, drivers, waits, order, is_bye)
    placed = [_driver(source, seeds, states) for source in stage.podium]
    podium = tuple(None if one is _UNDECIDED else str(one) for one in placed if one is not _NOBODY)
    return StageState(tuple(states.values()), podium)


def order_of(amounts: Mapping[str, Amounts | None]) -> tuple[str, ...] | None:
    """Return the finishing order of a heat from its scores; None where equal ones need another run.

    Who has no score takes no place.
    """
    scored = sorted((score, driver) for driver, score in amounts.items() if score is not None)
    if len({score for score, _ in scored}) < len(scored):
        return None
    return tuple(driver for _, driver in scored)


class Finalists(NamedTuple):
    """`undecided` share the rank at the border: a person, or one more run, decides who of them goes on."""

    chosen: tuple[str, ...]
    undecided: tuple[str, ...]


def finalists(ranked: Iterable[tuple[int | None, str]], count: int, picked: Sequence[str] = ()) -> Finalists:
    """Return who goes on from the qualifying: the first `count` with a rank, or those picked by hand."""
    if picked:
        return Finalists(tuple(dict.fromkeys(picked)), ())
    with_rank = [(rank, driver) for rank, driver in ranked if rank is not None]
    if len(with_rank) <= count:
        return Finalists(tuple(driver for _, driver in with_rank), ())
    border = with_rank[count][0]
    if with_rank[count - 1][0] != border:
        return Finalists(tuple(driver for _, driver in with_rank[:count]), ())
    return Finalists(
        tuple(driver for rank, driver in with_rank[:count] if rank != border),
        tuple(driver for rank, driver in with_rank if rank == border),
    )


def knockout(count: int, *, has_small_final: bool = True) -> Stage:
    """Return a single elimination of pairs; the best seeds have the byes and meet as late as can be."""
    heats, sources, round_number = [], _bracket_order(count), 0
    losers: list[Source] = []
    while len(sources) > 1:
        round_number += 1
        is_final = len(sources) == 2
        if is_final and has_small_final and len(losers) == 2:
            heats.append(Heat("small-final", round_number, tuple(losers)))
        names = (
            ["final"]
            if is_final
            else [f"r{round_number}-{number + 1}" for number in range(len(sources) // 2)]
        )
        heats += _pairs(names, round_number, sources)
        losers = [Place(name, 2) for name in names]
        sources = [Place(name, 1) for name in names]
    podium: list[Source] = [Place("final", 1), Place("final", 2)]
    if any(heat.heat == "small-final" for heat in heats):
        podium += [Place("small-final", 1), Place("small-final", 2)]
    return Stage(tuple(heats), tuple(podium))


def double_elimination(count: int) -> Stage:
    """Return a knock-out with a repechage: who lost twice is out.

    The winner of the repechage meets the one who never lost in the final, which is one heat.
    """
    heats: list[Heat] = []
    sources, rest = _bracket_order(count), list[Source]()
    round_number = 0
    while len(sources) > 1:
        round_number += 1
        names = [f"w{round_number}-{number + 1}" for number in range(len(sources) // 2)]
        heats += _pairs(names, 2 * round_number - 1, sources)
        fallen: list[Source] = [Place(name, 2) for name in names]
        sources = [Place(name, 1) for name in names]
        if not rest:
            rest = fallen
        else:
            # Turned round, so that two who met do not meet again at once.
            rest = _repechage(heats, f"x{round_number}", 2 * round_number, _mixed(rest, fallen[::-1]))
        if len(rest) > 1 and len(rest) > len(sources) // 2:
            rest = _repechage(heats, f"y{round_number}", 2 * round_number, rest)
    heats.append(Heat("final", 2 * round_number + 1, (sources[0], *rest[:1])))
    last = [heat.heat for heat in heats if heat.heat[0] in "xy"]
    third: list[Source] = [Place(last[-1], 2)] if last else []
    return Stage(tuple(heats), (Place("final", 1), Place("final", 2), *third))


def heat_knockout(count: int, *, heat_size: int, advance: int) -> Stage:
    """Return rounds of heats of `heat_size` of which the first `advance` go on, until one heat is left."""
    heats: list[Heat] = []
    sources: list[Source] = [Seed(rank) for rank in range(1, count + 1)]
    round_number = 0
    while len(sources) > heat_size:
        round_number += 1
        number = -(-len(sources) // heat_size)
        slots = _snake(sources, number)
        names = [f"r{round_number}-{index + 1}" for index in range(number)]
        heats += [Heat(name, round_number, tuple(group)) for name, group in zip(names, slots, strict=True)]
        going_on = min(advance, (len(sources) - 1) // number)  # fewer than came, or it would never end
        sources = [Place(name, place) for place in range(1, going_on + 1) for name in names]
    heats.append(Heat("final", round_number + 1, tuple(sources)))
    return Stage(tuple(heats), tuple(Place("final", place) for place in range(1, len(sources) + 1)))


def ladder(count: int, *, heat_size: int, bump: int) -> Stage:
    """Return mains from the last to the A main; the first `bump` of each move up into the next one."""
    bump = min(bump, heat_size - 1)
    own = heat_size - bump
    cuts = [(0, count)]
    if count > heat_size:
        cuts = [(start, min(start + own, count)) for start in range(0, count, own)]
        if len(cuts) > 1 and cuts[-1][1] - cuts[-1][0] <= bump:
            cuts[-2:] = [(cuts[-2][0], count)]
    heats: list[Heat] = []
    podium: list[Source] = []
    for letter_index in range(len(cuts) - 1, -1, -1):
        start, end = cuts[letter_index]
        below = heats[-1].heat if heats else None
        slots: list[Source] = [Seed(rank) for rank in range(start + 1, end + 1)]
        if below is not None:
            slots += [Place(below, place) for place in range(1, bump + 1)]
        name = _main_name(letter_index)
        heats.append(Heat(name, len(cuts) - letter_index, tuple(slots)))
        first_that_stays = 1 if letter_index == 0 else bump + 1
        podium[:0] = [Place(name, place) for place in range(first_that_stays, len(slots) + 1)]
    return Stage(tuple(heats), tuple(podium))


class _Open:
    """What a slot can be besides a driver."""


_UNDECIDED, _NOBODY = _Open(), _Open()


def _driver(source: Source, seeds: Sequence[str], states: Mapping[str, HeatState]) -> str | _Open:
    if isinstance(source, Seed):
        return seeds[source.rank - 1] if source.rank <= len(seeds) else _NOBODY
    order = states[source.heat].order
    if order is None:
        return _UNDECIDED
    return order[source.place - 1] if source.place <= len(order) else _NOBODY


def _bracket_order(count: int) -> list[Source]:
    """Return seeds such that neighbours meet first and 1 and 2 last; ranks above `count` are byes."""
    ranks = [1]
    while len(ranks) < count:
        total = 2 * len(ranks) + 1
        ranks = [one for rank in ranks for one in (rank, total - rank)]
    return [Seed(rank) for rank in ranks]


def _pairs(names: Sequence[str], round_number: int, sources: Sequence[Source]) -> list[Heat]:
    return [
        Heat(name, round_number, (sources[2 * index], sources[2 * index + 1]))
        for index, name in enumerate(names)
    ]


def _mixed(rest: Sequence[Source], fallen: Sequence[Source]) -> list[Source]:
    return [source for pair in zip(rest, fallen, strict=True) for source in pair]


def _repechage(heats: list[Heat], name: str, round_number: int, sources: Sequence[Source]) -> list[Source]:
    names = [f"{name}-{number + 1}" for number in range(len(sources) // 2)]
    heats += _pairs(names, round_number, sources)
    return [Place(one, 1) for one in names]


def _snake(sources: Sequence[Source], groups: int) -> list[list[Source]]:
    """Deal the sources out like cards, forth and back, so that the groups are alike."""
    dealt: list[list[Source]] = [[] for _ in range(groups)]
    for index, source in enumerate(sources):
        turn, position = divmod(index, groups)
        dealt[position if turn % 2 == 0 else groups - 1 - position].append(source)
    return dealt


def _main_name(index: int) -> str:
    return f"{chr(ord('A') + index)} main" if index < 26 else f"main {index + 1}"
