"""`pitboard central … prepare-database`: roles and tables of a journal in PostgreSQL."""

from __future__ import annotations

import asyncio

import click

from sync.central.config import CentralConfig


@click.command("prepare-database")
@click.argument("owner_url", metavar="OWNER_URL")
@click.pass_obj
def prepare_database_command(config: CentralConfig, owner_url: str) -> None:
    """Make roles and tables in the database of OWNER_URL, or bring them up to date.

    OWNER_URL is the database as its owner reaches it, who may make roles, like postgresql:///pitboard as the
    user postgres. Typed again it does nothing.
    """
    from sync.central.database.schema import prepare_database

    before, after = asyncio.run(prepare_database(owner_url))
    if before == after:
        click.echo(f"The database is prepared already (version {after}).")
    else:
        click.echo(f"The database is prepared: version {before} became {after}.")


DATABASE_COMMANDS = (prepare_database_command,)
