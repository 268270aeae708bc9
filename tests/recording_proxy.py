"""A relay that writes down every byte it passes on, between two hops that speak plainly."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class RecordingProxy:
    """`capture` grows with what went through, both ways."""

    def __init__(self, connect: Callable[[], Awaitable[Streams]]) -> None:
        self._connect = connect
        self.capture = bytearray()
        self._open: set[asyncio.Task[None]] = set()

    @classmethod
    @contextlib.asynccontextmanager
    async def to_port(cls, port: int, *, listen: int) -> AsyncIterator[RecordingProxy]:
        proxy = cls(lambda: asyncio.open_connection("127.0.0.1", port))
        server = await asyncio.start_server(proxy._serve, "127.0.0.1", listen)
        async with proxy._until_closed(server):
            yield proxy

    @classmethod
    @contextlib.asynccontextmanager
    async def to_socket(cls, path: Path, *, listen: Path) -> AsyncIterator[RecordingProxy]:
        proxy = cls(lambda: asyncio.open_unix_connection(str(path)))
        server = await asyncio.start_unix_server(proxy._serve, str(listen))
        async with proxy._until_closed(server):
            yield proxy

    @contextlib.asynccontextmanager
    async def _until_closed(self, server: asyncio.Server) -> AsyncIterator[None]:
        try:
            yield
        finally:
            server.close()
            for serving in self._open:
                serving.cancel()
            await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving = asyncio.current_task()
        assert serving is not None
        self._open.add(serving)
        try:
            there_reader, there_writer = await self._connect()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._carry(reader, there_writer))
                tasks.create_task(self._carry(there_reader, writer))
        except* OSError:
            writer.close()
        finally:
            self._open.discard(serving)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                self.capture += data
                writer.write(data)
                await writer.drain()
        finally:
            writer.close()
