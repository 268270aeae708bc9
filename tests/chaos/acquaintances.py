"""Who found whom by mDNS, read from the programs' own logs.

Without this a run could be clean while every display hangs on central alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.chaos.chaos_venue import DISPLAYS, TRACKS
from tests.chaos.network import NODES

FOLLOWED = re.compile(r"follows: source=(Track .) url=https://([\d.]+):")
NEIGHBOUR = re.compile(r"neighbour found: name=(Track .) url=https://([\d.]+):")


def acquaintances(logs: Path) -> dict[str, list[str]]:
    """Return {display or unit: names of the units it found where they really are}."""
    met = {display: _met(logs / f"{display}.log", FOLLOWED) for display in DISPLAYS}
    return met | {f"unit-{track}": _met(logs / f"trackside-{track}.log", NEIGHBOUR) for track in TRACKS}


def lonely(met: dict[str, list[str]]) -> Iterator[str]:
    """Say who found no unit."""
    for node, names in met.items():
        if not names:
            yield f"{node} found no unit by mDNS"


def _met(log: Path, line: re.Pattern[str]) -> list[str]:
    found = line.findall(log.read_text(encoding="utf-8", errors="replace"))
    return sorted({name for name, host in found if NODES[f"unit-{name[-1].lower()}"] == host})
