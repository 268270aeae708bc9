"""One connection to PostgreSQL, opened when it is needed and opened anew after any error.

What was under way when it broke is unknown, so every caller's statements can be repeated."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from pitboard.errors import JournalLost

SCHEMA = "pitboard"
CONNECT_MAX_S = 5.0
COMMAND_MAX_S = 20.0
"""A commit may wait for a standby, but not for ever: then it is unknown, and is asked again."""

LOST = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that ends at an awkward moment leaves its client confused
    OSError,
    TimeoutError,
    EOFError,
)
_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # it starts, stops, or was told to end us
    asyncpg.TooManyConnectionsError,
    asyncpg.InternalClientError,  # among them: none of the hosts is a primary just now
    OSError,
    TimeoutError,
    EOFError,
)
_FOR_EACH = {
    "application_name": "pitboard",
    "search_path": SCHEMA,
    # Whatever the server's default is: nothing is acknowledged before it is on its disk and its standby's.
    "synchronous_commit": "on",
}


async def connect(url: str, *, user: str | None = None, command_max_s: float = COMMAND_MAX_S) -> Any:
    """Return a connection as `user`, or as the user whom the URL names; raises one of `LOST`."""
    named = None if urlsplit(url).username else user
    settings = dict(_FOR_EACH)
    return await asyncpg.connect(
        url, user=named, timeout=CONNECT_MAX_S, command_timeout=command_max_s, server_settings=settings
    )


def shown(url: str) -> str:
    """Return the URL without its password."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", "@")))


def is_away(lost: JournalLost) -> bool:
    """Return whether the database may come back by itself; where it says no, a person must act."""
    return isinstance(lost.__cause__, _AWAY)


def plain(error: BaseException) -> str:
    """Return one line of what went wrong."""
    if isinstance(error, TimeoutError):
        return "the database does not answer in time"
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__


class PostgresLink:
    """For one user at a time; others wait. `close` ends it."""

    def __init__(self, url: str, *, user: str | None) -> None:
        self.url = url
        self._user = user
        self._connection: Any = None
        self._using = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def used(self) -> AsyncIterator[Any]:
        """Lend the connection; raises JournalLost for all that goes wrong with it."""
        async with self._using:
            try:
                if self._connection is None or self._connection.is_closed():
                    self._connection = await connect(self.url, user=self._user)
                yield self._connection
            except LOST as error:
                self._drop()
                raise JournalLost(path=shown(self.url), reason=plain(error)) from error
            except BaseException:
                self._drop()  # the rest of a transaction must not join the next one
                raise

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None and not connection.is_closed():
            try:
                await connection.close(timeout=CONNECT_MAX_S)
            except LOST:
                connection.terminate()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()
