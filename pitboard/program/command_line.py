"""`pitboard`, one command line; each part adds its commands as entry points, so the core imports no part."""

from __future__ import annotations

import os
import sys
from importlib.metadata import entry_points

import click

from pitboard.errors import PitboardError
from pitboard.program.log_lines import log_to_stderr
from pitboard.program.service import SERVICE
from pitboard.sentences.language import language_of
from pitboard.sentences.spoken_error import spoken

COMMAND_GROUP = "pitboard.commands"


class PartCommands(click.Group):
    """A group whose commands are loaded from the installed parts only when called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(point.name for point in entry_points(group=COMMAND_GROUP))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        for point in entry_points(group=COMMAND_GROUP, name=cmd_name):
            command = point.load()
            if isinstance(command, click.Command):
                return command
        return None


@click.group(cls=PartCommands)
@click.version_option(package_name="pitboard")
@click.option("--log-level", default="info", type=click.Choice(["debug", "info", "warning", "error"]))
def pitboard(log_level: str) -> None:
    """Race timing from beam to board: trackside units, venue displays and a central server."""
    log_to_stderr(log_level)


def main() -> None:
    """Run the command line; a known error is one sentence on standard error, in the language of the
    shell, and exit status 1."""
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    SERVICE.say_starting()
    try:
        pitboard()
    except PitboardError as error:
        click.echo(f"pitboard: {spoken(error, language_of(os.environ))}", err=True)
        # A program of a node refused its config: the touchscreen can then say why it does not start.
        SERVICE.say_last(
            next((word for word in sys.argv[1:] if not word.startswith("-")), "pitboard"), str(error)
        )
        sys.exit(1)


if __name__ == "__main__":
    main()
