"""A line for each frame that says what was truly drawn in it, for whoever audits the display."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import msgspec

from display.scene.blocks import Scene
from pitboard.errors import ConfigRefused
from pitboard.journal.views.views import BoardView, encode_view

SHA_DIGITS = 16


class FrameLog:
    """Appends JSON lines, each handed to the kernel at once."""

    def __init__(self, file: TextIO | None) -> None:
        self._file = file
        self._view: BoardView | None = None
        self._sha = ""

    @classmethod
    @contextlib.contextmanager
    def open(cls, path: Path | None) -> Iterator[FrameLog]:
        """Open the log at `path`, or one that writes nothing."""
        if path is None:
            yield cls(None)
            return
        try:
            file = path.open("a", encoding="utf-8")
        except OSError as error:
            raise ConfigRefused(
                path=path, reason=f"the frame log cannot be written: {error.strerror}"
            ) from error
        with file:
            yield cls(file)

    def write(self, view: BoardView, scene: Scene, *, mono_ns: int) -> None:
        """Write the line of a frame that was on the screen at `mono_ns`."""
        if self._file is None:
            return
        runs = [run for run in view.on_track if run.run_id in scene.runs_drawn]
        line = {
            "mono_ns": mono_ns,
            "scene": scene.name,
            "newest_passing": [run.newest_passing_id for run in runs if run.newest_passing_id is not None],
            "runs": [
                {
                    "run": run.run_id,
                    "phase": run.phase,
                    "passings": run.passings,
                    "laps": len(run.laps),
                    "last_lap_ns": run.laps[-1].lap_ns if run.laps else None,
                }
                for run in runs
            ],
            "entries": len(view.entries),
            "page": scene.page,
            "board_sha": self._sha_of(view),
        }
        self._file.write(msgspec.json.encode(line).decode() + "\n")
        self._file.flush()

    def _sha_of(self, view: BoardView) -> str:
        """Return the board's digest, made once for each board: a clock draws the same one often."""
        if view is not self._view:
            self._view = view
            self._sha = hashlib.sha256(encode_view(view)).hexdigest()[:SHA_DIGITS]
        return self._sha
