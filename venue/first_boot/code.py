"""The code on the screen, without which the set-up page does nothing."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable

from pitboard.clock import Clock

CODE_DIGITS = 8
TRIES_MAX_COUNT = 5
WAIT_NS = 10_000_000_000
"""After so many wrong tries there is a new code, and nobody is listened to for so long."""


def _new_code() -> str:
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"


class ScreenCode:
    """Who reads the code stands before the machine. A guesser has five tries, of a hundred million codes."""

    def __init__(self, clock: Clock, *, make: Callable[[], str] = _new_code) -> None:
        self._clock = clock
        self._make = make
        self.text = make()
        self._wrong_count = 0
        self._closed_until_mono_ns = 0

    def is_open(self) -> bool:
        return self._clock.mono_ns() >= self._closed_until_mono_ns

    def fits(self, typed: str) -> bool:
        """Return whether it is the code; spaces do not matter. Always False while closed."""
        if not self.is_open():
            return False
        plain = "".join(typed.split())[: CODE_DIGITS + 1]
        if hmac.compare_digest(plain.encode(), self.text.encode()):
            return True
        self._wrong_count += 1
        if self._wrong_count >= TRIES_MAX_COUNT:
            self.renew()
            self._closed_until_mono_ns = self._clock.mono_ns() + WAIT_NS
        return False

    def renew(self) -> None:
        self.text = self._make()
        self._wrong_count = 0
