"""A longer run against the decoders: `python -m tests.firmware_bridge.decoders.fuzz_decoders --seconds 600`.

Recorded stretches are mutated by a seeded generator; what makes a decoder run lines it never ran before, or
report something new, is kept and mutated further. A failing input is printed as hex with its seed."""

import argparse
import random
import sys
import threading
from collections import Counter
from collections.abc import Callable
from itertools import count
from types import FrameType
from typing import Any

from firmware_bridge.decoders import DECODERS
from firmware_bridge.decoders.beamline import frame
from firmware_bridge.decoders.decoder import Damaged, Decoder, Event
from tests.firmware_bridge.decoders.recorded_samples import PROTOCOLS

CORPUS_MAX_COUNT = 2000
INPUT_MAX_LENGTH = 20_000
MARKERS = b"\x8d\x8e\x8f\x01\t\r\n\0$@=|:.x*, 09"
SEPARATORS = {"alge": b"\r", "fasttrack": b"\r", "champ": b"\r", "beamline": b"\n"}
TRIPS = b"".join(frame(b"T,9f3a01c2,%d,0,%d,1,40000" % (seq, seq * 1000)) for seq in range(1, 4))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=int, default=60)
    arguments.add_argument("--seed", type=int, default=0)
    options = arguments.parse_args()
    is_over = threading.Event()
    timer = threading.Timer(options.seconds, is_over.set)
    timer.start()
    try:
        runs = fuzz(seed=options.seed, is_over=is_over.is_set)
    finally:
        timer.cancel()
    for name, number in sorted(runs.items()):
        sys.stdout.write(f"{name}: {number} inputs, no failure\n")


def fuzz(*, seed: int, is_over: Callable[[], bool]) -> Counter[str]:
    """Try inputs for all protocols in turn until it is over; return how many each got. A failure raises."""
    runs: Counter[str] = Counter()
    corpora = {name: [PROTOCOLS[name].stretch if name in PROTOCOLS else TRIPS] for name in DECODERS}
    known: dict[str, set[object]] = {name: set() for name in DECODERS}
    for number in count():
        for name, corpus in corpora.items():
            if is_over():
                return runs
            chance = random.Random(f"{seed}/{number}/{name}")
            data = mutate(chance, chance.choice(corpus), corpus)
            try:
                traits = try_input(name, data, chance)
            except BaseException:
                sys.stdout.write(f"{name} failed with seed {seed}, input {number}: {data.hex()}\n")
                raise
            runs[name] += 1
            if not traits <= known[name] and len(corpus) < CORPUS_MAX_COUNT:
                known[name] |= traits
                corpus.append(data)
    return runs


def mutate(chance: random.Random, data: bytes, corpus: list[bytes]) -> bytes:
    mutated = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        at = chance.randint(0, len(mutated))
        end = min(len(mutated), at + chance.randint(0, 40))
        match chance.randrange(6):
            case 0:
                mutated[at:at] = chance.randbytes(chance.randint(1, 12))
            case 1:
                del mutated[at:end]
            case 2:
                mutated[at:at] = bytes([chance.choice(MARKERS)]) * chance.choice([1, 1, 1, 2, 500, 5000])
            case 3:
                mutated[at:at] = chance.choice(corpus)[:2000]
            case 4:
                mutated[at:at] = mutated[at:end] * chance.randint(1, 5)
            case 5 if at < len(mutated):
                mutated[at] ^= 1 << chance.randrange(8)
    return bytes(mutated[:INPUT_MAX_LENGTH])


def try_input(name: str, data: bytes, chance: random.Random) -> set[object]:
    """Return what the input made the decoder do. Raises AssertionError where a promise is broken."""
    good = PROTOCOLS[name].good_frame if name in PROTOCOLS else b""
    stream = data + SEPARATORS.get(name, b"") + good
    lines: set[object] = set()
    sys.settrace(_tracer(lines))
    try:
        whole = DECODERS[name]()
        events = run(whole, stream, step=max(1, len(stream)))
    finally:
        sys.settrace(None)
    cut = DECODERS[name]()
    assert run(cut, stream, step=chance.randint(1, 60)) == events, "events depend on the cuts"
    assert cut.counters == whole.counters
    damaged = [event for event in events if isinstance(event, Damaged)]
    assert whole.counters.frames_damaged == len(damaged)
    assert whole.counters.bytes_skipped == sum(event.length for event in damaged) <= len(stream)
    if good:
        assert PROTOCOLS[name].good_event in events, "the good frame after the garbage is not decoded"
    return lines | {event.reason.translate(_WITHOUT_DIGITS) for event in damaged}


_WITHOUT_DIGITS = str.maketrans("", "", "0123456789")


def run(decoder: Decoder, stream: bytes, *, step: int) -> list[Event]:
    events: list[Event] = []
    for at in range(0, len(stream), step):
        events += decoder.feed(stream[at : at + step])
    return events + decoder.finish()


def _tracer(lines: set[object]) -> Callable[[FrameType, str, Any], Any]:
    def trace(call: FrameType, kind: str, _: Any) -> Any:
        if "decoders" not in call.f_code.co_filename:
            return None
        if kind == "line":
            lines.add((call.f_code.co_filename, call.f_lineno))
        return trace

    return trace


if __name__ == "__main__":
    main()
