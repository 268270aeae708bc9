"""CRC-16 of the sensor line: polynomial 1021h, start FFFFh; four bits a step, from a table of sixteen."""

_TABLE = (
    0x0000,
    0x1021,
    0x2042,
    0x3063,
    0x4084,
    0x50A5,
    0x60C6,
    0x70E7,
    0x8108,
    0x9129,
    0xA14A,
    0xB16B,
    0xC18C,
    0xD1AD,
    0xE1CE,
    0xF1EF,
)


def crc16(data):
    crc = 0xFFFF
    for byte in data:
        crc = ((crc << 4) & 0xFFFF) ^ _TABLE[(crc >> 12) ^ (byte >> 4)]
        crc = ((crc << 4) & 0xFFFF) ^ _TABLE[(crc >> 12) ^ (byte & 15)]
    return crc


def frame(body):
    """Return the text as a line: checksum and line end added."""
    data = body.encode()
    return b"%s*%04X\n" % (data, crc16(data))
