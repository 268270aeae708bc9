"""Stages: heats whose drivers come from places in earlier heats, worked out from the results at any time.

A stage is a list of heats and who takes part in each: a seed, or a place in another heat. A place that nobody
can have (a bye) leaves its slot empty; a heat with at most one driver needs no run. Nothing is stored but the
finishing orders, so that a corrected result moves everybody who depends on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import Meta

from pitboard.race.bodies.event_bodies import StageSet
from pitboard.race.ranking.score import Amounts
from pitboard.race.stages.brackets import (
    Seed,
    Source,
    Stage,
    double_elimination,
    heat_knockout,
    knockout,
    ladder,
)

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
    if maker is None:
        return None
    return maker() if count > 1 else Stage((), (Seed(1),))  # picked alone: there is nobody to meet


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
