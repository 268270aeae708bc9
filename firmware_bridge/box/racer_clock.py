"""Four digits that face the racer: the run's clock on a TM1637, a common module with two wires.

The chip takes bytes bit by bit, the least bit first, at any speed below 250 kHz, and needs no answer from us
(Titan Micro, TM1637 data sheet). What does not change is not sent."""

from __future__ import annotations

from typing import Protocol

from pitboard.unit_api.screen_state import TrackSigns

_SEGMENTS = (0x3F, 0x06, 0x5B, 0x4F, 0x66, 0x6D, 0x7D, 0x07, 0x7F, 0x6F)
_BLANK, _DASH, _COLON = 0x00, 0x40, 0x80
_WRITE_ON = 0x40  # data command: write, the address goes on by itself
_FIRST_DIGIT = 0xC0
_LIGHT_ON = 0x88
BRIGHTNESS_MOST = 7
_NS_PER_S = 1_000_000_000
_MOST_S = 99 * 60 + 59


class Wire(Protocol):
    """An output pin, as gpiozero gives it."""

    def on(self) -> None: ...

    def off(self) -> None: ...


def shown_s(signs: TrackSigns | None, now_mono_ns: int) -> int | None:
    """Return the seconds on the racer's clock, None while there is no run; counted down they end at 0."""
    if signs is None or signs.clock_ns is None:
        return None
    passed_ns = max(0, now_mono_ns - signs.mono_ns) if signs.is_ticking else 0
    if not signs.counts_down:
        return min(_MOST_S, (signs.clock_ns + passed_ns) // _NS_PER_S)
    # Rounded up, so that 0:00 stands there when the time is over and not a second before.
    left_ns = max(0, signs.clock_ns - passed_ns)
    return min(_MOST_S, -(-left_ns // _NS_PER_S))


def digits_of(seconds: int | None) -> tuple[int, int, int, int]:
    """Return the four bytes of segments; dashes while there is no run."""
    if seconds is None:
        return (_DASH, _DASH, _DASH, _DASH)
    minutes, rest = divmod(seconds, 60)
    tens = _BLANK if minutes < 10 else _SEGMENTS[minutes // 10]
    return (tens, _SEGMENTS[minutes % 10] | _COLON, _SEGMENTS[rest // 10], _SEGMENTS[rest % 10])


class RacerClock:
    """Writes to the module over its two wires; both rest high."""

    def __init__(self, clock: Wire, data: Wire) -> None:
        self._clock = clock
        self._data = data
        self._shown: tuple[int, ...] | None = None
        clock.on()
        data.on()

    def show(self, digits: tuple[int, int, int, int]) -> None:
        if digits == self._shown:
            return
        self._shown = digits
        self._send(_WRITE_ON)
        self._send(_FIRST_DIGIT, *digits)
        self._send(_LIGHT_ON | BRIGHTNESS_MOST)

    def _send(self, *content: int) -> None:
        self._data.off()  # start: the data falls while the clock is high
        for byte in content:
            for bit in range(8):
                self._clock.off()
                (self._data.on if byte >> bit & 1 else self._data.off)()
                self._clock.on()
            self._clock.off()  # the ninth pulse is the chip's answer, which we do not read
            self._data.off()
            self._clock.on()
        self._clock.off()
        self._data.off()
        self._clock.on()
        self._data.on()  # stop: the data rises while the clock is high
