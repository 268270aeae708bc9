"""`pitboard touch`: the official's touchscreen as a process of its own."""

from __future__ import annotations

import asyncio
import signal
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Annotated

import click
import msgspec

from pitboard.clock import SystemClock
from pitboard.drawing.backlight import Backlight
from pitboard.drawing.panel import OVERSCAN_MAX_PERCENT, Turn, read_panel_mm
from pitboard.drawing.typeface import Typeface
from pitboard.drawing.window import Hanging, Window
from pitboard.program.config import Config, load_config
from pitboard.program.core_dumps import forbid_core_dumps
from pitboard.program.program import run_program
from pitboard.program.service import SERVICE
from pitboard.sentences.language import LanguageCode, language
from pitboard.starting.start_on_screen import NoticeScreen, load_or_say, say_until_changed
from pitboard.unit_api.unit_client import UnitLink
from trackside.touch.input.control_socket import ControlSocket
from trackside.touch.kept_settings import read_settings
from trackside.touch.paint.first_picture import show_at_once
from trackside.touch.paint.widget_painter import Painter
from trackside.touch.sounds import Sound, Sounds
from trackside.touch.touchscreen import Touchscreen
from trackside.touch.widgets.widgets import Measures

Millimetres = Annotated[int, msgspec.Meta(ge=40, le=4_000)]


class TouchConfig(Config, frozen=True, kw_only=True, forbid_unknown_fields=True):
    socket: Path  # the local API of `trackside`
    width: Annotated[int, msgspec.Meta(ge=480, le=7680)] = 1280
    height: Annotated[int, msgspec.Meta(ge=480, le=7680)] = 800
    panel_mm: tuple[Millimetres, Millimetres] | None = None  # absent: what the screen says of itself
    rotate: Turn = 0
    overscan_percent: Annotated[int, msgspec.Meta(ge=0, le=OVERSCAN_MAX_PERCENT)] = 0
    language: LanguageCode = "en"
    volume_percent: Annotated[int, msgspec.Meta(ge=0, le=100)] = 60
    muted: tuple[Sound, ...] = ()
    runtime_folder: Path | None = (
        None  # where the unit's programs keep their last words; default: the socket's
    )
    settings_file: Path | None = None  # keeps what is set on the screen itself; absent: until the next start
    fullscreen: bool = False
    control_socket: Path | None = None  # for a scripted official and for tests; absent at a venue

    @classmethod
    def load(cls, path: Path) -> TouchConfig:
        return load_config(cls, path)


@click.command()
@click.option(
    "--config",
    "config_path",
    required=True,
    type=click.Path(path_type=Path, readable=False),
    help="The touchscreen's TOML file; docs/touch.md explains its keys.",
)
def touch(config_path: Path) -> None:
    """Show the official's touchscreen: pick a name, start, judge laps, confirm."""
    forbid_core_dumps()

    def screen() -> NoticeScreen:
        from pitboard.starting.notice_screen import SentenceScreen  # only where something is wrong

        return SentenceScreen(config_path)

    config = load_or_say("touch", lambda: TouchConfig.load(config_path), screen)
    run_program(
        "touch",
        lambda _: run_touch(config),
        show=lambda error: say_until_changed(
            "touch", error, screen, folders=(config_path.parent, config.socket.parent)
        ),
    )


async def run_touch(config: TouchConfig) -> None:
    """Run until the window is closed or the process is told to end."""
    clock = SystemClock()
    panel_mm = config.panel_mm or (read_panel_mm() if config.fullscreen else None)
    hanging = Hanging(rotate=config.rotate, overscan_percent=config.overscan_percent)
    if panel_mm is not None and hanging.rotate in (90, 270):
        panel_mm = (panel_mm[1], panel_mm[0])
    measures = Measures(*hanging.canvas_size((config.width, config.height)), panel_mm)
    async with AsyncExitStack() as stack:
        link = await stack.enter_async_context(UnitLink.open(config.socket, clock=clock))
        window = stack.enter_context(
            Window.open(
                title="Pitboard",
                size=(config.width, config.height),
                is_fullscreen=config.fullscreen,
                hanging=hanging,
                now_mono_ns=clock.mono_ns(),
            )
        )
        show_at_once(window)
        kept = read_settings(config.settings_file)
        backlight = Backlight()
        if kept.brightness_percent is not None:
            backlight.set(kept.brightness_percent)
        volume_percent = config.volume_percent if kept.volume_percent is None else kept.volume_percent
        painter = Painter(window.surface, Typeface.load(), measures)
        screen = Touchscreen(
            link=link,
            window=window,
            painter=painter,
            measures=measures,
            clock=clock,
            language=language(kept.language or config.language),
            sounds=Sounds(muted=config.muted, volume_percent=volume_percent),
            backlight=backlight,
            settings_file=config.settings_file,
            runtime_folder=config.runtime_folder or config.socket.parent,
            socket=config.socket,
        )
        if config.control_socket is not None:
            control = ControlSocket(
                describe=screen.describe, painted=screen.painted, window=window, on_event=screen.wake
            )
            await stack.enter_async_context(control.open(config.control_socket))
        await _run_until_signal(screen)


async def _run_until_signal(screen: Touchscreen) -> None:
    loop = asyncio.get_running_loop()
    running = asyncio.current_task()
    if running is not None:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, running.cancel)
    SERVICE.say_ready("touch")
    with suppress(asyncio.CancelledError):
        await screen.run()
