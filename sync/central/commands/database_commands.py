"""`pitboard central … prepare-database | migrate`: a journal in PostgreSQL, and the way to it and back."""

from __future__ import annotations

import asyncio
import sys

import click

from pitboard.program.speech import how_many, say
from pitboard.trust.identity import Identity
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
        say("command.database-ready", version=after)
    else:
        say("command.database-prepared", before=before, after=after)


@click.command("migrate")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.pass_obj
def migrate_command(config: CentralConfig, source: str, target: str) -> None:
    """Copy records and sealed contacts from a journal file to a database, or back.

    FROM and TO are sqlite:///PATH or postgresql://…; central must not run on either. Nothing of FROM is
    changed. Typed again it copies what is missing; at the end both are compared.
    """
    from sync.central.database.migration import migrate

    root_key = Identity.load_or_create(config.root_key_file).key
    with click.progressbar(length=1, label="Copying", file=sys.stderr) as bar:

        def tell(done: int, of: int) -> None:
            bar.length = max(of, 1)
            bar.update(done - bar.pos)

        moved = asyncio.run(migrate(source, target, root_key=root_key, tell=tell))
    say(
        "command.moved",
        records=how_many("command.count-records", moved.records),
        streams=how_many("command.count-streams", moved.streams),
        fresh=moved.fresh,
        erased=moved.erased,
        quarantined=moved.quarantined,
        contacts=how_many("command.count-contacts", moved.contacts),
    )
    say("command.moved-compared")


DATABASE_COMMANDS = (prepare_database_command, migrate_command)
