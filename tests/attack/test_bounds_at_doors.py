"""What strangers may hold and ask at our doors, at the real bounds and on real sockets: up to the bound it is
taken, one beyond is refused or cut, and an enrolled node gets through all the same."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from aiohttp import web

from display.following.display_presence import STATUS_LIMITS
from display.node import peer_at
from pitboard.clock import SystemClock
from pitboard.doors import caller
from pitboard.doors.bounded_listener import (
    HEAD_MAX_S,
    IDLE_MAX_S,
    KNOWN_HOST_CONNECTIONS_MAX_COUNT,
    SWEEP_EVERY_S,
)
from pitboard.doors.caller import DOOR, REQUEST_MAX_BYTES, Caller, Door
from pitboard.doors.door_limits import DoorLimits, Rate, TokenBuckets
from pitboard.doors.door_proof import CHALLENGE_HEADER, NO_CERTIFICATE, PROOF_HEADER, prove_at_door
from pitboard.doors.fair_room import FairRoom
from pitboard.doors.http_api import json_response, new_app, serve_tcp
from pitboard.doors.session import ANY_CERTIFICATE
from pitboard.doors.turnstile import Turnstile
from pitboard.errors import CallRefused
from pitboard.journal.records.record import (
    BODY_MAX_BYTES,
    HEADER_MAX_BYTES,
    NO_PREVIOUS,
    Header,
    WireRecord,
    to_wire,
)
from pitboard.journal.replica import BATCH_MAX_COUNT, Replica
from pitboard.journal.taking_in import Acceptance
from pitboard.trust.certificate import Certificate
from pitboard.trust.identity import Identity
from sync.central.admin.desk.desk_door import DESK_LIMITS
from sync.central.ingest.ingest_app import INGEST_LIMITS
from sync.central.metrics.metrics_door import METRICS_LIMITS
from sync.central.public.public_app import SPARE_CONNECTIONS_COUNT, public_limits
from sync.exchanging import exchange_api
from sync.exchanging.exchange import SyncRequest, accept_wire, answer
from sync.exchanging.exchange_api import (
    DELIVERIES_MAX_COUNT,
    SLICE_MAX_COUNT,
    WAITING_MAX_COUNT,
    ExchangeApi,
    doorkeeper_of,
)
from tests.leaping_loop import LeapingLoop, run_leaping
from tests.race_story import ROOT, STRANGER, UNIT_A, UNIT_B, Teller, central_enrols
from trackside.unit import LAN_LIMITS
from venue.first_boot.welcome_door import WELCOME_LIMITS

SECOND_NS = 1_000_000_000
UNPROXIED = replace(INGEST_LIMITS, trusted_proxies=())


class Visitor:
    """One connection of somebody at the door; everything is said and heard as bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.headers: dict[str, str] = {}

    async def ask(
        self, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        self.say(path, body, headers)
        return await self.hear()

    def say(self, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        method = "POST" if body else "GET"
        told = {"Host": "x", "Content-Length": str(len(body)), **(headers or {})}
        lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        self.writer.write(f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body)

    async def hear(self) -> tuple[int, bytes]:
        async with asyncio.timeout(20):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
            self.headers = dict(re.findall(r"(?m)^([\w-]+): (.*)\r$", head))
            body = await self.reader.readexactly(int(self.headers.get("Content-Length", "0")))
        return int(head.split()[1]), body

    async def is_cut(self) -> bool:
        """Whether the door ends the connection now, without a word."""
        try:
            async with asyncio.timeout(5):
                return await self.reader.read(1) == b""
        except ConnectionError:
            return True

    @property
    def is_open(self) -> bool:
        return not self.reader.at_eof() and self.reader.exception() is None

    async def prove(self, identity: Identity) -> dict[str, str]:
        """Return the header that shows whose connection this is."""
        await self.ask("/v1/health")
        return {PROOF_HEADER: prove_at_door(identity, self.headers[CHALLENGE_HEADER], NO_CERTIFICATE)}

    def leave(self) -> None:
        self.writer.transport.abort()


Visit = Callable[..., Awaitable[Visitor]]


@asynccontextmanager
async def visits(port: int) -> AsyncIterator[Visit]:
    """Yield how to come to the door, from the last number of an address of this machine."""
    came: list[Visitor] = []

    async def visit(host: int = 2, net: int = 0) -> Visitor:
        address = (f"127.0.{net}.{host}", 0)
        visitor = Visitor(*await asyncio.open_connection("127.0.0.1", port, local_addr=address))
        came.append(visitor)
        return visitor

    try:
        yield visit
    finally:
        for visitor in came:
            visitor.leave()
        await asyncio.sleep(0)


@asynccontextmanager
async def unit_door(folder: Path, limits: DoorLimits = LAN_LIMITS) -> AsyncIterator[tuple[Replica, Visit]]:
    """A unit's own exchange behind its own limits, plainly, so that hundreds come quickly."""
    clock = SystemClock()
    async with Replica.open(folder / "j.db", root_key=ROOT.key, clock=clock) as replica:
        await replica.accept(central_enrols(UNIT_A, UNIT_B).records)
        app = new_app(limits, doorkeeper_of(replica, clock, fingerprint=None))
        ExchangeApi(replica, UNIT_B).add_to(app)
        app.router.add_get("/v1/health", healthy)
        async with serve_tcp(app, "127.0.0.1", 0, limits=limits) as port, visits(port) as visit:
            yield replica, visit


async def healthy(request: web.Request) -> web.Response:
    return json_response({})


def call(**fields: object) -> bytes:
    return msgspec.json.encode(SyncRequest(**fields))  # type: ignore[arg-type]


def a_record(identity: Identity, stream: str, body: bytes, *, blanks: int = 0) -> WireRecord:
    """The first record of a stream, its header with so many bytes of white space."""
    header = Header(
        stream=stream,
        seq=1,
        previous=NO_PREVIOUS,
        stamp=1,
        kind="stream-opened",
        body=hashlib.sha256(body).hexdigest(),
    )
    header_bytes = msgspec.json.encode(header).replace(b"{", b"{" + b" " * blanks, 1)
    return WireRecord(h=header_bytes.decode(), s=identity.sign(header_bytes).hex(), b=body.decode())


def opening(identity: Identity, size: int) -> bytes:
    bare = msgspec.json.encode({"key": identity.key, "name": "B", "boot_id": "b", "earlier": {}, "x": ""})
    return bare.replace(b'"x":""', b'"x":"' + b"y" * (size - len(bare)) + b'"')


def test_a_header_of_1_kib_and_a_body_of_16_are_taken_and_a_byte_more_is_not(tmp_path: Path) -> None:
    async def story() -> None:
        async with unit_door(tmp_path) as (replica, visit):
            bare = len(a_record(UNIT_A, "0" * 32, b"{}").h)
            fits, beyond = HEADER_MAX_BYTES - bare, HEADER_MAX_BYTES - bare + 1
            records = [
                a_record(UNIT_A, "1" * 32, opening(UNIT_A, BODY_MAX_BYTES)),
                a_record(UNIT_A, "2" * 32, opening(UNIT_A, BODY_MAX_BYTES + 1)),
                a_record(UNIT_A, "3" * 32, opening(UNIT_A, 300), blanks=fits),
                a_record(UNIT_A, "4" * 32, opening(UNIT_A, 300), blanks=beyond),
                a_record(UNIT_A, "5" * 32, opening(UNIT_A, 300)),
            ]
            assert len(records[2].h) == 1_024
            assert len(records[3].h) == 1_025
            assert (await (await visit()).ask("/v1/sync", call(records=records)))[0] == 200
            assert {stream[0] for stream in replica.have() if len(set(stream)) == 1} == {"1", "3", "5"}

    asyncio.run(story())


def test_a_request_of_1_mib_is_read_and_a_byte_more_is_not(tmp_path: Path) -> None:
    async def story() -> None:
        async with unit_door(tmp_path) as (_, visit):
            for size, status in ((REQUEST_MAX_BYTES, 200), (REQUEST_MAX_BYTES + 1, 413)):
                body = call(have={}) + b" " * (size - len(call(have={})))
                assert (await (await visit()).ask("/v1/sync", body))[0] == status
                visitor = await visit()
                visitor.writer.write(
                    b"POST /v1/sync HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                    b"%x\r\n%b\r\n0\r\n\r\n" % (size, body)
                )
                assert (await visitor.hear())[0] == status

    asyncio.run(story())


def test_no_answer_tells_what_we_are_built_on(tmp_path: Path) -> None:
    async def story() -> None:
        async with unit_door(tmp_path) as (_, visit):
            told = set()
            for asked in (
                b"GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n",
                b"GET /none HTTP/1.1\r\nHost: x\r\n\r\n",
                b"DELETE /v1/sync HTTP/1.1\r\nHost: x\r\n\r\n",
                b"POST /v1/sync HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n{",
                b"\x16\x03\x01 no HTTP\r\n\r\n",
            ):
                visitor = await visit()
                visitor.writer.write(asked)
                status, body = await visitor.hear()
                told.add(status)
                said = (str(visitor.headers) + body.decode()).lower()
                assert not any(word in said for word in ("python", "aiohttp", "traceback"))
            assert told == {200, 404, 405, 400}

    asyncio.run(story())


def test_a_line_of_a_head_is_read_up_to_8_190_bytes(tmp_path: Path) -> None:
    async def story() -> None:
        async with unit_door(tmp_path) as (_, visit):
            for length, status in ((8_190, 200), (8_191, 400)):
                assert (await (await visit()).ask("/v1/health", b"", {"X": "y" * length}))[0] == status

    asyncio.run(story())


def test_a_call_brings_500_records_and_not_501(tmp_path: Path) -> None:
    async def story() -> None:
        async with unit_door(tmp_path) as (_, visit):
            visitor = await visit()
            proof = await visitor.prove(UNIT_A)
            nothing = WireRecord(h="{}", s="", b=None)
            for count, status in ((BATCH_MAX_COUNT, 200), (BATCH_MAX_COUNT + 1, 400)):
                body = call(records=[nothing] * count)
                assert (await visitor.ask("/v1/sync", body, proof))[0] == status

    asyncio.run(story())


def test_128_calls_of_strangers_wait_for_news_the_next_ends_the_longest_and_no_nodes(tmp_path: Path) -> None:
    async def story() -> None:
        async with unit_door(tmp_path) as (replica, visit):
            node = await visit(9)
            proof = await node.prove(UNIT_A)
            body = call(have=replica.have(), wait_ms=10_000)
            node.say("/v1/sync", body, proof)
            waiting = []
            for number in range(WAITING_MAX_COUNT):
                waiting.append(await visit(2 + number % 2))
                waiting[-1].say("/v1/sync", body)
            await until(lambda: place_count() == WAITING_MAX_COUNT)
            answers = [asyncio.ensure_future(one.hear()) for one in [node, *waiting]]
            await asyncio.sleep(0.05)
            assert not any(one.done() for one in answers)
            (await visit(4)).say("/v1/sync", body)
            assert (await answers[1])[0] == 200, "the longest wait ends with an answer"
            assert [one.done() for one in answers] == [False, True, *[False] * 127]
            for one in answers:
                one.cancel()
            await asyncio.gather(*answers, return_exceptions=True)

    rooms: list[FairRoom] = []
    made = FairRoom

    def place_count() -> int:
        return rooms[0].amount

    def room(count: int) -> FairRoom:
        rooms.append(made(count))
        return rooms[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exchange_api, "FairRoom", room)
        asyncio.run(story())


def test_news_reaches_a_node_while_the_strangers_who_wait_for_it_take_turns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With 128 of them each lap came to the display after 128 answers, a dozen times later."""
    gate = asyncio.Event()
    gate.set()
    waiting: list[None] = []

    async def story() -> None:
        go_through = Turnstile.go_through

        async def shut(turnstile: Turnstile) -> None:
            waiting.append(None)
            await gate.wait()
            await go_through(turnstile)

        monkeypatch.setattr(Turnstile, "go_through", shut)
        async with unit_door(tmp_path) as (replica, visit):
            node = await visit(9)
            proof = await node.prove(UNIT_A)
            body = call(have=replica.have(), wait_ms=10_000)
            crowd = [await visit(2 + number % 3) for number in range(20)]
            for one in crowd:
                one.say("/v1/sync", body)
            await until(lambda: len(waiting) == 20 + 1)
            node.say("/v1/sync", body, proof)
            await asyncio.sleep(0.05)
            gate.clear()
            await replica.open_stream(UNIT_B, "Track B")
            assert (await node.hear())[0] == 200
            assert len(waiting) == 20 + 1 + 20
            gate.set()
            assert {(await one.hear())[0] for one in crowd} == {200}

    asyncio.run(story())


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.005)


def test_16_deliveries_of_strangers_wait_in_slices_of_32_and_a_nodes_goes_past_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[int] = []
    gate = asyncio.Event()
    take = accept_wire

    async def slowly(replica: Replica, records: Sequence[WireRecord]) -> Acceptance:
        if STRANGER.key in (records[0].b or ""):
            checked.append(len(records))
            await gate.wait()
        return await take(replica, records)

    monkeypatch.setattr(exchange_api, "accept_wire", slowly)

    async def story() -> None:
        async with unit_door(tmp_path) as (replica, visit):
            node = await visit(9)
            proof = await node.prove(UNIT_A)
            teller = Teller(STRANGER, "Box")
            body = call(records=[to_wire(teller.records[0])] * (2 * SLICE_MAX_COUNT + 1))
            deliveries = []
            for number in range(DELIVERIES_MAX_COUNT):
                deliveries.append(await visit(2 + number % 3))
                deliveries[-1].say("/v1/sync", body)
            await until(lambda: caller_count() == DELIVERIES_MAX_COUNT)
            status, said = await (await visit(5)).ask("/v1/sync", body)
            assert (status, b"busy" in said) == (503, True)
            records = [to_wire(one) for one in Teller(UNIT_A, "Track A").records]
            before = len(replica.have())
            assert (await node.ask("/v1/sync", call(records=records), proof))[0] == 200
            assert len(replica.have()) == before + 1
            assert checked == [SLICE_MAX_COUNT]
            gate.set()
            assert {(await one.hear())[0] for one in deliveries} == {200}
            assert set(checked) == {SLICE_MAX_COUNT, 1}

    apis: list[ExchangeApi] = []
    made = ExchangeApi.__init__

    def remember(api: ExchangeApi, *arguments: object) -> None:
        made(api, *arguments)  # type: ignore[arg-type]
        apis.append(api)

    def caller_count() -> int:
        return apis[0]._deliveries

    monkeypatch.setattr(ExchangeApi, "__init__", remember)
    asyncio.run(story())


def test_of_a_have_of_22_000_streams_what_nobody_knows_is_dropped_on_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[int] = []

    async def seen(replica: Replica, request: SyncRequest) -> object:
        held.append(len(request.have or {}))
        return await answer(replica, request)

    monkeypatch.setattr(exchange_api, "answer", seen)

    async def story() -> None:
        async with unit_door(tmp_path) as (replica, visit):
            have = {f"{number:032x}": 1 for number in range(22_000)} | replica.have()
            assert (await (await visit()).ask("/v1/sync", call(have=have)))[0] == 200
            assert held == [len(replica.have())]

    asyncio.run(story())


DOORS = {
    "a unit": (LAN_LIMITS, 256),
    "ingest": (UNPROXIED, 256),
    "a display's status": (STATUS_LIMITS, 64),
    "the desk": (replace(DESK_LIMITS, trusted_proxies=()), 128),
    "a machine without a set-up": (WELCOME_LIMITS, 32),
    "metrics": (METRICS_LIMITS, 32),
    "public": (public_limits(8, calls_per_s=100, trusted_proxies=()), 8 + SPARE_CONNECTIONS_COUNT),
}


ON_SOCKETS_OF_THIS_MACHINE = {"trackside/api/local_api.py", "sync/central/admin/admin_app.py"}


def test_no_door_on_the_network_is_without_limits() -> None:
    """Central's metrics were told as often as anybody asked, each time anew of the whole race."""
    root = Path(__file__).parents[2]
    files = [
        path
        for room in ("pitboard", "sync", "trackside", "display", "venue")
        for path in (root / room).rglob("*.py")
    ]
    without = {
        str(path.relative_to(root)) for path in files if "= new_app()" in path.read_text(encoding="utf-8")
    }
    assert without == ON_SOCKETS_OF_THIS_MACHINE


@pytest.mark.parametrize("door", DOORS)
def test_a_full_door_cuts_the_longest_idle_of_who_holds_most_and_the_next_is_served(door: str) -> None:
    limits, count = DOORS[door]

    async def story() -> None:
        app = new_app(limits)
        app.router.add_get("/v1/health", healthy)
        async with serve_tcp(app, "127.0.0.1", 0, limits=limits) as port, visits(port) as visit:
            held = [await visit(2 + number % 3) for number in range(count - 1)]
            held.append(await visit(2))
            assert (await held[-1].ask("/v1/health"))[0] == 200, "the last place is one"
            assert all(one.is_open for one in held)
            assert (await (await visit(77)).ask("/v1/health"))[0] == 200
            assert await held[0].is_cut()
            assert [one.is_open for one in held].count(False) == 1

    asyncio.run(story())


def test_128_connections_of_the_proven_are_kept_beside_256_of_strangers(tmp_path: Path) -> None:
    async def story() -> None:
        async with unit_door(tmp_path) as (_, visit):
            first = await visit(9)
            proofs = [await first.prove(one) for one in (UNIT_A, UNIT_B)]
            nodes = [first]
            for number in range(LAN_LIMITS.proven_max_count):
                if number:
                    nodes.append(await visit(9, number // 8))
                assert (await nodes[-1].ask("/v1/health", b"", proofs[number % 2]))[0] == 200
            held = [await visit(2 + number % 3) for number in range(LAN_LIMITS.connections_max_count)]
            await (await visit(77)).ask("/v1/health")
            assert await held[0].is_cut()
            assert all(one.is_open for one in nodes)
            assert (await nodes[0].ask("/v1/health", b"", proofs[0]))[0] == 200
            one_more = await visit(9, 200)
            assert (await one_more.ask("/v1/health", b"", proofs[1]))[0] == 200
            await until(lambda: [one.is_open for one in nodes].count(False) == 1)

    asyncio.run(story())


def test_ten_seconds_for_a_head_and_sixty_for_idling_on_real_sockets(tmp_path: Path) -> None:
    async def story(loop: LeapingLoop) -> None:
        async with unit_door(tmp_path) as (_, visit):
            silent, slow, idle = await visit(2), await visit(3), await visit(4)
            slow.writer.write(b"GET /v1/health HT")
            await idle.ask("/v1/health")
            await asyncio.sleep(0.02)
            await loop.leap(HEAD_MAX_S - 2 * SWEEP_EVERY_S)
            await loop.leap(SWEEP_EVERY_S)
            slow.writer.write(b"TP")  # a byte now and then is no head either
            await asyncio.sleep(0.02)
            assert silent.is_open
            assert slow.is_open
            await loop.leap(SWEEP_EVERY_S + 0.1)
            await loop.leap(SWEEP_EVERY_S)
            assert await silent.is_cut()
            assert await slow.is_cut()
            assert (await idle.ask("/v1/health"))[0] == 200
            await loop.leap(IDLE_MAX_S - SWEEP_EVERY_S)
            await asyncio.sleep(0.02)
            assert idle.is_open
            await loop.leap(SWEEP_EVERY_S + 0.1)
            await loop.leap(SWEEP_EVERY_S)
            assert await idle.is_cut()

    run_leaping(story)


def stood_still(rate: Rate) -> Rate:
    """The same at once, and next to nothing more while the test lasts."""
    return Rate(per_s=0.001, burst=rate.burst)


def test_who_is_refused_on_his_first_call_is_told_at_once_and_a_node_proves_itself_on_the_same_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node that came among strangers waited half a second for its challenge, and shook hands twice."""
    monkeypatch.setattr(caller, "REFUSAL_AFTER_S", 3_600)
    limits = replace(LAN_LIMITS, calls_of_all=Rate(per_s=0.001, burst=1), calls_of_quiet=Rate(0.001, 0))
    certificate = Certificate.load_or_create(tmp_path / "node.pem")
    shaken: list[str] = []
    made = TokenBuckets.take

    def take(buckets: TokenBuckets, source: str | None, **more: object) -> int | None:
        if buckets.of_all == limits.handshakes_of_all:
            shaken.append(source or "")
        return made(buckets, source, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(TokenBuckets, "take", take)

    async def story() -> None:
        clock = SystemClock()
        async with Replica.open(tmp_path / "j.db", root_key=ROOT.key, clock=clock) as replica:
            await replica.accept(central_enrols(UNIT_A).records)
            app = new_app(limits, doorkeeper_of(replica, clock, fingerprint=certificate.fingerprint))
            ExchangeApi(replica, UNIT_B).add_to(app)
            tls = certificate.server_context()
            async with serve_tcp(app, "127.0.0.1", 0, tls=tls) as port:
                url = f"https://127.0.0.1:{port}"
                for identity in (STRANGER, STRANGER, UNIT_A):
                    peer = peer_at(url, name="Track B", pin=ANY_CERTIFICATE, identity=identity)
                    shaken.clear()
                    asking = asyncio.ensure_future(peer.sync(SyncRequest()))
                    if identity is UNIT_A:
                        await asyncio.wait_for(asking, 10)
                        assert len(shaken) == 1
                    elif not app[DOOR].strangers.wait_ms(None, now_mono_ns=caller._now_mono_ns()):
                        await asking  # the one call that strangers had
                    else:
                        await asyncio.sleep(0.1)
                        assert not asking.done(), "his second call waits"
                        asking.cancel()
                    peer.close()

    asyncio.run(story())


def test_where_a_node_proved_itself_200_hands_are_shaken_at_once_beside_those_of_strangers(
    tmp_path: Path,
) -> None:
    """A stranger behind its address shook as many as he liked, each a millisecond of ours."""
    certificate = Certificate.load_or_create(tmp_path / "node.pem")
    limits = replace(
        LAN_LIMITS,
        handshakes_of_source=stood_still(LAN_LIMITS.handshakes_of_source),
        handshakes_of_known=stood_still(LAN_LIMITS.handshakes_of_known),
    )

    async def story() -> None:
        clock = SystemClock()
        async with Replica.open(tmp_path / "j.db", root_key=ROOT.key, clock=clock) as replica:
            await replica.accept(central_enrols(UNIT_A).records)
            app = new_app(limits, doorkeeper_of(replica, clock, fingerprint=certificate.fingerprint))
            ExchangeApi(replica, UNIT_B).add_to(app)
            tls = certificate.server_context()
            async with serve_tcp(app, "127.0.0.1", 0, tls=tls) as port, visits(port) as visit:
                node = peer_at(
                    f"https://127.0.0.1:{port}", name="Track B", pin=ANY_CERTIFICATE, identity=UNIT_A
                )
                for _ in range(2):  # asked who it is, then proven
                    await node.sync(SyncRequest())

                let_in_count = 0
                for _ in range(40):
                    came = [await visit(1) for _ in range(KNOWN_HOST_CONNECTIONS_MAX_COUNT)]
                    await asyncio.sleep(0.01)  # whoever shook too many hands is closed at once
                    let_in_count += sum(one.is_open for one in came)
                    for one in came:
                        one.leave()
                    await asyncio.sleep(0.005)
                assert let_in_count == 200 + 99, "the node came first as a stranger"
                node.close()

    asyncio.run(story())


def test_a_source_shakes_100_hands_at_once_and_all_strangers_400(tmp_path: Path) -> None:
    certificate = Certificate.load_or_create(tmp_path / "node.pem")
    limits = replace(
        LAN_LIMITS,
        connections_max_count=1_000,
        handshakes_of_source=stood_still(LAN_LIMITS.handshakes_of_source),
        handshakes_of_all=stood_still(LAN_LIMITS.handshakes_of_all),
        handshakes_of_quiet=stood_still(LAN_LIMITS.handshakes_of_quiet),
    )

    async def story() -> None:
        app, tls = new_app(limits), certificate.server_context()
        async with serve_tcp(app, "127.0.0.1", 0, tls=tls, limits=limits) as port, visits(port) as visit:

            async def let_in(host: int, count: int) -> int:
                came = [await visit(host) for _ in range(count)]
                await asyncio.sleep(0.1)  # whoever shook too many hands is closed at once
                return sum(one.is_open for one in came)

            assert [await let_in(host, 101) for host in (2, 3, 4)] == [100] * 3
            assert await let_in(5, 99) == 99
            quiet = [await let_in(host, 30) for host in (6, 7, 8, 9, 10)]
            assert quiet == [26, 26, 26, 23, 0], "one is the last of all together, 100 are kept for the quiet"

    asyncio.run(story())


@pytest.mark.parametrize(
    "limits", [LAN_LIMITS, INGEST_LIMITS, STATUS_LIMITS], ids=["unit", "ingest", "status"]
)
def test_in_the_long_run_a_source_shakes_20_hands_a_second_and_all_200(limits: DoorLimits) -> None:
    buckets = TokenBuckets(limits.handshakes_of_source, limits.handshakes_of_all)
    for now_ns, of_source, of_all in ((0, 100, 400), (SECOND_NS, 20, 200)):
        taken = [buckets.take("192.0.2.1", now_mono_ns=now_ns) is None for _ in range(101)]
        assert sum(taken) == of_source
        others = [buckets.take(f"s{number}", now_mono_ns=now_ns) is None for number in range(401)]
        assert sum(others) == of_all - of_source


def test_where_no_proxy_stands_who_asks_from_the_same_machine_has_a_share_of_his_own() -> None:
    """Callers without end took a display off the touchscreen of its own machine."""
    for limits in (LAN_LIMITS, STATUS_LIMITS, METRICS_LIMITS, WELCOME_LIMITS):
        assert limits.source_of("127.0.0.1") == "127.0.0.1"


class Moment:
    """The time at a door without any socket."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_ns = 0
        monkeypatch.setattr(caller, "_now_mono_ns", lambda: self.now_ns)


def served(door: Door, count: int, *, source: str | None = None, key: str | None = None) -> int:
    """Return how many of so many calls at once are served."""
    who = Caller(door, source, key)
    return sum(door.wait_ms(who) is None for _ in range(count))


@pytest.mark.parametrize(
    ("limits", "of_source", "of_all", "quiet", "per_s", "all_per_s"),
    [
        (LAN_LIMITS, 2_000, 2_000, 500, 100, 500),
        (UNPROXIED, 1_000, 4_000, 500, 200, 1_000),
        (STATUS_LIMITS, 500, 500, 500, 100, 100),
        (DESK_LIMITS, 1_000, 2_000, 500, 50, 200),
        (public_limits(8, calls_per_s=100), 500, 1_000, 500, 50, 100),
        (WELCOME_LIMITS, 20, 60, 20, 2, 10),
        (METRICS_LIMITS, 100, 200, 50, 5, 20),
    ],
    ids=["unit", "ingest", "status", "desk", "public", "welcome", "metrics"],
)
def test_how_often_strangers_may_call_at_each_door(
    monkeypatch: pytest.MonkeyPatch,
    limits: DoorLimits,
    of_source: int,
    of_all: int,
    quiet: int,
    per_s: int,
    all_per_s: int,
) -> None:
    moment, door = Moment(monkeypatch), Door(limits, None)
    first = served(door, of_all + 10, source="192.0.2.1")
    assert min(of_source, of_all) <= first <= min(of_source, of_all) + 1, (
        "one from what is kept for the quiet"
    )
    rest = of_all + quiet - first
    assert sum(served(door, 1, source=f"198.51.100.{number}") for number in range(rest)) == rest
    assert served(door, 1, source="203.0.113.1") == 0, "all together have had what there is"
    assert served(door, 1, key=UNIT_A.key) == 1, "a node has not"
    moment.now_ns += SECOND_NS
    assert served(door, of_all, source="192.0.2.1") == min(per_s, all_per_s)


def test_a_proven_key_calls_5_000_times_at_once_and_500_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    moment, door = Moment(monkeypatch), Door(LAN_LIMITS, None)
    assert served(door, 5_001, key=UNIT_A.key) == 5_000
    assert served(door, 1, key=UNIT_B.key) == 1, "another key has as much"
    moment.now_ns += SECOND_NS
    assert served(door, 501, key=UNIT_A.key) == 500


def test_a_strangers_call_costs_one_and_one_more_for_each_4_kib_in_or_out_and_each_record(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        async with unit_door(tmp_path) as (_, visit):
            visitor = await visit(2)
            body = call(have={}) + b" " * (REQUEST_MAX_BYTES - len(call(have={})))
            statuses = []
            for _ in range(9):  # 256 pieces of 4 KiB each: of 2,000 calls the eighth uses up the last
                statuses.append((await visitor.ask("/v1/sync", body))[0] if visitor.is_open else 429)
            assert statuses == [200] * 8 + [429]
            assert (await (await visit(3)).ask("/v1/health"))[0] == 200

    asyncio.run(story())


def test_a_unit_brings_77_mib_at_once_and_four_large_calls_side_by_side(tmp_path: Path) -> None:
    limits = replace(LAN_LIMITS, calls_of_key=stood_still(LAN_LIMITS.calls_of_key))

    async def story() -> None:
        async with unit_door(tmp_path, limits) as (_, visit):
            large = [await visit(2) for _ in range(5)]
            proof = await large[0].prove(UNIT_A)
            for number, one in enumerate(large):
                one.say("/v1/sync", b"{", {"Content-Length": "100000", **proof})
                if number < 4:
                    await asyncio.sleep(0.01)
            assert (await large[4].hear())[0] == 503
            other = await visit(2)
            assert (await other.ask("/v1/sync", call(have={}), proof))[0] == 200, "a small one passes"
            large[0].writer.write(b"}" + b" " * 99_998)
            assert (await large[0].hear())[0] == 200
            proof = await other.prove(UNIT_B)
            body = call() + b" " * (REQUEST_MAX_BYTES - len(call()))
            for _ in range(77):  # one and 64 pieces of 16 KiB each: of 5,000 the last uses up what is left
                assert (await other.ask("/v1/sync", body, proof))[0] == 200
            assert (await other.ask("/v1/sync", body, proof))[0] == 429

    asyncio.run(story())


def test_records_of_strangers_cost_as_much_as_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    Moment(monkeypatch)
    door = Door(LAN_LIMITS, None)
    who = Caller(door, "192.0.2.1", None)
    for _ in range(4):
        who.pay(BATCH_MAX_COUNT)
    with pytest.raises(CallRefused, match="Too many calls"):
        who.pay(1)
    Caller(door, None, UNIT_A.key).pay(BATCH_MAX_COUNT)


def test_a_source_at_a_units_own_socket_calls_2_000_times_and_then_waits_and_a_node_does_not(
    tmp_path: Path,
) -> None:
    limits = replace(
        LAN_LIMITS,
        calls_of_source=stood_still(LAN_LIMITS.calls_of_source),
        calls_of_all=Rate(per_s=0.001, burst=4_000),
    )

    async def story() -> None:
        async with unit_door(tmp_path, limits) as (_, visit):
            node, flooder = await visit(9), await visit(2)
            proof = await node.prove(UNIT_A)
            sending = asyncio.ensure_future(flood(flooder, 2_001))
            served_count = 0
            while (await flooder.hear())[0] == 200:
                served_count += 1
            assert served_count == 2_000
            assert (await node.ask("/v1/health", b"", proof))[0] == 200
            sending.cancel()

    async def flood(visitor: Visitor, count: int) -> None:
        with contextlib.suppress(ConnectionError):
            for _ in range(count):
                visitor.say("/v1/health")
                await visitor.writer.drain()

    asyncio.run(story())
