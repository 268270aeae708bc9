"""Find out what is plugged into a serial port, by listening and by asking what is harmless to ask.

Many boards start anew when their port is opened, so it listens for two seconds first. A device that cannot be
asked (ALGE, or one set to a speed that is not tried) stays unknown: nothing is guessed."""

from __future__ import annotations

import re
import termios
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
import serial

from firmware_bridge.decoders import DECODERS
from firmware_bridge.decoders.beamline import IDENTIFY
from firmware_bridge.decoders.lane_timers import CHAMP_BANNER, FASTTRACK_BANNER
from firmware_bridge.decoders.p3 import request_version
from firmware_bridge.lines.serial_port import SerialSetting, close_device, failed, open_device, open_trouble
from pitboard.clock import Clock

SETTLE_MS = 2_000
PROBE_MS = 500
DRAIN_MS = 100
READ_PAUSE_S = 0.02
READ_MAX_BYTES = 4096
LISTEN_BAUD = 115_200
# Whose lines are told from noise by a checksum, so that one good one is proof.
CHECKED_KINDS = ("beamline", "p3", "amb-text")


class PortFinding(msgspec.Struct, frozen=True, kw_only=True):
    """What a port is known to hold; `kind` is None where nothing made itself known.

    `by_path` says where it is plugged in, `name_trouble` is a sentence where the name may become another's.
    """

    port: str
    kind: str | None
    baud: int | None
    detail: str
    by_path: str = ""
    name_trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One question at one speed, and the kind whose answer fits."""

    kind: str
    baud: int
    question: bytes
    answer: re.Pattern[bytes] | None = None  # None: a good line of the kind's decoder


PROBES = (
    # First, since a lane timer takes letters two by two: those of another question would put it out of step.
    Probe(kind="fasttrack", baud=9_600, question=b"RV", answer=FASTTRACK_BANNER),
    Probe(kind="champ", baud=9_600, question=b"\rv\r", answer=CHAMP_BANNER),
    Probe(kind="beamline", baud=115_200, question=IDENTIFY),
    Probe(kind="p3", baud=115_200, question=request_version()),
    *(Probe(kind="p3", baud=baud, question=request_version()) for baud in (9_600, 19_200, 38_400, 57_600)),
)


def probe_port(
    path: Path, clock: Clock, *, settle_ms: int = SETTLE_MS, probe_ms: int = PROBE_MS
) -> PortFinding:
    """Return what is at the port; an error in a sentence, never raised. Takes some seconds."""
    try:
        device = open_device(path, SerialSetting(baud=LISTEN_BAUD))
    except (OSError, ValueError, termios.error) as error:
        return PortFinding(port=str(path), kind=None, baud=None, detail=open_trouble(error, path).reason)
    try:
        return _probe(path, device, clock, settle_ms=settle_ms, probe_ms=probe_ms)
    except (OSError, termios.error) as error:
        return PortFinding(port=str(path), kind=None, baud=None, detail=failed(error).reason)
    finally:
        close_device(device)


def _probe(path: Path, device: serial.Serial, clock: Clock, *, settle_ms: int, probe_ms: int) -> PortFinding:
    device.timeout = READ_PAUSE_S
    heard = _listen(device, clock, settle_ms, lambda data: _kind_of(data) is not None)
    if kind := _kind_of(heard):
        return PortFinding(port=str(path), kind=kind, baud=LISTEN_BAUD, detail="heard without asking")
    heard_count = len(heard)
    for probe in PROBES:
        if device.baudrate != probe.baud:
            device.baudrate = probe.baud
            heard_count += len(_listen(device, clock, DRAIN_MS, lambda _: False))
        device.write(probe.question)
        answer = _listen(device, clock, probe_ms, lambda data, probe=probe: _fits(data, probe))  # type: ignore[misc]
        heard_count += len(answer)
        if _fits(answer, probe):
            return PortFinding(port=str(path), kind=probe.kind, baud=probe.baud, detail=_words(answer, probe))
        if kind := _kind_of(answer):
            return PortFinding(port=str(path), kind=kind, baud=probe.baud, detail="heard without asking")
    if heard_count:
        detail = f"{heard_count} bytes that fit no device we can ask; is it an ALGE timer, or another speed?"
    else:
        detail = "nothing answers; an ALGE timer would not, give it an impulse with the bridge running"
    return PortFinding(port=str(path), kind=None, baud=None, detail=detail)


def _listen(device: serial.Serial, clock: Clock, for_ms: int, is_enough: Callable[[bytes], bool]) -> bytes:
    until_mono_ns = clock.mono_ns() + for_ms * 1_000_000
    heard = b""
    while clock.mono_ns() < until_mono_ns and not (heard and is_enough(heard)):
        heard = (heard + device.read(READ_MAX_BYTES))[-READ_MAX_BYTES:]
    return heard


def _kind_of(data: bytes) -> str | None:
    """Return the kind that these bytes prove."""
    return next((kind for kind in CHECKED_KINDS if _good_count(kind, data)), None)


def _good_count(kind: str, data: bytes) -> int:
    decoder = DECODERS[kind]()
    decoder.feed(data)
    return decoder.counters.frames_good


def _fits(data: bytes, probe: Probe) -> bool:
    if probe.answer is not None:
        return probe.answer.search(data) is not None
    return _good_count(probe.kind, data) > 0


def _words(answer: bytes, probe: Probe) -> str:
    if probe.answer is None:
        return "answers"
    lines = [line.decode("ascii", "replace").strip() for line in answer.splitlines()]
    return "answers: " + next(line for line in lines if probe.answer.search(line.encode()))
