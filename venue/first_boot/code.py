"""The code on the screen, without which the set-up page does nothing."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable

from pitboard.clock import Clock
from pitboard.doors.door_limits import Rate, TokenBuckets

CODE_DIGITS = 8
WRONG_OF_SOURCE = Rate(per_s=0.1, burst=5)
"""Wrong codes. There is no bound in all, which would let one guesser keep the person before the screen out;
the door's bound on calls leaves a guesser with many addresses one chance in a thousand in an hour."""
_NO_BOUND = Rate(per_s=1e9, burst=10**9)


def _new_code() -> str:
    return f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"


class ScreenCode:
    """Who reads the code stands before the machine; of each source a few wrong ones are listened to."""

    def __init__(self, clock: Clock, *, make: Callable[[], str] = _new_code) -> None:
        self._clock = clock
        self._make = make
        self.text = make()
        self._wrong = TokenBuckets(WRONG_OF_SOURCE, _NO_BOUND)

    def is_open_to(self, source: str) -> bool:
        return self._wrong.wait_ms(source, now_mono_ns=self._clock.mono_ns()) is None

    def fits(self, typed: str, source: str) -> bool:
        """Return whether it is the code; spaces do not matter. Always False while not open to the source."""
        if not self.is_open_to(source):
            return False
        plain = "".join(typed.split())[: CODE_DIGITS + 1]
        if hmac.compare_digest(plain.encode(), self.text.encode()):
            return True
        self._wrong.charge(source, now_mono_ns=self._clock.mono_ns(), cost=1)
        return False

    def renew(self) -> None:
        self.text = self._make()
