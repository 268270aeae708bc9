"""The sync process: carry records between this unit and central, both ways, and tell the unit how it goes.

It stores nothing: both ends say what they have, so killing it at any instant costs nothing."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import msgspec
import requests

from pitboard.doors.session import UNIX_PREFIX, open_session
from pitboard.patience import happened
from sync.contact_courier import ContactCourier
from sync.exchanging.pump import LinkState, Pump
from sync.exchanging.requests_peer import RequestsPeer, in_daemon_thread
from sync.status_courier import StatusCourier

log = logging.getLogger(__name__)

REPORT_S = 1.0
REPORT_MAX_S = 2.0


class CentralLink:
    """What the two pumps last saw of central, reported to the unit on every change and each second."""

    def __init__(self, unit_socket: Path, central: str) -> None:
        self._central = central
        self._session, self._base = open_session(f"{UNIX_PREFIX}{unit_socket}")
        self._trouble: str | None = f"{central} was not reached yet"
        self._waiting_count = 0
        self._changed = asyncio.Event()

    def see_upward(self, state: LinkState) -> None:
        """Take note of the pump that reads the unit and writes to central."""
        self._take(state.trouble, state.waiting_count if state.trouble is None else self._waiting_count)

    def see_downward(self, state: LinkState) -> None:
        """Take note of the pump that reads central: the one that meets central even when nothing is new."""
        self._take(state.trouble, self._waiting_count)

    def _take(self, trouble: str | None, waiting_count: int) -> None:
        if (trouble is None) != (self._trouble is None):
            log.info("central %s: %s", "reached" if trouble is None else "lost", trouble or self._central)
        if (trouble, waiting_count) != (self._trouble, self._waiting_count):
            self._trouble, self._waiting_count = trouble, waiting_count
            self._changed.set()

    async def report(self) -> None:
        """Tell the unit for ever; a unit that does not answer is told again."""
        while True:
            self._changed.clear()
            await in_daemon_thread(self._post)
            await happened(self._changed, REPORT_S)

    def _post(self) -> None:
        central = {
            "state": "ok" if self._trouble is None else "lost",
            "detail": "" if self._trouble is None else f"Central is not reached: {self._trouble}",
            "waiting_count": self._waiting_count,
        }
        body = msgspec.json.encode({"from": "sync", "central": central})
        try:
            self._session.post(f"{self._base}/v1/status", data=body, timeout=REPORT_MAX_S)
        except requests.RequestException as error:
            log.debug("unit not told: %s", error)


async def run_relay(*, central: str, pin: str | None, unit_socket: Path, stop: asyncio.Event) -> None:
    """Carry both ways until `stop` is set; `pin` is the fingerprint of central's certificate."""
    unit_url = f"{UNIX_PREFIX}{unit_socket}"
    link = CentralLink(unit_socket, central)
    # A session is one connection, and a long poll holds it: each pump gets its own pair.
    upward = Pump(
        RequestsPeer(unit_url, name="this unit"),
        RequestsPeer(central, name="central", pin=pin),
        on_state=link.see_upward,
    )
    downward = Pump(
        RequestsPeer(central, name="central", pin=pin),
        RequestsPeer(unit_url, name="this unit"),
        on_state=link.see_downward,
    )
    courier = ContactCourier(
        RequestsPeer(unit_url, name="this unit"), RequestsPeer(central, name="central", pin=pin)
    )
    status = StatusCourier(
        RequestsPeer(unit_url, name="this unit"), RequestsPeer(central, name="central", pin=pin)
    )
    async with asyncio.TaskGroup() as tasks:
        followers = [
            tasks.create_task(upward.run(), name="upward"),
            tasks.create_task(downward.run(), name="downward"),
            tasks.create_task(courier.run(), name="contacts"),
            tasks.create_task(status.run(), name="status"),
            tasks.create_task(link.report(), name="report"),
        ]
        await stop.wait()
        for follower in followers:
            follower.cancel()
