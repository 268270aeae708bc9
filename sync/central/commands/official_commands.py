"""`pitboard central … official`: who may sign in at the touchscreens. A PIN is asked for, never typed in the
command."""

from __future__ import annotations

import click
import msgspec

from pitboard.errors import ActRefused, PeerLost, PinRefused
from pitboard.program.speech import shell_language
from pitboard.trust.pin import pin_verifier
from sync.central.admin.official_desk import AppointOfficial, DismissOfficial, OfficialNames
from sync.central.admin.said import Told, spoken_in
from sync.central.commands.admin_client import AdminClient
from sync.central.config import CentralConfig


@click.command("official")
@click.argument("name", nargs=-1)
@click.option("--dismiss", is_flag=True, help="Take the right to sign in away.")
@click.pass_obj
def official(config: CentralConfig, name: tuple[str, ...], dismiss: bool) -> None:
    """Appoint an official, or give another PIN; without a name, list them."""
    client = AdminClient(config.admin_socket)
    typed = " ".join(name)
    try:
        if not typed:
            names = client.ask("/v1/admin/officials", OfficialNames).names
            click.echo("\n".join(names) or shell_language().say("command.no-official"))
        elif dismiss:
            _say(client, "/v1/admin/officials/dismiss", DismissOfficial(name=typed))
        else:
            words = shell_language()
            pin = click.prompt(
                words.say("command.six-digits"),
                hide_input=True,
                confirmation_prompt=words.say("command.again"),
            )
            _say(client, "/v1/admin/officials", AppointOfficial(name=typed, pin=pin_verifier(pin)))
    except (ActRefused, PeerLost, PinRefused) as error:
        raise click.ClickException(str(error)) from error


def _say(client: AdminClient, path: str, word: msgspec.Struct) -> None:
    click.echo(spoken_in(shell_language(), client.post(path, word, Told).said))


OFFICIAL_COMMANDS = (official,)
