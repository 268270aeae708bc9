"""The first frame after a start: the board that was kept, painted before the journal is folded.

That takes the longer the longer the race was; the kept board is there at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from display.following.badge import Badge
from display.scene.playlist import lay_out, own_playlist
from display.scene.show import Canvas, Moment, Show
from display.screen.frame_log import FrameLog
from display.screen.scene_painter import Painter
from pitboard.clock import Clock
from pitboard.drawing.window import Window
from pitboard.errors import NOT_UNDERSTOOD, PitboardError
from pitboard.journal.disk.sqlite_storage import Journal
from pitboard.journal.kept_view import KeptView
from pitboard.journal.views.views import BoardView


async def kept_board(kept: KeptView, journal_path: Path, *, root_key: str) -> BoardView | None:
    """Return the board kept beside the journal, None where there is none that still holds."""
    if not kept.is_there():
        return None
    try:
        async with Journal.open(journal_path, root_key=root_key, is_for_a_look=True) as journal:
            view_bytes = await kept.load(journal)
        return None if view_bytes is None else msgspec.json.decode(view_bytes, type=BoardView)
    except (PitboardError, OSError, *NOT_UNDERSTOOD):
        return None  # what is wrong is said where the journal is opened for good


def show_board(
    view: BoardView,
    badge: Badge,
    window: Window,
    painter: Painter,
    frame_log: FrameLog,
    clock: Clock,
    canvas: Canvas,
    *,
    scenes: Sequence[str] = (),
) -> None:
    """Paint one frame of the board, or of the display's own scenes."""
    now = Moment(clock.mono_ns(), clock.utc_ms())
    show = Show(board=view, badge=badge, since_mono_ns=now.mono_ns, playlist=own_playlist(scenes))
    scene = lay_out(show, now, canvas).scene
    window.present(painter.paint(scene, window.surface))
    frame_log.write(view, scene, mono_ns=clock.mono_ns())
