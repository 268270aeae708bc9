"""The sync process: carry records between this unit and central, both ways, and tell the unit how it goes.

It stores nothing: both ends say what they have, so killing it at any instant costs nothing."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Protocol
from urllib.parse import urlencode

import msgspec

from pitboard.clock import Clock, SystemClock, happened
from pitboard.contacts.contact_seal import DeliveryNote, EnvelopeBatch
from pitboard.doors.door_proof import DoorPass
from pitboard.doors.node_client import SMALL_ANSWER_MAX_BYTES, NodeClient
from pitboard.doors.session import UNIX_PREFIX
from pitboard.errors import NOT_UNDERSTOOD, LossCode, PeerLost, Refusal
from pitboard.program.service import SERVICE
from pitboard.unit_api.program_calls import NOT_TRIED, CentralStatus
from pitboard.unit_api.screen_state import DISPLAY_PICTURE_PATH
from pitboard.unit_api.socket_watch import SocketWatch
from pitboard.unit_api.unit_status import SealedStatus, open_status
from sync.exchanging.daemon_threads import in_daemon_thread
from sync.exchanging.picture_words import (
    PICTURE_ANSWER_MAX_BYTES,
    PICTURE_PATH,
    WANTED_PATH,
    PicturesWanted,
)
from sync.exchanging.pump import LinkState, Pump
from sync.exchanging.requests_peer import RequestsPeer
from sync.moving_central import CentralAt, CentralPlaces, MovingCentral

log = logging.getLogger(__name__)

WAIT_MS = 10_000
ENVELOPES_MAX_BYTES = 1_024 * 1_024
"""Of what one unit hands out at once: `ENVELOPES_MAX_COUNT` sealed contacts."""
BACK_OFF_FIRST_S = 0.25
BACK_OFF_MAX_S = 15.0
REFUSED_PAUSE_S = 60.0
"""A unit that is not enrolled yet need not ask every second."""


class Node(Protocol):
    """A node that answers calls; raises PeerLost when it does not."""

    async def call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        wait_ms: int = 0,
        max_bytes: int = SMALL_ANSWER_MAX_BYTES,
    ) -> bytes: ...


class ContactCourier:
    """Carries from `unit` to `central`."""

    def __init__(self, unit: Node, central: Node, *, refused_pause_s: float = REFUSED_PAUSE_S) -> None:
        self._unit = unit
        self._central = central
        self._refused_pause_s = refused_pause_s

    async def run(self) -> None:
        """Carry until cancelled."""
        pause_s = BACK_OFF_FIRST_S
        while True:
            try:
                is_all_taken = await self.carry_once()
            except (PeerLost, *NOT_UNDERSTOOD) as error:
                log.debug("contacts wait: reason=%s", error)
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, BACK_OFF_MAX_S)
                continue
            pause_s = BACK_OFF_FIRST_S
            if not is_all_taken:
                await asyncio.sleep(self._refused_pause_s)

    async def carry_once(self) -> bool:
        """Carry what waits, or wait for it; return whether central took all of it."""
        path = f"/v1/contacts/sealed?wait_ms={WAIT_MS}"
        answer = await self._unit.call("GET", path, wait_ms=WAIT_MS, max_bytes=ENVELOPES_MAX_BYTES)
        waiting = msgspec.json.decode(answer, type=EnvelopeBatch)
        if not waiting.contacts:
            return True
        answer = await self._central.call("POST", "/v1/contacts", msgspec.json.encode(waiting))
        note = msgspec.json.decode(answer, type=DeliveryNote)
        if note.kept:
            delivered = msgspec.json.encode({"contacts": note.kept})
            await self._unit.call("POST", "/v1/contacts/delivered", delivered)
            log.info("contacts delivered: count=%d", len(note.kept))
        for sentence in set(note.refused.values()):
            log.warning("central refuses contacts: count=%d reason=%s", len(note.refused), sentence)
        return not note.refused


log = logging.getLogger(__name__)

# A sensor counts as silent after 2.5 s, and central shall know it within three.
LOOK_EVERY_S = 0.4
TELL_EVERY_COUNT = 25


class StatusCourier:
    """Carries from `unit` to `central`."""

    def __init__(self, unit: Node, central: Node) -> None:
        self._unit = unit
        self._central = central
        self._told: list[str] | None = None
        self._looks_since_told = 0

    async def run(self, *, look_every_s: float = LOOK_EVERY_S) -> None:
        """Carry until cancelled."""
        while True:
            try:
                await self.carry_once()
            except (PeerLost, Refusal, *NOT_UNDERSTOOD) as error:
                self._told = None
                log.debug("status not told: %s", error)
            await asyncio.sleep(look_every_s)

    async def carry_once(self) -> bool:
        """Look at the unit; return whether central was told."""
        answer = await self._unit.call("GET", "/v1/unit-status")
        states = open_status(msgspec.json.decode(answer, type=SealedStatus)).states
        self._looks_since_told += 1
        if states == self._told and self._looks_since_told < TELL_EVERY_COUNT:
            return False
        await self._central.call("POST", "/v1/unit-status", answer)
        self._told, self._looks_since_told = states, 0
        return True


log = logging.getLogger(__name__)


class PictureCourier:
    """Carries pictures of displays from `unit` to `central` while somebody at central looks at them."""

    def __init__(self, unit: Node, central: Node) -> None:
        self._unit = unit
        self._central = central
        self._version = 0

    async def run(self) -> None:
        """Carry until cancelled."""
        pause_s = BACK_OFF_FIRST_S
        while True:
            try:
                is_known = await self.carry_once()
            except (PeerLost, *NOT_UNDERSTOOD) as error:
                log.debug("pictures wait: reason=%s", error)
                is_known = False
            if is_known:
                pause_s = BACK_OFF_FIRST_S
            else:  # the first call brings no proof yet; an older central has no such call
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, BACK_OFF_MAX_S)

    async def carry_once(self) -> bool:
        """Wait until pictures are wanted and bring those that this unit can; return whether central knows
        us."""
        path = f"{WANTED_PATH}?after={self._version}&wait_ms={WAIT_MS}"
        answer = await self._central.call("GET", path, wait_ms=WAIT_MS)
        wanted = msgspec.json.decode(answer, type=PicturesWanted)
        self._version = wanted.version
        for display, nonce in wanted.nonces.items():
            await self._carry(display, nonce)
        return bool(wanted.version)

    async def _carry(self, display: str, nonce: str) -> None:
        query = urlencode({"display": display, "nonce": nonce})
        path = f"{DISPLAY_PICTURE_PATH}?{query}"
        try:
            picture = await self._unit.call("GET", path, max_bytes=PICTURE_ANSWER_MAX_BYTES)
            await self._central.call("POST", PICTURE_PATH, picture)
        except (PeerLost, Refusal) as error:
            log.debug("no picture: display=%s reason=%s", display, error)


log = logging.getLogger(__name__)

REPORT_S = 1.0
REPORT_MAX_S = 2.0
EVENT_MAX_LENGTH = 200


class CentralLink:
    """What the two pumps last saw of central, reported to the unit on every change and each second."""

    def __init__(
        self, unit_socket: Path, central: str, clock: Clock | None = None, *, at: CentralAt | None = None
    ) -> None:
        self._central = central
        self._at = at
        self._clock = clock or SystemClock()
        self._ahead_ms: int | None = None  # central's wall clock minus this machine's, in its last answer
        self._unit = NodeClient(f"{UNIX_PREFIX}{unit_socket}", name="this unit")
        self._watch = SocketWatch("sync", unit_socket, key="unit_socket in sync.toml", clock=self._clock)
        self._trouble: str | None = f"{central} was not asked yet"
        self._why = NOT_TRIED
        self._event = ""  # of central, where it is another than this unit's
        self._waiting_count = 0
        self._changed = asyncio.Event()

    def see_upward(self, state: LinkState) -> None:
        """Take note of the pump that reads the unit and writes to central."""
        if state.code == LossCode.ANOTHER_EVENT:
            return  # this pump calls the unit the other; the one below calls central so
        if state.trouble is None:
            # With nothing to carry only the unit was asked: of central that says nothing.
            self._note(self._trouble, self._why, self._event, state.waiting_count)
        else:
            self._take(state, self._waiting_count)

    def see_downward(self, state: LinkState) -> None:
        """Take note of the pump that reads central: the one that meets central even when nothing is new."""
        self._ahead_ms = state.utc_ms - self._clock.utc_ms() if state.utc_ms else None
        self._take(state, self._waiting_count)

    def _take(self, state: LinkState, waiting_count: int) -> None:
        self._note(state.trouble, state.code or "", state.event, waiting_count)

    def _note(self, trouble: str | None, why: str, event: str, waiting_count: int) -> None:
        self._why, self._event = why, event
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
            SERVICE.beat()
            await happened(self._changed, REPORT_S)

    def status(self) -> CentralStatus:
        """Return what the unit is told."""
        return CentralStatus(
            state="ok" if self._trouble is None else "lost",
            why=self._why,
            event=self._event[:EVENT_MAX_LENGTH],
            waiting_count=self._waiting_count,
            ahead_ms=self._ahead_ms,
            url=self._at.url if self._at is not None and self._trouble is None else "",
        )

    def _post(self) -> None:
        central = self.status()
        body = msgspec.json.encode({"from": "sync", "central": central})
        try:
            self._unit.ask(
                "POST", "/v1/status", body, within_s=REPORT_MAX_S, max_bytes=SMALL_ANSWER_MAX_BYTES
            )
        except PeerLost as error:
            self._watch.failed(error)
        else:
            self._watch.answered()


class UnitSigner:
    """Lets the unit prove itself at central's door: its key is not ours to hold."""

    def __init__(self, unit_socket: Path) -> None:
        self._client = NodeClient(f"{UNIX_PREFIX}{unit_socket}", name="this unit")

    def sign(self, challenge: str, fingerprint: str) -> str | None:
        """Return the proof; None while the unit does not answer, and then we are served among strangers."""
        body = msgspec.json.encode({"challenge": challenge, "fingerprint": fingerprint})
        try:
            answer = self._client.call(
                "POST",
                "/v1/door-proof",
                body,
                within_s=REPORT_MAX_S,
                max_bytes=SMALL_ANSWER_MAX_BYTES,
            )
            return msgspec.json.decode(answer, type=_DoorProof).proof
        except (PeerLost, *NOT_UNDERSTOOD) as error:
            log.debug("not proven at central: %s", error)
            return None


class _DoorProof(msgspec.Struct, frozen=True, kw_only=True):
    proof: str


async def run_relay(*, central: str, pin: str | None, unit_socket: Path, stop: asyncio.Event) -> None:
    """Carry both ways until `stop` is set; `pin` is the fingerprint of central's certificate."""
    unit_url = f"{UNIX_PREFIX}{unit_socket}"
    unit = RequestsPeer(unit_url, name="this unit")

    async def places() -> list[str]:
        answer = await unit.call("GET", "/v1/central-places")
        return msgspec.json.decode(answer, type=CentralPlaces).urls

    at = CentralAt(central, pin=pin, ask=places)
    link = CentralLink(unit_socket, central, at=at)

    def connect(url: str) -> RequestsPeer:
        return RequestsPeer(url, name="central", pin=pin, auth=DoorPass(UnitSigner(unit_socket).sign))

    def reach_central() -> MovingCentral:
        return MovingCentral(at, connect)

    # A session is one connection, and a long poll holds it: each pump gets its own pair.
    upward = Pump(
        RequestsPeer(unit_url, name="this unit"),
        reach_central(),
        on_state=link.see_upward,
    )
    downward = Pump(
        reach_central(),
        RequestsPeer(unit_url, name="this unit"),
        on_state=link.see_downward,
    )
    courier = ContactCourier(RequestsPeer(unit_url, name="this unit"), reach_central())
    status = StatusCourier(RequestsPeer(unit_url, name="this unit"), reach_central())
    pictures = PictureCourier(RequestsPeer(unit_url, name="this unit"), reach_central())
    async with asyncio.TaskGroup() as tasks:
        followers = [
            tasks.create_task(upward.run(), name="upward"),
            tasks.create_task(downward.run(), name="downward"),
            tasks.create_task(courier.run(), name="contacts"),
            tasks.create_task(status.run(), name="status"),
            tasks.create_task(pictures.run(), name="pictures"),
            tasks.create_task(link.report(), name="report"),
        ]
        SERVICE.say_ready("sync")
        await stop.wait()
        for follower in followers:
            follower.cancel()
