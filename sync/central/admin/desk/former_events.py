"""Which events central served before this one, and where their files are kept."""

from __future__ import annotations

from pathlib import Path

import msgspec

from pitboard.errors import ConfigRefused
from sync.enrolling.hand_over import PAST_FOLDER, hand_overs_beside, load_hand_overs


class FormerEvent(msgspec.Struct, frozen=True, kw_only=True):
    """`folder` is where its files are kept beside the journal, empty where they are not there any more."""

    name: str
    key: str
    folder: str = ""
    bytes: int = 0


def former_events(journal: Path) -> list[FormerEvent]:
    """Return them, the latest first; none where the file about them is damaged, as when it is not there."""
    try:
        hand_overs = load_hand_overs(hand_overs_beside(journal))
    except ConfigRefused:
        return []
    names = {one.next_key: one.next_event for one in hand_overs}
    found = []
    for one in reversed(hand_overs):
        folder = _kept(journal.parent / PAST_FOLDER, one.event_key)
        files = [] if folder is None else [file for file in folder.iterdir() if file.is_file()]
        found.append(
            FormerEvent(
                name=names.get(one.event_key) or _name_of(folder) or one.event_key[:8],
                key=one.event_key,
                folder="" if folder is None else str(folder),
                bytes=sum(file.stat().st_size for file in files),
            )
        )
    return found


def _kept(past: Path, key: str) -> Path | None:
    """Return the folder of the event with this key: `hand_over.past_folder` ends its name so."""
    ends = key[:8]
    here = past.iterdir() if past.is_dir() else ()
    return next((one for one in here if one.name == ends or one.name.endswith(f"-{ends}")), None)


def _name_of(folder: Path | None) -> str:
    """Return the first event's name as its folder has it: no hand-over led to it."""
    return "" if folder is None else folder.name[:-9]
