"""How many pixels a picture says that it holds: told by its first bytes, before anybody unpacks it."""

from __future__ import annotations

import re

_PNG = re.compile(rb"\A\x89PNG\r\n\x1a\n.{4}IHDR(.{4})(.{4})", re.DOTALL)
_JPEG = re.compile(rb"\xff[\xc0-\xc3\xc5-\xc7\xc9-\xcb\xcd-\xcf]\x00.\x08(..)(..)[\x01-\x04]", re.DOTALL)
_WEBP = re.compile(rb"\ARIFF.{4}WEBPVP8 .{7}\x9d\x01\x2a(..)(..)", re.DOTALL)
_WEBP_WIDE = re.compile(rb"\ARIFF.{4}WEBPVP8X.{8}(...)(...)", re.DOTALL)


def pixels_told(head: bytes) -> int:
    """Return the greatest number of pixels that the bytes tell of, 0 where they tell none."""
    pixels = 0
    for one, other in (*_PNG.findall(head), *_JPEG.findall(head)):
        pixels = max(pixels, int.from_bytes(one, "big") * int.from_bytes(other, "big"))
    for one, other in (*_WEBP.findall(head), *_WEBP_WIDE.findall(head)):
        pixels = max(pixels, int.from_bytes(one, "little") * int.from_bytes(other, "little"))
    return pixels
