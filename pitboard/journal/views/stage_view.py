"""A stage as every screen shows it: its heats, who drives in each, and what the confirmed runs made of it.

Nothing of it is stored. A heat is driven by one run with all its drivers or, where the track tells no cars
apart, by a run of each of them; the last confirmed ones count, so a heat can be run again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

import msgspec

from pitboard.journal.folding.fold import Fold
from pitboard.race.bodies.calculated import Calculated
from pitboard.race.bodies.event_bodies import HeatDrawn, StageSet
from pitboard.race.bodies.formats import Format
from pitboard.race.ranking.score import Amounts, Column, Drive, score
from pitboard.race.runs.run import Run
from pitboard.race.stages.brackets import Stage
from pitboard.race.stages.stages import StagePlan, order_of, plan_of, stage_of, work_out

HEATS = "heats"
"""The kind of a stage whose heats are drawn one by one, and not made from the places in others."""
HeatPhase = Literal["waits", "ready", "driven", "tie", "bye"]


class SlotView(msgspec.Struct, frozen=True, kw_only=True):
    """A driver of a heat; `rank` is the place in it once it has a result, `columns` what was driven in
    the last of the driver's `runs`, and `calculated` marks it where it rests on times that were."""

    competitor_id: str
    name: str
    lane: int | None = None
    rank: int | None = None
    runs: int = 0
    columns: tuple[Column, ...] = ()
    calculated: tuple[Calculated, ...] = ()


class HeatView(msgspec.Struct, frozen=True, kw_only=True):
    """`heat` is its name within the stage, `heat_id` its own in the event."""

    heat_id: str
    heat: str
    round: int
    phase: HeatPhase
    slots: tuple[SlotView, ...]


class StageView(msgspec.Struct, frozen=True, kw_only=True):
    """`podium` holds the names of the final order as far as it is decided, best first."""

    stage_id: str
    name: str
    kind: str
    race_class: str
    format: str
    heats: tuple[HeatView, ...]
    podium: tuple[str | None, ...] = ()
    is_drawn: bool = True


class _Driven(NamedTuple):
    """What the confirmed runs of a heat give each driver; `is_joint` where one run had several."""

    drives: Mapping[str, Drive]
    runs: Mapping[str, int]
    is_joint: bool


def heat_id_of(stage_id: str, heat: str) -> str:
    """Return the heat's id in the event, for heats that are worked out and not drawn."""
    return f"{stage_id}/{heat}"[:80]


def seeds_id_of(stage_id: str) -> str:
    """Return under which heat's id the order of the drivers is kept, for a stage that the admin set up."""
    return heat_id_of(stage_id, "seeds")


def view_stage(fold: Fold, said: StageSet) -> StageView | None:
    """Return the stage as it stands; None for a kind or settings that this version does not know."""
    rules = fold.race.programme.format(said.format) or fold.boards.rules_of(said.race_class)
    driven = _driven_in(fold, said.stage_id)
    drawn = fold.race.programme.heats(said.stage_id)
    plan = plan_of(said)
    if plan is None:
        return None
    seeds = next((one for one in drawn if one.heat_id == seeds_id_of(said.stage_id)), None)
    if seeds is not None:
        picked = tuple(one.competitor_id for one in seeds.places if one.competitor_id is not None)
        plan = msgspec.structs.replace(plan, picked=picked)
    if not plan.picked:
        return _stage_view(said, (), is_drawn=False)
    if said.kind == HEATS:
        of_drivers = [one for one in drawn if _is_heat_of(one, plan.picked)]
        heats = tuple(_drawn_heat(fold, one, driven.get(one.heat_id), rules) for one in of_drivers)
        return _stage_view(said, heats)
    stage = stage_of(plan)
    if stage is None:
        return None
    return _worked_out(fold, said, plan, stage, driven, rules)


def view_stages(fold: Fold) -> list[StageView]:
    """Return all stages that this version understands, by id."""
    views = (view_stage(fold, one) for one in fold.race.programme.stages())
    return [view for view in views if view is not None]


def _is_heat_of(drawn: HeatDrawn, picked: tuple[str, ...]) -> bool:
    """Tell heats of these drivers from the order itself, and from those of a drawing before."""
    is_heat = drawn.heat_id != seeds_id_of(drawn.stage_id)
    return is_heat and all(one.competitor_id in picked for one in drawn.places)


def _worked_out(
    fold: Fold,
    said: StageSet,
    plan: StagePlan,
    stage: Stage,
    driven: Mapping[str, _Driven],
    rules: Format,
) -> StageView:
    seeds = [fold.race.roll.now(one) or one for one in plan.picked]
    orders: dict[str, tuple[str, ...]] = {}
    ties: set[str] = set()
    state = work_out(stage, seeds, orders)
    # Each round of results makes the drivers of the next heats known, and so whether theirs are theirs.
    for _ in range(len(stage.heats)):
        fresh = {}
        for heat in state.heats:
            result = driven.get(heat_id_of(said.stage_id, heat.heat))
            if heat.can_run and heat.heat not in ties and result is not None:
                amounts = _amounts(result, heat.drivers, rules)
                order = None if amounts is None else order_of(amounts)
                if order is not None:
                    fresh[heat.heat] = order
                elif amounts is not None:
                    ties.add(heat.heat)
        if not fresh:
            break
        orders |= fresh
        state = work_out(stage, seeds, orders)
    heats = []
    for heat in state.heats:
        phase: HeatPhase = "waits" if heat.waits else "driven" if heat.order is not None else "ready"
        phase = "bye" if heat.is_bye else "tie" if heat.heat in ties and phase == "ready" else phase
        heat_id = heat_id_of(said.stage_id, heat.heat)
        slots = _slots(fold, heat.drivers, driven.get(heat_id), heat.order, rules)
        heats.append(HeatView(heat_id=heat_id, heat=heat.heat, round=heat.round, phase=phase, slots=slots))
    podium = tuple(None if one is None else fold.race.name_of(one) for one in state.podium)
    return _stage_view(said, tuple(heats), podium)


def _stage_view(
    said: StageSet,
    heats: tuple[HeatView, ...],
    podium: tuple[str | None, ...] = (),
    *,
    is_drawn: bool = True,
) -> StageView:
    return StageView(
        stage_id=said.stage_id,
        name=said.name,
        kind=said.kind,
        race_class=said.race_class,
        format=said.format,
        heats=heats,
        podium=podium,
        is_drawn=is_drawn,
    )


def _drawn_heat(fold: Fold, drawn: HeatDrawn, driven: _Driven | None, rules: Format) -> HeatView:
    places = [one for one in drawn.places if one.competitor_id is not None]
    lanes = {fold.race.roll.now(one.competitor_id) or "": one.lane for one in places}
    drivers = tuple(lanes)
    amounts = None if driven is None else _amounts(driven, drivers, rules)
    order = None if amounts is None else order_of(amounts)
    slots = _slots(fold, drivers, driven, order, rules, lanes)
    return HeatView(
        heat_id=drawn.heat_id,
        heat=drawn.heat_id.rpartition("/")[2],
        round=drawn.round,
        phase="ready" if amounts is None else "driven",
        slots=slots,
    )


def _slots(
    fold: Fold,
    drivers: tuple[str, ...],
    driven: _Driven | None,
    order: tuple[str, ...] | None,
    rules: Format,
    lanes: Mapping[str, int | None] | None = None,
) -> tuple[SlotView, ...]:
    slots = []
    for driver in drivers:
        drive = None if driven is None else driven.drives.get(driver)
        result = None if drive is None else score(drive, rules)
        slots.append(
            SlotView(
                competitor_id=driver,
                name=fold.race.name_of(driver),
                lane=(lanes or {}).get(driver),
                rank=order.index(driver) + 1 if order is not None and driver in order else None,
                runs=0 if driven is None else driven.runs.get(driver, 0),
                columns=() if result is None else result.columns,
                calculated=() if result is None else result.calculated,
            )
        )
    return tuple(slots)


def _amounts(driven: _Driven, drivers: tuple[str, ...], rules: Format) -> dict[str, Amounts | None] | None:
    """Return the drivers' scores, None while somebody still has to drive: one by one all drive equally often.

    Who is missing from a joint run has no score.
    """
    drives = {one: driven.drives.get(one) for one in drivers}
    if not driven.is_joint and (None in drives.values() or len({driven.runs[one] for one in drivers}) > 1):
        return None
    if driven.is_joint and not any(drives.values()):
        return None
    return {one: None if drive is None else score(drive, rules).amounts for one, drive in drives.items()}


def _driven_in(fold: Fold, stage_id: str) -> dict[str, _Driven]:
    """Return {heat: what was driven} of the stage's confirmed runs, the last decided ones counting."""
    runs: dict[str, list[Run]] = {}
    for run in fold.race.run_list.of_stage(stage_id):
        if run.armed.value.heat_id and run.decision == "confirmed":
            runs.setdefault(run.armed.value.heat_id, []).append(run)
    found = {}
    for heat_id, of_heat in runs.items():
        of_heat.sort(key=_decided_at)
        joint = next((run for run in reversed(of_heat) if len(run.places) > 1), None)
        drives: dict[str, Drive] = {}
        count: dict[str, int] = {}
        for run in of_heat if joint is None else (joint,):
            fresh = fold.boards.confirmed_drives(run)
            drives |= fresh
            count |= {driver: count.get(driver, 0) + 1 for driver in fresh}
        found[heat_id] = _Driven(drives, count, joint is not None)
    return found


def _decided_at(run: Run) -> tuple[int, str, int]:
    return (0, "", 0) if run.decided is None else run.decided.word.moment
