"""Lines of our sensor protocol as bytes, and what a device reads from its host.

The bridge writes the host's lines with it; the simulated sensor writes the device's."""

from __future__ import annotations

import re
from dataclasses import dataclass

from firmware_bridge.decoders.beamline import Heartbeat, Hello, Trip, checksum

PROTOCOL_VERSION = 1
HOST_LINE_MAX_BYTES = 64
_ACKNOWLEDGEMENT = re.compile(rb"A,([0-9a-f]{8}),(\d{1,10})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """The host has every trip of that device start up to `seq`."""

    boot: str
    seq: int


@dataclass(frozen=True, slots=True)
class Identify:
    """The host asks who we are."""


def frame(body: bytes) -> bytes:
    """Return the body with its checksum and line end."""
    return b"%s*%s\n" % (body, checksum(body))


IDENTIFY = frame(b"?")


def encode_trip(trip: Trip) -> bytes:
    fields = f"T,{trip.boot},{trip.seq},{trip.channel},{trip.tick_us},{trip.uptime_s},{trip.blocked_us}"
    return frame(fields.encode())


def encode_heartbeat(beat: Heartbeat) -> bytes:
    return frame(
        f"H,{beat.boot},{beat.last_seq},{beat.oldest_seq},{beat.tick_us},{beat.uptime_s},"
        f"{beat.levels:X},{beat.overruns}".encode()
    )


def encode_hello(hello: Hello) -> bytes:
    return frame(f"I,{hello.boot},{hello.protocol},{hello.firmware},{hello.device}".encode())


def encode_acknowledgement(acknowledgement: Acknowledgement) -> bytes:
    return frame(f"A,{acknowledgement.boot},{acknowledgement.seq}".encode())


class HostLineReader:
    """The device's side of the line: bytes of the host in, what they ask out; damaged lines are ignored."""

    def __init__(self) -> None:
        self._partial = b""

    def feed(self, data: bytes) -> list[Acknowledgement | Identify]:
        *lines, rest = (self._partial + data).split(b"\n")
        self._partial = rest[-HOST_LINE_MAX_BYTES:]
        return [request for line in lines if (request := _parse_host_line(line)) is not None]


def _parse_host_line(line: bytes) -> Acknowledgement | Identify | None:
    body, star, digits = line.rpartition(b"*")
    if not star or checksum(body) != digits:
        return None
    if body == b"?":
        return Identify()
    if match := _ACKNOWLEDGEMENT.fullmatch(body):
        return Acknowledgement(boot=match[1].decode(), seq=int(match[2]))
    return None
