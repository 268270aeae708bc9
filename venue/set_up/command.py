"""`pitboard venue`: the whole venue from one file."""

from __future__ import annotations

from pathlib import Path

import click

from pitboard.program.speech import say
from venue.set_up.node_configs import central_address, roles_of
from venue.set_up.node_folders import make_node_folders
from venue.set_up.venue_file import VenueFile

_FILE = click.argument("venue_path", metavar="VENUE.toml", type=click.Path(path_type=Path, dir_okay=False))


@click.group()
def venue() -> None:
    """Set up a whole venue from one file, venue.toml; docs/venue.md explains its keys."""


@venue.command()
@_FILE
def check(venue_path: Path) -> None:
    """Say what is wrong with the file, all of it at once, or which machines it makes."""
    found = VenueFile.load(venue_path)
    say("command.venue-right", event=found.event.name)
    for host in found.hosts:
        click.echo(f"  {host:<16} {', '.join(roles_of(found, host))}")
    say("command.venue-central", address=central_address(found))


@venue.command()
@_FILE
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder or USB stick; a folder for each machine is made in it.",
)
def make(venue_path: Path, out: Path) -> None:
    """Write a folder for each machine: its configs, its key, and what it must know of central.

    Made again after a change of the file, it keeps the keys. Who holds a folder can act as that machine:
    delete it from the stick once the machine has it.
    """
    found = VenueFile.load(venue_path)
    made = make_node_folders(found, out)
    for node in made:
        click.echo(f"  {node.folder}  {', '.join(node.roles)}")
    say("command.venue-secret")
