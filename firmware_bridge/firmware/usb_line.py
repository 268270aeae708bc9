"""The USB serial line, never waited for: a byte is written only where `poll` promises room for it.

MicroPython's `write` waits up to 500 ms for a host that does not read, and poll promises one byte only: so
lines go out byte by byte. A line that is stuck is given up, and a line end keeps the next one whole."""

from select import POLLIN, POLLOUT, poll

STUCK_MAX_MS = 250


class UsbLine:
    def __init__(self, reader, writer):
        self._reader = reader
        self._writer = writer
        self._readable = poll()
        self._readable.register(reader, POLLIN)
        self._writable = poll()
        self._writable.register(writer, POLLOUT)
        self._line = b""
        self._sent_count = 0
        self._since_ms = 0
        self._was_cut = False

    @property
    def is_free(self):
        return self._sent_count == len(self._line)

    def send(self, line, now_ms):
        """Begin a line; only while free."""
        self._line = b"\n" + line if self._was_cut else line
        self._was_cut = False
        self._sent_count = 0
        self._since_ms = now_ms

    def pump(self, now_ms):
        """Write what there is room for."""
        while not self.is_free and self._has_room():
            self._writer.write(self._line[self._sent_count : self._sent_count + 1])
            self._sent_count += 1
            self._since_ms = now_ms
        if not self.is_free and now_ms - self._since_ms > STUCK_MAX_MS:
            self._was_cut = self._was_cut or self._sent_count > 0
            self._line = b""
            self._sent_count = 0

    def read(self, wait_ms):
        """Return a byte, waiting for it so long at most, or None."""
        for _, events in self._readable.ipoll(wait_ms):
            if events & POLLIN:
                data = self._reader.read(1)
                return data[0] if data else None
        return None

    def _has_room(self):
        for _, events in self._writable.ipoll(0):
            return bool(events & POLLOUT)
        return False
