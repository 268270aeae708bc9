"""What a program says to systemd: that it is ready, and again and again that its work goes on.

Outside of systemd nothing is said. A program beats from the loop that does its work, so one that hangs is
ended and started anew. Its last sentence is kept in the runtime folder, where the touchscreen finds it."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from pitboard.clock import Clock, SystemClock
from pitboard.errors import NOT_UNDERSTOOD
from pitboard.tasks import beside

log = logging.getLogger(__name__)

BEATS_PER_WATCHDOG = 4
_NS_PER_US = 1_000
_US_PER_S = 1_000_000
_NS_PER_S = 1_000_000_000
LAST_WORDS_SUFFIX = ".said"
SENTENCE_MAX_LENGTH = 400
TROUBLE_LOOK_S = 0.5
START_WAIT_MAX_S = 60
"""Longer than any pause between two tries of a start that waits."""
OPENING_SAID_EVERY_S = 5
OPENING_WAIT_MAX_S = 300
"""For the longest part of an opening that says nothing: a file looked through on a slow card, and the runs of
a whole season derived at its end."""
_OPENING = "The records of this event are read; that takes a while on a slow card"


class LastWords(msgspec.Struct, frozen=True, kw_only=True):
    """Why a program ended, as it told the person at its terminal.

    `reads` is there while it only opens its journal: how many of how many records, 0 where that is not known.
    """

    program: str
    sentence: str
    said_utc_ms: int
    reads: tuple[int, int] | None = None


@dataclass(slots=True, kw_only=True)
class Service:
    """One program as systemd sees it; sends datagrams as sd_notify(3) describes them.

    `address` is None outside of systemd, `watchdog_ns` None where the unit has no watchdog, `folder` None
    where there is no runtime folder.
    """

    clock: Clock
    address: str | None = None
    watchdog_ns: int | None = None
    folder: Path | None = None
    _beaten_mono_ns: int | None = None
    _opening_mono_ns: int | None = None

    @classmethod
    def of_environment(cls) -> Service:
        """Return the service that systemd's variables describe."""
        folder = os.environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
        watchdog_us = os.environ.get("WATCHDOG_USEC", "")
        is_meant = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        return cls(
            clock=SystemClock(),
            address=os.environ.get("NOTIFY_SOCKET"),
            watchdog_ns=int(watchdog_us) * _NS_PER_US if watchdog_us.isdecimal() and is_meant else None,
            folder=Path(folder) if folder else None,
        )

    def say_ready(self, program: str) -> None:
        """The program serves; what it said when it last ended is over."""
        self._send("READY=1")
        if self.folder is not None:
            with suppress(OSError):
                _place(self.folder, program).unlink(missing_ok=True)

    def beat(self) -> None:
        """The work goes on; cheap enough to be called at each turn of a loop."""
        if self.address is None or self.watchdog_ns is None:
            return
        now_mono_ns = self.clock.mono_ns()
        every_ns = self.watchdog_ns // BEATS_PER_WATCHDOG
        if self._beaten_mono_ns is None or now_mono_ns - self._beaten_mono_ns >= every_ns:
            self._beaten_mono_ns = now_mono_ns
            self._send("WATCHDOG=1")

    def say_waiting(self, program: str, sentence: str) -> None:
        """Keep why the start waits, and let systemd wait with it."""
        self._send(f"EXTEND_TIMEOUT_USEC={START_WAIT_MAX_S * _US_PER_S}")
        self.say_last(program, sentence)

    def say_starting(self) -> None:
        """The program lives, so far without its work: on a machine with much to do that alone takes long."""
        self._send(f"EXTEND_TIMEOUT_USEC={START_WAIT_MAX_S * _US_PER_S}")

    def say_opening(self, program: str, done_count: int, count: int) -> None:
        """The start goes through its journal: systemd waits with it, and a person sees how far it is."""
        now_mono_ns = self.clock.mono_ns()
        if self._opening_mono_ns is None:
            self._opening_mono_ns = now_mono_ns
        elif now_mono_ns - self._opening_mono_ns >= OPENING_SAID_EVERY_S * _NS_PER_S:
            self._opening_mono_ns = now_mono_ns
            self.say_last(program, f"{_OPENING}: {done_count} of {count or '?'}", reads=(done_count, count))
        elif done_count != count:
            return
        self._send(f"EXTEND_TIMEOUT_USEC={OPENING_WAIT_MAX_S * _US_PER_S}")

    def say_last(self, program: str, sentence: str, *, reads: tuple[int, int] | None = None) -> None:
        """Keep why the program ends; a folder that cannot be written must not hide the reason."""
        self._send(f"STATUS={sentence.splitlines()[0] if sentence else ''}")
        if self.folder is None:
            return
        said = LastWords(
            program=program,
            sentence=sentence[:SENTENCE_MAX_LENGTH],
            said_utc_ms=self.clock.utc_ms(),
            reads=reads,
        )
        try:
            _place(self.folder, program).write_bytes(msgspec.json.encode(said))
        except OSError as error:
            log.warning("last words not kept: folder=%s reason=%s", self.folder, error)

    def _send(self, text: str) -> None:
        if self.address is None:
            return
        # A name that begins with @ is of the abstract namespace, which the kernel writes with a NUL.
        address = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel, suppress(OSError):
            channel.setblocking(False)
            channel.sendto(text.encode(), address)


def read_last_words(folder: Path, program: str) -> LastWords | None:
    """Return what the program said when it ended; None while it runs, or where nothing was kept."""
    try:
        return last_words_in(_place(folder, program).read_bytes())
    except OSError:
        return None


def last_words_in(kept: bytes) -> LastWords | None:
    """Return what such a file holds; None where it is damaged."""
    try:
        return msgspec.json.decode(kept, type=LastWords)
    except NOT_UNDERSTOOD:
        return None


def _place(folder: Path, program: str) -> Path:
    return folder / f"{program}{LAST_WORDS_SUFFIX}"


SERVICE = Service.of_environment()


@asynccontextmanager
async def telling_why(
    program: str, trouble: Callable[[], str | None], *, service: Service = SERVICE
) -> AsyncIterator[None]:
    """Keep as last words what holds the block up, for as long as it does: a start waits for its disk."""

    async def tell() -> None:
        told = None
        while True:
            await asyncio.sleep(TROUBLE_LOOK_S)
            sentence = trouble()
            if sentence is not None and sentence != told:
                service.say_last(program, sentence)
                told = sentence

    async with beside(tell(), name="why the start waits"):
        yield
