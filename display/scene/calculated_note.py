"""The line at the foot of a scene that says of each "≈" from what it was calculated, and how sure it is.

Whatever scene shows the sign and does not say the rest itself is laid out again, a line less high."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

from display.scene.blocks import Area, Block, Fill, Scene, Text
from display.scene.result_text import calculated_words
from display.scene.show import Canvas, Frame, Moment, Show
from pitboard.drawing.palette import PANEL, TEXT_MUTED
from pitboard.drawing.typeface import Weight
from pitboard.journal.views.stage_view import StageView
from pitboard.journal.views.views import BoardView
from pitboard.race.bodies.calculated import SIGN, Calculated
from pitboard.race.runs.run_parts import Lap
from pitboard.sentences.language import Language

FOOT_HEIGHT = 44
NAMED_MAX_LENGTH = 90
"""What a line holds; more calculated results are told by the system alone."""

Marks = tuple[Calculated, ...]
LayOut = Callable[[Show, Moment, Canvas], Frame]


def with_note(lay_out: LayOut, show: Show, moment: Moment, canvas: Canvas) -> Frame:
    """Return the scene's frame, with a line for what it shows as calculated and leaves unsaid."""
    frame = lay_out(show, moment, canvas)
    if not _has_calculated(show):
        return frame
    texts = _texts(frame.scene)
    if not any(text.startswith(SIGN) for text in texts):
        return frame
    said = _unsaid(show, texts, canvas.words)
    if not said:
        return frame
    measures = canvas.measures()
    lower = replace(canvas, foot_px=measures.px(FOOT_HEIGHT))
    frame = lay_out(show, moment, lower)
    body = lower.measures().body
    area = Area(body.left, body.bottom, body.width, lower.foot_px)
    text = Text(
        text=f"{SIGN} {' · '.join(said)}",
        area=area.inset(measures.px(12)),
        size_px=measures.px(30),
        least_px=measures.px(18),
        colour=TEXT_MUTED,
        weight=Weight.REGULAR,
    )
    note = Block(
        name="calculated", area=area, marks=(Fill(area=area, colour=PANEL), text), ground=frame.scene.ground
    )
    scene = replace(frame.scene, blocks=(*frame.scene.blocks, note))
    return Frame(scene, frame.changes_mono_ns)


_looked_at: list[tuple[BoardView, tuple[StageView, ...], bool]] = []
"""The last board and stages, and whether anything of them was calculated: clocks ask ten times per second."""


def _has_calculated(show: Show) -> bool:
    if not _looked_at or _looked_at[0][0] is not show.board or _looked_at[0][1] is not show.stages:
        _looked_at[:] = [(show.board, show.stages, any(marks for _, marks in _calculated(show)))]
    return _looked_at[0][2]


def _texts(scene: Scene) -> set[str]:
    return {mark.text for block in scene.blocks for mark in block.marks if isinstance(mark, Text)}


def _unsaid(show: Show, texts: Collection[str], words: Language) -> list[str]:
    """Return what is to be said of those whose names are shown."""
    made: dict[str, Marks] = {}
    for name, marks in _calculated(show):
        if marks and name in texts and calculated_words(marks, words) not in texts:
            made[name] = (*made.get(name, ()), *marks)
    named = [f"{name} {calculated_words(marks, words)}" for name, marks in made.items()]
    if sum(map(len, named)) <= NAMED_MAX_LENGTH:
        return named
    systems: dict[str, Marks] = {}
    for marks in made.values():
        for mark in marks:
            systems[mark.from_system] = (*systems.get(mark.from_system, ()), mark)
    return [calculated_words(marks, words) for marks in systems.values()]


def _calculated(show: Show) -> Iterable[tuple[str, Marks]]:
    """Yield each name with the marks of what may be shown of it."""
    for entry in show.board.entries:
        if entry.calculated:
            yield entry.name, entry.calculated
    for run in show.board.on_track:
        yield run.name, _of_laps(run.laps)
        for place in run.places:
            yield place.name, _of_laps(place.laps)
    for stage in show.stages:
        for heat in stage.heats:
            yield from ((slot.name, slot.calculated) for slot in heat.slots)


def _of_laps(laps: Iterable[Lap]) -> Marks:
    """Return the marks of the laps and of their sectors, each once."""
    marks = (mark for lap in laps for ends in (lap.calculated, *lap.sector_marks) for mark in ends)
    return tuple(dict.fromkeys(marks))
