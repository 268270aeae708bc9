"""Look for bytes in the memory of a running process, freed memory included."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

CHUNK_BYTES = 256 * 1_024
_EMPTY = bytes(CHUNK_BYTES)


def find_in_memory(pid: int, needles: Iterable[bytes]) -> list[bytes]:
    """Return which needles stand anywhere in the process's writable memory."""
    wanted = list(needles)
    found: set[bytes] = set()
    for content in _used_parts(pid):
        found.update(needle for needle in wanted if needle in content)
    return sorted(found)


def _used_parts(pid: int) -> Iterator[bytes]:
    """Yield the writable memory in pieces as long as possible; most of a large mapping was never touched."""
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for start, end in _writable(pid):
            piece = bytearray()
            for at in range(start, end, CHUNK_BYTES):
                try:
                    memory.seek(at)
                    chunk = memory.read(min(CHUNK_BYTES, end - at))
                except (OSError, OverflowError):
                    chunk = b""  # a device's memory, or gone meanwhile
                if chunk != _EMPTY[: len(chunk)]:
                    piece += chunk
                elif piece:
                    yield bytes(piece)
                    piece.clear()
            if piece:
                yield bytes(piece)


def _writable(pid: int) -> Iterator[tuple[int, int]]:
    for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
        places, rights = line.split()[:2]
        if rights.startswith("rw"):
            start, end = (int(place, 16) for place in places.split("-"))
            yield start, end
