"""A program of the unit notices that nobody answers at the socket it was given, and says so itself.

Once, in its log and where the touchscreen looks; it takes it back when the unit answers."""

from __future__ import annotations

import logging
from pathlib import Path

from pitboard.clock import Clock
from pitboard.errors import PeerLost
from pitboard.program.service import SERVICE

log = logging.getLogger(__name__)

UNIT_SILENT_NS = 5_000_000_000
"""A unit that just starts is given this long."""


class SocketWatch:
    """Of one program; `key` is the one of its config that names the socket."""

    def __init__(self, program: str, socket: Path, *, key: str, clock: Clock) -> None:
        self._program = program
        self._socket = socket
        self._key = key
        self._clock = clock
        self._unheard_mono_ns: int | None = None
        self._is_told = False

    def failed(self, error: PeerLost) -> None:
        """Take note that the unit did not answer just now."""
        now_mono_ns = self._clock.mono_ns()
        self._unheard_mono_ns = self._unheard_mono_ns or now_mono_ns
        if self._is_told or now_mono_ns - self._unheard_mono_ns < UNIT_SILENT_NS:
            return
        self._is_told = True
        sentence = (
            f"The unit does not answer at {self._socket} ({error.reason}). Does trackside run, "
            f"and does {self._key} name the [api] socket of trackside.toml?"
        )
        log.error("%s", sentence)
        SERVICE.say_last(self._program, sentence)

    def answered(self) -> None:
        self._unheard_mono_ns = None
        if self._is_told:
            self._is_told = False
            log.info("the unit answers again: socket=%s", self._socket)
            SERVICE.say_ready(self._program)
