"""`pitboard central`: run the central server, or ask it about its event."""

from __future__ import annotations

from pathlib import Path

import click

from pitboard.clock import SystemClock
from pitboard.program.program import run_program
from pitboard.trust.identity import Identity
from sync.central.central_server import serve_central
from sync.central.commands.admin_commands import ADMIN_COMMANDS, lights
from sync.central.commands.archive_command import archive
from sync.central.commands.contact_commands import CONTACT_COMMANDS
from sync.central.commands.database_commands import DATABASE_COMMANDS
from sync.central.commands.desk_commands import admin_link
from sync.central.commands.display_commands import DISPLAY_COMMANDS
from sync.central.commands.enrolment_commands import UNIT_COMMANDS
from sync.central.commands.event_commands import next_event_command
from sync.central.commands.mirror_command import mirror
from sync.central.commands.official_commands import OFFICIAL_COMMANDS
from sync.central.config import DOORS, CentralConfig, Door

_HELP_WANTED = "central.help_wanted"


class CentralCommands(click.Group):
    """A group whose subcommands explain themselves without a config."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[_HELP_WANTED] = "--help" in args
        return super().parse_args(ctx, args)


@click.group(cls=CentralCommands, invoke_without_command=True)
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path, dir_okay=False, readable=False),
    help="central.toml; docs/central.md explains every key.  [required]",
)
@click.option(
    "--door",
    type=click.Choice(DOORS),
    help="Serve this door alone, of a journal in a database; all doors if absent.",
)
@click.pass_context
def central(context: click.Context, config_path: Path | None, door: Door | None) -> None:
    """Serve the board to phones and take records from the units.

    Runs until it is stopped. Phones find the board at [public] host and port; units and displays exchange
    records at [ingest] host and port.
    """
    if config_path is None:
        if context.meta.get(_HELP_WANTED) or context.invoked_subcommand == mirror.name:
            return
        raise click.UsageError("Missing option '--config'.")
    config = CentralConfig.load(config_path)
    context.obj = config
    if context.invoked_subcommand is None:
        clock = SystemClock()
        name = "central" if door is None else f"central-{door}"
        run_program(name, lambda stop: serve_central(config, clock, stop, door))


@central.command("event-key")
@click.pass_obj
def event_key(config: CentralConfig) -> None:
    """Print the event's public key, which units and displays are given at set-up."""
    click.echo(Identity.load_or_create(config.root_key_file).key)


for admin_command in (
    *ADMIN_COMMANDS,
    *UNIT_COMMANDS,
    *CONTACT_COMMANDS,
    *DISPLAY_COMMANDS,
    *OFFICIAL_COMMANDS,
    *DATABASE_COMMANDS,
):
    central.add_command(admin_command)
central.add_command(lights)
central.add_command(admin_link)
central.add_command(next_event_command)
central.add_command(archive)
central.add_command(mirror)
