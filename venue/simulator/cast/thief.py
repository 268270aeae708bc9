"""A thief with a unit's key: what he writes counts until he is revoked, and nothing of it after that.

He calls himself `ROBBER` everywhere, so that the end of the day can tell whether he is still believed."""

from __future__ import annotations

import asyncio
import hashlib

import msgspec

from pitboard.errors import PeerLost
from pitboard.journal.records.record import NO_PREVIOUS, Header, Record, parse_record, to_wire
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from pitboard.race.bodies.run_bodies import RunPlace, RunResumed
from sync.exchanging.exchange import SyncRequest
from venue.simulator.cast.forger import ForgedStream
from venue.simulator.cast.node import Node
from venue.simulator.world.signature_memory import identity_named
from venue.simulator.world.virtual_loop import RACE_DAY_UTC_MS
from venue.simulator.world.world import World

ROBBER = "Robber"
FAR_STAMP = 4_102_444_700_000 << 16
"""The last minutes of 2099."""


class Thief:
    """Holds the key named `key_name`; `central` tells him what its unit wrote, as it tells everybody."""

    def __init__(self, world: World, key_name: str, *, central: Node, nodes: list[Node]) -> None:
        self.key = identity_named(key_name).key
        self._world = world
        self._key_name = key_name
        self._central = central
        self._nodes = nodes

    async def work(self) -> None:
        """Write and rewrite now and then, until cancelled."""
        chance = self._world.chance
        while True:
            await asyncio.sleep(self._world.plan.pace * chance.uniform(0.3, 3.0))
            up = [node for node in self._nodes if node.is_up]
            if not up:
                continue
            if chance.random() < 0.3:
                node = chance.choice(up)
                await self._hand_over(node, self._own_stream(), "writes")
                if node.is_up:
                    await self._hand_over(node, self._armed_anew(node), "arms anew")
            else:
                for node in up:
                    if node.identity is None:
                        await self._hand_over(node, self._rewritten(node), "rewrites")

    def _own_stream(self) -> list[Record]:
        chance = self._world.chance
        now_ms = RACE_DAY_UTC_MS + self._world.loop.now_ns // 1_000_000
        stream = ForgedStream(
            self._world, self._key_name, stamp=chance.choice((now_ms << 16, FAR_STAMP)), name=ROBBER
        )
        for _ in range(chance.randint(1, 3)):
            stream.say("competitor-registered", self._robber())
        self._world.truth.stolen.add(stream.stream)
        return stream.records

    def _armed_anew(self, node: Node) -> list[Record]:
        """A run of another unit armed for the robber, a minute before its unit did, and gone on with."""
        others = [run for run in node.replica.fold.race.runs.values() if run.unit != self.key]
        if not others:
            return []
        run = self._world.chance.choice(others)
        stamp = run.armed.word.stamp - (60_000 << 16)
        stream = ForgedStream(self._world, self._key_name, stamp=stamp, name=ROBBER)
        robber = self._robber()
        stream.say("competitor-registered", robber)
        armed = msgspec.structs.replace(
            run.armed.value, places=(RunPlace(competitor_id=robber.competitor_id),), act_id="", by=""
        )
        stream.say("run-armed", armed)
        boot_id = run.armed.value.boot_id
        stream.say("run-resumed", RunResumed(run_id=run.run_id, boot_id=boot_id, mono_ns=0, elapsed_ns=0))
        self._world.truth.stolen.add(stream.stream)
        return stream.records

    def _rewritten(self, node: Node) -> list[Record]:
        """Another history of what the unit wrote and this node has not got, from there on."""
        truth = self._world.truth
        behind = [
            (stream, node.disk.heads.get(stream, 0), head)
            for stream, head in self._central.disk.heads.items()
            if truth.owner_of(stream) == self.key and stream not in truth.stolen
        ]
        behind = [one for one in behind if one[1] < one[2]]
        if not behind:
            return []
        stream, known, head = self._world.chance.choice(behind)
        seq = max(known, 1) + 1
        if seq > head:
            return []
        truth.forked.add(stream)
        truth.rewritten.add(stream)
        records = [self._central.disk.records[stream, one] for one in range(known + 1, seq)]
        before = self._central.disk.records[stream, seq - 1]
        previous = before.header_hash.hex() if seq > 1 else NO_PREVIOUS
        for at in range(seq, head + 1):
            body_bytes = msgspec.json.encode(self._robber())
            header = Header(
                stream=stream,
                seq=at,
                previous=previous,
                stamp=before.header.stamp + at,
                kind="competitor-registered",
                body=hashlib.sha256(body_bytes).hexdigest(),
            )
            header_bytes = msgspec.json.encode(header)
            signature = identity_named(self._key_name).sign(header_bytes)
            records.append(parse_record(header_bytes, signature, body_bytes))
            previous = records[-1].header_hash.hex()
        return records

    def _robber(self) -> CompetitorRegistered:
        return CompetitorRegistered(competitor_id=self._world.new_id(), name=ROBBER)

    async def _hand_over(self, target: Node, records: list[Record], what: str) -> None:
        if not records:
            return
        self._world.happened[f"thief {what}"] += 1
        self._world.trace.say("thief", f"{what} {records[-1].stream[:8]}: {len(records)} to {target.name}")
        wires = [to_wire(record) for record in records]
        try:
            await self._world.network.call("thief", target.name, SyncRequest(records=wires))
        except PeerLost:
            return
