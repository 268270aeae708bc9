"""Strangers at a door of ours: each holds or asks as much as the door lets them, from many addresses at once.

They speak just enough HTTP to be a burden, over TLS where the door has it, and never end by themselves."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import hashlib
import itertools
import secrets
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import msgspec

from pitboard.doors.door_proof import CHALLENGE_HEADER, PROOF_HEADER, prove_at_door
from pitboard.doors.session import client_context
from pitboard.journal.records.record import to_wire, write_record
from pitboard.trust.identity import Identity
from tests.race_story import UNIT_A, Teller

CONNECT_MAX_S = 5.0
PAUSE_S = 0.02
DEAF_CALLS_COUNT = 3
DEAF_S = 10.0
LARGE_COUNT, LARGE_TEXT = 60, "x" * 15_000
"""Records of a call and what each holds: nearly the megabyte that a call may bring."""


@dataclass
class Target:
    """A door, and the addresses of this machine that strangers come from."""

    port: int
    is_tls: bool = True
    host: str = "127.0.0.1"
    sources: tuple[str, ...] = ("127.0.0.2", "127.0.0.3")
    tries: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._next = itertools.cycle(self.sources)
        self._context = client_context() if self.is_tls else None

    @contextlib.asynccontextmanager
    async def connected(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        context: ssl.SSLContext | None = self._context
        async with asyncio.timeout(CONNECT_MAX_S):
            reader, writer = await asyncio.open_connection(
                self.host, self.port, ssl=context, local_addr=(next(self._next), 0)
            )
        try:
            yield reader, writer
        finally:
            writer.transport.abort()

    def count(self, name: str) -> None:
        self.tries[name] = self.tries.get(name, 0) + 1


Attack = Callable[[Target], Awaitable[None]]


def request(
    path: str, body: bytes = b"", *, method: str = "POST", length: int | None = None, header: str = ""
) -> bytes:
    length = len(body) if length is None else length
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n{header}\r\n"
    return head.encode() + body


async def read_answer(reader: asyncio.StreamReader) -> int:
    """Return the status of an answer that says how long it is."""
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    length = next((int(line[15:]) for line in lines if line.lower().startswith("content-length:")), 0)
    await reader.readexactly(length)
    return int(lines[0].split()[1])


async def silent_connections(target: Target) -> None:
    """Connect and say nothing."""
    async with target.connected() as (reader, _):
        target.count("silent")
        await reader.read(1)


async def heads_without_end(target: Target) -> None:
    """Send a head a byte at a time."""
    async with target.connected() as (_, writer):
        target.count("slow head")
        writer.write(b"GET /v1/health HTTP/1.1\r\nHost: ")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(1)


async def bodies_without_end(target: Target) -> None:
    """Promise a large body and bring a byte at a time."""
    async with target.connected() as (_, writer):
        target.count("slow body")
        writer.write(request("/v1/sync", length=1_000_000))
        while True:
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(1)


async def long_polls(target: Target) -> None:
    """Wait for news in every place there is."""
    body = b'{"have":{},"wait_ms":10000,"nonce":"00000000000000000000000000000000"}'
    async with target.connected() as (reader, writer):
        while True:
            target.count("long poll")
            writer.write(request("/v1/sync", body))
            await read_answer(reader)
            await asyncio.sleep(PAUSE_S)


@functools.cache
def _large_have() -> bytes:
    streams = {secrets.token_hex(16): 1 for _ in range(22_000)}
    return msgspec.json.encode({"have": streams, "wait_ms": 10_000})


@functools.cache
def _badly_signed() -> bytes:
    good, bad = Identity.from_seed(secrets.token_bytes(32)), Identity.from_seed(secrets.token_bytes(32))
    wires = []
    for _ in range(100):
        record = write_record(
            bad,
            stream=secrets.token_hex(16),
            seq=1,
            previous="0" * 64,
            stamp=1,
            kind="stream-opened",
            body={"key": good.key, "name": "x", "boot_id": "x"},
        )
        wires.append(to_wire(record))
    return msgspec.json.encode({"records": wires})


async def large_haves(target: Target) -> None:
    """Claim to have thousands of streams that nobody knows."""
    body = _large_have()
    async with target.connected() as (reader, writer):
        while True:
            target.count("large have")
            writer.write(request("/v1/sync", body))
            await writer.drain()
            await read_answer(reader)
            await asyncio.sleep(PAUSE_S)


async def bad_signatures(target: Target) -> None:
    """Bring batches of records whose signatures take their time to be checked, and do not hold."""
    body = _badly_signed()
    async with target.connected() as (reader, writer):
        while True:
            target.count("bad signatures")
            writer.write(request("/v1/sync", body))
            await writer.drain()
            await read_answer(reader)
            await asyncio.sleep(PAUSE_S)


async def calls_without_end(target: Target) -> None:
    """Ask for everything, again and again."""
    async with target.connected() as (reader, writer):
        while True:
            target.count("calls")
            writer.write(request("/v1/sync", b'{"have":{}}'))
            await read_answer(reader)
            await asyncio.sleep(PAUSE_S)


async def rubbish(target: Target) -> None:
    """Send what is neither HTTP nor UTF-8."""
    async with target.connected() as (reader, writer):
        target.count("rubbish")
        writer.write(request("/v1/sync", secrets.token_bytes(500)))
        await read_answer(reader)
        writer.write(secrets.token_bytes(2_000))
        await reader.read(1_000)
        await asyncio.sleep(PAUSE_S)


async def deaf_callers(target: Target) -> None:
    """Ask for everything, and read nothing of what comes."""
    async with target.connected() as (_, writer):
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        for _ in range(DEAF_CALLS_COUNT):
            target.count("deaf call")
            writer.write(request("/v1/sync", b'{"have":{}}'))
            await asyncio.sleep(PAUSE_S)
        await asyncio.sleep(DEAF_S)


EXCHANGE_ATTACKS: tuple[Attack, ...] = (
    silent_connections,
    heads_without_end,
    bodies_without_end,
    long_polls,
    large_haves,
    bad_signatures,
    calls_without_end,
    rubbish,
    deaf_callers,
)


async def records_within_its_right(target: Target) -> None:
    """Bring, as a unit of the event, records of a stream of its own as fast as they are taken."""
    unit = Teller(UNIT_A, "Track A")
    async with target.connected() as (reader, writer):
        writer.write(request("/v1/sync", b"{}"))
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        await reader.readexactly(int(_said(head, "Content-Length")))
        tls = writer.get_extra_info("ssl_object")
        fingerprint = hashlib.sha256(tls.getpeercert(binary_form=True)).hexdigest()
        proof = prove_at_door(UNIT_A, _said(head, CHALLENGE_HEADER), fingerprint)
        while True:
            unit.records += [unit.writer.write("large", {"text": LARGE_TEXT}) for _ in range(LARGE_COUNT)]
            body = msgspec.json.encode({"records": [to_wire(one) for one in unit.records]})
            unit.records.clear()
            target.count("records in its right")
            writer.write(request("/v1/sync", body, header=f"{PROOF_HEADER}: {proof}\r\n"))
            await writer.drain()
            await read_answer(reader)


def _said(head: str, name: str) -> str:
    """Return what the head says under this name."""
    return next(
        line.partition(": ")[2] for line in head.split("\r\n") if line.lower().startswith(name.lower())
    )


async def searches_without_end(target: Target) -> None:
    """Search for another name each time."""
    async with target.connected() as (reader, writer):
        while True:
            target.count("search")
            writer.write(request(f"/api/v1/search?q={secrets.token_hex(2)}", method="GET"))
            await read_answer(reader)


async def icons_without_end(target: Target) -> None:
    """Ask for a file that costs nothing, as often as the line carries it."""
    async with target.connected() as (reader, writer):
        while True:
            target.count("icon")
            writer.write(request("/icon.svg", method="GET"))
            await read_answer(reader)


async def live_streams(target: Target) -> None:
    """Follow the board, and take what comes."""
    async with target.connected() as (reader, writer):
        target.count("live")
        writer.write(request("/api/v1/live", method="GET"))
        while await reader.read(4_096):
            pass


PUBLIC_ATTACKS: tuple[Attack, ...] = (searches_without_end, icons_without_end, live_streams)
ATTACKS: dict[str, Attack] = {
    attack.__name__: attack for attack in (*EXCHANGE_ATTACKS, *PUBLIC_ATTACKS, records_within_its_right)
}


async def persist(attack: Attack, target: Target) -> None:
    """Carry out the attack for ever, whatever the door does about it."""
    while True:
        with contextlib.suppress(OSError, EOFError, TimeoutError, ssl.SSLError, asyncio.LimitOverrunError):
            await attack(target)
        await asyncio.sleep(PAUSE_S)


@contextlib.asynccontextmanager
async def besieged(attack: Attack, target: Target, *, count: int) -> AsyncIterator[None]:
    """Let `count` strangers carry out the attack until the context ends."""
    tasks = [asyncio.create_task(persist(attack, target)) for _ in range(count)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
