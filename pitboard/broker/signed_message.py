"""A message as it stands on a broker: the event's signature in hex, a line break, and the signed JSON.

The topic stands in the JSON too, and how many records it was made of: so a broker can neither pass one board
off as another nor an old one as new, only hold them back."""

from __future__ import annotations

import msgspec

from pitboard.errors import NOT_UNDERSTOOD
from pitboard.trust.identity import Identity, signature_holds

_DOMAIN = b"pitboard broker 1\0"
MESSAGE_MAX_BYTES = 1_024 * 1_024
"""Of a message that is looked at: the longest of ours, ten thousand heads, has half of it."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """`records` grows with the event; of two messages of a topic the one with more is the newer."""

    topic: str
    records: int
    body: msgspec.Raw


def sealed(topic: str, records: int, body: bytes, root: Identity) -> bytes:
    """Return the message that carries this JSON."""
    told = msgspec.json.encode(Told(topic=topic, records=records, body=msgspec.Raw(body)))
    return root.sign(told, domain=_DOMAIN).hex().encode() + b"\n" + told


def opened(message: bytes, topic: str, root_key: str) -> Told | None:
    """Return what is said and of how many records, None where it is not of this event or topic."""
    if len(message) > MESSAGE_MAX_BYTES:
        return None
    seal, _, told = message.partition(b"\n")
    try:
        if not signature_holds(root_key, told, bytes.fromhex(seal.decode("ascii")), domain=_DOMAIN):
            return None
        message_told = msgspec.json.decode(told, type=Told)
        return message_told if message_told.topic == topic else None
    except (ValueError, *NOT_UNDERSTOOD):
        return None
