"""`pitboard first-boot`: a machine that is nothing yet says on its screen how it becomes something."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import click

from pitboard.clock import SystemClock
from pitboard.doors.door import bound_tcp
from pitboard.doors.http_api import serve_bound_tcp
from pitboard.drawing.typeface import Typeface
from pitboard.drawing.window import Window
from pitboard.errors import PitboardError
from pitboard.presence.venue_addresses import (
    addresses_to_tell,
    is_link_local_v6,
    own_addresses,
    routed_address,
    url_host,
)
from pitboard.program.program import run_program
from pitboard.program.service import LAST_WORDS_SUFFIX, SERVICE, read_last_words
from pitboard.sentences.language import language_of
from pitboard.trust.certificate import Certificate
from venue.first_boot.code import ScreenCode
from venue.first_boot.parcel import Parcel
from venue.first_boot.welcome_door import WelcomeDoor
from venue.first_boot.welcome_screen import Welcome, draw_welcome
from venue.set_up.install_command import host_name, install_node, role_node
from venue.set_up.installation import CONFIGS, NodeFiles

PORT = 8443
RUN = Path("/run/pitboard")
HAND_OVER = "set-up"
KEPT = CONFIGS / "set-up.parcel"
"""Root's, on the card; set-up-pitboard.path goes on with it at the next boot."""
PROGRAM = "first-boot"
LOOK_S = 0.5
TRIED_MAX_NS = 900_000_000_000
"""A parcel of which nothing was heard for so long is no longer waited for."""


@click.group()
def first_boot() -> None:
    """Show how a machine without a set-up gets one, and take it; docs/venue.md, A Pi that is nothing yet."""


@first_boot.command()
@click.option("--port", default=PORT, show_default=True, type=click.IntRange(0, 65_535))
@click.option(
    "--folder",
    default=RUN,
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the certificate and what was sent are kept until they are taken.",
)
@click.option(
    "--size", default=None, metavar="WxH", help="A window of this size instead of the whole screen."
)
def show(port: int, folder: Path, size: str | None) -> None:
    """Show name, address, QR code and the code of this machine, and serve its set-up page."""
    wanted = None
    if size is not None:
        width, _, height = size.partition("x")
        if not (width.isdecimal() and height.isdecimal()):
            raise click.UsageError(f"'{size}' is no size; write it like 800x480")
        wanted = (int(width), int(height))
    folder.mkdir(parents=True, exist_ok=True)
    run_program(PROGRAM, lambda stop: _show(stop, port=port, folder=folder, size=wanted))


@first_boot.command()
@click.option(
    "--folder", default=RUN, show_default=True, type=click.Path(path_type=Path, file_okay=False), hidden=True
)
def take(folder: Path) -> None:
    """Install what the page was sent; started as root by set-up-pitboard.path, not by hand."""
    take_parcel(folder / HAND_OVER, lambda node: install_node(node), kept=KEPT)


def take_parcel(folder: Path, set_up: Callable[[NodeFiles], None], *, kept: Path) -> None:
    """Set the machine up by what was left in the folder, or by what a kill or a power cut broke off.

    It is kept until that is done or refused, so it is never half done and never tried for ever.
    """
    parcel = Parcel.kept(kept)
    if parcel is None:
        parcel = Parcel.take(folder)
        parcel.keep(kept)
    try:
        set_up(parcel.node() if parcel.content else role_node(parcel.role))
    except PitboardError:
        kept.unlink()
        raise
    kept.unlink()


async def _show(stop: asyncio.Event, *, port: int, folder: Path, size: tuple[int, int] | None) -> None:
    clock = SystemClock()
    certificate = Certificate.load_or_create(folder / f"{PROGRAM}.tls.pem")
    code = ScreenCode(clock)
    words, host = language_of(os.environ), host_name()
    taken_mono_ns: int | None = None

    def taken() -> None:
        nonlocal taken_mono_ns
        (folder / f"{PROGRAM}{LAST_WORDS_SUFFIX}").unlink(missing_ok=True)  # of the try before
        taken_mono_ns = clock.mono_ns()
        code.renew()

    door = WelcomeDoor(code, host, leave=lambda parcel: parcel.leave(folder / HAND_OVER), taken=taken)
    with (
        bound_tcp("0.0.0.0", port) as listener,  # noqa: S104 - phones of the venue
        Window.open(title="Pitboard", size=size, is_fullscreen=size is None) as window,
    ):
        async with serve_bound_tcp(door.app(), listener, tls=certificate.server_context()) as bound_port:
            SERVICE.say_ready(PROGRAM)
            typeface, drawn = Typeface.load(), None
            while not stop.is_set():
                SERVICE.beat()
                has_come = window.look(clock.mono_ns())
                window.events()
                last = read_last_words(folder, PROGRAM)
                if taken_mono_ns is not None and (
                    last is not None or clock.mono_ns() - taken_mono_ns > TRIED_MAX_NS
                ):
                    taken_mono_ns = None
                welcome = Welcome(
                    host=host,
                    address=_page_address(bound_port),
                    code=code.text,
                    said="" if last is None else last.sentence,
                    is_busy=taken_mono_ns is not None,
                )
                if has_come or welcome != drawn:
                    draw_welcome(window.surface, welcome, typeface, words)
                    window.present([(0, 0, *window.surface.get_size())])
                    drawn = welcome
                await _pause(stop)


async def _pause(stop: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(stop.wait(), LOOK_S)
    except TimeoutError:
        return


def _page_address(port: int) -> str:
    """Return where a phone finds the page; empty while this machine has no address that a browser takes."""
    told = addresses_to_tell(own_addresses(), routed=routed_address())
    usable = [one for one in told if not is_link_local_v6(one)]
    return f"https://{url_host(usable[0])}:{port}/" if usable else ""
