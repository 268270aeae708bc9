"""Draw a stage at the track: who takes part, in what order, and who meets in which heat.

What was drawn is written down as it is: a correction of the qualifying moves nobody afterwards, and taking
the drawing back is one act."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence

import msgspec

from pitboard.errors import ActRefused
from pitboard.journal.folding.fold import Fold
from pitboard.journal.views.stage_view import HEATS, heat_id_of, seeds_id_of
from pitboard.race.bodies.body import PLACES_MAX_COUNT, Body
from pitboard.race.bodies.event_bodies import HeatDrawn, HeatPlace, StageSet
from pitboard.race.bodies.formats import Format
from pitboard.race.stages.heats import lane_heats
from pitboard.race.stages.stages import finalists, plan_of, stage_of
from pitboard.unit_api.official_acts import DrawStage
from trackside.timing.act_writer import ActWriter, cleaned, who

DRIVERS_MAX_COUNT = 256
"""How many ids one record holds with room for the rest of it."""
Shuffle = Callable[[list[str]], None]


def by_lot(drivers: list[str]) -> None:
    """Put them into an order that nobody can foresee."""
    secrets.SystemRandom().shuffle(drivers)


def stage_bodies(act: DrawStage, writer: ActWriter, *, track: str, shuffle: Shuffle = by_lot) -> list[Body]:
    """Return what to write for the drawing, the stage, or who drives in it, last. Raises ActRefused with a
    sentence."""
    fold = writer.replica.fold
    planned = _planned(act, writer)
    act = act if planned is None else _by_plan(act, planned)
    drivers = _drivers(act, fold, track, shuffle)
    if len(drivers) < 2:
        raise ActRefused(code="too-few-drivers", reason="A stage needs two drivers at least.")
    if len(drivers) > DRIVERS_MAX_COUNT:
        raise ActRefused(
            code="too-many-drivers",
            reason=f"One stage holds {DRIVERS_MAX_COUNT} drivers. Take fewer, or draw two.",
        )
    rules = writer.race.programme.format(act.format) if act.format else fold.boards.rules_of(act.race_class)
    if rules is None or rules.unknown_words():
        raise ActRefused(
            code="unknown-format", reason="This unit cannot race by this format; update Pitboard."
        )
    if planned is not None:
        return _draw_planned(act, planned, drivers, rules)
    stage_id = writer.new_id()
    stage = StageSet(
        stage_id=stage_id,
        kind=act.kind,
        name=cleaned(act.name),
        race_class=act.race_class,
        track=track,
        format=act.format,
        settings=_settings(act, drivers),
        **who(act),
    )
    if act.kind == HEATS:
        return [*_heats(act, stage_id, drivers, rules), stage]
    plan = plan_of(stage)
    if plan is None or stage_of(plan) is None:
        raise ActRefused(code="unknown-stage", reason="This unit cannot draw this kind of stage.")
    return [stage]


def _planned(act: DrawStage, writer: ActWriter) -> StageSet | None:
    """Return the stage that the admin set up, None where the act makes a new one. Raises ActRefused."""
    if not act.stage_id:
        return None
    stages = {one.stage_id: one for one in writer.race.programme.stages()}
    if act.stage_id not in stages:
        raise ActRefused(code="unknown-stage", reason="This stage is not known on this unit.")
    return stages[act.stage_id]


def _by_plan(act: DrawStage, planned: StageSet) -> DrawStage:
    """Return the act with the admin's numbers."""
    plan = plan_of(planned)
    if plan is None:
        raise ActRefused(code="unknown-stage", reason="This unit cannot draw this kind of stage.")
    return msgspec.structs.replace(
        act,
        kind=planned.kind,
        count=plan.count,
        heat_size=plan.heat_size,
        advance=plan.advance,
        race_class=planned.race_class,
        format=planned.format,
    )


def _draw_planned(act: DrawStage, planned: StageSet, drivers: list[str], rules: Format) -> list[Body]:
    """Return who drives in a stage of the admin, whose own record only the admin can change."""
    if len(drivers) > PLACES_MAX_COUNT:
        raise ActRefused(
            code="too-many-drivers",
            reason=f"The track draws {PLACES_MAX_COUNT} drivers at most. Let the admin pick them.",
        )
    places = tuple(HeatPlace(place=number, competitor_id=one) for number, one in enumerate(drivers, start=1))
    heats = _heats(act, planned.stage_id, drivers, rules) if planned.kind == HEATS else []
    return [
        *heats,
        HeatDrawn(
            stage_id=planned.stage_id, heat_id=seeds_id_of(planned.stage_id), places=places, **who(act)
        ),
    ]


def _settings(act: DrawStage, drivers: list[str]) -> dict[str, int | str | bool | list[str]]:
    settings: dict[str, int | str | bool | list[str]] = {"picked": drivers, "heat_size": act.heat_size}
    if act.kind in ("heat-knockout", "ladder"):
        settings["advance"] = min(act.advance, act.heat_size - 1)
    return settings


def _drivers(act: DrawStage, fold: Fold, track: str, shuffle: Shuffle) -> list[str]:
    """Return who takes part, the best first, or by lot."""
    race = fold.race
    if act.seeds == "board":
        board = fold.board_of(race_class=act.race_class)
        ranked = ((board.rank_of(one), one.competitor) for one in board.in_order())
        found = finalists(ranked, act.count)
        if found.undecided:
            names = ", ".join(race.name_of(one) for one in found.undecided[:3])
            raise ActRefused(
                code="equal-at-the-border",
                reason=f"{names} are equal for the last place. Take one more or one fewer.",
            )
        return list(found.chosen)
    if act.seeds == "queue":
        waiting = [one for one in race.programme.queue(track) if one.state in ("waiting", "called")]
        drivers = list(dict.fromkeys(race.roll.now(one.competitor_id) or "" for one in waiting))
    else:
        drivers = [one.competitor_id for one in race.roll.entered()]
    drivers = [one for one in drivers if _may_drive(one, act, fold)]
    shuffle(drivers)
    return drivers[: act.count]


def _may_drive(driver: str, act: DrawStage, fold: Fold) -> bool:
    known = fold.race.competitors.get(driver)
    if known is None or not known.name or fold.race.roll.is_disqualified(driver):
        return False
    return not act.race_class or known.race_class == act.race_class


def _heats(act: DrawStage, stage_id: str, drivers: list[str], rules: Format) -> list[Body]:
    """Return the heats as records: each driver once on every lane, or groups of about the same size."""
    said = {**who(act), "act_id": ""}  # one act is one record: the stage's
    drawn: list[Body] = []
    driven = dict.fromkeys(drivers, 0)
    for number, seats in enumerate(_seats(act, drivers, rules), start=1):
        for driver in seats:
            if driver is not None:
                driven[driver] += 1
        drawn.append(
            HeatDrawn(
                stage_id=stage_id,
                heat_id=heat_id_of(stage_id, f"h{number}"),
                round=max(driven[one] for one in seats if one is not None),
                places=tuple(
                    HeatPlace(
                        place=place, competitor_id=driver, lane=place if rules.told_by == "lane" else None
                    )
                    for place, driver in enumerate(seats, start=1)
                    if driver is not None
                ),
                **said,
            )
        )
    return drawn


def _seats(act: DrawStage, drivers: list[str], rules: Format) -> Sequence[Sequence[str | None]]:
    if rules.told_by == "lane" and rules.lanes:
        return lane_heats(drivers, rules.lanes)
    count = -(-len(drivers) // act.heat_size)
    groups: list[list[str]] = [[] for _ in range(count)]
    for index, driver in enumerate(drivers):  # dealt out forth and back, so that the groups are alike
        turn, position = divmod(index, count)
        groups[position if turn % 2 == 0 else count - 1 - position].append(driver)
    return groups
