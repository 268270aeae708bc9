"""What every HTTP server of ours shares: answers, refusals, and how an app is served.

A refusal is `{"error": CODE, "detail": SENTENCE}`: the code is stable, the sentence is not."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import ClientPayloadError, web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.http_parser import RawRequestMessage

from pitboard.doors.bounded_listener import BoundedListener
from pitboard.doors.caller import DOOR, REQUEST_MAX_BYTES, Door, meet_callers
from pitboard.doors.door import BACKLOG_COUNT, bound_tcp, make_room_for_socket
from pitboard.doors.door_limits import DoorLimits
from pitboard.doors.door_proof import Doorkeeper
from pitboard.doors.quick_parser import QuickParser
from pitboard.errors import ActRefused, CallRefused, ChangedMeanwhile, JournalLost, Refusal
from pitboard.program.config import plain_reason
from pitboard.tasks import beside

log = logging.getLogger(__name__)

SERVER = "Pitboard"
LINGER_MAX_S = 2.0
SHUTDOWN_MAX_S = 0.4  # aiohttp waits this long twice: for handlers to end, then for them to be cancelled


def json_response(value: object, *, status: int = 200) -> web.Response:
    """Return `value` as a JSON answer."""
    return web.Response(body=msgspec.json.encode(value), status=status, content_type="application/json")


def refusal(code: str, detail: str, *, status: int = 400) -> web.Response:
    """Return the API's form of a refusal."""
    return json_response({"error": code, "detail": detail}, status=status)


@web.middleware
async def answer_refusals(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Turn our named errors into answers, so that no traceback reaches a caller."""
    try:
        return await handler(request)
    except ActRefused as error:
        answer: dict[str, object] = {"error": error.code, "detail": str(error)}
        if error.fields:
            answer["fields"] = error.fields
        if isinstance(error, ChangedMeanwhile):
            answer["changed"] = error.changed
        return json_response(answer, status=409)
    except CallRefused as error:
        return _refused(error)
    except Refusal as error:
        return refusal(error.code, str(error))
    except msgspec.MsgspecError as error:
        told = plain_reason(str(error)) if isinstance(error, msgspec.ValidationError) else str(error)
        return refusal("bad-request", f"The request is not understood: {told}.")
    except UnicodeError:
        return refusal("bad-request", "The request is not UTF-8 text.")
    except RecursionError:
        return refusal("bad-request", "The request is nested too deeply.")
    except TimeoutError:
        slow = "The disk is too slow; this is saved as soon as it takes it. Look whether it is there."
        return refusal("not-saved", slow, status=503)
    except JournalLost as error:
        return refusal("not-saved", f"This could not be saved: {error}.", status=503)
    except web.HTTPException as error:
        code, detail = _HTTP_REFUSALS.get(error.status, ("bad-request", "The request is not understood."))
        return refusal(code, detail, status=error.status)


_HTTP_REFUSALS = {
    404: ("unknown-call", "There is no such call."),
    405: ("wrong-method", "This call has another method."),
    413: ("too-large", f"A request holds at most {REQUEST_MAX_BYTES} bytes."),
}


def _refused(error: CallRefused) -> web.Response:
    answer: dict[str, object] = {"error": error.code, "detail": str(error)}
    if error.retry_after_ms is not None:
        answer["retry_after_ms"] = error.retry_after_ms
    response = json_response(answer, status=error.status)
    if error.retry_after_ms is not None:
        response.headers["Retry-After"] = str(-(-error.retry_after_ms // 1_000))
    if error.status in (408, 413):
        response.force_close()
    return response


def new_app(limits: DoorLimits | None = None, doorkeeper: Doorkeeper | None = None) -> web.Application:
    """Return an application with our bounds and refusals.

    `limits` are of a door on the network; who proves itself to its `doorkeeper` is served before strangers.
    """
    app = web.Application(client_max_size=REQUEST_MAX_BYTES)
    if limits is not None:
        app[DOOR] = Door(limits, doorkeeper)
        app.middlewares.append(meet_callers(app[DOOR], _too_often))
    app.middlewares.append(answer_refusals)
    app.on_response_prepare.append(_name_server)
    return app


async def _name_server(_: web.Request, response: web.StreamResponse) -> None:
    response.headers["Server"] = SERVER  # not the versions of what we are built on


class PlainHandler(web.RequestHandler):
    """Answers what is not HTTP, and our own bugs, in our own form; a stranger's bytes leave no traceback.

    What the door can answer at once no handler sees.
    """

    __slots__ = ("_door",)

    def __init__(self, manager: web.Server, *, door: Door | None, **kwargs: Any) -> None:
        super().__init__(manager, **kwargs)
        self._door = door
        if door is not None:
            self._parser: Any = QuickParser(self._parser, self._answer_at_once)

    def _answer_at_once(self, message: RawRequestMessage) -> bool:
        """Answer if the door has an answer, and nothing that came before is still to be answered."""
        is_idle = self._waiter is not None and not self._waiter.done() and not self._messages
        if not is_idle or self._door is None or self.transport is None:
            return False
        host = self.peername[0] if isinstance(self.peername, tuple) else ""
        whole = self._door.answer_at_once(message, self, host)
        if whole is None:
            return False
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(whole)
        return True

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        for message, _ in self._messages:
            # What is not HTTP waits as an error whose traceback holds this connection, a circle with all its
            # TLS buffers: 70 kB for each that a stranger opens, until the collector comes round.
            if isinstance(error := getattr(message, "exc", None), BaseException):
                error.__traceback__ = None

    def log_exception(self, *args: Any, **kwargs: Any) -> None:
        if not isinstance(kwargs.get("exc_info"), HttpProcessingError | ClientPayloadError | ConnectionError):
            super().log_exception(*args, **kwargs)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        if status >= 500 and not isinstance(exc, ConnectionError):  # who asked may have gone away
            log.error("a call failed on a bug: path=%s", request.path, exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("part of an answer was sent already")
        code, detail = ("failed", "This failed.") if status >= 500 else ("bad-request", "This is not HTTP.")
        response = refusal(code, detail, status=status)
        response.headers["Server"] = SERVER
        response.force_close()
        return response


def _too_often(wait_ms: int) -> web.Response:
    answer = {"error": "too-often", "detail": "Too many calls; wait a moment.", "retry_after_ms": wait_ms}
    response = json_response(answer, status=429)
    response.headers["Retry-After"] = str(-(-wait_ms // 1_000))
    return response


@contextlib.contextmanager
def bound_unix(path: Path, *, mode: int = 0o660) -> Iterator[socket.socket]:
    """Take the Unix socket that only its owner and group may open, or as `mode` says."""
    make_room_for_socket(path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        former = os.umask(0o777 & ~mode)
        try:
            listener.bind(str(path))
            listener.listen(BACKLOG_COUNT)
        except OSError as error:
            raise Refusal(f"cannot listen on {path}: {error}") from error
        finally:
            os.umask(former)
        try:
            yield listener
        finally:
            path.unlink(missing_ok=True)


@contextlib.asynccontextmanager
async def serve_bound_tcp(
    app: web.Application,
    listener: socket.socket,
    *,
    tls: ssl.SSLContext | None = None,
    limits: DoorLimits = DoorLimits(),  # noqa: B008 - a frozen value
) -> AsyncIterator[int]:
    """Serve the app on a port that `bound_tcp` took, and yield the port.

    Bounds of connections are those of `limits`, or of the app where it has its own.
    """
    if (door := app.get(DOOR)) is not None:
        limits = door.limits
    port: int = listener.getsockname()[1]
    async with contextlib.AsyncExitStack() as stack:
        bounded = BoundedListener(listener, tls=tls, limits=limits)
        if door is not None:
            door.listener = bounded
        stack.push_async_callback(bounded.drop_all)  # after the runner has closed what it could
        make_protocol = await stack.enter_async_context(_running(app))
        await stack.enter_async_context(beside(bounded.run(make_protocol), name=f"accept on {port}"))
        yield port


@contextlib.asynccontextmanager
async def serve_bound_unix(app: web.Application, listener: socket.socket) -> AsyncIterator[None]:
    """Serve the app on a Unix socket that `bound_unix` took."""
    async with _running(app) as make_protocol:
        server = await asyncio.get_running_loop().create_unix_server(make_protocol, sock=listener)
        try:
            yield
        finally:
            server.close()


@contextlib.asynccontextmanager
async def serve_tcp(
    app: web.Application,
    host: str,
    port: int,
    *,
    tls: ssl.SSLContext | None = None,
    limits: DoorLimits = DoorLimits(),  # noqa: B008 - a frozen value
) -> AsyncIterator[int]:
    """Serve the app on TCP and yield the port, chosen by the system where `port` is 0."""
    with bound_tcp(host, port) as listener:
        async with serve_bound_tcp(app, listener, tls=tls, limits=limits) as chosen_port:
            yield chosen_port


@contextlib.asynccontextmanager
async def serve_unix(app: web.Application, path: Path, *, mode: int = 0o660) -> AsyncIterator[None]:
    """Serve the app on a Unix socket that only its owner and group may open, or as `mode` says."""
    with bound_unix(path, mode=mode) as listener:
        async with serve_bound_unix(app, listener):
            yield


@contextlib.asynccontextmanager
async def _running(app: web.Application) -> AsyncIterator[Callable[[], asyncio.Protocol]]:
    """Yield what makes a protocol for each connection."""
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=SHUTDOWN_MAX_S)
    await runner.setup()
    server, loop = runner.server, asyncio.get_running_loop()
    assert server is not None
    try:
        yield lambda: PlainHandler(
            server,
            door=app.get(DOOR),
            loop=loop,
            access_log=None,
            lingering_time=LINGER_MAX_S,
            auto_decompress=False,  # nobody of ours packs what he sends
        )
    finally:
        await runner.cleanup()
