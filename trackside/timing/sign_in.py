"""Officials sign in by PIN; who guesses waits longer and longer, also after the unit was switched off and on.

A try is written down before it is looked at, so cutting the power gives no further one. No wall clock is
asked, since that may be set: after a start the wait begins anew."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec

from pitboard.clock import Clock
from pitboard.errors import NOT_UNDERSTOOD, ActRefused
from pitboard.race.roll import Official
from pitboard.trust.identity import Identity, write_secret
from pitboard.trust.pin import pin_matches
from pitboard.trust.pin_box import open_pin

FREE_TRIES = 5
FIRST_WAIT_S = 30
WAIT_MAX_S = 3_600
_NS_PER_S = 1_000_000_000
_tries_decoder = msgspec.json.Decoder(dict[str, int])


def wait_s_after(failed_count: int) -> int:
    """Return how long to wait after so many wrong PINs in a row: nothing, then 30 s, doubling to an hour."""
    over = failed_count - FREE_TRIES
    return 0 if over < 0 else min(WAIT_MAX_S, FIRST_WAIT_S << min(over, 16))


class SignIn:
    """Counts the tries of each official in a file beside the journal."""

    def __init__(
        self,
        file: Path,
        clock: Clock,
        officials: Callable[[], list[Official]],
        identity: Identity | None = None,
    ) -> None:
        self._identity = identity
        self._file = file
        self._clock = clock
        self._officials = officials
        self.matches = pin_matches
        self._failed = _read(file)
        self._failed_mono_ns = dict.fromkeys(self._failed, clock.mono_ns())
        self._lock = asyncio.Lock()

    async def check(self, official_id: str, pin: str) -> None:
        """Return where the PIN is the official's. Raises ActRefused: not appointed, wrong, or too soon."""
        async with self._lock:  # two at once would be two guesses for one try
            official = next((one for one in self._officials() if one.official_id == official_id), None)
            if official is None:
                raise ActRefused(code="unknown-official", reason="Nobody is appointed under this name now.")
            wait_s = self._wait_s(official_id)
            if wait_s:
                raise ActRefused(
                    code="pin-wait", reason=f"Too many wrong PINs. Wait {wait_s} s, or ask the admin."
                )
            verifier = self._verifier(official)
            if verifier is None:
                raise ActRefused(
                    code="pin-not-here",
                    reason="This unit does not have your PIN yet. Connect it to central once.",
                )
            self._failed_mono_ns[official_id] = self._clock.mono_ns()
            if not await asyncio.to_thread(self._guess, official_id, verifier, pin):
                raise ActRefused(code="wrong-pin", reason="This is not the PIN. Try again.")

    def _verifier(self, official: Official) -> str | None:
        if official.pin or self._identity is None:
            return official.pin
        return open_pin(official.pin_box, official.pin_keys, self._identity, official_id=official.official_id)

    def _guess(self, official_id: str, verifier: str, pin: str) -> bool:
        """Write the try down, look at it, and forget the tries where it is right."""
        self._write({**self._failed, official_id: self._failed.get(official_id, 0) + 1})
        is_right = self.matches(verifier, pin)
        if is_right:
            self._write({key: count for key, count in self._failed.items() if key != official_id})
        return is_right

    def _wait_s(self, official_id: str) -> int:
        """Return the seconds left until the next try, 0 for none."""
        wait_ns = wait_s_after(self._failed.get(official_id, 0)) * _NS_PER_S
        passed_ns = self._clock.mono_ns() - self._failed_mono_ns.get(official_id, 0)
        return max(0, -(-(wait_ns - passed_ns) // _NS_PER_S)) if wait_ns else 0

    def _write(self, failed: dict[str, int]) -> None:
        try:
            write_secret(self._file, msgspec.json.encode(failed))
        except OSError as error:
            raise ActRefused(
                code="not-saved", reason="The unit cannot write to its disk. Call the technician."
            ) from error
        self._failed = failed


def _read(file: Path) -> dict[str, int]:
    """Return the tries; a file that cannot be read counts as none, for a lost card is no guess."""
    try:
        return _tries_decoder.decode(file.read_bytes())
    except (OSError, *NOT_UNDERSTOOD):
        return {}
