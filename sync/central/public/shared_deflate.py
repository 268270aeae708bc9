"""Compress a stream for thousands of followers by compressing each message once.

Every message is deflated from scratch and ends on a byte boundary (a full flush), so messages joined in any
choice and order are one valid gzip stream. A follower costs no compressor of its own."""

from __future__ import annotations

import zlib

GZIP_HEADER = bytes.fromhex("1f8b08000000000000ff")
LEVEL = 6


def deflate_message(message: bytes) -> bytes:
    """Return the message as blocks that refer to nothing before them and may be followed by others."""
    compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return compressor.compress(message) + compressor.flush(zlib.Z_FULL_FLUSH)
