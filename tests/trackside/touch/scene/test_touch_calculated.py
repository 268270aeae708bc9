"""Each page of the touchscreen says of a calculated time from what it is, and how sure."""

from __future__ import annotations

import re

import msgspec
import pytest

from pitboard.unit_api.screen_state import Heat, Run, ScreenState
from tests.trackside.touch.touch_samples import MARK, NOW_MONO_NS, SIZES, scenes
from trackside.touch.scene.screen_layout import lay_out

TIME = re.compile(r"(?<![\d:.+−])(≈?)((?:\d+:)?\d+\.\d{3})(?!\d)")


def marked_run(run: Run) -> Run:
    laps = tuple(msgspec.structs.replace(lap, calculated=(MARK,)) for lap in run.laps)
    places = tuple(
        msgspec.structs.replace(
            place, laps=tuple(msgspec.structs.replace(lap, calculated=(MARK,)) for lap in place.laps)
        )
        for place in run.places
    )
    return msgspec.structs.replace(run, laps=laps, places=places)


def marked(state: ScreenState) -> ScreenState:
    """Return the state as if no time in it were measured."""
    stages = tuple(
        msgspec.structs.replace(stage, heats=tuple(map(marked_heat, stage.heats))) for stage in state.stages
    )
    return msgspec.structs.replace(
        state,
        entries=tuple(msgspec.structs.replace(one, calculated=(MARK,)) for one in state.entries),
        competitors=tuple(msgspec.structs.replace(one, calculated=(MARK,)) for one in state.competitors),
        run=None if state.run is None else marked_run(state.run),
        stages=stages,
    )


def marked_heat(heat: Heat) -> Heat:
    slots = tuple(msgspec.structs.replace(one, calculated=(MARK,)) for one in heat.slots)
    return msgspec.structs.replace(heat, slots=slots)


def times_of(state: ScreenState) -> set[str]:
    """Return the results that the state holds, as they are written."""
    amounts = [one.best_ns for one in state.entries] + [one.best_ns for one in state.competitors]
    amounts += [] if state.run is None else [lap.lap_ns for lap in state.run.laps]
    slots = [slot for stage in state.stages for heat in stage.heats for slot in heat.slots]
    amounts += [slot.columns[0].value for slot in slots if slot.columns]
    return {text_of(value) for value in amounts if value is not None}


def text_of(value: int) -> str:
    minutes, ms = divmod(value // 1_000_000, 60_000)
    return f"{minutes}:{ms / 1_000:06.3f}" if minutes else f"{ms / 1_000:.3f}"


@pytest.mark.parametrize("scene", sorted(scenes()))
def test_no_result_stands_there_as_if_it_were_measured(scene: str) -> None:
    state, view = scenes()[scene]
    if state is None:
        return
    made = marked(state)
    results = times_of(made)
    for measures in SIZES[:2]:
        layout = lay_out(made, view, measures, NOW_MONO_NS)
        for widget in layout.widgets:
            said = f"{widget.label} {widget.value} {widget.note}"
            for sign, time in TIME.findall(said):
                assert sign or time not in results, (widget.name, said)
            if "≈" in said and widget.name not in ("last-title", "now-title"):
                assert " ±" in said, (widget.name, said)
