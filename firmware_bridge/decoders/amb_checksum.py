"""The 16-bit checksum of AMB/MyLaps decoders, shared by P3 and the text protocol.

Polynomial 1021h, started with FFFFh, data entering at the low end. The standard library's `crc_hqx` lets data
enter at the high end, which is the same sum over all but the last two bytes when it starts with 1D0Fh."""

from binascii import crc_hqx

_START = 0x1D0F


def amb_checksum(data: bytes) -> int:
    """Return the checksum of at least two bytes; `123456789` gives A69Dh."""
    return crc_hqx(data[:-2], _START) ^ (data[-2] << 8 | data[-1])
