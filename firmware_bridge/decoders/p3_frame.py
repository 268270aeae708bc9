"""The P3 frame: start 8Eh, header, fields, end 8Fh, with three bytes escaped in between.

Length and checksum are over the frame before escaping; the checksum field counts as zero."""

import struct
from binascii import crc_hqx
from collections.abc import Iterable
from enum import IntEnum

from pitboard.errors import FrameRefused

_START = 0x1D0F


def amb_checksum(data: bytes) -> int:
    """Return the checksum of at least two bytes; `123456789` gives A69Dh."""
    return crc_hqx(data[:-2], _START) ^ (data[-2] << 8 | data[-1])


START = 0x8E
END = 0x8F
ESCAPE = 0x8D
VERSION = 2

_HEADER = struct.Struct("<BBHHHH")
_SHORTEST = _HEADER.size + 1


class RecordType(IntEnum):
    RESET = 0x00
    PASSING = 0x01
    STATUS = 0x02
    VERSION = 0x03
    RESEND = 0x04
    GET_TIME = 0x24
    ERROR = 0xFFFF


DECODER_TAG = 0x81


def unescape(frame: bytes) -> bytes:
    """Undo `8D xx`, whatever xx is: decoders are seen to escape 8Dh, 8Eh and 8Fh only.

    Raises FrameRefused where the escape stands last.
    """
    if ESCAPE not in frame:
        return frame
    head, *escaped = frame.split(bytes([ESCAPE]))
    if b"" in escaped:
        raise FrameRefused(reason="escape byte without a byte to escape")
    return head + b"".join(bytes([(part[0] - 0x20) & 0xFF]) + part[1:] for part in escaped)


def escape(frame: bytes) -> bytes:
    """Escape all but the first and the last byte, which are the markers."""
    body = (
        frame[1:-1].replace(b"\x8d", b"\x8d\xad").replace(b"\x8e", b"\x8d\xae").replace(b"\x8f", b"\x8d\xaf")
    )
    return frame[:1] + body + frame[-1:]


def read_frame(frame: bytes, *, accept_unchecked: bool) -> tuple[int, bytes, bool]:
    """Return record type, fields and whether the checksum held, of an unescaped frame with both markers.

    Raises FrameRefused. A checksum of 0000 that does not hold passes with `accept_unchecked` alone.
    """
    if len(frame) < _SHORTEST:
        raise FrameRefused(reason="shorter than a header")
    _, version, length, checksum, _, record_type = _HEADER.unpack_from(frame)
    # Version 0 with length 0 is what one client program sends; decoders always fill both.
    if length != len(frame) and (version, length) != (0, 0):
        raise FrameRefused(reason=f"length field says {length}, frame has {len(frame)} bytes")
    is_checked = amb_checksum(frame[:4] + b"\0\0" + frame[6:]) == checksum
    if not is_checked and not (accept_unchecked and checksum == 0):
        raise FrameRefused(reason="checksum does not hold" if checksum else "checksum 0000 does not hold")
    return record_type, frame[_HEADER.size : -1], is_checked


def fields(body: bytes) -> dict[int, int]:
    """Return the number that each tag has; a tag without bytes, as in requests, is left out.

    Raises FrameRefused where a field runs over the end.
    """
    values: dict[int, int] = {}
    at, end = 0, len(body)
    while at < end:
        if at + 2 > end or (after := at + 2 + body[at + 1]) > end:
            raise FrameRefused(reason="a field runs over the end of the record")
        if after > at + 2:
            values[body[at]] = int.from_bytes(body[at + 2 : after], "little")
        at = after
    return values


def encode_frame(record_type: int, record_fields: Iterable[tuple[int, bytes]] = ()) -> bytes:
    """Return the bytes of one record as they go over the wire."""
    body = b"".join(bytes([tag, len(value)]) + value for tag, value in record_fields)
    frame = bytearray(_HEADER.pack(START, VERSION, _SHORTEST + len(body), 0, 0, record_type))
    frame += body + bytes([END])
    struct.pack_into("<H", frame, 4, amb_checksum(bytes(frame)))
    return escape(bytes(frame))
