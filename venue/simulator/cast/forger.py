"""Records that nobody should believe: a stranger's, a liar's with an enrolled key, and plain rubbish.

The rogue is enrolled, so what a timekeeper may say counts; whatever needs an admin must not."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

import msgspec

from pitboard.errors import PeerLost
from pitboard.journal.folding.fold import Fold
from pitboard.journal.records.kinds import KIND_OF, StreamOpened, UnitEnrolled, UnitRevoked
from pitboard.journal.records.record import (
    NO_PREVIOUS,
    STAMP_MAX,
    Header,
    Record,
    WireRecord,
    parse_record,
    to_wire,
)
from pitboard.race.bodies.body import Body
from pitboard.race.bodies.event_bodies import EventConfigured
from pitboard.race.bodies.people_bodies import CompetitorJudged, CompetitorRegistered
from pitboard.race.bodies.run_bodies import RunArmed, RunFinished, RunResumed
from pitboard.race.bodies.verdict_bodies import LapCorrected, LapJudged, RunDecided
from sync.exchanging.exchange import SyncRequest
from venue.simulator.cast.node import Node
from venue.simulator.world.network import damage
from venue.simulator.world.signature_memory import identity_named
from venue.simulator.world.virtual_loop import RACE_DAY_UTC_MS
from venue.simulator.world.world import World

LIE = "Mallory"
STRANGER = "stranger"
ROGUE = "rogue"


class ForgedStream:
    """Writes a stream of its own, correctly chained and signed, with whatever body and stamp it likes."""

    def __init__(self, world: World, key_name: str, *, stamp: int, name: str = LIE) -> None:
        self.stream = world.new_stream()
        self.records: list[Record] = []
        self._identity = identity_named(key_name)
        self._stamp = stamp
        self._previous = NO_PREVIOUS
        self.say("stream-opened", StreamOpened(key=self._identity.key, name=name, boot_id="b"))

    def say(self, kind: str, body: Any) -> Record:
        return self.say_bytes(kind, msgspec.json.encode(body))

    def say_bytes(self, kind: str, body_bytes: bytes) -> Record:
        self._stamp = min(self._stamp + 1, STAMP_MAX - 1)
        header = Header(
            stream=self.stream,
            seq=len(self.records) + 1,
            previous=self._previous,
            stamp=self._stamp,
            kind=kind,
            body=hashlib.sha256(body_bytes).hexdigest(),
        )
        header_bytes = msgspec.json.encode(header)
        record = parse_record(header_bytes, self._identity.sign(header_bytes), body_bytes)
        self._previous = record.header_hash.hex()
        self.records.append(record)
        return record

    def branch(self, world: World, at_seq: int) -> ForgedStream:
        """Return a second stream under the same id that agrees up to `at_seq` and then tells other things."""
        world.truth.forked.add(self.stream)
        other = object.__new__(ForgedStream)
        other.stream, other._identity, other._stamp = self.stream, self._identity, self._stamp
        other.records = self.records[:at_seq]
        other._previous = other.records[-1].header_hash.hex()
        return other


class Forger:
    """Hands forged records to random nodes, mixed with good ones that they must take all the same."""

    def __init__(self, world: World, nodes: list[Node]) -> None:
        self._world = world
        self._nodes = nodes

    async def work(self) -> None:
        chance = self._world.chance
        while True:
            await asyncio.sleep(self._world.plan.pace * chance.uniform(1.5, 5.0))
            up = [node for node in self._nodes if node.is_up]
            if not up:
                continue
            trick = chance.choice(
                (
                    self._rubbish,
                    self._wrong_signature,
                    self._strange_stream,
                    self._fork,
                    self._rogue,
                    self._long_question,
                )
            )
            target = chance.choice(up)
            self._world.happened["forger:" + trick.__name__.replace("_", " ")] += 1
            if trick == self._long_question:
                target.process.spawn(self._ask(target), name="a stranger's question")
                continue
            await self._hand_over(target, trick(target), trick.__name__.strip("_"))

    async def _hand_over(self, target: Node, wires: list[WireRecord], what: str) -> None:
        chance = self._world.chance
        if chance.random() < 0.5:  # good records of others between the bad ones
            others = [node for node in self._nodes if node.is_up and node is not target]
            if others:
                good = await chance.choice(others).replica.beyond(target.replica.have(), max_count=6)
                wires = [*wires[:1], *map(to_wire, good), *wires[1:]]
        self._world.trace.say("forger", f"{what}: {len(wires)} records to {target.name}")
        for start in range(0, len(wires), 40):
            try:
                await self._world.network.call(
                    "forger", target.name, SyncRequest(records=wires[start : start + 40])
                )
            except PeerLost:
                return

    def _long_question(self, target: Node) -> list[WireRecord]:
        """Stands in the table for `_ask`."""
        return []

    async def _ask(self, target: Node) -> None:
        """Ask with many invented streams, and hold the question open for as long as it may be."""
        chance = self._world.chance
        have = {self._world.new_stream(): chance.randint(1, 9_000) for _ in range(chance.choice((1, 300)))}
        self._world.trace.say("forger", f"asks {target.name} with {len(have)} invented streams")
        try:
            await self._world.network.call("forger", target.name, SyncRequest(have=have, wait_ms=8_000))
        except PeerLost:
            return

    def _rubbish(self, target: Node) -> list[WireRecord]:
        chance = self._world.chance
        stream = self._stream(STRANGER)
        whole = [to_wire(stream.say("weather-noted", {"rain": LIE})) for _ in range(3)]
        return [damage(wire, chance) for wire in whole] + [
            WireRecord(h="[" * 900, s="", b=None),
            WireRecord(h="{}", s="zz", b="{}"),
            WireRecord(h=whole[0].h, s=whole[0].s, b="x" * 17_000),
        ]

    def _wrong_signature(self, target: Node) -> list[WireRecord]:
        """The next record of somebody's stream as a stranger would like it to be."""
        chance = self._world.chance
        stranger = identity_named(STRANGER).key
        places = [
            (stream, head)
            for stream, head in target.disk.heads.items()
            if (stream, head) in target.disk.records and self._world.truth.owner_of(stream) != stranger
        ]
        if not places:
            return []
        stream, head = chance.choice(places)
        last = target.disk.records[(stream, head)]
        body_bytes = msgspec.json.encode(CompetitorRegistered(competitor_id="c" * 16, name=LIE))
        header = Header(
            stream=stream,
            seq=head + 1,
            previous=last.header_hash.hex(),
            stamp=last.header.stamp + 1,
            kind="competitor-registered",
            body=hashlib.sha256(body_bytes).hexdigest(),
        )
        header_bytes = msgspec.json.encode(header)
        forged = chance.choice((last.signature, bytes(64), identity_named(STRANGER).sign(header_bytes)))
        return [WireRecord(h=header_bytes.decode(), s=forged.hex(), b=body_bytes.decode())]

    def _strange_stream(self, target: Node) -> list[WireRecord]:
        """A stranger's stream in good order: kept aside by all, believed by nobody, harmful to none."""
        chance = self._world.chance
        stream = self._stream(STRANGER, stamp=chance.choice((None, STAMP_MAX - 50)))
        for body in (
            *self._lies(target.replica.fold),
            UnitEnrolled(key=identity_named(STRANGER).key, name=LIE),
        ):
            stream.say(KIND_OF[type(body)], body)
        if chance.random() < 0.3:
            for _ in range(chance.choice((3, 30))):  # many of the largest size, awkward to write as JSON
                stream.say_bytes("huge", chance.choice((b'"' * 16_000, b"\x01" * 16_000)))
        return [to_wire(record) for record in stream.records]

    def _fork(self, target: Node) -> list[WireRecord]:
        """One branch for this node and another, longer one for the next."""
        chance = self._world.chance
        stream = self._stream(chance.choice((STRANGER, ROGUE)))
        stream.say("weather-noted", {"rain": True})
        other = stream.branch(self._world, at_seq=1)
        for number in range(chance.randint(1, 20)):
            other.say("weather-noted", {"rain": number, "text": "w" * chance.choice((1, 1, 2_000))})
        second = chance.choice(self._nodes)
        if second.is_up and second is not target:
            wires = [to_wire(record) for record in other.records]
            second.process.spawn(self._hand_over(second, wires, "second branch"), name="forger")
        return [to_wire(record) for record in stream.records]

    def _rogue(self, target: Node) -> list[WireRecord]:
        """An enrolled key that says what its owner may not, and odd things about other people's runs."""
        chance = self._world.chance
        stream = self._stream(ROGUE)
        bodies = [*self._lies(target.replica.fold), *self._odd_words(target.replica.fold)]
        chance.shuffle(bodies)
        for body in bodies[:5]:
            stream.say(KIND_OF[type(body)], body)
        stream.say("run-armed", {"run_id": 5})  # does not fit its kind
        stream.say("future-kind", {"anything": [1, 2]})
        return [to_wire(record) for record in stream.records]

    def _lies(self, fold: Fold) -> list[Body]:
        """Words that only an admin may say, or a stranger never."""
        chance = self._world.chance
        runs, competitors = list(fold.race.runs), list(fold.race.competitors)
        lies: list[Body] = [EventConfigured(name=f"{LIE}'s race", run_ms=1_000)]
        lies.append(UnitRevoked(key=chance.choice(list(fold.roster.enrolled()) or ["0" * 64])))
        if competitors:
            lies.append(
                CompetitorJudged(competitor_id=chance.choice(competitors), disqualification="disqualified")
            )
        if runs:
            run = chance.choice(runs)
            for lap in fold.race.laps(run)[:1]:
                lies.append(LapCorrected(run_id=run, lap_id=lap.lap_id, lap_ns=123_456_789))
        return lies

    def _odd_words(self, fold: Fold) -> list[Body]:
        """What a timekeeper may say though no touchscreen would: the fold must bear it in any order."""
        chance = self._world.chance
        runs = list(fold.race.runs.values())
        if not runs:
            return []
        run = chance.choice(runs)
        armed = run.armed.value
        mono_ns = max(0, armed.mono_ns + chance.randint(-2_000_000_000, 4_000_000_000))
        odd: list[Body] = [
            RunResumed(
                run_id=run.run_id,
                boot_id=armed.boot_id,
                mono_ns=mono_ns,
                elapsed_ns=chance.choice((0, 10**10)),
            ),
            RunFinished(run_id=run.run_id, boot_id=armed.boot_id, mono_ns=mono_ns, ended="stopped"),
            RunDecided(run_id=run.run_id, decision=chance.choice((None, "confirmed", "discarded"))),
            LapJudged(run_id=run.run_id, lap_id="no/such/lap", verdict="valid"),
            RunArmed(
                run_id=chance.choice((run.run_id, self._world.new_id())),
                track=armed.track,
                boot_id=armed.boot_id,
                mono_ns=mono_ns,
                places=armed.places,
                timing=armed.timing,
            ),
        ]
        return odd

    def _stream(self, key_name: str, *, stamp: int | None = None) -> ForgedStream:
        if stamp is None:
            utc_ms = RACE_DAY_UTC_MS + self._world.loop.now_ns // 1_000_000
            stamp = (utc_ms + self._world.chance.randint(-60_000, 60_000)) << 16
        return ForgedStream(self._world, key_name, stamp=stamp)
