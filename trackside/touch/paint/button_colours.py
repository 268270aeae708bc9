"""Which colours a tone has, and a button in each of its states."""

from __future__ import annotations

from pitboard.drawing import palette
from pitboard.drawing.palette import Colour
from trackside.touch.widgets.widgets import Look, Tone, Widget

FILLS = {
    Tone.GO: palette.GREEN,
    Tone.MANUAL: palette.BLUE,
    Tone.WARNING: palette.AMBER,
    Tone.DANGER: palette.RED,
    Tone.BEST: palette.GOLD,
}
INKS = {
    Tone.PLAIN: palette.TEXT,
    Tone.MUTED: palette.TEXT_MUTED,
    Tone.GO: palette.GREEN,
    Tone.MANUAL: palette.BLUE,
    Tone.WARNING: palette.AMBER,
    Tone.DANGER: palette.RED_BRIGHT,
    Tone.BEST: palette.GOLD,
}
_RED_DEEP = palette.blend(palette.RED, palette.BACKGROUND, percent=60)
_GREEN_DEEP = palette.blend(palette.GREEN, palette.BACKGROUND, percent=68)


def button_colours(widget: Widget) -> tuple[Colour, Colour | None, Colour]:
    """Return the colours of ground, edge and text."""
    if widget.is_sending:
        return palette.PANEL_PRESSED, palette.AMBER, palette.TEXT_DARK
    if widget.held_permille:
        return _RED_DEEP, palette.TEXT, palette.TEXT
    if not widget.enabled:
        return palette.PANEL, palette.PANEL_RAISED, palette.TEXT_DISABLED
    if widget.is_pressed:
        return palette.PANEL_PRESSED, palette.TEXT, palette.TEXT_DARK
    if widget.look is Look.KEY:
        return palette.PANEL_RAISED, None, INKS[widget.tone]
    if widget.is_on and widget.tone is Tone.GO:
        return _GREEN_DEEP, palette.GREEN, palette.TEXT
    if widget.tone in FILLS:
        ink = palette.TEXT if widget.tone is Tone.DANGER else palette.TEXT_DARK
        return FILLS[widget.tone], None, ink
    return palette.PANEL_RAISED, palette.LINE, palette.TEXT
