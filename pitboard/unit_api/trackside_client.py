"""The unit's local API as the bridge uses it, over trackside's Unix socket; see `docs/local-api.md`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from pitboard.errors import PeerLost, Refusal
from pitboard.unit_api.passing import Passing

CALL_MAX_MS = 5_000
_BASE = "http://trackside"


class PassingsRefused(Refusal):
    """Trackside understood the request and will never take it."""

    code = "passings-refused"

    def __init__(self, *, reason: str) -> None:
        super().__init__(f"trackside refuses passings: {reason}")
        self.reason = reason


class _Known(msgspec.Struct):
    known: list[tuple[int, int]]


class SensorStatus(msgspec.Struct, frozen=True, kw_only=True):
    sensor: str
    state: str
    detail: str
    counters: dict[str, int]


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
        try:
            return msgspec.json.decode(answer, type=_Known).known
        except msgspec.DecodeError as error:
            raise PeerLost(peer="trackside", reason=f"its answer makes no sense: {error}") from error

    async def send_status(self, sensors: Sequence[SensorStatus], *, warning: str = "") -> None:
        body = {"from": "bridge", "sensors": sensors, "warning": warning}
        await self._call("POST", "/v1/status", body=body)

    async def _call(
        self, method: str, path: str, *, body: Any = None, query: dict[str, str] | None = None
    ) -> bytes:
        content = None if body is None else msgspec.json.encode(body)
        headers = {"Content-Type": "application/json"}
        try:
            async with self._session.request(
                method, _BASE + path, data=content, params=query, headers=headers
            ) as response:
                answer = await response.read()
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise PeerLost(peer="trackside", reason=str(error) or type(error).__name__) from error
        if response.status == 400:
            raise PassingsRefused(reason=answer.decode(errors="replace")[:200])
        if response.status != 200:
            raise PeerLost(peer="trackside", reason=f"status {response.status}")
        return answer
