"""How many pixels a picture says that it holds: told by its first bytes, before anybody unpacks it.

Only PNG, JPEG and WebP: a library opens a dozen kinds more, by their bytes and whatever the file is called,
and a hundred bytes of some become a gigabyte."""

from __future__ import annotations

import re

_PNG = re.compile(rb"\A\x89PNG\r\n\x1a\n.{4}IHDR(.{4})(.{4})", re.DOTALL)
_JPEG = re.compile(rb"\xff[\xc0-\xc3\xc5-\xc7\xc9-\xcb\xcd-\xcf]\x00.\x08(..)(..)[\x01-\x04]", re.DOTALL)
_JPEG_MARK = b"\xff\xd8\xff"
_WEBP = re.compile(rb"\ARIFF.{4}WEBPVP8 .{7}\x9d\x01\x2a(..)(..)", re.DOTALL)
_WEBP_WIDE = re.compile(rb"\ARIFF.{4}WEBPVP8X.{8}(...)(...)", re.DOTALL)
_WEBP_LOSSLESS = re.compile(rb"\ARIFF.{4}WEBPVP8L.{4}\x2f(.{4})", re.DOTALL)


def pixels_told(head: bytes) -> int:
    """Return the greatest number of pixels that the bytes tell of, 0 where they tell none."""
    pixels = 0
    of_jpeg = _JPEG.findall(head) if head.startswith(_JPEG_MARK) else []
    for one, other in (*_PNG.findall(head), *of_jpeg):
        pixels = max(pixels, int.from_bytes(one, "big") * int.from_bytes(other, "big"))
    for one, other in (*_WEBP.findall(head), *_WEBP_WIDE.findall(head)):
        pixels = max(pixels, int.from_bytes(one, "little") * int.from_bytes(other, "little"))
    for sides in _WEBP_LOSSLESS.findall(head):  # fourteen bits each, less one
        told = int.from_bytes(sides, "little")
        pixels = max(pixels, ((told & 0x3FFF) + 1) * ((told >> 14 & 0x3FFF) + 1))
    return pixels
