"""The official's eyes and finger at a virtual machine: they see the widgets, and touch the glass itself."""

from __future__ import annotations

import asyncio
from pathlib import Path

from pitboard.errors import PeerLost, Refusal
from venue.appliance.qemu_sockets import Monitor
from venue.appliance.virtual_disk import CONTROL_PORT
from venue.appliance.virtual_machine import HEIGHT, WIDTH, VirtualMachine
from venue.official.control_client import ANSWER_MAX_BYTES, HOLD_MARGIN_MS, ControlClient, SeenWidget

CONTROL = "/run/pitboard/touch-control.sock"
PRESS_MS = 90


class GlassClient(ControlClient):
    """Sees the widgets through the machine's wire, and taps the glass itself: QEMU's tablet."""

    def __init__(self, machine: VirtualMachine) -> None:
        super().__init__(Path(CONTROL))
        self._machine = machine

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self._machine.address, CONTROL_PORT, limit=ANSWER_MAX_BYTES)

    async def tap(self, widget: SeenWidget) -> None:
        x, y, width, height = widget.rect
        at = ((x + width / 2) / WIDTH, (y + height / 2) / HEIGHT)
        hold_ms = widget.hold_ms + HOLD_MARGIN_MS if widget.hold_ms else PRESS_MS
        monitor = self._monitor()
        await asyncio.to_thread(monitor.touch, *at, down=True)
        await asyncio.sleep(hold_ms / 1_000)
        await asyncio.to_thread(monitor.touch, *at, down=False)

    def _monitor(self) -> Monitor:
        try:
            return self._machine.monitor
        except Refusal as error:
            raise PeerLost(peer="touchscreen", reason=str(error)) from error

    async def laps_shown(self) -> set[tuple[str, str]]:
        """Return the laps on the touchscreen, by id and time; none while it does not answer."""
        try:
            sight = await self.look()
        except PeerLost:
            return set()
        return {(row.name, row.label) for row in sight.starting("lap:")}

    async def texts(self) -> str:
        """Return what can be read on the touchscreen, for a sentence about why it went no further."""
        try:
            sight = await self.look()
        except PeerLost as error:
            return str(error)
        said = (": ".join(filter(None, (one.label, one.note))) for one in sight.widgets)
        return "; ".join(filter(None, said))
