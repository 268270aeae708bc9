"""A simulated P3 decoder: bytes in, bytes out, for a test over a real socket or pseudo-terminal.

It numbers passings, remembers them and answers requests (version, time, resend) as we suppose they do."""

from firmware_bridge.decoders.p3 import (
    P3Passing,
    P3Status,
    P3Version,
    encode_passing,
    encode_status,
    encode_time,
    encode_version,
)
from firmware_bridge.decoders.p3_frame import END, START, RecordType, fields, read_frame, unescape

REMEMBERED_MAX_COUNT = 10_000


class SimulatedP3:
    def __init__(self, *, decoder: int = 135059, first_passing_number: int = 1) -> None:
        self._decoder = decoder
        self._next_number = first_passing_number
        self._passings: dict[int, bytes] = {}
        self._received = b""
        self.rtc_us = 0

    def passing(self, *, transponder: int, rtc_us: int, strength: int = 100, hits: int = 40) -> bytes:
        """Return the record of one car's passing; it can be asked for again."""
        self.rtc_us = rtc_us
        record = encode_passing(
            P3Passing(
                passing_number=self._next_number,
                transponder=transponder,
                rtc_us=rtc_us,
                strength=strength,
                hits=hits,
                flags=0,
                decoder=self._decoder,
            )
        )
        self._passings[self._next_number] = record
        self._passings.pop(self._next_number - REMEMBERED_MAX_COUNT, None)
        self._next_number += 1
        return record

    def status(self, *, noise: int = 40, temperature: int = 22, supply_decivolt: int = 119) -> bytes:
        return encode_status(
            P3Status(
                noise=noise, temperature=temperature, supply_decivolt=supply_decivolt, decoder=self._decoder
            )
        )

    def restart(self) -> None:
        """Lose all passings and count from 1 again, as after a power cut."""
        self._passings.clear()
        self._next_number = 1

    def receive(self, data: bytes) -> bytes:
        """Return the answers to the requests that these bytes complete; what is no request is ignored."""
        *requests, self._received = (self._received + data).split(bytes([END]))
        return b"".join(self._answer(request + bytes([END])) for request in requests)

    def _answer(self, request: bytes) -> bytes:
        frame = unescape(request[max(0, request.rfind(START)) :])
        record_type, body, _ = read_frame(frame, accept_unchecked=False)
        if record_type == RecordType.GET_TIME:
            return encode_time(rtc_us=self.rtc_us, decoder=self._decoder)
        if record_type == RecordType.VERSION:
            said = P3Version(
                model=None, text=None, version="4.2", release="1.0", build="1071", decoder=self._decoder
            )
            return encode_version(said, model=0x13)
        if record_type == RecordType.RESEND:
            bounds = fields(body)
            first, last = bounds.get(0x01, 0), bounds.get(0x02, 0)
            return b"".join(record for number, record in self._passings.items() if first <= number <= last)
        return b""
