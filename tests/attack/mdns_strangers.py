"""Strangers who announce by mDNS, on loopback, and never end by themselves."""

from __future__ import annotations

import asyncio
import secrets
import socket
import struct
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

from zeroconf import DNSAddress, DNSOutgoing, DNSPointer, DNSService, DNSText  # type: ignore[attr-defined]
from zeroconf.const import (
    _CLASS_IN,
    _CLASS_UNIQUE,
    _FLAGS_AA,
    _FLAGS_QR_RESPONSE,
    _TYPE_A,
    _TYPE_PTR,
    _TYPE_SRV,
    _TYPE_TXT,
)

from pitboard.presence.venue_addresses import LOOPBACK
from pitboard.presence.venue_mdns import DISPLAY_SERVICE, UNIT_SERVICE, label_of

GROUP = ("224.0.0.251", 5353)
STRANGER_ADDRESS = "127.0.0.66"
"""He has a machine of his own."""
AGAIN_S = TOLD_EVERY_S = 1.0
SILENT_COUNT = 60
COPIES_COUNT = 16
NAMES_COUNT = 20_000
NAMES_PER_S = 2_000


def text_record(entries: dict[str, bytes]) -> bytes:
    pairs = [key.encode() + b"=" + value for key, value in entries.items()]
    return b"".join(bytes([len(pair)]) + pair for pair in pairs)


class Stranger:
    """Sends whatever it likes to everybody."""

    def __init__(self, source: str = LOOPBACK) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(LOOPBACK))
        self._socket.bind((source, 0))

    def announce(
        self,
        name: str,
        entries: dict[str, bytes],
        *,
        service: str = UNIT_SERVICE,
        address: str = "203.0.113.9",
        port: int = 9,
        ttl: int = 4_500,
    ) -> None:
        """Announce a node, each record with the cache-flush bit."""
        unique = _CLASS_IN | _CLASS_UNIQUE
        out = DNSOutgoing(_FLAGS_QR_RESPONSE | _FLAGS_AA)
        server = f"{name.partition('.')[0]}.local."
        out.add_answer_at_time(DNSPointer(service, _TYPE_PTR, _CLASS_IN, ttl, name), 0)
        out.add_answer_at_time(DNSService(name, _TYPE_SRV, unique, ttl, 0, 0, port, server), 0)
        out.add_answer_at_time(DNSText(name, _TYPE_TXT, unique, ttl, text_record(entries)), 0)
        out.add_answer_at_time(DNSAddress(server, _TYPE_A, unique, ttl, socket.inet_aton(address)), 0)
        for packet in out.packets():
            self._socket.sendto(packet, GROUP)

    def close(self) -> None:
        self._socket.close()


def listen_to_all() -> socket.socket:
    """Return a socket that hears what everybody sends to everybody."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.setblocking(False)
    listener.bind(GROUP)
    member = struct.pack("4s4s", socket.inet_aton(GROUP[0]), socket.inet_aton(LOOPBACK))
    listener.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    return listener


@dataclass
class Prey:
    """Whom they are after: the event's key, the unit's, and a port of theirs where nobody answers."""

    event: str
    unit: str
    silent_port: int
    tries: int = 0
    stranger: Stranger = field(default_factory=lambda: Stranger(STRANGER_ADDRESS))

    @property
    def unit_name(self) -> str:
        return f"{label_of(self.unit)}.{UNIT_SERVICE}"

    def claims(self, key: str, unit: str = "Track A") -> dict[str, bytes]:
        return {"event": self.event.encode(), "unit": unit.encode(), "key": key.encode()}

    def say(self, name: str, claims: dict[str, bytes], *, address: str, service: str = UNIT_SERVICE) -> None:
        self.tries += 1
        self.stranger.announce(name, claims, service=service, address=address, port=self.silent_port)


Announcing = Callable[[Prey], AsyncIterator[None]]
"""Says a part of it at each step; the caller lets others run between two."""


async def silent_adverts(prey: Prey) -> AsyncIterator[None]:
    """Sixty units of the event that take a connection and never say a word."""
    keys = [secrets.token_hex(32) for _ in range(SILENT_COUNT)]
    while True:
        for number, key in enumerate(keys):
            prey.say(f"{label_of(key)}.{UNIT_SERVICE}", prey.claims(key), address=f"127.0.1.{number + 1}")
            yield
        await asyncio.sleep(AGAIN_S)


async def flushed_names(prey: Prey) -> AsyncIterator[None]:
    """The true unit's name, at another address, with the word to forget all others."""
    while True:
        prey.say(prey.unit_name, prey.claims(prey.unit), address="127.0.2.1")
        await asyncio.sleep(0.05)
        yield


async def denied_probes(prey: Prey) -> AsyncIterator[None]:
    """Whatever anybody says, the unit's name is somebody else's."""
    loop = asyncio.get_running_loop()
    with listen_to_all() as listener:
        while True:
            await loop.sock_recv(listener, 9_000)
            prey.say(prey.unit_name, {}, address="127.0.2.2")
            await asyncio.sleep(0.01)  # its own words come back too
            yield


async def copied_keys(prey: Prey) -> AsyncIterator[None]:
    """Sixteen adverts that repeat the true unit's key."""
    while True:
        for number in range(COPIES_COUNT):
            name = f"pb-copy{number}.{UNIT_SERVICE}"
            prey.say(name, prey.claims(prey.unit), address=f"127.0.3.{number + 1}")
            yield
        await asyncio.sleep(AGAIN_S)


async def leading_names(prey: Prey) -> AsyncIterator[None]:
    """Displays whose names come before all others."""
    while True:
        for number in range(SILENT_COUNT):
            claims = prey.claims(secrets.token_hex(32)) | {"name": b"A" * 40}
            name = f"AAA{number:03}.{DISPLAY_SERVICE}"
            prey.say(name, claims, service=DISPLAY_SERVICE, address=f"127.0.4.{number + 1}")
            yield
        await asyncio.sleep(AGAIN_S)


async def many_names(prey: Prey) -> AsyncIterator[None]:
    """Twenty thousand names, one after the other."""
    while True:
        for number in range(NAMES_COUNT):
            address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
            prey.say(f"B{number:05}.{UNIT_SERVICE}", prey.claims(prey.event, "B" * 150), address=address)
            if number % 20 == 19:
                await asyncio.sleep(20 / NAMES_PER_S)
            yield


MDNS_ATTACKS: dict[str, Announcing] = {
    attack.__name__: attack
    for attack in (
        silent_adverts,
        flushed_names,
        denied_probes,
        copied_keys,
        leading_names,
        many_names,
    )
}


async def take_and_say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


def tell(path: str, tries: int) -> None:
    """Write how often they did it, once they did at all; whoever reads it meets no half of it."""
    if tries:
        fresh = Path(f"{path}.fresh")
        fresh.write_text(str(tries))
        fresh.replace(path)


async def announce_for_ever(attack: str, *, event: str, unit: str, tries: str) -> None:
    """Carry out the attack until cancelled, and say in the file how often."""
    async with await asyncio.start_server(take_and_say_nothing, "0.0.0.0", 0) as server:
        prey = Prey(event, unit, server.sockets[0].getsockname()[1])
        told_s = 0.0
        async for _ in MDNS_ATTACKS[attack](prey):
            if (now_s := asyncio.get_running_loop().time()) > told_s + TOLD_EVERY_S:
                told_s = now_s
                tell(tries, prey.tries)
            await asyncio.sleep(0)
