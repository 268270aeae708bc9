"""A folder for each machine of the venue, with all that its programs need from the first start.

The keys are made here, so that central and its nodes know each other without a token: who holds the stick
holds the keys. Made again, the folders keep their keys and get the configs anew."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from pitboard.errors import Refusal
from pitboard.program.config import EVENT_FILE_NAME, EventFile
from pitboard.trust.certificate import Certificate
from pitboard.trust.identity import Identity
from venue.set_up.node_configs import (
    CENTRAL_JOURNAL,
    DISPLAY_KEY,
    ROOT_KEY,
    UNIT_KEY,
    Enrolled,
    Role,
    central_address,
    config_files,
    roles_of,
)
from venue.set_up.venue_file import VenueFile

NODE_FILE_NAME = "node.json"
CONFIG_FOLDER = "etc"
DATA_FOLDER = "data"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFolder:
    """What was made for one machine."""

    host: str
    roles: list[Role]
    folder: Path


def make_node_folders(venue: VenueFile, out: Path) -> list[NodeFolder]:
    """Write the folder of each machine below `out`; raises Refusal where that cannot be written."""
    try:
        return _make(venue, out)
    except OSError as error:
        raise Refusal(f"{error.filename or out} cannot be written: {error.strerror}") from error


def _make(venue: VenueFile, out: Path) -> list[NodeFolder]:
    enrolled = [
        Enrolled(name=unit.name, key=_identity(out, unit.host, UNIT_KEY.name).key) for unit in venue.unit
    ]
    displays = [
        Enrolled(name=display.name, key=_identity(out, display.host, DISPLAY_KEY.name).key)
        for display in venue.display
        if venue.central is not None  # one that is elsewhere enrols them by tokens
    ]
    told = _told(venue, out)
    made = []
    for host in venue.hosts:
        roles = roles_of(venue, host)
        folder = out / host
        configs = folder / CONFIG_FOLDER
        configs.mkdir(parents=True, exist_ok=True)
        for old in configs.glob("*.toml"):
            old.unlink()
        for name, text in config_files(venue, host, enrolled=enrolled, displays=displays).items():
            (configs / name).write_text(text, encoding="utf-8")
        if host in told:
            told[host].save(folder / DATA_FOLDER / EVENT_FILE_NAME)
        (folder / NODE_FILE_NAME).write_text(
            json.dumps({"event": venue.event.name, "host": host, "roles": roles}, ensure_ascii=False) + "\n",
            encoding="utf-8",
        )
        made.append(NodeFolder(host=host, roles=roles, folder=folder))
    return made


def _identity(out: Path, host: str, name: str) -> Identity:
    return Identity.load_or_create(out / host / DATA_FOLDER / name)


def _told(venue: VenueFile, out: Path) -> dict[str, EventFile]:
    """Return {host: what an enrolment would have told it}; empty for a venue whose central is elsewhere."""
    address = central_address(venue)
    if venue.central is None or address is None:
        return {}
    data = out / venue.central.host / DATA_FOLDER
    root = Identity.load_or_create(data / ROOT_KEY.name)
    certificate = Certificate.load_or_create(data / CENTRAL_JOURNAL.with_suffix(".tls.pem").name)
    return {  # a display on a unit's own machine shares the unit's file
        node.host: EventFile(
            event=venue.event.name,
            event_key=root.key,
            name=node.name,
            central=address,
            central_fingerprint=certificate.fingerprint,
        )
        for node in venue.nodes
    }
