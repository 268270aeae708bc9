"""The bracket: rounds side by side, each heat a box with its drivers, and who has won so far.

As many rounds as fit, beginning with one whose heats do; a round of more heats than the screen is high turns
its pages. What is next stands out, a winner is bright, who is out is pale."""

from __future__ import annotations

from typing import NamedTuple

from display.scene.blocks import Area, Block, Fill, Mark, Measures, Scene, Text
from display.scene.header import header_blocks
from display.scene.leaderboard_row import MEDALS
from display.scene.result_text import column_text, signed
from display.scene.show import Canvas, Frame, Moment, Show
from pitboard.drawing.palette import (
    AMBER,
    BLUE,
    GREEN,
    PANEL,
    PANEL_RAISED,
    TEXT,
    TEXT_DARK,
    TEXT_MUTED,
    Colour,
)
from pitboard.drawing.time_text import NO_TIME
from pitboard.journal.views.stage_view import HeatView, SlotView, StageView
from pitboard.sentences.language import Language

PAGE_NS = 8_000_000_000
OVER = ("driven", "bye")
SMALL_FINAL = "small-final"
_ROUNDS_MAX_COUNT = 4
_ROUNDS_MAX_COUNT_PORTRAIT = 2
_LINE_MIN_PX = 44
_LINE_MAX_PX = 96
_PODIUM_COUNT = 3


class Room(NamedTuple):
    """How many lines of drivers are as high as they must be, and how many rounds fit side by side."""

    lines: int
    rounds: int


def stage_shown(stages: tuple[StageView, ...], race_class: str = "") -> StageView | None:
    """Return the stage that goes on, of the board's class where there is one; else the last one."""
    drawn = [one for one in stages if one.heats]
    of_class = [one for one in drawn if one.race_class == race_class] if race_class else []
    wanted = of_class or drawn
    going_on = (one for one in wanted if any(heat.phase not in OVER for heat in one.heats))
    return next(going_on, wanted[-1] if wanted else None)


def rounds_of(stage: StageView) -> list[list[HeatView]]:
    """Return the heats round by round."""
    rounds: dict[int, list[HeatView]] = {}
    for heat in stage.heats:
        rounds.setdefault(heat.round, []).append(heat)
    return [sorted(rounds[number], key=lambda heat: heat.heat == SMALL_FINAL) for number in sorted(rounds)]


def lay_out_bracket(show: Show, moment: Moment, canvas: Canvas) -> Frame:
    """Return the rounds around the one that is driven now."""
    measures, words = canvas.measures(), canvas.words
    px, body = measures.px, measures.body
    blocks = header_blocks(show.board.event.name, show.badge, measures, words)
    stage = stage_shown(show.stages, show.board.race_class)
    head = Area(body.left, body.top, body.width, px(72))
    title = words.say("display.bracket") if stage is None else stage.name
    text = Text(text=title, area=head, size_px=px(60), least_px=px(36), colour=TEXT_MUTED)
    blocks.append(Block(name="headline", area=head, marks=(text,)))
    changes = None
    if stage is None:
        empty = Area(body.left, head.bottom, body.width, px(120))
        nobody = Text(text=NO_TIME, area=empty, size_px=px(72), least_px=px(40), colour=TEXT_MUTED)
        blocks.append(Block(name="nothing", area=empty, marks=(nobody,)))
    else:
        podium_px = px(110) if any(stage.podium[:_PODIUM_COUNT]) else 0
        room = Area(body.left, head.bottom, body.width, body.bottom - head.bottom - podium_px)
        painter = _Bracket(show, stage, measures, words)
        more, turns = painter.rounds(room, moment)
        blocks += more
        if podium_px:
            foot = Area(body.left, room.bottom + px(12), body.width, podium_px - px(12))
            blocks.append(painter.podium(foot))
        changes = turns
    scene = Scene(size=canvas.size, blocks=tuple(blocks), page=0, page_count=1, name="bracket")
    return Frame(scene, changes)


class _Bracket:
    def __init__(self, show: Show, stage: StageView, measures: Measures, words: Language) -> None:
        self._stage = stage
        self._measures = measures
        self._words = words
        self._resolution_ns = show.board.event.resolution_ns
        self._driven_now = {run.heat_id for run in show.board.on_track if run.heat_id}

    def rounds(self, area: Area, moment: Moment) -> tuple[list[Block], int | None]:
        """Return the columns of the rounds, and when the page turns."""
        px = self._measures.px
        all_rounds = rounds_of(self._stage)
        caption_px = px(44)
        room = Room(
            lines=(area.height - caption_px) // px(_LINE_MIN_PX),
            rounds=_ROUNDS_MAX_COUNT_PORTRAIT if self._measures.is_portrait else _ROUNDS_MAX_COUNT,
        )
        first, last = window(all_rounds, room)
        shown, turns = all_rounds[first : last + 1], None
        is_paged = len(shown) == 1 and lines_of(shown[0]) > room.lines
        if is_paged:
            columns, turns = _page(shown[0], room, moment)
        else:
            columns = shown
        gap = px(56)
        width = (area.width - gap * (len(columns) - 1)) // max(1, len(columns))
        blocks, former = [], list[Area]()
        for index, heats in enumerate(columns):
            left = area.left + index * (width + gap)
            if index == 0 or len(shown) > 1:
                caption = Area(left, area.top, width, caption_px)
                blocks.append(self._caption(heats, is_last=heats is all_rounds[-1], area=caption))
            column = Area(left, area.top + caption_px, width, area.height - caption_px)
            boxes = self._boxes(heats, column, max(map(len, columns)) if is_paged else None)
            if former and (links := self._links(former, boxes, heats, gap)) is not None:
                blocks.append(links)
            blocks += [self._heat(heat, box) for heat, box in zip(heats, boxes, strict=True)]
            if heats[-1].heat == SMALL_FINAL:
                blocks.append(self._small_caption(boxes[-1], caption_px))
            former = boxes
        return blocks, turns

    def podium(self, area: Area) -> Block:
        """Return the first three of the final order on their metals, as far as it is decided."""
        px = self._measures.px
        marks: list[Mark] = []
        width = (area.width - 2 * px(16)) // _PODIUM_COUNT
        for index, name in enumerate(self._stage.podium[:_PODIUM_COUNT]):
            if name is None:
                continue
            chip = Area(area.left + index * (width + px(16)), area.top, width, area.height)
            rank = Area(chip.left, chip.top, px(84), chip.height)
            who = Area(rank.right, chip.top, chip.right - rank.right - px(20), chip.height)
            marks += [
                Fill(area=chip, colour=MEDALS[index + 1], radius_px=px(12)),
                Text(
                    text=str(index + 1),
                    area=rank,
                    size_px=px(60),
                    least_px=px(30),
                    colour=TEXT_DARK,
                    align="centre",
                ),
                Text(text=name, area=who, size_px=px(56), least_px=px(30), colour=TEXT_DARK),
            ]
        return Block(name="podium", area=area, marks=tuple(marks))

    def _caption(self, heats: list[HeatView], *, is_last: bool, area: Area) -> Block:
        is_final = is_last and any(heat.heat == "final" for heat in heats)
        text = (
            self._words.say("display.final")
            if is_final
            else self._words.say("display.round", round=heats[0].round)
        )
        px = self._measures.px
        mark = Text(text=text, area=area, size_px=px(30), least_px=px(20), colour=TEXT_MUTED)
        return Block(name=f"caption {heats[0].round}", area=area, marks=(mark,))

    def _small_caption(self, box: Area, height: int) -> Block:
        px = self._measures.px
        area = Area(box.left, box.top - height, box.width, height)
        said = self._words.say("display.small-final")
        mark = Text(text=said, area=area, size_px=px(30), least_px=px(20), colour=TEXT_MUTED)
        return Block(name="caption small final", area=area, marks=(mark,))

    def _boxes(self, heats: list[HeatView], column: Area, room_for: int | None) -> list[Area]:
        """Return the heats' boxes, spread over the height as the branches of a tree are.

        The small final stands below the branches; columns of one page have all `room_for` so many.
        """
        px = self._measures.px
        gap = px(14)
        most = max(_slot_count(heat) for heat in heats)
        branches = room_for or sum(heat.heat != SMALL_FINAL for heat in heats)
        count = branches if branches == len(heats) or room_for else max(3, len(heats) + 1)
        line = min(px(_LINE_MAX_PX), (column.height // count - gap) // most)
        boxes = []
        for index, heat in enumerate(heats):
            height = line * _slot_count(heat)
            middle = column.top + column.height * (2 * index + 1) // (2 * branches)
            if heat.heat == SMALL_FINAL:
                middle = column.bottom - height // 2
            boxes.append(Area(column.left, middle - height // 2, column.width, height))
        return boxes

    def _links(self, before: list[Area], boxes: list[Area], heats: list[HeatView], gap: int) -> Block | None:
        """Return the lines from each pair of heats to the one that their winners meet in."""
        main = [box for box, heat in zip(boxes, heats, strict=True) if heat.heat != SMALL_FINAL]
        if len(before) != 2 * len(main):
            return None
        thick = max(2, self._measures.px(4))
        left, right = before[0].right, boxes[0].left
        middle = left + gap // 2
        marks: list[Mark] = []
        for index, box in enumerate(main):
            ends = [one.top + one.height // 2 for one in before[2 * index : 2 * index + 2]]
            target = box.top + box.height // 2
            for y in ends:
                marks.append(Fill(area=Area(left, y, middle - left, thick), colour=PANEL_RAISED))
            top, bottom = min(*ends, target), max(*ends, target) + thick
            marks.append(Fill(area=Area(middle, top, thick, bottom - top), colour=PANEL_RAISED))
            marks.append(Fill(area=Area(middle, target, right - middle, thick), colour=PANEL_RAISED))
        top = min(mark.area.top for mark in marks)
        bottom = max(mark.area.bottom for mark in marks)
        area = Area(left, top, right - left, bottom - top)
        return Block(name=f"links {heats[0].round}", area=area, marks=tuple(marks))

    def _heat(self, heat: HeatView, area: Area) -> Block:
        px = self._measures.px
        accent = self._accent(heat)
        marks: list[Mark] = [
            Fill(area=area, colour=PANEL if accent is None else PANEL_RAISED, radius_px=px(10))
        ]
        if accent is not None:
            marks.append(Fill(area=Area(area.left, area.top, px(12), area.height), colour=accent))
        line_px = area.height // _slot_count(heat)
        slots: list[SlotView | None] = [*sorted(heat.slots, key=lambda slot: slot.rank or 0)]
        slots += [None] * (_slot_count(heat) - len(slots))
        for number, slot in enumerate(slots):
            line = Area(area.left + px(24), area.top + number * line_px, area.width - px(40), line_px)
            marks += self._slot(heat, slot, line)
        return Block(name=f"heat {heat.heat}", area=area, marks=tuple(marks))

    def _accent(self, heat: HeatView) -> Colour | None:
        """Return green for a heat that is driven now, blue for the ones to come, amber for a tie."""
        if heat.heat_id in self._driven_now:
            return GREEN
        return {"ready": BLUE, "tie": AMBER}.get(heat.phase)

    def _slot(self, heat: HeatView, slot: SlotView | None, line: Area) -> list[Mark]:
        px = self._measures.px
        size = line.height * 70 // 100
        if slot is None:
            text = "" if heat.phase == "bye" else NO_TIME
            return [Text(text=text, area=line, size_px=size, least_px=px(20), colour=TEXT_MUTED)]
        result = ""
        if heat.phase == "bye":
            result = self._words.say("display.bye")
        elif slot.columns:
            text = column_text(slot.columns[0], resolution_ns=self._resolution_ns)
            result = signed(text, slot.calculated)
        is_out = slot.rank is not None and slot.rank > 1 and heat.phase == "driven"
        ink = TEXT_MUTED if is_out else TEXT
        time_px = line.width * 34 // 100 if result else 0
        lane_px = px(44) if slot.lane is not None and not result else 0
        name = Area(line.left + lane_px, line.top, line.width - time_px - lane_px - px(8), line.height)
        time = Area(line.right - time_px, line.top, time_px, line.height)
        marks: list[Mark] = [
            Text(text=slot.name, area=name, size_px=size, least_px=max(px(24), size * 6 // 10), colour=ink)
        ]
        if lane_px:
            lane = Area(line.left, line.top, lane_px, line.height)
            marks.append(
                Text(text=str(slot.lane), area=lane, size_px=size, least_px=px(20), colour=TEXT_MUTED)
            )
        if result:
            marks.append(
                Text(
                    text=result,
                    area=time,
                    size_px=size * 86 // 100,
                    least_px=px(20),
                    colour=ink,
                    align="right",
                )
            )
        return marks


def lines_of(heats: list[HeatView]) -> int:
    """Return how many lines a round needs; each heat one more for the space around it."""
    return sum(_slot_count(heat) for heat in heats) + len(heats) // 2


def window(rounds: list[list[HeatView]], room: Room) -> tuple[int, int]:
    """Return the first and the last round to show: around the one that goes on, and as many as fit."""
    going_on = (i for i, heats in enumerate(rounds) if any(heat.phase not in OVER for heat in heats))
    now = next(going_on, len(rounds) - 1)
    first = now
    while first > 0 and now - first < room.rounds - 1 and lines_of(rounds[first - 1]) <= room.lines:
        first -= 1
    if lines_of(rounds[first]) > room.lines:
        return now, now
    last = first
    while last + 1 < len(rounds) and last - first < room.rounds - 1:
        last += 1
    return first, last


def _page(heats: list[HeatView], room: Room, moment: Moment) -> tuple[list[list[HeatView]], int]:
    """Return the columns of one page of a round, and when the next page comes."""
    each = max(1, room.lines * 2 // (2 * max(_slot_count(heat) for heat in heats) + 1))
    count = -(-len(heats) // each)
    pages = -(-count // room.rounds)
    each = -(-len(heats) // (min(count, room.rounds) if pages == 1 else count))
    columns = [heats[start : start + each] for start in range(0, len(heats), each)]
    turn = moment.mono_ns // PAGE_NS
    start = turn % pages * room.rounds
    return columns[start : start + room.rounds], (turn + 1) * PAGE_NS


def _slot_count(heat: HeatView) -> int:
    return max(2, len(heat.slots))
