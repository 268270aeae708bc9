"""`pitboard central … display | message`: what the displays show, said from central."""

from __future__ import annotations

import click
import msgspec

from pitboard.clock import SystemClock
from pitboard.errors import ActRefused, PeerLost
from pitboard.program.speech import shell_language
from pitboard.race.bodies.display_bodies import PlaylistItem
from pitboard.race.scene_names import IDENTIFY_SECONDS, SCENE_NAMES, SCENE_SECONDS, USUAL_ROUND
from sync.central.admin.display_desk import SteerDisplay, TellDisplays
from sync.central.admin.said import Told, spoken_in
from sync.central.commands.admin_client import AdminClient
from sync.central.config import CentralConfig


@click.command("display")
@click.argument("display", metavar="NAME")
@click.option(
    "--scene",
    "scenes",
    multiple=True,
    metavar="SCENE[:SECONDS]",
    help=f"One scene, or several in turn: {', '.join(SCENE_NAMES)}; {USUAL_ROUND} is the usual round.",
)
@click.option("--name", default="", help="Call the display so from now on.")
@click.option("--track", help="Show this track's board only; '' for all.")
@click.option("--class", "race_class", help="Show this class's board only; '' for all.")
@click.option("--brightness", type=click.IntRange(10, 100), help="How bright, in percent.")
@click.option("--on/--off", "is_on", default=None, help="Dark, the television asleep; or lit again.")
@click.option("--restart", is_flag=True, help="Start the display's program anew.")
@click.pass_obj
def display(
    config: CentralConfig,
    display: str,
    scenes: tuple[str, ...],
    name: str,
    track: str | None,
    race_class: str | None,
    brightness: int | None,
    is_on: bool | None,
    restart: bool,
) -> None:
    """Tell a display what to show; NAME is its name or key, or `all`. What is not given stays as it is."""
    if not (scenes or name or restart) and {track, race_class, brightness, is_on} == {None}:
        raise click.UsageError("Say what it shall show, with --scene podium or --scene usual.")
    word = SteerDisplay(
        display=display,
        playlist=tuple(_item(text) for text in scenes if text != USUAL_ROUND) if scenes else None,
        name=name,
        track=track,
        race_class=race_class,
        brightness_percent=brightness,
        is_on=is_on,
        restart=restart,
    )
    _say(config, "/v1/admin/displays", word)


@click.command("message")
@click.argument("text", nargs=-1)
@click.option("--display", "displays", multiple=True, help="Only for this display; may be repeated.")
@click.option("--minutes", type=click.IntRange(1, 1_440), help="Take it away after so long.")
@click.pass_obj
def message(
    config: CentralConfig, text: tuple[str, ...], displays: tuple[str, ...], minutes: int | None
) -> None:
    """Put a sentence on the displays; without one, take all away."""
    until_utc_ms = 0 if minutes is None else SystemClock().utc_ms() + minutes * 60_000
    word = TellDisplays(text=" ".join(text), displays=displays, until_utc_ms=until_utc_ms)
    _say(config, "/v1/admin/messages", word)


def _item(text: str) -> PlaylistItem:
    scene, _, seconds = text.partition(":")
    if seconds and not (seconds.isascii() and seconds.isdigit() and 1 <= int(seconds) <= 3_600):
        raise click.UsageError(f"'{text}' is not SCENE:SECONDS, with 1 to 3600 seconds.")
    usual = IDENTIFY_SECONDS if scene == "identify" else SCENE_SECONDS
    return PlaylistItem(scene=scene, seconds=int(seconds) if seconds else usual)


def _say(config: CentralConfig, path: str, word: msgspec.Struct) -> None:
    try:
        answer = AdminClient(config.admin_socket).post(path, word, Told)
    except (ActRefused, PeerLost) as error:
        raise click.ClickException(str(error)) from error
    click.echo(spoken_in(shell_language(), answer.said))


DISPLAY_COMMANDS = (display, message)
