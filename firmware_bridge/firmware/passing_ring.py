"""The passings that the host has not acknowledged, in arrays made once: the interrupt may not allocate.

A full ring gives up its oldest passing. The interrupt writes; who reads or forgets masks it for a moment."""

from array import array

from machine import disable_irq, enable_irq

RING_COUNT = 256
_MASK = RING_COUNT - 1


class PassingRing:
    def __init__(self):
        self.last_seq = 0
        self.oldest_seq = 1
        self.overruns = 0
        self._ticks_us = array("i", [0] * RING_COUNT)
        self._blocked_us = array("i", [0] * RING_COUNT)
        self._channels = bytearray(RING_COUNT)

    def latch(self, tick_us, channel):
        """Keep a passing and return its number. Called within the interrupt."""
        seq = self.last_seq + 1
        if seq - self.oldest_seq == RING_COUNT:
            self.oldest_seq += 1
            self.overruns += 1
        at = seq & _MASK
        self._ticks_us[at] = tick_us
        self._blocked_us[at] = 0
        self._channels[at] = channel
        self.last_seq = seq
        return seq

    def set_blocked(self, seq, blocked_us):
        """Note how long the beam stayed interrupted. Called within the interrupt."""
        if seq >= self.oldest_seq:
            self._blocked_us[seq & _MASK] = blocked_us

    def read(self, seq):
        """Return tick, channel and blocked time of a passing, or None where it is no longer kept."""
        at = seq & _MASK
        state = disable_irq()
        is_kept = self.oldest_seq <= seq <= self.last_seq
        tick_us = self._ticks_us[at]
        channel = self._channels[at]
        blocked_us = self._blocked_us[at]
        enable_irq(state)
        return (tick_us, channel, blocked_us) if is_kept else None

    def forget_to(self, seq):
        """Drop what the host has on its disk; numbers that were never given are ignored."""
        state = disable_irq()
        if self.oldest_seq <= seq <= self.last_seq:
            self.oldest_seq = seq + 1
        enable_irq(state)
