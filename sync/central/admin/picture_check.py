"""Whether some bytes are a picture that displays can show: unpacked once, in a process of its own.

`python -m sync.central.admin.picture_check` reads the bytes from standard input and writes width and height.
So whatever a library makes of a stranger's file, it does without keys, in bounded memory, and ends with the
answer."""

from __future__ import annotations

import io
import os
import resource
import sys
from typing import NamedTuple

from pitboard.drawing.picture_head import pixels_told
from pitboard.program.work_aside import done_aside

PIXELS_MAX_COUNT = 4_000_000
CHECK_MAX_S = 10.0
MEMORY_MAX_BYTES = 1_024 * 1_024 * 1_024
"""Of addresses: the library itself takes half of it."""
KINDS = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg"}


class PictureSize(NamedTuple):
    width: int
    height: int


def kind_of(content: bytes) -> str | None:
    """Return "png" or "jpeg" by the first bytes, None for anything else."""
    return next((kind for mark, kind in KINDS.items() if content.startswith(mark)), None)


async def size_of_picture(content: bytes) -> PictureSize | None:
    """Return the size of a PNG or JPEG that can be unpacked whole; None for anything else, or too large."""
    if kind_of(content) is None or not 0 < pixels_told(content) <= PIXELS_MAX_COUNT:
        return None
    status, answer = await done_aside(__name__, content, within_s=CHECK_MAX_S)
    if status != 0:
        return None
    width, height = answer.split()
    return PictureSize(int(width), int(height))


def main() -> int:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX_BYTES, MEMORY_MAX_BYTES))
    os.environ |= {"SDL_VIDEODRIVER": "dummy", "PYGAME_HIDE_SUPPORT_PROMPT": "1"}
    content = sys.stdin.buffer.read()
    import pygame  # only now: within its bound

    try:
        picture = pygame.image.load(io.BytesIO(content), f"picture.{kind_of(content)}")
    except (pygame.error, MemoryError):
        return 1
    if picture.get_width() * picture.get_height() > PIXELS_MAX_COUNT:
        return 1
    sys.stdout.write(f"{picture.get_width()} {picture.get_height()}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
