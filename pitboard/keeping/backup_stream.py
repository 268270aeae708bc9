"""How a backup travels from the program that holds a journal to the one that writes the file.

Parts of MessagePack, each after its length in four bytes: start, rows in order of arrival, end. Without the
end the stream was cut, and what came is worth nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from pitboard.errors import PeerLost
from pitboard.journal.sqlite_storage import QuarantinedRow

PART_MAX_BYTES = 64 * 1_024 * 1_024
_LENGTH_BYTES = 4

Row = tuple[str, int, bytes, bytes, bytes | None]
"""(stream, seq, header, signature, body)"""


class BackupStart(msgspec.Struct, frozen=True, tag="start"):
    """`arrivals` is about how many rows will come."""

    schema: str
    root_key: str
    arrivals: int


class BackupRows(msgspec.Struct, frozen=True, tag="rows"):
    rows: list[Row]


class BackupEnd(msgspec.Struct, frozen=True, tag="end"):
    """`count` is how many rows there were."""

    count: int
    quarantine: list[QuarantinedRow]


Part = BackupStart | BackupRows | BackupEnd
_decoder: msgspec.msgpack.Decoder[Part] = msgspec.msgpack.Decoder(BackupStart | BackupRows | BackupEnd)


def encode_part(part: Part) -> bytes:
    """Return the part as it travels."""
    body = msgspec.msgpack.encode(part)
    return len(body).to_bytes(_LENGTH_BYTES, "big") + body


def read_parts(chunks: Iterable[bytes]) -> Iterator[Part]:
    """Yield the parts of a whole stream; raises PeerLost where it was cut or is not a backup."""
    held = bytearray()
    part: Part | None = None
    for chunk in chunks:
        held += chunk
        while (body := _take_body(held)) is not None:
            try:
                part = _decoder.decode(body)
            except msgspec.MsgspecError as error:
                raise PeerLost(peer="the node", reason=f"what it sent is no backup ({error})") from error
            yield part
    if not isinstance(part, BackupEnd) or held:
        raise PeerLost(peer="the node", reason="the backup broke off; try again")


def _take_body(held: bytearray) -> bytes | None:
    if len(held) < _LENGTH_BYTES:
        return None
    end = _LENGTH_BYTES + int.from_bytes(held[:_LENGTH_BYTES], "big")
    if end > PART_MAX_BYTES:
        raise PeerLost(peer="the node", reason="what it sent is no backup")
    if len(held) < end:
        return None
    body = bytes(held[_LENGTH_BYTES:end])
    del held[:end]
    return body
