"""`pitboard display`: run a venue display."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from display.config import DisplayConfig
from pitboard.program.program import config_option, run_program
from pitboard.starting.start_on_screen import NoticeScreen, load_or_say, say_until_changed

SOUND = ("mixer", "mixer_music")
"""The decoders of music take 3 MiB, and few walls are heard."""


@click.command()
@config_option("TOML file of this display; docs/display.md lists its keys.")
def display(config_path: Path) -> None:
    """Show the leaderboard full screen; keeps its last board through any loss of network or power."""

    def screen() -> NoticeScreen:
        from pitboard.starting.notice_screen import SentenceScreen  # only where something is wrong

        return SentenceScreen(config_path)

    config = load_or_say("display", lambda: DisplayConfig.load(config_path), screen)
    if not config.sounds:
        leave_out(*SOUND)
    from display.first_frame import run_display

    run_program(
        "display",
        lambda stop: run_display(config, stop),
        show=lambda error: say_until_changed(
            "display",
            error,
            screen,
            folders=(config_path.parent, config.journal.parent, Path(config.theme).parent),
        ),
    )


def leave_out(*names: str) -> None:
    """Let pygame be loaded without these parts of it."""
    if "pygame" not in sys.modules:
        for name in names:
            sys.modules.setdefault(f"pygame.{name}", None)  # type: ignore[arg-type]
