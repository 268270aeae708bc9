"""The local API of `trackside`, as the touchscreen uses it: over a Unix socket, by long poll."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from pitboard.clock import Clock
from pitboard.doors.losses import AnswerRefused, loss_code_of
from pitboard.doors.node_client import CALL_HEADERS, decode, status_lost
from pitboard.errors import ActRefused, LossCode, NothingSent, PassingsRefused, PeerLost
from pitboard.trust.signed_picture import SignedPicture
from pitboard.unit_api.official_acts import Act, AppointOfficial, KeepContact, Register, SignInOfficial
from pitboard.unit_api.program_calls import Passing
from pitboard.unit_api.screen_state import DISPLAY_PICTURE_PATH, RunDetail, ScreenState, TrackSigns
from pitboard.unit_api.unit_status import SensorNote, SensorStatus, SystemsStatus

POLL_WAIT_MS = 1_000  # so that silence is noticed within the next second
ANSWER_MAX_MS = 2_000
RETRY_PAUSE_MS = 200
ANSWER_MAX_BYTES = 16 * 1_024 * 1_024
"""Of the largest answer, a screen with everybody who ever registered; it comes from this machine."""
_PEER = "timing unit"
_BASE = "http://trackside"
_NS_PER_MS = 1_000_000


class UnitLink:
    """One open session with the unit; each call raises PeerLost when there is no answer in time."""

    def __init__(self, session: aiohttp.ClientSession, clock: Clock) -> None:
        self._session = session
        self._clock = clock

    @classmethod
    @asynccontextmanager
    async def open(cls, socket: Path, *, clock: Clock) -> AsyncIterator[UnitLink]:
        connector = aiohttp.UnixConnector(path=str(socket))
        timeout = aiohttp.ClientTimeout(total=ANSWER_MAX_MS / 1_000)
        async with aiohttp.ClientSession(
            connector=connector, timeout=timeout, auto_decompress=False
        ) as session:
            yield cls(session, clock)

    async def screen(self, *, after: int | None) -> ScreenState:
        """Return the screen state once it differs from version `after`, or after a short wait as it is."""
        query = {"wait_ms": str(POLL_WAIT_MS)} if after is not None else {}
        if after is not None:
            query["after"] = str(after)
        status, body = await self._ask("GET", "/v1/screen", params=query)
        if status != 200:
            raise status_lost(_PEER, status)
        return decode(body, ScreenState, peer=_PEER)

    async def run_detail(self, run_id: str) -> RunDetail:
        """Return the run with its passings and acts. Raises ActRefused where the unit does not know it."""
        status, body = await self._ask("GET", "/v1/run", params={"run_id": run_id})
        if status == 409:
            _act_answer(status, body)
        if status != 200:
            raise status_lost(_PEER, status)
        return decode(body, RunDetail, peer=_PEER)

    async def display_picture(self, key: str) -> SignedPicture:
        """Return what the display shows now. Raises ActRefused where it cannot be had."""
        status, body = await self._ask("GET", DISPLAY_PICTURE_PATH, params={"display": key})
        if status == 409:
            _act_answer(status, body)
        if status != 200:
            raise status_lost(_PEER, status)
        return decode(body, SignedPicture, peer=_PEER)

    async def act(self, act: Act) -> dict[str, object]:
        """Return the unit's answer once the act is durable; a broken call is repeated where that is harmless.

        Raises ActRefused with the unit's own sentence, PeerLost when no answer came in time: then it is
        unknown whether the unit has the act.
        """
        path, body = "/v1/act", msgspec.json.encode(act)
        if isinstance(act, KeepContact):
            path, body = "/v1/contact", _contact_body(act)
        if isinstance(act, SignInOfficial):
            path = "/v1/sign-in"
        if isinstance(act, AppointOfficial):
            path = "/v1/appoint-official"
        until_mono_ns = self._clock.mono_ns() + ANSWER_MAX_MS * _NS_PER_MS
        while True:
            try:
                async with asyncio.timeout(self._left_ms(until_mono_ns) / 1_000):
                    status, answer = await self._ask("POST", path, data=body)
                return _act_answer(status, answer)
            except (PeerLost, TimeoutError) as error:
                if isinstance(error, PeerLost) and not error.may_be_retried:
                    raise  # it would be the same until a person has acted, so they read it at once
                # A name registered twice would stand twice in the list, so that is only sent again unsent.
                may_repeat = not isinstance(act, Register | SignInOfficial | AppointOfficial) or isinstance(
                    error, NothingSent
                )
                if not may_repeat or self._left_ms(until_mono_ns) <= RETRY_PAUSE_MS:
                    raise PeerLost(peer=_PEER, code=LossCode.NO_ANSWER) from error
                await asyncio.sleep(RETRY_PAUSE_MS / 1_000)

    def _left_ms(self, until_mono_ns: int) -> int:
        return max(1, (until_mono_ns - self._clock.mono_ns()) // _NS_PER_MS)

    async def _ask(self, method: str, path: str, **details: Any) -> tuple[int, bytes]:
        try:
            async with self._session.request(
                method, _BASE + path, headers=CALL_HEADERS, allow_redirects=False, **details
            ) as response:
                return response.status, await _bounded_body(response)
        except aiohttp.ClientConnectorError as error:
            raise NothingSent(peer=_PEER, code=loss_code_of(error)) from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise PeerLost(peer=_PEER, code=loss_code_of(error)) from error


async def _bounded_body(response: aiohttp.ClientResponse) -> bytes:
    """Return the whole body; raises AnswerRefused where it is longer than any answer of the unit's API."""
    pieces: list[bytes] = []
    left = ANSWER_MAX_BYTES
    async for piece in response.content.iter_any():
        left -= len(piece)
        if left < 0:
            raise AnswerRefused(LossCode.TOO_LONG)
        pieces.append(piece)
    return b"".join(pieces)


def _contact_body(act: KeepContact) -> bytes:
    return msgspec.json.encode(
        {"competitor_id": act.competitor_id, "contact_key": act.contact_key, "sealed": act.sealed}
    )


def _act_answer(status: int, body: bytes) -> dict[str, object]:
    answer = decode(body, dict[str, object], peer=_PEER) if body else {}
    if status == 200:
        return answer
    code, detail = str(answer.get("error", "refused")), str(answer.get("detail", "")).strip()
    raise ActRefused(code=code, reason=detail or f"The timing unit refused this ({code}).")


CALL_MAX_MS = 5_000
_BASE = "http://trackside"


class _Known(msgspec.Struct):
    known: list[tuple[int, int]]


class TracksideClient:
    """Each call raises PeerLost where trackside is away or does not answer as agreed."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    @classmethod
    @asynccontextmanager
    async def open(cls, socket: Path) -> AsyncIterator[TracksideClient]:
        async with aiohttp.ClientSession(
            connector=aiohttp.UnixConnector(path=str(socket)),
            timeout=aiohttp.ClientTimeout(total=CALL_MAX_MS / 1000),
            auto_decompress=False,
        ) as session:
            yield cls(session)

    async def send_passings(self, passings: Sequence[Passing]) -> None:
        """Return once they are durable there. Raises PassingsRefused where sending again is no use."""
        await self._call("POST", "/v1/passings", body={"passings": passings})

    async def fetch_known(self, *, sensor: str, sensor_boot: str) -> list[tuple[int, int]]:
        """Return the ranges of numbers that are durable there."""
        answer = await self._call(
            "GET", "/v1/passings/known", query={"sensor": sensor, "sensor_boot": sensor_boot}
        )
        return decode(answer, _Known, peer="trackside").known

    async def track_signs(self, *, after: int | None, wait_ms: int) -> TrackSigns:
        """Return the signs once they may differ from version `after`, or after the wait as they are."""
        query = {"wait_ms": str(wait_ms)} | ({} if after is None else {"after": str(after)})
        return decode(await self._call("GET", "/v1/signs", query=query), TrackSigns, peer="trackside")

    async def send_status(
        self,
        sensors: Sequence[SensorStatus],
        *,
        note: SensorNote | None = None,
        systems: Sequence[SystemsStatus] = (),
    ) -> None:
        body = {"from": "bridge", "sensors": sensors, "note": note, "systems": systems}
        await self._call("POST", "/v1/status", body=body)

    async def _call(
        self, method: str, path: str, *, body: Any = None, query: dict[str, str] | None = None
    ) -> bytes:
        content = None if body is None else msgspec.json.encode(body)
        try:
            async with self._session.request(
                method, _BASE + path, data=content, params=query, headers=CALL_HEADERS, allow_redirects=False
            ) as response:
                answer = await _bounded_body(response)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise PeerLost(peer="trackside", code=loss_code_of(error)) from error
        if response.status == 400:
            raise PassingsRefused(reason=answer.decode(errors="replace")[:200])
        if response.status != 200:
            raise status_lost("trackside", response.status)
        return answer
