"""One beam on one pin: a hard interrupt on both edges latches the counter before it does anything else.

A passage runs from its first edge until the beam has been clear for `clear_us`; it is one passing. One that
never ends, since its beam flickers, goes on as more passings, from which the host sees that it flickers."""

from time import ticks_us

from machine import Pin, disable_irq, enable_irq
from tick_counter import HALF_US, MASK

# A car's wheels and wings interrupt the beam less often; then one passing each so long, at most.
CHATTER_MAX_COUNT = 8
FLICKER_PASSING_US = 30_000


class Beam:
    def __init__(self, *, pin, channel, interrupted_level, clear_us, ring):
        self._pin = pin
        self._channel = channel
        self._interrupted_level = interrupted_level
        self._interrupted_flag = Pin.IRQ_RISING if interrupted_level else Pin.IRQ_FALLING
        self._clear_us = clear_us
        self._ring = ring
        self._seq = 0
        self._passing_began_us = 0
        self._cleared_us = 0
        self._chatter_count = 0
        self._is_blocked = pin() == interrupted_level
        self._is_passage = self._is_blocked
        # Bound here, since binding a method allocates, which the interrupt may not.
        self._edges_seen = pin.irq().flags
        pin.irq(handler=self._on_edge, trigger=Pin.IRQ_RISING | Pin.IRQ_FALLING, hard=True)

    @property
    def is_interrupted(self):
        """Whether something stands in the beam now, by the pin itself."""
        return self._pin() == self._interrupted_level

    def settle(self, now_us):
        """End a passage that is over; the main loop calls it, the interrupt only hears of edges."""
        # Masking delays the stamp of an edge that comes meanwhile: never while the beam is quiet.
        if not self._is_passage:
            return
        state = disable_irq()
        if self._is_blocked and self._pin() != self._interrupted_level:
            self._clear(now_us)  # its edge was missed
        clear_us = (now_us - self._cleared_us) & MASK
        # Above half the span the interrupt came after `now_us` was read.
        if not self._is_blocked and self._clear_us <= clear_us < HALF_US:
            self._is_passage = False
        enable_irq(state)

    def _on_edge(self, pin):
        tick_us = ticks_us()
        if self._edges_seen() & self._interrupted_flag:
            is_chatter = self._is_blocked or (tick_us - self._cleared_us) & MASK < self._clear_us
            if not (self._is_passage and is_chatter):
                self._chatter_count = 0
                self._begin(tick_us)
            elif not self._is_blocked:
                self._chatter_count += 1
                is_due = (tick_us - self._passing_began_us) & MASK >= FLICKER_PASSING_US
                if self._chatter_count > CHATTER_MAX_COUNT and is_due:
                    self._begin(tick_us)
            self._is_blocked = True
        if self._is_blocked and pin() != self._interrupted_level:
            self._clear(tick_us)

    def _begin(self, tick_us):
        self._seq = self._ring.latch(tick_us, self._channel)
        self._passing_began_us = tick_us
        self._is_passage = True

    def _clear(self, tick_us):
        self._is_blocked = False
        self._cleared_us = tick_us
        if self._seq:
            self._ring.set_blocked(self._seq, (tick_us - self._passing_began_us) & MASK)
