"""`pitboard central … archive`: an event that is over as one sealed file, for whoever asks years later."""

from __future__ import annotations

from pathlib import Path

import click

from pitboard.errors import ActRefused, Refusal
from pitboard.program.speech import how_many, say
from sync.central.admin.event_archive import Sealing, seal_event
from sync.central.config import CentralConfig


@click.command("archive")
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--yes", is_flag=True, help="Though some runs are not decided; or replace OUT where it exists.")
@click.pass_obj
def archive(config: CentralConfig, out: Path, yes: bool) -> None:
    """Close the event: write journal, results and laps to the file OUT (.zip), sealed by the event's key.

    `pitboard verify OUT` proves that nothing in it was changed. Contacts and keys are not in it. Central may
    run.
    """
    if config.journal is None:
        raise ActRefused(
            code="database",
            reason="This central keeps its journal in a database. Copy it to a file with 'migrate' first, and"
            " name that file in a central.toml.",
        )
    if out.exists() and not yes:
        raise Refusal(f"{out} exists; name another file, or say --yes to replace it")
    count, key = seal_event(
        Sealing(
            out=str(out),
            event=config.event.name,
            journal=str(config.journal),
            socket=str(config.admin_socket),
            root_key_file=str(config.root_key_file),
            is_undecided_allowed=yes,
        )
    )
    say("command.archived", records=how_many("command.count-records", count), path=out, key=key)
    say("command.archive-proof", path=out)
