"""The start of a display: its last board is painted first, and only then is the rest of the program loaded.

Whatever the network needs (TLS, HTTP, mDNS) is imported behind the first frame."""

from __future__ import annotations

import asyncio
import signal

from display.config import DisplayConfig
from display.following.badge import badge_for
from display.following.contact_note import ContactNote
from display.scene.cards import lay_out_identify
from display.scene.show import Canvas, Moment, Show
from display.scene.theme import load_theme
from display.screen.frame_log import FrameLog
from display.screen.kept_board import kept_board, show_board
from display.screen.scene_painter import Painter
from display.screen.show_maker import NO_BOARD
from pitboard.clock import SystemClock
from pitboard.drawing.font_files import PREFERRED
from pitboard.drawing.panel import figure_min_px, read_panel_mm
from pitboard.drawing.typeface import Typeface
from pitboard.drawing.window import Hanging, Window
from pitboard.journal.kept_view import KeptView
from pitboard.program.program import give_back_at_once
from pitboard.sentences.language import language


async def run_display(config: DisplayConfig, stop: asyncio.Event) -> None:
    """Run the display until `stop` is set."""
    if not config.rotate:  # else every frame takes a picture's room, and would fetch it from the system
        give_back_at_once()
    clock = SystemClock()
    theme = load_theme(config.theme)
    typeface = Typeface.load(preferred=theme.fonts or PREFERRED, kept_per_pixel_bytes=1)
    kept = KeptView(config.journal)
    with (
        Window.open(
            title=config.name,
            size=config.size,
            is_fullscreen=config.fullscreen,
            hanging=Hanging(rotate=config.rotate, overscan_percent=config.overscan_percent),
            now_mono_ns=clock.mono_ns(),
        ) as window,
        FrameLog.open(config.frame_log) as frame_log,
    ):
        painter = Painter(typeface, theme)
        note = ContactNote(config.journal.with_name(config.journal.name + ".contact"))
        badge = badge_for(
            note.load(),
            boot_id=clock.boot_id,
            now_mono_ns=clock.mono_ns(),
            trouble=None,
            has_followed=False,
            has_board=True,
            words=language(config.language),
        )
        view = await kept_board(kept, config.journal, root_key=config.event_key)
        canvas = Canvas(
            size=window.surface.get_size(),
            digit_permille=painter.digit_permille,
            words=language(config.language),
            figure_min_px=figure_min_px(window.surface.get_size(), read_panel_mm(), hall_m=config.hall_m),
        )
        if view is not None:
            show_board(view, badge, window, painter, frame_log, clock, canvas, scenes=config.scenes)
        elif not config.scenes:  # never black while the journal is opened: who it is, until it knows more
            show = Show(board=NO_BOARD, badge=badge, display_name=config.name)
            scene = lay_out_identify(show, Moment(clock.mono_ns()), canvas).scene
            window.present(painter.paint(scene, window.surface))
        del view  # the replica's own is shown from now on; this one is not to be held until the program ends
        # The network's libraries take as long to load as all before: people look at the board meanwhile.
        from display.display_replica import open_display_replica
        from display.node import DisplayNode

        async with open_display_replica(config.journal, root_key=config.event_key, clock=clock) as replica:
            node = DisplayNode(config, replica, window, painter, frame_log, clock, canvas)
            asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, node.ask_for_picture)
            await node.run(stop, kept)
