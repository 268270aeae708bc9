"""Draw widgets, one drawing function for each look; only what changed since the last frame is drawn again."""

from __future__ import annotations

import io

import pygame

from pitboard.drawing import palette
from pitboard.drawing.never_blank import PaintGuard, paint_plain
from pitboard.drawing.palette import Colour
from pitboard.drawing.text_runs import clusters
from pitboard.drawing.typeface import ELLIPSIS, Align, Typeface, Weight
from trackside.touch.paint.looks import FILLS, INKS, button_colours, draw_icon
from trackside.touch.paint.paint_text import draw_block, draw_letters
from trackside.touch.widgets.widgets import Look, Measures, Rect, Tone, Widget

PATCHES_MAX_COUNT = 8
_ACROSS: dict[Align, Align] = {"left": "right", "right": "left", "centre": "centre"}
NOTE_MIN_TENTHS_MM = 30  # letters of a note from top to bottom of their line: legible at arm's length


class Painter:
    """Paints on one surface of the measured size; remembers what it painted last."""

    def __init__(self, target: pygame.Surface, typeface: Typeface, measures: Measures) -> None:
        self._target = target
        self._typeface = typeface
        self._measures = measures
        self._guard = PaintGuard()
        self._mirror: Rect | None = None  # what is drawn inside it is turned about its middle
        self._painted: tuple[Widget, ...] | None = None

    def paint(self, widgets: tuple[Widget, ...]) -> list[Rect]:
        """Draw the widgets, the later over the earlier; return the patches that changed, none when nothing
        did."""
        if widgets == self._painted:
            return []
        patches = [] if self._painted is None else _patches(_differing(widgets, self._painted))
        patches = patches or [self._measures.screen]
        for patch in patches:
            self._target.set_clip(pygame.Rect(patch.area))
            self._target.fill(palette.BACKGROUND)
            for widget in widgets:
                if widget.rect.overlaps(patch):
                    self._paint_guarded(widget)
        self._target.set_clip(None)
        self._painted = widgets
        return patches

    def show_on(self, target: pygame.Surface) -> None:
        """Paint on another surface from now on, everything first."""
        self._target = target
        self.forget()

    def forget(self) -> None:
        """Draw everything at the next call."""
        self._painted = None

    def _paint_guarded(self, widget: Widget) -> None:
        """Paint a widget; one that fails keeps its place as a plain box, so that it can still be tapped."""
        label = widget.label.encode("ascii", "replace").decode()[:40]
        self._guard.attempt(
            f"widget {widget.name.split(':')[0]}",
            lambda: self._paint_widget(widget),
            otherwise=lambda: paint_plain(self._target, pygame.Rect(widget.rect.area), label),
        )

    def _paint_widget(self, widget: Widget) -> None:
        # What somebody types keeps its own direction.
        is_turned = widget.is_mirrored and widget.look not in (Look.FIELD, Look.KEY)
        self._mirror = widget.rect if is_turned else None
        match widget.look:
            case Look.PANEL:
                self._paint_panel(widget)
            case Look.TEXT:
                self._paint_text(widget)
            case Look.BUTTON | Look.KEY:
                self._paint_button(widget)
            case Look.FIELD:
                self._paint_field(widget)
            case Look.ROW:
                self._paint_row(widget)
            case Look.LAP:
                self._paint_lap(widget)
            case Look.LIGHT:
                self._paint_light(widget)
            case Look.BANNER:
                self._paint_banner(widget)
            case Look.SCALE:
                self._paint_scale(widget)
            case Look.PICTURE:
                self._paint_picture(widget)

    def _paint_picture(self, widget: Widget) -> None:
        self._box(widget.rect, palette.PANEL, radius=0)
        if not widget.picture:
            self._block(widget, widget.rect, palette.TEXT_MUTED, palette.TEXT_MUTED)
            return
        small = pygame.image.load(io.BytesIO(widget.picture), "picture.png")
        picture = pygame.transform.smoothscale(small.convert(24), _within(small.get_size(), widget.rect))
        self._target.blit(picture, picture.get_rect(center=pygame.Rect(widget.rect.area).center))

    def _paint_panel(self, widget: Widget) -> None:
        is_bar = widget.rect.w == self._measures.width
        radius = 0 if is_bar else self._radius
        fill = palette.RED if is_bar and widget.tone is Tone.DANGER else palette.PANEL
        self._box(widget.rect, fill, radius=radius)
        if not is_bar and widget.tone in FILLS:
            self._box(widget.rect, FILLS[widget.tone], radius=radius, line_px=max(3, self._measures.px(5)))
        elif not is_bar:
            self._box(widget.rect, palette.LINE, radius=radius, line_px=self._edge_px)

    def _paint_text(self, widget: Widget) -> None:
        ink = INKS[widget.tone]
        if widget.icon:
            side = min(widget.size_px, widget.rect.w, widget.rect.h)
            box = Rect(widget.rect.x, widget.rect.y + (widget.rect.h - side) // 2, widget.rect.w, side)
            self._icon(widget.icon, box, FILLS.get(widget.tone, ink))
            return
        room = widget.rect
        if widget.value:
            value_px = self._typeface.width(widget.value, size_px=widget.size_px, weight=Weight.REGULAR)
            value_room, room = room.cut_right(min(room.w * 2 // 3, value_px + 2), self._measures.gap)
            self._line(widget.value, value_room, widget.size_px, ink, align="right", weight=Weight.REGULAR)
        self._block(widget, room, ink, palette.TEXT_MUTED)

    def _paint_button(self, widget: Widget) -> None:
        fill, edge, ink = button_colours(widget)
        self._box(widget.rect, fill)
        if widget.held_permille:
            share = Rect(
                widget.rect.x, widget.rect.y, widget.rect.w * widget.held_permille // 1000, widget.rect.h
            )
            self._box(share, palette.RED)
        if edge is not None:
            self._box(widget.rect, edge, line_px=max(2, self._measures.px(3)))
        is_at_edge = widget.align != "centre" and not widget.icon
        room = widget.rect.inset(self._measures.px(20 if is_at_edge else 8), self._measures.px(4))
        if widget.reserved_px:
            _, room = room.cut_right(widget.reserved_px, self._measures.px(8))
        if widget.icon and not widget.label:
            self._icon(widget.icon, _middle(room, widget.size_px), ink)
            return
        if widget.icon:
            icon_box, room = room.cut_left(widget.size_px + self._measures.px(12), self._measures.px(8))
            self._icon(widget.icon, _middle(icon_box, widget.size_px), ink)
        note_ink = ink if fill in FILLS.values() else palette.TEXT_MUTED
        if not widget.enabled:
            note_ink = palette.TEXT
        elif widget.is_pressed or widget.held_permille:
            note_ink = ink
        self._block(widget, room, ink, note_ink)

    def _paint_field(self, widget: Widget) -> None:
        edge = palette.AMBER if widget.tone is Tone.WARNING else palette.BLUE
        self._box(widget.rect, palette.PANEL)
        self._box(widget.rect, edge, line_px=max(3, self._measures.px(4)))
        room = widget.rect.inset(self._measures.px(18), self._measures.px(8))
        note_room, text_room = room.cut_top(room.h * 34 // 100)
        note_ink = palette.AMBER if widget.tone is Tone.WARNING else palette.TEXT_MUTED
        self._line(
            widget.note, note_room, self._measures.text(22), note_ink, weight=Weight.REGULAR, shrink=True
        )
        caret_px = max(3, self._measures.px(4))
        text_room = text_room.cut_right(caret_px, self._measures.px(6))[1]
        size_px = min(widget.size_px, text_room.h)
        caret_x = text_room.x
        if widget.contact is not None and widget.contact.count:
            caret_x = draw_letters(self._target, self._typeface, widget.contact, text_room, size_px)
        elif widget.contact is not None:  # nothing typed yet: the label says what is asked for
            room = text_room.cut_left(2 * caret_px, self._measures.px(4))[1]
            self._line(widget.label, room, size_px, palette.TEXT_MUTED, weight=Weight.REGULAR, shrink=True)
        elif widget.label:
            shown = self._end_of(widget.label, text_room.w, size_px)
            left, _, width, _ = self._line(shown, text_room, size_px, palette.TEXT)
            caret_x = left + width
        caret_x += self._measures.px(4) if caret_x > text_room.x else 0
        self._box(
            Rect(caret_x, text_room.y + 2, caret_px, text_room.h - 4), palette.BLUE, radius=caret_px // 2
        )

    def _end_of(self, typed: str, width_px: int, size_px: int) -> str:
        """Return as much of what is typed as fits, from its end: that is where the next letter comes."""
        letters = clusters(typed)
        cut = 0
        while cut < len(letters) - 1:
            shown = (ELLIPSIS if cut else "") + "".join(letters[cut:])
            if self._typeface.width(shown, size_px=size_px) <= width_px:
                return shown
            cut += 1
        return letters[-1]

    def _paint_row(self, widget: Widget) -> None:
        fill, ink = palette.PANEL, palette.TEXT
        if widget.is_on:
            fill, ink = palette.BLUE, palette.TEXT_DARK
        if widget.is_pressed:
            fill, ink = palette.PANEL_PRESSED, palette.TEXT_DARK
        self._box(widget.rect, fill)
        if fill is palette.PANEL:
            self._box(widget.rect, palette.LINE, line_px=self._edge_px)
        room = widget.rect.inset(self._measures.px(20), 0)
        if widget.note:
            rank_room, room = room.cut_left(self._measures.text(44), self._measures.gap)
            self._line(widget.note, rank_room, widget.size_px, ink, align="right")
        if widget.value:
            value_px = self._typeface.width(widget.value, size_px=widget.size_px) + 2
            value_room, room = room.cut_right(min(value_px, room.w // 2), self._measures.gap)
            self._line(widget.value, value_room, widget.size_px, ink, align="right", shrink=True)
        left, _, width, _ = self._line(widget.label, room, widget.size_px, ink, shrink=True)
        if widget.is_struck:
            y = room.y + room.h // 2
            pygame.draw.line(self._target, ink, (left, y), (left + width, y), self._edge_px)

    def _paint_scale(self, widget: Widget) -> None:
        """Draw the marks from the first to the last, each as wide as its doubt; what does not count is
        short."""
        self._box(widget.rect, palette.PANEL)
        room = widget.rect.inset(self._measures.px(24), self._measures.px(6))
        text_room, room = room.cut_top(widget.size_px, self._measures.px(4))
        self._line(widget.note, text_room, widget.size_px, palette.TEXT_MUTED, weight=Weight.REGULAR)
        self._line(
            widget.label,
            text_room,
            widget.size_px,
            palette.TEXT_MUTED,
            align="right",
            weight=Weight.REGULAR,
        )
        base = room.bottom - self._edge_px
        thick = max(3, self._measures.px(4))
        pygame.draw.line(self._target, palette.LINE, (room.x, base), (room.right, base), self._edge_px)
        for mark in sorted(widget.marks, key=lambda one: one.is_on):
            doubt_px = room.w * mark.doubt_permille // 1000
            width = max(thick * (2 if mark.is_on else 1), 2 * doubt_px)
            x = room.x + room.w * mark.permille // 1000
            height = room.h // 2 if mark.tone is Tone.MUTED else room.h
            box = Rect(x - width // 2, room.bottom - height, width, height)
            ink = palette.TEXT if mark.is_on else FILLS.get(mark.tone, palette.TEXT_MUTED)
            self._box(self._turned(box), ink, radius=0)

    def _paint_lap(self, widget: Widget) -> None:
        ink = palette.TEXT_MUTED if widget.is_struck else INKS[widget.tone]
        self._box(widget.rect, palette.PANEL)
        edge = FILLS.get(widget.tone, palette.LINE)
        self._box(widget.rect, edge, line_px=self._edge_px * (2 if widget.tone in FILLS else 1))
        room = widget.rect.inset(self._measures.px(18), self._measures.px(4))
        room = room.cut_right(max(0, widget.reserved_px - self._measures.px(18)), self._measures.px(10))[1]
        number_room, room = room.cut_left(self._measures.text(56), self._measures.px(14))
        self._line(
            widget.value,
            number_room,
            widget.size_px * 2 // 3,
            palette.TEXT_MUTED,
            align="right",
            weight=Weight.REGULAR,
        )
        time_px = self._typeface.width(widget.label, size_px=widget.size_px)
        note_size_px = max(20, widget.size_px * 58 // 100)
        note_px = self._typeface.width(widget.note, size_px=note_size_px, weight=Weight.REGULAR)
        gap = self._measures.px(24)
        if widget.icon:
            icon_px = min(room.h * 7 // 10, note_size_px)
            icon_room, room = room.cut_left(icon_px, self._measures.px(10))
            self._icon(widget.icon, icon_room, FILLS.get(widget.tone, palette.TEXT_MUTED))
        if widget.note and time_px + gap + note_px > room.w:
            time_room, note_room = room.cut_top(room.h * 60 // 100)
        else:
            time_room, note_room = room, room.cut_left(min(room.w, time_px + gap))[1]
        time_left, _, time_width, _ = self._line(widget.label, time_room, widget.size_px, ink, shrink=True)
        if widget.is_struck:
            y = time_room.y + time_room.h // 2
            thick = max(3, self._measures.px(4))
            pygame.draw.line(self._target, ink, (time_left, y), (time_left + time_width, y), thick)
        self._line(widget.note, note_room, note_size_px, ink, weight=Weight.REGULAR, shrink=True)

    def _paint_light(self, widget: Widget) -> None:
        fill = palette.PANEL_PRESSED if widget.is_pressed else palette.PANEL_RAISED
        if widget.intent is None:
            fill = palette.PANEL
        self._box(widget.rect, fill)
        room = widget.rect.inset(self._measures.px(12), self._measures.px(6))
        is_narrow = widget.intent is not None
        icon_px = min(room.h * 72 // 100, widget.size_px * 2, room.w * (28 if is_narrow else 100) // 100)
        icon_room, room = room.cut_left(icon_px, self._measures.px(10 if is_narrow else 14))
        self._icon(widget.icon, icon_room, FILLS.get(widget.tone, palette.TEXT_MUTED))
        ink = palette.TEXT_DARK if widget.is_pressed else palette.TEXT
        if widget.intent is None:
            self._block(widget, room, ink, ink, align="left")
            return
        name_room, word_room = room.rows(2, 0)
        name_ink = ink if widget.is_pressed else palette.TEXT_MUTED
        name_px = widget.size_px * 78 // 100
        self._line(widget.label, name_room, name_px, name_ink, weight=Weight.REGULAR, shrink=True)
        self._line(widget.note, word_room, widget.size_px, ink, shrink=True)

    def _paint_banner(self, widget: Widget) -> None:
        fill = FILLS[widget.tone]
        ink = palette.TEXT if widget.tone is Tone.DANGER else palette.TEXT_DARK
        self._box(widget.rect, fill)
        room = widget.rect.inset(self._measures.px(14), self._measures.px(2))
        if widget.icon:
            icon_px = min(room.h * 62 // 100, self._measures.text(44))
            icon_room, room = room.cut_left(icon_px, self._measures.px(14))
            self._icon(widget.icon, icon_room, palette.TEXT)
        self._block(widget, room, ink, ink)

    def _icon(self, icon: str, box: Rect, colour: Colour) -> None:
        draw_icon(self._target, icon, self._turned(box), colour, is_mirrored=self._mirror is not None)

    def _turned(self, box: Rect) -> Rect:
        if self._mirror is None:
            return box
        return Rect(self._mirror.x + self._mirror.right - box.right, box.y, box.w, box.h)

    def _block(
        self,
        widget: Widget,
        room: Rect,
        ink: Colour,
        note_ink: Colour,
        *,
        align: Align | None = None,
    ) -> None:
        draw_block(
            self._target,
            self._typeface,
            self._turned(room),
            label=widget.label,
            note=widget.note,
            size_px=widget.size_px,
            colour=ink,
            note_colour=note_ink,
            align=widget.align if align is None else align if self._mirror is None else _ACROSS[align],
            lines_max=widget.lines_max,
            note_lines_max=widget.note_lines_max,
            note_least_px=self._measures.mm(NOTE_MIN_TENTHS_MM),
        )

    def _line(
        self,
        text: str,
        room: Rect,
        size_px: int,
        ink: Colour,
        *,
        align: str = "left",
        weight: Weight = Weight.BOLD,
        shrink: bool = False,
    ) -> tuple[int, int, int, int]:
        is_right = (align == "right") != (self._mirror is not None)
        return self._typeface.draw(
            self._target,
            text,
            self._turned(room).area,
            size_px=size_px,
            colour=ink,
            weight=weight,
            align="right" if is_right else "left",
            shrink_to_px=size_px * 13 // 20 if shrink else None,
        )

    def _box(self, rect: Rect, colour: Colour, *, radius: int | None = None, line_px: int = 0) -> None:
        radius = self._radius if radius is None else radius
        pygame.draw.rect(self._target, colour, pygame.Rect(rect.area), line_px, border_radius=radius)

    @property
    def _edge_px(self) -> int:
        return max(2, self._measures.px(2))

    @property
    def _radius(self) -> int:
        return self._measures.px(12)


def _within(size: tuple[int, int], room: Rect) -> tuple[int, int]:
    """Return the size of a picture that fills the room without being stretched."""
    width, height = size
    if width * room.h > height * room.w:
        return room.w, max(1, height * room.w // width)
    return max(1, width * room.h // height), room.h


def _middle(room: Rect, side_px: int) -> Rect:
    side = min(side_px, room.w, room.h)
    return Rect(room.x + (room.w - side) // 2, room.y + (room.h - side) // 2, side, side)


def _differing(now: tuple[Widget, ...], before: tuple[Widget, ...]) -> list[Widget]:
    """Return the widgets that are not in both. They are compared, not hashed: an act may hold anything."""
    known = {widget.name: widget for widget in before}
    fresh = [widget for widget in now if known.get(widget.name) != widget]
    names = {widget.name: widget for widget in now}
    return [*fresh, *(widget for widget in before if names.get(widget.name) != widget)]


def _patches(widgets: list[Widget]) -> list[Rect]:
    """Return rectangles apart from each other that cover all of them; one around all where they would be
    many, or hardly smaller together."""
    if not widgets:
        return []
    patches: list[Rect] = []
    for widget in widgets:
        patch = widget.rect
        while (touched := next((one for one in patches if one.overlaps(patch)), None)) is not None:
            patches.remove(touched)
            patch = _around(patch, touched)
        patches.append(patch)
    whole = patches[0]
    for patch in patches[1:]:
        whole = _around(whole, patch)
    together = sum(patch.w * patch.h for patch in patches)
    is_worth_it = len(patches) <= PATCHES_MAX_COUNT and 2 * together < whole.w * whole.h
    return patches if is_worth_it else [whole]


def _around(one: Rect, other: Rect) -> Rect:
    left, top = min(one.x, other.x), min(one.y, other.y)
    return Rect(left, top, max(one.right, other.right) - left, max(one.bottom, other.bottom) - top)
