"""What a node was told when it was enrolled: which event it serves, and how to know its central.

Kept beside the journal as `event.toml`, mode 0600, written whole or not at all by `pitboard enrol`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from pitboard.errors import ConfigRefused
from pitboard.program.config import Config, load_config
from pitboard.race.bodies import KeyHex, Name
from pitboard.trust.secret_file import write_secret

EVENT_FILE_NAME = "event.toml"
Fingerprint = KeyHex
OptionalKey = Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?$")]
Url = Annotated[str, Meta(pattern=r"^https?://[^/\s]+/?$", max_length=300)]


class EventFile(Config, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`central_fingerprint` is of the certificate that central's ingest shows."""

    event: Name
    event_key: KeyHex
    name: Name
    central: Url
    central_fingerprint: Fingerprint
    contact_key: Annotated[str, Meta(max_length=200)] | None = None

    def save(self, path: Path) -> None:
        """Write the file; the one before is replaced."""
        said = {key: value for key, value in msgspec.to_builtins(self).items() if value is not None}
        lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in said.items()]
        write_secret(path, ("# Written by `pitboard enrol`.\n" + "".join(lines)).encode())


def event_file_beside(journal: Path) -> Path:
    """Return where a node whose journal is this file keeps what it was told when it was enrolled."""
    return journal.with_name(EVENT_FILE_NAME)


def load_event_file(path: Path) -> EventFile | None:
    """Return what the node was told, None where it was never enrolled; raises ConfigRefused."""
    return load_config(EventFile, path) if path.exists() else None


def known_event_key(config_path: Path, event_key: str, journal: Path) -> str:
    """Return the config's event key, or the one of the enrolment; raises ConfigRefused without either."""
    if event_key:
        return event_key
    told = load_event_file(event_file_beside(journal))
    if told is None:
        raise ConfigRefused(
            path=config_path,
            reason="key 'event_key' is missing and this node is not enrolled; run pitboard enrol first",
        )
    return told.event_key
