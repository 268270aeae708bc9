"""`pitboard next-event`: bring this machine over to the event that central serves now, with no token.

The old event's root key must have signed which event follows. The journal of the old event is moved aside,
never deleted; what central did not have of it is told first."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

import click
import msgspec

from pitboard.contacts.sealed_store import beside
from pitboard.doors.node_client import NodeClient, act_refused, decode
from pitboard.errors import ActRefused, ConfigRefused, JournalLost
from pitboard.journal.records.record import parse_record
from pitboard.journal.streams.ledger import opening_of
from pitboard.keeping.journal_copy import is_held, open_copy, root_key_in
from pitboard.program.config import EventFile, event_file_beside, load_config, load_event_file
from pitboard.program.ownership import give_to_owner_of_folder
from pitboard.program.program import config_option, counted
from pitboard.program.speech import say
from pitboard.trust.identity import Identity, write_secret
from sync.enrolling.enrol_command import NodeFiles
from sync.enrolling.hand_over import (
    ANSWER_MAX_BYTES,
    HAND_OVER_PATH,
    HAND_OVERS_MAX_COUNT,
    HandOver,
    Served,
    free_name,
    past_folder,
    set_aside,
)

ANSWER_MAX_S = 10.0


@click.command("next-event")
@config_option("trackside.toml or display.toml of this machine.")
@click.option("--central", help="https://HOST:PORT, where central is not at the address of the enrolment.")
@click.option("--yes", is_flag=True, help="Go on though central never got all that this machine has.")
def next_event(config_path: Path, central: str | None, yes: bool) -> None:
    """Bring this unit or display over to the event that central serves now.

    Its program must be stopped. Nobody types a token: the root key of the old event signed which event
    follows. The journal of the old event is moved aside and kept.
    """
    files = load_config(NodeFiles, config_path)
    if files.event_key:
        raise ConfigRefused(
            path=config_path,
            reason="key 'event_key' names the event by hand; change it there, or take it out",
        )
    if is_held(files.journal):
        raise JournalLost(path=files.journal, reason="a program has it open; stop that program first")
    event_file = event_file_beside(files.journal)
    told = load_event_file(event_file)
    if told is None:
        raise ConfigRefused(path=event_file, reason="this machine is not enrolled; run pitboard enrol first")
    if central is not None:
        told = msgspec.structs.replace(told, central=central.rstrip("/"))
    journal_key = _event_of(files.journal)
    if journal_key is not None and journal_key != told.event_key:
        # The other program of this machine was brought over before; this journal is of the event it left.
        _move(files.journal, past_folder(files.journal, "", journal_key))
        say("command.in-event-already", event=told.event)
        return
    hand_overs, served = _follow(told)
    if not hand_overs:
        _refuse_to_stay(told, served)
    if not yes:
        _refuse_what_waits(files, hand_overs[0], told)
    past = past_folder(files.journal, told.event, told.event_key)
    _move(files.journal, past)
    _keep_old(event_file, past)
    _save(
        event_file,
        msgspec.structs.replace(told, event=served.event, event_key=served.event_key, contact_key=None),
    )
    say("command.in-event-now", name=told.name, event=served.event, former=told.event, path=past)
    say("command.others-too")


def _event_of(journal: Path) -> str | None:
    """Return the root key of the journal's event; None where there is no journal that tells."""
    if not journal.exists():
        return None
    with contextlib.suppress(JournalLost), open_copy(journal) as database:
        return root_key_in(database, journal)
    return None


def _follow(told: EventFile) -> tuple[list[HandOver], Served]:
    """Ask central for the event after ours, and the one after that; return them and what is served now."""
    client = NodeClient(told.central, name="central", pin=told.central_fingerprint)
    followed: list[HandOver] = []
    key = told.event_key
    try:
        while True:
            served = _ask(client, key)
            hand_over = served.hand_over
            if hand_over is None or len(followed) == HAND_OVERS_MAX_COUNT:
                break
            if hand_over.event_key != key or not hand_over.holds():
                raise ActRefused(
                    code="unsigned-event",
                    reason=f"The root key of the old event did not sign that {hand_over.next_event} follows; "
                    "enrol this machine anew with a token.",
                )
            followed.append(hand_over)
            key = hand_over.next_key
    finally:
        client.close()
    if followed and followed[-1].next_key != served.event_key:
        return [], served
    return followed, served


def _ask(client: NodeClient, key: str) -> Served:
    answer = client.ask(
        "GET", HAND_OVER_PATH, query={"after": key}, within_s=ANSWER_MAX_S, max_bytes=ANSWER_MAX_BYTES
    )
    if answer.status != 200:
        raise act_refused(
            answer, otherwise=f"Central answered with status {answer.status}; is it an old version?"
        )
    return decode(answer.body, Served, peer="central")


def _refuse_to_stay(told: EventFile, served: Served) -> None:
    if served.event_key == told.event_key:
        raise ActRefused(
            code="same-event",
            reason=f"Central serves {told.event} still, and this machine is in it; begin the next one there.",
        )
    raise ActRefused(
        code="other-event",
        reason=f"Central serves {served.event}, which did not follow {told.event} by 'next-event' there; "
        "enrol this machine anew with a token.",
    )


def _refuse_what_waits(files: NodeFiles, hand_over: HandOver, told: EventFile) -> None:
    """Refuse while this unit has something of its own that central never got."""
    records, contacts = _unsent(files, hand_over), _waiting_contacts(files.journal)
    waits = [counted(records, "record")] * bool(records) + [counted(contacts, "contact")] * bool(contacts)
    if waits:
        raise ActRefused(
            code="unsent",
            reason=f"Central never got {' and '.join(waits)} of {told.event} from this machine. Start the "
            "old event at central once more and let this unit hand them in; --yes keeps them here.",
        )


def _unsent(files: NodeFiles, hand_over: HandOver) -> int:
    """Return how many records of this unit's own central lacked at the end."""
    if files.key_file is None or not files.journal.exists():
        return 0
    own_key = Identity.load_or_create(files.key_file).key
    count = 0
    with open_copy(files.journal) as database:
        heads = database.execute("SELECT stream, max(seq) FROM records GROUP BY stream").fetchall()
        for stream, head in heads:
            lacking = head - hand_over.heads.get(stream, 0)
            if lacking > 1 and _writer(database, stream) == own_key:  # the opening alone says nothing
                count += lacking
    return count


def _writer(database: sqlite3.Connection, stream: str) -> str | None:
    row = database.execute(
        "SELECT header, signature, body FROM records WHERE stream = ? AND seq = 1", (stream,)
    ).fetchone()
    opening = None if row is None else opening_of(parse_record(*row))
    return None if opening is None else opening.key


def _waiting_contacts(journal: Path) -> int:
    outbox = beside(journal, "contacts")
    if not outbox.exists():
        return 0
    try:
        with contextlib.closing(
            sqlite3.connect(f"{outbox.resolve().as_uri()}?mode=ro", uri=True)
        ) as database:
            return int(database.execute("SELECT count(*) FROM contacts").fetchone()[0])
    except sqlite3.Error as error:
        raise JournalLost(path=outbox, reason=f"it cannot be read ({error})") from error


def _move(journal: Path, past: Path) -> None:
    try:
        set_aside(journal, past)
    except OSError as error:
        raise JournalLost(path=journal, reason=f"it cannot be moved to {past}: {error.strerror}") from error
    give_to_owner_of_folder(past.parent, past)


def _keep_old(event_file: Path, past: Path) -> None:
    old = free_name(past / event_file.name)
    write_secret(old, event_file.read_bytes())
    give_to_owner_of_folder(old)


def _save(event_file: Path, event: EventFile) -> None:
    owner = event_file.stat()
    event.save(event_file)
    if os.geteuid() == 0:
        os.chown(event_file, owner.st_uid, owner.st_gid)  # else the program may not read what root wrote
