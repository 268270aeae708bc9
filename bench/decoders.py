"""How fast the decoders are: `python -m bench.decoders` prints JSON.

MB/s of each decoder over encoded passings, beside two references measured in the same run: a plain loop over
the bytes, and `struct.unpack` of records as long as a P3 passing. A ratio above 1 is faster than that."""

import json
import struct
import sys
from collections.abc import Callable, Iterator
from itertools import count
from statistics import median

from firmware_bridge.decoders import (
    DECODERS,
    Decoder,
    alge,
    amb_text,
    lane_timers,
    p3,
    tns_messages,
)
from firmware_bridge.decoders import (
    p3 as p3_encoder,
)
from firmware_bridge.decoders.beamline import COUNTER_SPAN_US, BeamPassing, encode_beam_passing
from pitboard.clock import SystemClock

STREAM_LENGTH = 1_000_000
RUNS_COUNT = 5
CHUNK_LENGTH = 4096
_RECORD = struct.Struct("<BBHHHHBBIBBIBBQBBHBBHBBHBBIB")


def main() -> None:
    references = {
        "byte loop": throughput(byte_loop, bytes(STREAM_LENGTH)),
        "struct.unpack": throughput(unpack_alone, bytes(STREAM_LENGTH // _RECORD.size * _RECORD.size)),
    }
    decoders: dict[str, dict[str, float]] = {}
    for name, record in RECORDS.items():
        stream = b"".join(stream_of(record))
        rate = throughput(lambda data, name=name: decode(DECODERS[name](), data), stream)  # type: ignore[misc]
        ratios = {f"times {reference}": round(rate / of, 3) for reference, of in references.items()}
        decoders[name] = {"mb_per_s": round(rate, 2), **ratios}
    result = {
        "stream_bytes": STREAM_LENGTH,
        "runs": RUNS_COUNT,
        "references_mb_per_s": {name: round(rate, 2) for name, rate in references.items()},
        "decoders": decoders,
    }
    json.dump(result, sys.stdout, indent=2)
    sys.stdout.write("\n")


def throughput(work: Callable[[bytes], object], data: bytes) -> float:
    """Return the median of several runs, in MB/s."""
    clock = SystemClock()
    rates = []
    for _ in range(RUNS_COUNT):
        started_ns = clock.mono_ns()
        work(data)
        rates.append(len(data) * 1000 / (clock.mono_ns() - started_ns))
    return median(rates)


def byte_loop(data: bytes) -> int:
    total = 0
    for value in data:
        total ^= value
    return total


def unpack_alone(data: bytes) -> int:
    total = 0
    for record in _RECORD.iter_unpack(data):
        total += record[8]
    return total


def decode(decoder: Decoder, data: bytes) -> None:
    for at in range(0, len(data), CHUNK_LENGTH):
        decoder.feed(data[at : at + CHUNK_LENGTH])
    decoder.finish()


def stream_of(record: Callable[[int], bytes]) -> Iterator[bytes]:
    length = 0
    for number in count(1):
        frame = record(number)
        length += len(frame)
        if length > STREAM_LENGTH:
            return
        yield frame


def passing_line(number: int) -> bytes:
    uptime_us = number * 1_234_567
    return encode_beam_passing(
        BeamPassing(
            boot="9f3a01c2",
            seq=number,
            channel=0,
            tick_us=uptime_us % COUNTER_SPAN_US,
            unwrapped_us=uptime_us,
            uptime_s=uptime_us // 1_000_000,
            blocked_us=40_000,
        )
    )


def p3_record(number: int) -> bytes:
    return p3_encoder.encode_passing(
        p3.P3Passing(
            passing_number=number,
            transponder=2906141,
            rtc_us=1_437_769_372_993_000 + number * 1000,
            strength=106,
            hits=50,
            flags=0,
            decoder=135059,
        )
    )


def amb_line(number: int) -> bytes:
    return amb_text.encode_passing(
        amb_text.AmbTextPassing(
            seq=number, transponder=8110984, time_us=number * 3_160_000, hits=127, strength=40, status=2
        )
    )


def alge_line(number: int) -> bytes:
    return alge.encode_impulse(
        alge.AlgeImpulse(
            flag=" ",
            number=number % 10_000,
            channel=f"C{number % 2}",
            manual=False,
            time_of_day_us=number * 1_234_500 % 86_400_000_000,
        )
    )


def heat_line(number: int) -> bytes:
    return lane_timers.encode_result(
        [
            lane_timers.LaneTime(lane=lane, time_us=3_000_000 + (number * lane) % 997 * 1000, place=lane)
            for lane in range(1, 7)
        ]
    )


def tns_message(number: int) -> bytes:
    passing = tns_messages.TnsPassing(
        chip="CS58061",
        time_of_day_us=number * 1_234_000 % 86_400_000_000,
        date="2025-03-08",
        device=3,
        lap=1,
        number=number % 65_536,
    )
    return tns_messages.encode_message(
        ["Finish", "Store", *[tns_messages.encode_store_record(passing)] * 3, str(number)]
    )


RECORDS: dict[str, Callable[[int], bytes]] = {
    "beamline": passing_line,
    "p3": p3_record,
    "amb-text": amb_line,
    "alge": alge_line,
    "fasttrack": heat_line,
    "champ": heat_line,
    "tns": tns_message,
}


if __name__ == "__main__":
    main()
