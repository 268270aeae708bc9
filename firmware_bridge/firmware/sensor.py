"""What the sensor says, and when: passings until acknowledged, a hello when asked, a heartbeat each second.

It formats one line at a time, just before that is written, and never waits for anything."""

from checksum import frame
from passing_ring import RING_COUNT

PROTOCOL = 1
FIRMWARE = "pitboard-1.0"
HEARTBEAT_MS = 1_000
FIRST_RESEND_MS = 30
RESEND_MS = 500
RESEND_MAX_COUNT = 16
# Between two bunches the heartbeat gets its turn.
BUNCH_MS = 20
_MASK = RING_COUNT - 1


class Sensor:
    def __init__(self, *, boot, device, counter, ring, beams):
        self._boot = boot
        self._device = device
        self._counter = counter
        self._ring = ring
        self._beams = beams
        self._known_seq = 0
        self._latched_us = [0] * RING_COUNT  # without wraps
        self._due_ms = [0] * RING_COUNT
        self._is_resend = bytearray(RING_COUNT)
        self._bunch_count = 0
        self._bunch_ms = 0
        self._must_greet = True
        self._must_beat = False
        self._beat_due_ms = counter.now_us // 1000 + HEARTBEAT_MS

    def obey(self, request):
        """Take what HostLines understood: a number acknowledged up to, or -1 for a question."""
        if request < 0:
            self._must_greet = True
        else:
            self._ring.forget_to(request)

    def next_line(self, read_tick_us):
        """Return the line that is due, or None."""
        now_ms = self._counter.now_us // 1000
        self._note_new_passings()
        if line := self._passing_due(now_ms):
            return line
        if self._must_greet:
            self._must_greet, self._must_beat = False, True
            return frame(f"I,{self._boot},{PROTOCOL},{FIRMWARE},{self._device}")
        if now_ms >= self._beat_due_ms:
            self._beat_due_ms += (now_ms - self._beat_due_ms) // HEARTBEAT_MS * HEARTBEAT_MS + HEARTBEAT_MS
            self._must_beat = True
        if self._must_beat:
            self._must_beat = False
            return self._heartbeat(read_tick_us())
        return None

    def _note_new_passings(self):
        """Note of each new passing when it was, while its wrap is beyond doubt."""
        ring = self._ring
        for seq in range(max(self._known_seq + 1, ring.oldest_seq), ring.last_seq + 1):
            if passing := ring.read(seq):
                at = seq & _MASK
                self._latched_us[at] = self._counter.unwrap(passing[0])
                self._due_ms[at] = 0
                self._is_resend[at] = 0
            self._known_seq = seq

    def _passing_due(self, now_ms):
        if self._bunch_count == RESEND_MAX_COUNT:
            if now_ms - self._bunch_ms < BUNCH_MS:
                return None
            self._bunch_count = 0
        for seq in range(self._ring.oldest_seq, self._known_seq + 1):
            at = seq & _MASK
            if now_ms >= self._due_ms[at] and (passing := self._ring.read(seq)):
                self._due_ms[at] = now_ms + (RESEND_MS if self._is_resend[at] else FIRST_RESEND_MS)
                self._is_resend[at] = 1
                self._bunch_count += 1
                self._bunch_ms = now_ms
                tick_us, channel, blocked_us = passing
                uptime_s = self._latched_us[at] // 1_000_000
                return frame(f"T,{self._boot},{seq},{channel},{tick_us},{uptime_s},{blocked_us}")
        self._bunch_count = 0
        return None

    def _heartbeat(self, tick_us):
        self._counter.advance(tick_us)
        uptime_s = self._counter.now_us // 1_000_000
        levels = 0
        for bit, beam in enumerate(self._beams):
            if beam.is_interrupted:
                levels |= 2 << bit
        ring = self._ring
        fields = f"{ring.last_seq},{ring.oldest_seq},{tick_us},{uptime_s},{levels:X},{ring.overruns}"
        return frame(f"H,{self._boot},{fields}")
