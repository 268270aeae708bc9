"""From one event to the next: the old event's root key says which event follows, so nobody enrols anew.

A node that trusts the old key may follow to the new one; nothing else is believed of who says so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Self

import msgspec
from msgspec import Meta

from pitboard.contacts.sealed_store import beside
from pitboard.errors import NOT_UNDERSTOOD, ConfigRefused
from pitboard.race.bodies.body import KeyHex, Name
from pitboard.trust.identity import Identity, signature_holds, write_secret

HAND_OVER_DOMAIN = b"pitboard next event 1\0"
HAND_OVER_PATH = "/v1/next-event"
ANSWER_MAX_BYTES = 4 * 1_024 * 1_024
HAND_OVERS_MAX_COUNT = 50
"""Central forgets the oldest beyond that: nobody was away for so many events."""
PAST_FOLDER = "past-events"


class HandOver(msgspec.Struct, frozen=True, kw_only=True):
    """After the event `event_key` comes `next_key`; `heads` is what central had of it at its end."""

    event_key: KeyHex
    next_event: Name
    next_key: KeyHex
    heads: dict[str, int]
    signature: Annotated[str, Meta(pattern=r"^[0-9a-f]{128}\Z")] = "0" * 128

    @classmethod
    def make(cls, old_root: Identity, *, next_event: str, next_key: str, heads: dict[str, int]) -> Self:
        """Return it signed by the old event's root key."""
        said = cls(event_key=old_root.key, next_event=next_event, next_key=next_key, heads=heads)
        signature = old_root.sign(said._message(), domain=HAND_OVER_DOMAIN).hex()
        return msgspec.structs.replace(said, signature=signature)

    def holds(self) -> bool:
        """Return whether the root key of the old event signed just this."""
        signature = bytes.fromhex(self.signature)
        return signature_holds(self.event_key, self._message(), signature, domain=HAND_OVER_DOMAIN)

    def _message(self) -> bytes:
        return msgspec.json.encode(
            (self.event_key, self.next_event, self.next_key, sorted(self.heads.items()))
        )


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """What central answers: the event that it serves now, and the one after the event that was asked for."""

    event: str
    event_key: KeyHex
    hand_over: HandOver | None = None


def hand_overs_beside(journal: Path) -> Path:
    """Return where central keeps what its former events said."""
    return journal.with_suffix(".handed-over.json")


def load_hand_overs(path: Path) -> list[HandOver]:
    """Return them, the oldest first; raises ConfigRefused where the file is none of ours."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[HandOver])
    except FileNotFoundError:
        return []
    except (OSError, *NOT_UNDERSTOOD) as error:
        raise ConfigRefused(path=path, reason=f"does not say which events were before ({error})") from error


def save_hand_overs(path: Path, hand_overs: Sequence[HandOver]) -> None:
    write_secret(path, msgspec.json.encode(hand_overs[-HAND_OVERS_MAX_COUNT:]) + b"\n")


def past_folder(journal: Path, event: str, event_key: str) -> Path:
    """Return where the files of an event that is over are kept, beside the journal."""
    plain = re.sub(r"\W+", "-", event.casefold()).strip("-")
    return journal.parent / PAST_FOLDER / f"{plain}-{event_key[:8]}".lstrip("-")


def set_aside(journal: Path, past: Path) -> None:
    """Move the journal of a stopped program, and what belongs to its event, into the folder `past`.

    Keys and certificates stay. What is in the folder already is never replaced.
    """
    past.mkdir(parents=True, exist_ok=True)
    contacts = beside(journal, "contacts")
    names = (journal.name, f"{journal.name}-*", f"{journal.name}.*", f"{contacts.name}*")
    for file in sorted({file for name in names for file in journal.parent.glob(name)}):
        file.rename(free_name(past / file.name))


def free_name(path: Path) -> Path:
    """Return the path, or where something is there already, one with a number behind it."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.name}.{number}")
    return free
