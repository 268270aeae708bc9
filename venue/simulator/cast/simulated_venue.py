"""All nodes of a simulated venue and the people at them; what can be done to a node stands here."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from random import Random

from pitboard.errors import JournalLost
from pitboard.journal.records.kinds import UnitEnrolled
from venue.simulator.cast.central_node import CentralNode, administer
from venue.simulator.cast.display_node import DisplayNode
from venue.simulator.cast.forger import ROGUE, Forger
from venue.simulator.cast.node import ROOT_NAME, Card, Node
from venue.simulator.cast.people import Official, drive
from venue.simulator.cast.thief import Thief
from venue.simulator.cast.unit_node import UnitNode
from venue.simulator.world.process import Process
from venue.simulator.world.signature_memory import identity_named
from venue.simulator.world.world import World


class Venue:
    """One to three units, one or two displays, central; and a process for everybody who is no machine."""

    def __init__(self, world: World) -> None:
        chance, plan = world.chance, world.plan
        self.world = world
        self.people = Process("people", lambda sentence: world.truth.violate("simulator-error", sentence))
        self.central = CentralNode(world, ROOT_NAME)
        names = [f"unit-{number}" for number in range(1, chance.choice(plan.units) + 1)]
        has_friends = chance.random() < plan.shares.friends
        self.units = [
            UnitNode(world, name, key_name=name, friends=[f for f in names if has_friends and f < name])
            for name in names
        ]
        self.displays = [
            DisplayNode(world, f"display-{number}", [*chance.sample(names, len(names)), ROOT_NAME])
            for number in range(1, chance.choice(plan.displays) + 1)
        ]
        self.central.wanted_units = {identity_named(ROGUE).key: ROGUE}
        for unit in self.units:
            if chance.random() < 0.85:
                self.central.wanted_units[unit.identity.key] = unit.name
        self.central.countersigns = chance.random() < plan.shares.countersigning
        has_thief = chance.random() < plan.shares.thief
        self.thief = self._thief_of(chance.choice(self.units)) if has_thief else None
        self.officials: dict[str, Official] = {}
        self.revoked: set[str] = set()
        # By a chance of its own, so that all other days stay as they were found.
        self.has_second_screens = Random(f"screens {world.seed}").random() < plan.shares.second_screens

    @property
    def nodes(self) -> list[Node]:
        return [self.central, *self.units, *self.displays]

    def writers(self) -> Iterator[Node]:
        """Yield the nodes that give their records to others: all but displays."""
        yield self.central
        yield from self.units

    def open(self) -> None:
        """Switch everything on and let people in."""
        for node in self.nodes:
            node.start()
        for unit in self.units:
            self.man(unit)
        if self.world.plan.has_admin:
            self.people.spawn(administer(self.central, self.world.chance), name="admin")
        if self.world.plan.has_forger:
            self.people.spawn(Forger(self.world, self.nodes).work(), name="forger")
        if self.thief is not None:
            self.people.spawn(self.thief.work(), name="thief")
            self.people.spawn(self._notice_thief(self.thief), name="notice the thief")

    def man(self, unit: UnitNode) -> None:
        """Put an official and cars to a unit; on some days per second official, who acts meanwhile."""
        official = self.officials[unit.name] = Official(self.world, unit)
        self.people.spawn(official.work(), name=f"official at {unit.name}")
        if self.has_second_screens:
            self.people.spawn(Official(self.world, unit).work(), name=f"second official at {unit.name}")
        self.people.spawn(drive(self.world, unit), name=f"cars at {unit.name}")

    async def restart(self, node: Node, *, down_s: float) -> None:
        """Kill the process; systemd starts it again."""
        self.world.crashes += 1
        self.world.trace.say(node.name, "process killed")
        node.crash()
        await asyncio.sleep(down_s)
        self._start(node)

    async def cut_power(self, node: Node, *, down_s: float, utc_ms: int | None) -> None:
        """Cut the power; the machine boots later, perhaps with a wrong clock."""
        self.world.crashes += 1
        self.world.trace.say(node.name, "power cut")
        node.crash()
        node.is_powered = False
        await asyncio.sleep(down_s)
        self._boot(node, utc_ms)

    async def restore(self, node: Node, card: Card, *, down_s: float, utc_ms: int | None) -> None:
        """Go on from an older image, an empty one for a new card."""
        world = self.world
        world.restores += 1
        node.crash()
        node.is_powered = False
        await asyncio.sleep(down_s)
        others = [other.disk for other in self.writers() if other is not node]
        lost = world.truth.excuse_wiped(node.disk, card.disk if node in self.writers() else None, others)
        world.trace.say(
            node.name, f"gets a card with {len(card.disk.records)} records; {lost} are lost for good"
        )
        node.insert(card)
        self._boot(node, utc_ms)

    async def replace_card(self, unit: UnitNode, *, down_s: float) -> None:
        """A new card with the old name and a key of its own, which the admin enrols for the old one."""
        old_key = unit.identity.key
        await self.restore(unit, Card(), down_s=down_s, utc_ms=None)
        unit.crash()
        unit.key_name += "+"
        self._start(unit)
        await self.enrol(unit)
        if self.central.is_up and self.world.chance.random() < 0.5 and not self._is_shared(old_key, unit):
            await self.revoke(old_key)

    async def enrol(self, unit: UnitNode) -> None:
        """The admin enrols the unit now, or when central is next up."""
        key = unit.identity.key
        self.central.wanted_units[key] = unit.name
        if self.central.is_up:
            try:
                await self.central.writing.append(UnitEnrolled(key=key, name=unit.name))
            except JournalLost:
                return

    async def revoke(self, key: str) -> None:
        """The admin revokes a key as far as central knows its streams, or a little less far.

        A thief's streams are told from the unit's by when and where they were opened; of them nothing counts.
        """
        chance = self.world.chance
        truth = self.world.truth
        heads = {
            stream: max(0, head - chance.choice((0, 0, 3)))
            for stream, head in self.central.replica.have().items()
            if truth.owner_of(stream) == key and stream not in truth.stolen
        }
        heads = {stream: head for stream, head in heads.items() if head}
        self.revoked.add(key)
        self.world.trace.say(ROOT_NAME, f"revokes {key[:8]} beyond {sum(heads.values())} records")
        try:
            await self.central.revoke(key, heads)
        except JournalLost:
            return

    def _thief_of(self, unit: UnitNode) -> Thief:
        return Thief(self.world, unit.key_name, central=self.central, nodes=self.nodes)

    async def _notice_thief(self, thief: Thief) -> None:
        await asyncio.sleep(self.world.chance.uniform(*self.world.plan.noticed_s))
        if self.central.is_up:
            await self.revoke(thief.key)

    def clone(self, unit: UnitNode) -> None:
        """A copy of the unit's card in a second machine, both at work."""
        copy = UnitNode(self.world, f"{unit.name}-{len(self.units) + 1}", key_name=unit.key_name)
        self.world.trace.say(copy.name, f"is a clone of {unit.name}")
        copy.insert(unit.image())
        truth = self.world.truth
        truth.misled |= {(copy.name, stream) for name, stream in truth.misled if name == unit.name}
        self.units.append(copy)
        copy.start()
        self.man(copy)

    def _boot(self, node: Node, utc_ms: int | None) -> None:
        node.boot(utc_ms=utc_ms)
        self._start(node)

    def _start(self, node: Node) -> None:
        if not node.is_up and node.is_powered and node.process.has_ended:
            node.start()

    def _is_shared(self, key: str, unit: UnitNode) -> bool:
        return any(other.identity.key == key for other in self.units if other is not unit)
