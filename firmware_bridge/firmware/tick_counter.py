"""The microsecond counter without its wraps: `ticks_us` starts anew each 2^30 us, after 17.9 minutes."""

SPAN_US = 1 << 30
MASK = SPAN_US - 1
HALF_US = SPAN_US >> 1


class TickCounter:
    """Must be advanced at least every 17 minutes; the main loop does so each millisecond."""

    def __init__(self, tick_us):
        self.now_us = tick_us

    def advance(self, tick_us):
        self.now_us += (tick_us - self.now_us) & MASK

    def unwrap(self, tick_us):
        """Return the instant nearest to now at which the counter showed this."""
        return self.now_us + ((tick_us - self.now_us + HALF_US) & MASK) - HALF_US
