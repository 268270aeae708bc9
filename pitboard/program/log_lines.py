"""What reaches the log: each record one clean line, and never more than a bound however often it happens.

Whoever may make us log a line may make us log a million, and a full disk stops the timing. So the bound is
here, at the handler, for our modules and for every library alike: a place in the code that has spoken often
enough this minute is silent for the rest of it, and then says once how often it was silent."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

WINDOW_NS = 60_000_000_000
PLACE_MAX_COUNT = 40
"""Lines of one place in the code in one window."""
ALL_MAX_BYTES = 512 * 1_024
"""Of all places together in one window; what is worse than a warning may take as much again."""
LINE_MAX_CHARS = 1_000
TRACEBACK_MAX_CHARS = 6_000
LINE_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"

_CONTROL_RANGES = (
    *((0, 31), (127, 159)),
    # Would reorder, break or hide what stands in a terminal.
    *((0x200B, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F), (0xFEFF, 0xFEFF), (0xD800, 0xDFFF)),
)


class _Controls(dict[int, str | int]):
    """What is written for a character, looked up when it is first met: there are two thousand to be told."""

    def __missing__(self, code: int) -> str | int:
        is_control = any(first <= code <= last for first, last in _CONTROL_RANGES)
        if not is_control:
            return code
        self[code] = f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
        return self[code]


_CONTROLS = _Controls({10: "\\n", 13: "\\r"})
_CONTROLS_OF_TRACEBACK = _Controls({10: 10, 13: "\\r"})


class LineFormatter(logging.Formatter):
    """Foreign text in a message cannot begin a line of its own, nor speak to the terminal."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        return _cut(super().formatMessage(record).translate(_CONTROLS), LINE_MAX_CHARS)

    def formatException(self, ei: object) -> str:  # noqa: N802 - logging's name
        text = super().formatException(ei)  # type: ignore[arg-type]
        # The end says what went wrong, so the middle goes.
        if len(text) > TRACEBACK_MAX_CHARS:
            half = TRACEBACK_MAX_CHARS // 2
            text = f"{text[:half]}\n  ... {len(text) - 2 * half} characters left out ...\n{text[-half:]}"
        return text.translate(_CONTROLS_OF_TRACEBACK)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[:length]}... {len(text) - length} characters left out"


@dataclass(slots=True)
class _Place:
    """A line of code that logs: what it said in this window, and how often it was silenced."""

    said_count: int = 0
    silenced_count: int = 0


Place = tuple[str, int]


class BoundedLines(logging.StreamHandler[TextIO]):
    """Writes lines to a stream within the bounds; `now_mono_ns` is the clock that windows are cut by."""

    def __init__(
        self, stream: TextIO | None = None, *, now_mono_ns: Callable[[], int] = time.monotonic_ns
    ) -> None:
        super().__init__(stream or sys.stderr)
        self.setFormatter(LineFormatter(LINE_FORMAT))
        self._now_mono_ns = now_mono_ns
        self._began_mono_ns = now_mono_ns()
        self._places: dict[Place, _Place] = {}
        self._written_bytes = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line, or count it where its place has said enough in this window."""
        if self._now_mono_ns() - self._began_mono_ns >= WINDOW_NS:
            self._begin_window()
        place = self._places.setdefault((record.pathname, record.lineno), _Place())
        room_bytes = ALL_MAX_BYTES * (2 if record.levelno >= logging.ERROR else 1)
        if place.said_count >= PLACE_MAX_COUNT or self._written_bytes >= room_bytes:
            place.silenced_count += 1
            return
        place.said_count += 1
        self._write(record)

    def close(self) -> None:
        """Say what was silenced and not yet told."""
        self._begin_window()
        super().close()

    def _begin_window(self) -> None:
        silenced = {place: said for place, said in self._places.items() if said.silenced_count}
        self._began_mono_ns = self._now_mono_ns()
        self._places = {}
        self._written_bytes = 0
        for (path, line), said in silenced.items():
            name = path.rpartition("/")[2].removesuffix(".py")
            message = f"{said.silenced_count} more lines like those before were left out (line {line})"
            self._write(logging.LogRecord(name, logging.WARNING, path, line, message, None, None))

    def _write(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record) + self.terminator
            self._written_bytes += len(line.encode(errors="replace"))
            self.stream.write(line)
            self.flush()
        except Exception:  # as logging itself does: a log that fails must not stop a race
            self.handleError(record)


def log_to_stderr(level: str) -> None:
    """Let every logger of this process write bounded lines to standard error."""
    logging.basicConfig(level=level.upper(), handlers=[BoundedLines()], force=True)
