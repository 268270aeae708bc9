"""Streams that the target did not take, kept out of the next batches so that they hold up no other.

A forked stream is never taken; one damaged on its way is taken the next time. Each is offered again after a
pause of its own, which doubles while it is refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from pitboard.journal.record import WireRecord

ALL_OF_IT = 2**53
"""More than any stream holds: who claims to have this much is sent nothing."""


class _StreamOf(msgspec.Struct):
    stream: str


_decoder = msgspec.json.Decoder(_StreamOf)


@dataclass(slots=True)
class SetAside:
    """Pauses in seconds; instants are those of the running loop."""

    pause_first_s: float
    pause_max_s: float
    _pauses: dict[str, tuple[float, float]] = field(default_factory=dict)  # stream -> (until, pause)

    def ask(self, have: Mapping[str, int], *, now_s: float) -> dict[str, int]:
        """Return the heads to ask with: as the target has them, and all of what is set aside now."""
        hidden = {stream: ALL_OF_IT for stream, (until_s, _) in self._pauses.items() if now_s < until_s}
        return {**have, **hidden}

    def next_offer_s(self, *, now_s: float) -> float | None:
        """Return in how long the next stream may be offered again; None where none is set aside."""
        waits_s = [until_s - now_s for until_s, _ in self._pauses.values() if now_s < until_s]
        return min(waits_s, default=None)

    def note(
        self,
        offered: Iterable[WireRecord],
        *,
        before: Mapping[str, int],
        after: Mapping[str, int],
        now_s: float,
    ) -> bool:
        """Set aside what was offered and not taken; return whether anything was taken or set aside."""
        streams = dict.fromkeys(stream for wire in offered if (stream := _stream_of(wire)) is not None)
        for stream in streams:
            if before.get(stream, 0) != after.get(stream, 0):
                self._pauses.pop(stream, None)
            else:
                _, pause_s = self._pauses.get(stream, (0.0, self.pause_first_s / 2))
                pause_s = min(pause_s * 2, self.pause_max_s)
                self._pauses[stream] = (now_s + pause_s, pause_s)
        return bool(streams)


def _stream_of(wire: WireRecord) -> str | None:
    try:
        return _decoder.decode(wire.h).stream
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
