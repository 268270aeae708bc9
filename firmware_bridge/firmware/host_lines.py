"""What the host says: acknowledgements and questions. Damaged and longer lines are ignored."""

from checksum import crc16

LINE_MAX_BYTES = 64
_LINE_END = 10


class HostLines:
    def __init__(self, boot):
        self._boot = boot.encode()
        self._line = bytearray(LINE_MAX_BYTES)
        self._length = 0

    def take(self, byte):
        """Return what this byte completes: a number acknowledged up to, -1 for a question, or None."""
        if byte != _LINE_END:
            if self._length < LINE_MAX_BYTES:
                self._line[self._length] = byte
            self._length += 1
            return None
        length, self._length = self._length, 0
        if length > LINE_MAX_BYTES:
            return None
        return self._parse(bytes(self._line[:length]).rstrip(b"\r"))

    def _parse(self, line):
        body, digits = line[:-5], line[-5:]
        if digits != b"*%04X" % crc16(body):
            return None
        if body == b"?":
            return -1
        fields = body.split(b",")
        if len(fields) != 3 or fields[0] != b"A" or fields[1] != self._boot:
            return None
        number = fields[2]
        return int(number) if 1 <= len(number) <= 10 and number.isdigit() else None
