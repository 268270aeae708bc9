"""Why a call to another node failed, as one code of a small closed set.

Told by the exceptions' types and errno alone: a library's sentences change with its versions."""

from __future__ import annotations

import errno
import http.client
import socket
import ssl
from collections.abc import Iterator

import msgspec

from pitboard.errors import LOSS_REASONS, LossCode

CHAIN_MAX_COUNT = 16

_BY_ERRNO = {
    errno.ECONNREFUSED: LossCode.NOTHING_LISTENS,
    errno.ENOENT: LossCode.NOT_RUNNING,
    errno.EACCES: LossCode.NOT_PERMITTED,
    errno.EPERM: LossCode.NOT_PERMITTED,
    errno.ENETUNREACH: LossCode.NO_NETWORK,
    errno.ENETDOWN: LossCode.NO_NETWORK,
    errno.EADDRNOTAVAIL: LossCode.NO_NETWORK,
    errno.ENODEV: LossCode.NO_NETWORK,
    errno.ENXIO: LossCode.NO_NETWORK,
    errno.EHOSTUNREACH: LossCode.NO_MACHINE,
    errno.EHOSTDOWN: LossCode.NO_MACHINE,
    errno.ETIMEDOUT: LossCode.NO_ANSWER,
    errno.ECONNRESET: LossCode.BROKEN,
    errno.ECONNABORTED: LossCode.BROKEN,
    errno.EPIPE: LossCode.BROKEN,
    errno.ENOTCONN: LossCode.BROKEN,
}
_TLS_TALK = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNEXPECTED_MESSAGE", "PACKET_LENGTH_TOO_LONG")
"""OpenSSL's names, not sentences, of what it meets where somebody speaks plainly."""


class AnswerRefused(OSError):
    """The answer is not one that we take; nothing more of it is read."""

    def __init__(self, code: LossCode) -> None:
        super().__init__(LOSS_REASONS[code])
        self.code = code


class OtherCertificate(AnswerRefused):
    """The certificate shown is not the one that was asked for."""

    def __init__(self) -> None:
        super().__init__(LossCode.OTHER_CERTIFICATE)


def loss_code_of(error: BaseException) -> LossCode:
    """Return why the call failed that ended with this exception."""
    chain = list(_chain_of(error))
    for one in chain:
        if isinstance(one, AnswerRefused):
            return one.code
    for one in chain:
        code = _code_of(one)
        if code is not None:
            return code
    if any(isinstance(one, http.client.HTTPException | ConnectionError) for one in chain):
        return LossCode.BROKEN
    return LossCode.FAILED


def _code_of(error: BaseException) -> LossCode | None:
    if isinstance(error, ssl.SSLCertVerificationError):
        return LossCode.UNVOUCHED
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return LossCode.BROKEN
    if isinstance(error, ssl.SSLError):
        return LossCode.NOT_TLS if error.reason in _TLS_TALK else None
    if isinstance(error, socket.gaierror):
        return LossCode.NAME_UNKNOWN
    if isinstance(error, TimeoutError):
        return LossCode.NO_ANSWER
    if isinstance(error, msgspec.MsgspecError | RecursionError | UnicodeError):
        return LossCode.NOT_UNDERSTOOD
    return _BY_ERRNO.get(error.errno or 0) if isinstance(error, OSError) else None


def _chain_of(error: BaseException) -> Iterator[BaseException]:
    """Yield the exception and what it was made from, as libraries nest them, the outermost first."""
    waiting, seen = [error], set[int]()
    while waiting and len(seen) < CHAIN_MAX_COUNT:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        inner = (one.__cause__, one.__context__, getattr(one, "reason", None), *one.args)
        waiting += [nested for nested in inner if isinstance(nested, BaseException)]
