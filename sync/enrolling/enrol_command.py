"""`pitboard enrol`: make this machine part of an event, with the token that central's admin shows.

The same command serves units and displays; of their config it reads only where they keep things."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import click

from pitboard.errors import ActRefused, ConfigRefused
from pitboard.program.config import (
    Config,
    EventFile,
    OptionalKey,
    display_key_beside,
    event_file_beside,
    load_config,
    load_event_file,
)
from pitboard.program.ownership import give_to_owner_of_folder
from pitboard.program.program import config_option
from pitboard.program.speech import is_agreed, say, shell_language
from pitboard.trust.identity import Identity
from sync.enrolling.enrolment_client import EnrolmentClient, Introduced
from sync.enrolling.enrolment_words import EnrolmentToken


class NodeFiles(Config, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """The keys of `trackside.toml` or `display.toml` that matter here."""

    journal: Path
    key_file: Path | None = None
    event_key: OptionalKey = ""


@click.command()
@config_option("trackside.toml, or display.toml with --display.")
@click.option(
    "--display", "is_display", is_flag=True, help="This is a display; its key is made beside its journal."
)
@click.option("--central", help="https://HOST:PORT, as central shows it.")
@click.option("--yes", is_flag=True, help="Do not ask whether the digits are the same; for scripts.")
@click.argument("token", required=False)
def enrol(config_path: Path, is_display: bool, central: str | None, yes: bool, token: str | None) -> None:
    """Enrol this unit or display with central.

    TOKEN is the text that `pitboard central … enrol` shows, or what its QR code holds; without it, you are
    asked.
    """
    files = load_config(NodeFiles, config_path)
    if not is_display and files.key_file is None:
        raise ConfigRefused(path=config_path, reason="key 'key_file' is missing; for a display say --display")
    address, text = _split(token or _asked("command.token-ask"))
    central = central or address or _asked("command.central-ask")
    parsed = EnrolmentToken.parse(text)
    event_file = event_file_beside(files.journal)
    key_file = files.key_file
    if is_display or key_file is None:
        key_file = display_key_beside(files.journal)
    identity = Identity.load_or_create(key_file)
    give_to_owner_of_folder(key_file)
    client = EnrolmentClient(central, parsed, identity, role="display" if is_display else "unit")
    introduced = client.introduce()
    _refuse_other_event(files.journal, event_file, introduced)
    click.echo(f"\n  {introduced.welcome.event}: {introduced.welcome.name}\n\n      {introduced.code}\n")
    if not (yes or is_agreed("command.central-digits")):
        client.outcome(wait_ms=0, is_refused=True)
        raise ActRefused(code="refused", reason="Not enrolled, and central was told so. Get a new token.")
    _wait_for_central(client)
    _keep(introduced, event_file)
    give_to_owner_of_folder(event_file)
    say("command.enrolled-here", path=event_file)


def _asked(code: str) -> str:
    typed: str = click.prompt(shell_language().say(code), err=True)
    return typed


def _split(typed: str) -> tuple[str | None, str]:
    """Return address and token of what the QR code holds, or just the token."""
    if "#" not in typed:
        return None, typed
    address, _, text = typed.strip().partition("#")
    parts = urlsplit(address)
    return f"{parts.scheme.lower()}://{parts.netloc.lower()}", text


def _refuse_other_event(journal: Path, event_file: Path, introduced: Introduced) -> None:
    told = load_event_file(event_file)
    if told is not None and told.event_key != introduced.welcome.event_key and journal.exists():
        raise ActRefused(
            code="other-event",
            reason=f"{journal} belongs to the event {told.event}; move it and {event_file.name} away first.",
        )


def _wait_for_central(client: EnrolmentClient) -> None:
    say("command.waits-for-admin", err=True)
    while True:
        match client.outcome().state:
            case "confirmed":
                return
            case "refused":
                raise ActRefused(code="refused", reason="The admin said no; nothing was kept here.")
            case "expired":
                raise ActRefused(code="expired-token", reason="Ten minutes are over; get a new token.")


def _keep(introduced: Introduced, event_file: Path) -> None:
    welcome = introduced.welcome
    EventFile(
        event=welcome.event,
        event_key=welcome.event_key,
        name=welcome.name,
        central=introduced.central,
        central_fingerprint=introduced.fingerprint,
        contact_key=welcome.contact_key,
    ).save(event_file)
