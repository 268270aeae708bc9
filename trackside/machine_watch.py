"""How this machine is, looked at now and then: what the page behind the lights and central show of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from pitboard.clock import Clock
from pitboard.health.findings import Finding, machine_findings
from pitboard.health.machine_facts import read_machine_facts
from pitboard.health.venue_findings import VenueSeen, venue_findings
from pitboard.unit_api.screen_state import MachineLine

LOOK_EVERY_S = 10.0
_ORDER = ("red", "yellow", "green")


def lines_of(findings: Sequence[Finding]) -> list[MachineLine]:
    """Return what the screen shows, the worst first."""
    ordered = sorted(findings, key=lambda one: _ORDER.index(one.colour))
    return [
        MachineLine(
            code=one.code, colour=one.colour, sentence=one.sentence, advice=one.advice, fields=one.fields
        )
        for one in ordered
    ]


class MachineWatch:
    """Looks at the machine whose records lie in `folder`, and tells when anything is other than before.

    `seen` says what the unit has of the other machines.
    """

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        *on_change: Callable[[Sequence[MachineLine]], None],
        seen: Callable[[], VenueSeen],
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._seen = seen
        self._on_change = on_change
        self._shown: list[MachineLine] = []

    async def run(self) -> NoReturn:
        """Look until cancelled."""
        while True:
            await self.look_once()
            await asyncio.sleep(LOOK_EVERY_S)

    async def look_once(self) -> None:
        facts = await asyncio.to_thread(read_machine_facts, self._folder, utc_ms=self._clock.utc_ms())
        lines = lines_of([*machine_findings(facts), *venue_findings(self._seen())])
        if lines != self._shown:
            self._shown = lines
            for tell in self._on_change:
                tell(lines)
