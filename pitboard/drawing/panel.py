"""How a screen hangs, and how large it is in millimetres, as it says itself.

Source: VESA E-EDID 1.4, section 3.10.2 (detailed timing, bytes 12 to 14) and 3.6.2 (size in centimetres)."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

Turn = Literal[0, 90, 180, 270]
"""Clockwise, in degrees."""
OVERSCAN_MAX_PERCENT = 10
DRM_FOLDER = Path("/sys/class/drm")
_HEADER = b"\x00\xff\xff\xff\xff\xff\xff\x00"
FIGURE_UM_PER_M = 4_000
"""How high a figure must be to be read from afar: 4 mm a metre, 40 mm at ten."""
PANEL_USUAL_MM = (1_210, 680)
"""A television of 55 inches, where a screen tells no size."""
_SIDE_MIN_MM = 40
_SIDE_MAX_MM = 4_000


def read_panel_mm(folder: Path = DRM_FOLDER) -> tuple[int, int] | None:
    """Return width and height of the first connected screen that knows them, None where none does."""
    for connector in sorted(folder.glob("card*-*")):
        try:
            if (connector / "status").read_text(encoding="ascii").strip() != "connected":
                continue
            size = panel_mm_of((connector / "edid").read_bytes())
        except (OSError, UnicodeDecodeError):
            continue
        if size is not None:
            return size
    return None


def panel_mm_of(edid: bytes) -> tuple[int, int] | None:
    """Return the size that an EDID block tells: projectors and some panels tell none, or an absurd one."""
    if len(edid) < 128 or edid[:8] != _HEADER or sum(edid[:128]) % 256:
        return None
    timing = edid[54:72]
    exact = (timing[12] | (timing[14] & 0xF0) << 4, timing[13] | (timing[14] & 0x0F) << 8)
    coarse = (edid[21] * 10, edid[22] * 10)
    if timing[0] or timing[1]:
        for size in (exact, coarse):
            if _is_likely(size):
                return size
    return coarse if _is_likely(coarse) else None


def _is_likely(size: tuple[int, int]) -> bool:
    """Leave out what televisions write there: an aspect ratio (160 by 90, 16 by 9) in place of a size."""
    is_ratio = size in ((160, 90), (16, 9), (160, 100))
    return not is_ratio and all(_SIDE_MIN_MM <= side <= _SIDE_MAX_MM for side in size)


def figure_min_px(size: tuple[int, int], panel_mm: tuple[int, int] | None, *, hall_m: int | None) -> int:
    """Return how many pixels high a figure must be for who stands `hall_m` away; 0 where nobody said."""
    if hall_m is None:
        return 0
    sides_mm = panel_mm or PANEL_USUAL_MM
    return hall_m * FIGURE_UM_PER_M * max(size) // (max(sides_mm) * 1_000)
