"""A stage from a table of laps: who is in it, its heats, and what is known of them.

A run that is called like a heat of the stage is that heat's; all others are the qualifying."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence

from pitboard.errors import Refusal
from pitboard.keeping.scoring.score_tables import LapTable, Person
from pitboard.keeping.scoring.score_text import aligned, json_list, shown
from pitboard.keeping.scoring.scored_board import board_of, drive_of
from pitboard.program.event_rules import StageConfig
from pitboard.race.bodies.formats import Format
from pitboard.race.ranking.board import Board
from pitboard.race.ranking.score import score
from pitboard.race.stages.heats import lane_heats
from pitboard.race.stages.stages import (
    HeatState,
    StagePlan,
    StageSettings,
    StageState,
    finalists,
    order_of,
    stage_of,
    work_out,
)

HEATS = "heats"


class StageTrial:
    """One stage, tried on one table; `race_class` narrows it."""

    def __init__(
        self, stage: StageConfig, table: LapTable, people: Mapping[str, Person], rules: Format
    ) -> None:
        self._stage = stage
        self._table = table
        self._people = people
        self._rules = rules

    def text(self, *, as_json: bool) -> str:
        """Return the stage as it stands; raises Refusal where a name or the lanes are missing."""
        if self._stage.kind == HEATS:
            return self._lane_heats_text(as_json=as_json)
        state, undecided = self._state()
        return self._as_json(state, undecided) if as_json else self._as_table(state, undecided)

    def _state(self) -> tuple[StageState, Sequence[str]]:
        stage, table = self._stage, self._table
        picked = tuple(unicodedata.normalize("NFC", name) for name in stage.picked)
        if unknown := [name for name in picked if name not in table.names and name not in self._people]:
            raise Refusal(f"nobody is called {unknown[0]}; correct 'picked' in the stage's file")
        numbers = {key: getattr(stage, key) for key in StageSettings.__struct_fields__}
        plan = StagePlan(stage="stage", name="stage", kind=stage.kind, **{**numbers, "picked": picked})
        made = stage_of(plan)
        assert made is not None, "the file's kinds are known"
        names = {heat.heat for heat in made.heats}
        board = self._board(lambda run: run not in names)
        ranked = [(board.rank_of(one), one.competitor) for one in board.in_order()]
        chosen, undecided = finalists(ranked, plan.count, plan.picked)
        orders = {name: order for name in names if (order := self._order(name)) is not None}
        return work_out(made, chosen, orders), undecided

    def _order(self, heat: str) -> tuple[str, ...] | None:
        """Return the finishing order of the run that is called like the heat, None where there is none."""
        amounts = {
            competitor: score(drive_of(numbers, self._rules), self._rules).amounts
            for (competitor, run), numbers in self._table.laps.items()
            if run == heat
        }
        return order_of(amounts) if amounts else None

    def _board(self, is_qualifying: Callable[[str], bool]) -> Board:
        laps = {key: laps for key, laps in self._table.laps.items() if is_qualifying(key[1])}
        return board_of(self._table._replace(laps=laps), self._rules, self._people, self._stage.race_class)

    def _as_json(self, state: StageState, undecided: Sequence[str]) -> str:
        return json.dumps(
            {
                "undecided": self._named(undecided),
                "heats": [
                    {
                        "heat": heat.heat,
                        "round": heat.round,
                        "drivers": self._named(heat.drivers),
                        "waits": heat.waits,
                        "bye": heat.is_bye,
                        "order": None if heat.order is None else self._named(heat.order),
                    }
                    for heat in state.heats
                ],
                "podium": self._named(state.podium),
            },
            ensure_ascii=False,
        )

    def _named(self, drivers: Iterable[str | None]) -> list[str | None]:
        return [None if one is None else self._table.names.get(one, one) for one in drivers]

    def _as_table(self, state: StageState, undecided: Sequence[str]) -> str:
        def listed(drivers: Iterable[str | None]) -> str:
            return ", ".join("?" if one is None else shown(one) for one in self._named(drivers))

        rows = [["round", "heat", "", "drivers"]]
        rows += [
            [str(heat.round), heat.heat, _said(heat), listed(heat.order or heat.drivers)]
            for heat in state.heats
        ]
        lines = [f"Equal at the border, one more run decides: {listed(undecided)}"] if undecided else []
        return "\n".join([*lines, aligned(rows, right=1), f"Podium: {listed(state.podium)}"])

    def _lane_heats_text(self, *, as_json: bool) -> str:
        """Return the heats still to run, so that each has every lane once; runs with lanes are driven."""
        table, lanes = self._table, self._rules.lanes
        if not lanes:
            raise Refusal("heats by lane need lanes, the number of lanes, in the format")
        driven: dict[str, list[str | None]] = {}
        for (competitor, run), lane in table.lanes.items():
            driven.setdefault(run, [None] * max(lanes, lane))[lane - 1] = competitor
        board = self._board(lambda run: run not in driven)
        drivers = [one.competitor for one in board.in_order()]
        also = [competitor for competitor, _ in table.laps] + list(self._people)
        drivers += [one for one in also if self._is_in_class(one)]
        heats = lane_heats(drivers, lanes, [tuple(heat) for heat in driven.values()])
        if as_json:
            return json_list({"lanes": self._named(heat)} for heat in heats)
        rows = [[f"lane {lane}" for lane in range(1, lanes + 1)]]
        rows += [["–" if one is None else shown(one) for one in self._named(heat)] for heat in heats]
        return aligned(rows, right=0)

    def _is_in_class(self, competitor: str) -> bool:
        race_class = self._stage.race_class
        return not race_class or self._people.get(competitor, Person()).race_class == race_class


def _said(heat: HeatState) -> str:
    if heat.is_bye:
        return "bye"
    if heat.order is not None:
        return "result"
    return "waits" if heat.waits else "ready"
