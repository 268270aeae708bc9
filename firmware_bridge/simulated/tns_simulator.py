"""A simulated Timing & Scoring program: it greets, delivers, and repeats whatever is not acknowledged.

It speaks V2 once its greeting is answered with a version, V1 before."""

from collections.abc import Sequence

from firmware_bridge.decoders.tns_messages import (
    END,
    TnsPassing,
    encode_message,
    encode_passing_record,
    encode_store_record,
)


class SimulatedTimingSoftware:
    def __init__(self, *, source: str = "Finish") -> None:
        self._source = source
        self._is_version_2 = False
        self._next_number = 1
        self._unacknowledged: dict[int, bytes] = {}
        self._received = b""

    @property
    def unacknowledged_count(self) -> int:
        return len(self._unacknowledged)

    def greeting(self) -> bytes:
        return encode_message([self._source, "Pong"])

    def ping(self) -> bytes:
        return encode_message([self._source, "Ping"])

    def deliver(self, passings: Sequence[TnsPassing]) -> bytes:
        """Return one message with these passings; it is repeated until acknowledged."""
        number = str(self._next_number)
        if self._is_version_2:
            parts = [self._source, "Passing", *map(encode_passing_record, passings), number]
        else:
            parts = [self._source, "Store", *map(encode_store_record, passings), number]
        message = self._unacknowledged[self._next_number] = encode_message(parts)
        self._next_number += 1
        return message

    def repeat(self) -> bytes:
        """Return all that is not acknowledged, as the program sends it each 10 to 20 s."""
        return b"".join(self._unacknowledged.values())

    def receive(self, data: bytes) -> bytes:
        """Take acknowledgements; return the answers to what is asked."""
        *messages, self._received = (self._received + data).split(END)
        return b"".join(self._answer(message.split(b"@")) for message in messages)

    def _answer(self, parts: list[bytes]) -> bytes:
        match parts:
            case [_, b"AckPong", b"Version2.1", *_]:
                self._is_version_2 = True
            case [_, b"AckStore" | b"AckPassing", number, *_] if number.isdigit():
                self._unacknowledged.pop(int(number), None)
            case [_, b"Ping", *_]:
                return encode_message([self._source, "AckPing"])
        return b""
