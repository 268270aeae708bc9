"""What every HTTP server of ours shares: answers, refusals, and how an app is served.

A refusal is `{"error": CODE, "detail": SENTENCE}`: the code is stable, the sentence is not."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import msgspec
from aiohttp import web

from pitboard.errors import ActRefused, JournalLost, Refusal

log = logging.getLogger(__name__)

SEND_BUFFER_BYTES = 32 * 1_024
REQUEST_MAX_BYTES = 1_024 * 1_024
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
        return refusal(error.code, str(error), status=409)
    except Refusal as error:
        return refusal(error.code, str(error))
    except msgspec.MsgspecError as error:
        return refusal("bad-request", f"The request is not understood: {error}.")
    except RecursionError:
        return refusal("bad-request", "The request is nested too deeply.")
    except (JournalLost, TimeoutError) as error:
        return refusal(
            "not-saved", f"This could not be saved: {error or 'the disk is too slow'}.", status=503
        )


def new_app() -> web.Application:
    """Return an application with our bounds and refusals."""
    return web.Application(client_max_size=REQUEST_MAX_BYTES, middlewares=[answer_refusals])


@contextlib.asynccontextmanager
async def serve_tcp(
    app: web.Application, host: str, port: int, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """Serve the app on TCP and yield the port, chosen by the system where `port` is 0."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # A follower that stalls must not hold megabytes of kernel memory; accepted sockets inherit this.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise Refusal(f"cannot listen on {host}:{port}: {error.strerror}; stop what uses it") from error
    async with _running(app) as runner:
        await web.SockSite(runner, listener, ssl_context=tls).start()
        yield listener.getsockname()[1]


@contextlib.asynccontextmanager
async def serve_unix(app: web.Application, path: Path, *, mode: int = 0o660) -> AsyncIterator[None]:
    """Serve the app on a Unix socket that only its owner and group may open, or as `mode` says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # noqa: ASYNC240 - at start only; left over from a killed process
    async with _running(app) as runner:
        former = os.umask(0o777 & ~mode)
        try:
            await web.UnixSite(runner, str(path)).start()
        except OSError as error:
            raise Refusal(f"cannot listen on {path}: {error}") from error
        finally:
            os.umask(former)
        yield


@contextlib.asynccontextmanager
async def _running(app: web.Application) -> AsyncIterator[web.AppRunner]:
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=SHUTDOWN_MAX_S)
    await runner.setup()
    try:
        yield runner
    finally:
        await runner.cleanup()
