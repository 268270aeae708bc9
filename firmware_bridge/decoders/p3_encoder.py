"""Write P3: the records of a decoder, for simulations, and the requests that a client sends.

Only the time request is known from another program, in an older form; the version and resend requests follow
the published tag numbers and were never tried on a device."""

from collections.abc import Iterator

from firmware_bridge.decoders.p3 import P3Passing, P3Status
from firmware_bridge.decoders.p3_frame import DECODER_TAG, RecordType, encode_frame


def request_version() -> bytes:
    return encode_frame(RecordType.VERSION, [(tag, b"") for tag in (0x01, 0x02, 0x03, 0x04, 0x08, 0x0A)])


def request_time() -> bytes:
    return encode_frame(RecordType.GET_TIME, [(tag, b"") for tag in (0x01, 0x04, 0x05)])


def request_resend(first: int, last: int) -> bytes:
    """Ask for the passings with these numbers and all between."""
    return encode_frame(
        RecordType.RESEND, [(0x01, first.to_bytes(4, "little")), (0x02, last.to_bytes(4, "little"))]
    )


def encode_passing(passing: P3Passing) -> bytes:
    """Return the record as a decoder sends it; fields that are None are left out."""
    return _encode(
        RecordType.PASSING,
        (0x01, passing.passing_number, 4),
        (0x03, passing.transponder, 4),
        (0x04, passing.rtc_us, 8),
        (0x05, passing.strength, 2),
        (0x06, passing.hits, 2),
        (0x08, passing.flags, 2),
        (DECODER_TAG, passing.decoder, 4),
    )


def encode_status(status: P3Status) -> bytes:
    return _encode(
        RecordType.STATUS,
        (0x01, status.noise, 2),
        (0x07, status.temperature, 2),
        (0x0C, status.supply_decivolt, 1),
        (DECODER_TAG, status.decoder, 4),
    )


def encode_time(*, rtc_us: int, decoder: int) -> bytes:
    """The answer to a time request, as we suppose it: none was ever seen."""
    return _encode(RecordType.GET_TIME, (0x01, rtc_us, 8), (DECODER_TAG, decoder, 4))


def _encode(record_type: int, *values: tuple[int, int | None, int]) -> bytes:
    return encode_frame(record_type, _present(values))


def _present(values: tuple[tuple[int, int | None, int], ...]) -> Iterator[tuple[int, bytes]]:
    for tag, value, length in values:
        if value is not None:
            yield tag, value.to_bytes(length, "little")
