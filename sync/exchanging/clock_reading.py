"""What another unit's clock shows, asked and answered within one exchange, and signed.

The asker notes when it asked and when it had the answer. So somewhere between the two instants the other
clock showed what it says; half the round trip is how far off that can be, whoever carried it and however
slowly."""

from __future__ import annotations

import msgspec

from pitboard.clock import Clock
from pitboard.trust.identity import Identity, signature_holds
from sync.exchanging.exchange import ClockReading

CLOCK_DOMAIN = b"pitboard clock 1\0"


def read_clock(identity: Identity, clock: Clock, nonce: str, *, received_mono_ns: int) -> ClockReading:
    """Return the signed answer to a question that came in when our clock showed `received_mono_ns`."""
    answered_mono_ns = clock.mono_ns()
    signature = identity.sign(
        _message(nonce, clock.boot_id, received_mono_ns, answered_mono_ns), domain=CLOCK_DOMAIN
    )
    return ClockReading(
        boot_id=clock.boot_id,
        received_mono_ns=received_mono_ns,
        answered_mono_ns=answered_mono_ns,
        signature=signature.hex(),
    )


def is_of(reading: ClockReading, nonce: str, key: str) -> bool:
    """Return whether the unit with this key said so in answer to this nonce."""
    message = _message(nonce, reading.boot_id, reading.received_mono_ns, reading.answered_mono_ns)
    is_in_order = reading.received_mono_ns <= reading.answered_mono_ns
    return is_in_order and signature_holds(
        key, message, bytes.fromhex(reading.signature), domain=CLOCK_DOMAIN
    )


def _message(nonce: str, boot_id: str, received_mono_ns: int, answered_mono_ns: int) -> bytes:
    return bytes.fromhex(nonce) + msgspec.json.encode([boot_id, received_mono_ns, answered_mono_ns])
