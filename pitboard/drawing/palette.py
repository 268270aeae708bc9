"""Colours that stay legible in sun: light on near-black, dark on bright fills.

Text has a contrast of at least 6:1 to the grounds it is used on, disabled text of 4.5:1, an edge of 3:1."""

from __future__ import annotations

Colour = tuple[int, int, int]

BACKGROUND: Colour = (8, 11, 16)
PANEL: Colour = (22, 28, 37)
PANEL_RAISED: Colour = (38, 47, 60)
PANEL_PRESSED: Colour = (214, 224, 236)
LINE: Colour = (94, 110, 130)  # edges: 3:1 to every ground

TEXT: Colour = (255, 255, 255)
TEXT_MUTED: Colour = (184, 196, 210)
TEXT_DISABLED: Colour = (132, 144, 160)
TEXT_DARK: Colour = (6, 9, 13)

GREEN: Colour = (46, 214, 108)
AMBER: Colour = (255, 196, 0)
RED: Colour = (190, 18, 32)
RED_BRIGHT: Colour = (255, 110, 110)
BLUE: Colour = (92, 184, 255)
PURPLE: Colour = (206, 147, 255)
GOLD: Colour = (255, 214, 64)
SILVER: Colour = (211, 218, 226)
BRONZE: Colour = (226, 154, 90)
KEY: Colour = (255, 0, 255)
"""What a video mixer takes out of a picture; far from every colour that means something."""


def contrast(one: Colour, other: Colour) -> float:
    """Return the WCAG contrast ratio of two colours, from 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def blend(one: Colour, other: Colour, *, percent: int) -> Colour:
    """Return `one` with `percent` of `other` mixed in."""
    red, green, blue = ((a * (100 - percent) + b * percent) // 100 for a, b in zip(one, other, strict=True))
    return (red, green, blue)


def _luminance(colour: Colour) -> float:
    def linear(channel: int) -> float:
        share = channel / 255
        return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)

    red, green, blue = colour
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
