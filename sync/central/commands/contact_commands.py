"""`pitboard central … contact-key | contacts`: where the admin opens contacts at the terminal.

The passphrase opens the key file here and goes nowhere else: central hands out sealed rows."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from pathlib import Path

import click
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from pitboard.errors import ActRefused, ConfigRefused, PassphraseRefused, PeerLost
from pitboard.program.core_dumps import forbid_core_dumps
from pitboard.program.speech import how_many, say, shell_code, shell_language
from pitboard.sentences.spoken_error import spoken
from pitboard.trust.identity import Identity, write_secret
from sync.central.commands.admin_client import AdminClient
from sync.central.config import CentralConfig
from sync.central.contacts.contact_admin import (
    Published,
    PublishKey,
    ReadContacts,
    Reads,
    SealedRows,
)
from sync.central.contacts.contact_key_file import (
    PASSPHRASE_MIN_LENGTH,
    ContactKeyFile,
    contact_key_beside,
    wrap_key,
)
from sync.central.contacts.opened_contacts import csv_of, opened

_LOST = """Contacts open with this passphrase and with nothing else. If it is lost, every contact is lost:
nobody can bring them back. Keep it where you keep the event's root key, but not on this machine."""


@click.command("contact-key")
@click.option("--change-passphrase", is_flag=True, help="Keep the key, give it another passphrase.")
@click.option("--replace", is_flag=True, help="Make a new key; contacts sealed so far stay with the old one.")
@click.pass_obj
def contact_key(config: CentralConfig, change_passphrase: bool, replace: bool) -> None:
    """Make the key that contacts are sealed to, and tell every unit its public half.

    Asks twice for a passphrase of at least 12 characters. A key that is there already is published again.
    """
    forbid_core_dumps()
    path, event_key = contact_key_path(config), _event_key(config)
    file = ContactKeyFile.load(path, event_key=event_key)
    if change_passphrase:
        if file is None:
            raise ConfigRefused(path=path, reason="there is no contact key yet; make one with contact-key")
        private = _open_key(config, file, "Passphrase now")
        wrap_key(private, _new_passphrase(), event_key=event_key).save(path)
        say("command.new-passphrase")
        return
    if file is not None and replace:
        file.save(path.with_name(f"{path.name}.{file.key[:8]}"))
    if file is None or replace:
        click.echo(_LOST)
        file = wrap_key(X25519PrivateKey.generate(), _new_passphrase(), event_key=event_key)
        file.save(path)
        say("command.contact-key-kept", path=path)
    _publish(config, file)


@click.command("contacts")
@click.argument("name_part", nargs=-1)
@click.option("--reason", help="Why you read them; kept in the journal. Name nobody in it.")
@click.option("--export", "export_path", type=click.Path(path_type=Path, dir_okay=False), help="Write CSV.")
@click.option("--reads", is_flag=True, help="List who read contacts so far; opens nothing.")
@click.pass_obj
def contacts(
    config: CentralConfig,
    name_part: tuple[str, ...],
    reason: str | None,
    export_path: Path | None,
    reads: bool,
) -> None:
    """Open the contacts of everybody, or of those whose name has all of NAME_PART; each read is recorded."""
    forbid_core_dumps()
    client = AdminClient(config.admin_socket)
    if reads:
        _print_reads(client.ask("/v1/admin/contacts/reads", Reads))
        return
    if not reason:
        raise click.UsageError("Say why, with --reason; it is kept with the read.")
    path = contact_key_path(config)
    file = ContactKeyFile.load(path, event_key=_event_key(config))
    if file is None:
        raise ConfigRefused(path=path, reason="there is no contact key here, so no contact was ever taken")
    private = _open_key(config, file, "Passphrase")
    wanted = ReadContacts(
        act="read" if export_path is None else "export", reason=reason, name_part=" ".join(name_part)
    )
    rows = client.post("/v1/admin/contacts/read", wanted, SealedRows).rows
    found = [opened(row.envelope, private, event_key=file.event_key, name=row.name) for row in rows]
    clear = [one for one in found if one is not None]
    if export_path is not None:
        write_secret(export_path, csv_of(clear, shell_code()))
        say(
            "command.contacts-written",
            contacts=how_many("command.count-contacts", len(clear)),
            path=export_path,
        )
    else:
        for one in clear:
            click.echo("\t".join(filter(None, (one.name, one.contact.email, one.contact.phone))))
        say("command.count-contacts", err=True, count=len(clear))
    if len(clear) < len(rows):
        say("command.contacts-closed", err=True, count=len(rows) - len(clear))


def contact_key_path(config: CentralConfig) -> Path:
    return contact_key_beside(config.beside)


def _event_key(config: CentralConfig) -> str:
    return Identity.load_or_create(config.root_key_file).key


def _new_passphrase() -> str:
    """Ask twice for a passphrase that is long enough."""
    while True:
        passphrase: str = click.prompt(
            shell_language().say("command.passphrase-new"), hide_input=True, confirmation_prompt=True
        )
        if len(passphrase) >= PASSPHRASE_MIN_LENGTH:
            return passphrase
        say("command.passphrase-short", err=True, count=PASSPHRASE_MIN_LENGTH)


def _open_key(config: CentralConfig, file: ContactKeyFile, question: str) -> X25519PrivateKey:
    passphrase: str = click.prompt(question, hide_input=True)
    try:
        return file.open(passphrase)
    except PassphraseRefused:
        with contextlib.suppress(PeerLost, ActRefused):  # written down, and waited for, where central runs
            client = AdminClient(config.admin_socket)
            client.post("/v1/admin/contacts/wrong-passphrase", None, dict)
        raise


def _publish(config: CentralConfig, file: ContactKeyFile) -> None:
    try:
        client = AdminClient(config.admin_socket)
        answer = client.post("/v1/admin/contact-key", PublishKey(key=file.key), Published)
    except PeerLost as error:
        say("command.key-not-published", err=True, reason=spoken(error, shell_language()))
        raise SystemExit(1) from error
    say("command.key-published" if answer.is_new else "command.key-published-already")


def _print_reads(answer: Reads) -> None:
    for read in answer.reads:
        when = datetime.fromtimestamp(read.utc_ms / 1_000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        count = len(read.competitors)
        click.echo(
            "\t".join(
                (when, read.reader, read.act, how_many("command.count-competitors", count), read.reason)
            )
        )


CONTACT_COMMANDS = (contact_key, contacts)
