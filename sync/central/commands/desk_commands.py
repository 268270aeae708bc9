"""`pitboard central … admin-link`: make somebody an admin, or give one a new password and phone."""

from __future__ import annotations

import sys

import click
import msgspec
import segno

from pitboard.program.speech import say
from sync.central.admin.desk.desk_server import LINKS_PATH, MadeLink, MakeLink
from sync.central.commands.admin_client import AdminClient
from sync.central.config import CentralConfig


@click.command("admin-link")
@click.argument("account")
@click.option("--timekeeper", is_flag=True, help="An account that types runs, and may do nothing else.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
@click.pass_obj
def admin_link(config: CentralConfig, account: str, timekeeper: bool, as_json: bool) -> None:
    """Make a one-time link to set up ACCOUNT for the organiser's desk.

    Whoever opens it within half an hour sets the password and the phone's app. For an account that is there
    already, the old password and app then no longer count. ACCOUNT stands in each act and stays in the
    journal: small letters, digits, dots and dashes.
    """
    wanted = MakeLink(account=account, role="timekeeper" if timekeeper else "admin")
    made = AdminClient(config.admin_socket).post(LINKS_PATH, wanted, MadeLink)
    if as_json:
        click.echo(msgspec.json.encode(made).decode())
        return
    say("command.desk-link", count=made.life_s // 60)
    click.echo(f"\n  {made.url}\n")
    segno.make(made.url, error="l").terminal(out=sys.stdout, compact=True)
    if made.fingerprint is not None:
        pairs = ":".join(made.fingerprint[at : at + 2] for at in range(0, 64, 2)).upper()
        click.echo()
        say("command.desk-certificate")
        click.echo(f"  {pairs}")
