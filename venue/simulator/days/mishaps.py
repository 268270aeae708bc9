"""What goes wrong in a day, one thing after the other and often several at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from venue.simulator.cast.node import Card, Node
from venue.simulator.cast.simulated_venue import Venue
from venue.simulator.world.network import Weather
from venue.simulator.world.simulated_disk import SimulatedDisk
from venue.simulator.world.virtual_loop import RACE_DAY_UTC_MS

DAY_MS = 86_400_000


class Mishaps:
    """Strikes until cancelled; a node that is being repaired is left alone meanwhile."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self._world = venue.world
        self._backups: dict[str, Card] = {}
        self._in_repair: set[str] = set()
        chance = self._world.chance
        self._pause_max_s = chance.choice(self._world.plan.strike_pauses_s)
        self._kinds: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
            "kill": self._kill,
            "cut power": self._cut_power,
            "kill bridge": self._kill_bridge,
            "weather": self._change_weather,
            "partition": self._partition,
            "step clock": self._step_clock,
            "disk": self._spoil_disk,
            "back up": self._back_up,
            "restore": self._restore,
            "empty card": self._empty_card,
            "clone": self._clone,
            "roster": self._change_roster,
        }

    async def work(self) -> None:
        chance = self._world.chance
        names = [name for name, weight in self._world.plan.mishaps.items() for _ in range(weight)]
        while True:
            await asyncio.sleep(chance.uniform(0.2, self._pause_max_s))
            name = chance.choice(names)
            strike = self._kinds[name]
            self._world.happened[name] += 1
            self._venue.people.spawn(strike(), name=strike.__name__)

    async def _kill(self) -> None:
        async with _repair(self, self._pick()) as node:
            if node is not None:
                await self._venue.restart(node, down_s=self._world.chance.uniform(0.05, 2.0))

    async def _cut_power(self) -> None:
        async with _repair(self, self._pick()) as node:
            if node is not None:
                down_s = self._world.chance.uniform(0.2, 4.0)
                await self._venue.cut_power(node, down_s=down_s, utc_ms=self._waking_clock())

    async def _kill_bridge(self) -> None:
        self._world.chance.choice(self._venue.units).kill_bridge()

    async def _change_weather(self) -> None:
        chance = self._world.chance
        self._world.network.weather = weather = Weather(
            delay_max_s=chance.choice((0.002, 0.02, 0.3, 1.0)),
            loss=chance.choice((0.0, 0.05, 0.15, 0.3)),
            repetition=chance.choice((0.0, 0.1, 0.3)),
            damage=chance.choice((0.0, 0.05, 0.3)),
        )
        self._world.trace.say("network", f"{weather}")

    async def _partition(self) -> None:
        chance, network = self._world.chance, self._world.network
        names = [node.name for node in self._venue.nodes]
        chance.shuffle(names)
        alone = names[: chance.randint(1, len(names) - 1)]
        is_one_way = chance.random() < 0.4
        self._world.happened["partition in one direction"] += is_one_way
        for one in alone:
            for other in names[len(alone) :]:
                network.cut(one, other, is_one_way=is_one_way)
        way = "keeps what they send from" if is_one_way else "parts them from"
        self._world.trace.say("network", f"{'+'.join(alone)}: {way} the others")
        await asyncio.sleep(chance.uniform(0.5, 8.0))
        network.mend()
        self._world.trace.say("network", "is whole again")

    async def _step_clock(self) -> None:
        node = self._world.chance.choice(self._venue.nodes)
        utc_ms = self._waking_clock() or node.clock.utc_ms() + self._world.chance.randint(
            -7_200_000, 7_200_000
        )
        self._world.trace.say(node.name, f"clock stepped to {utc_ms}")
        node.clock.step_to(utc_ms)

    async def _spoil_disk(self) -> None:
        chance = self._world.chance
        node = chance.choice(self._venue.nodes)
        disk = node.disk
        if chance.random() < 0.4:
            disk.slow_s = chance.choice((0.05, 0.5, 5.0))
            self._world.happened["disk that crawls"] += 1
        else:
            disk.trouble = chance.choice(("the disk is full", "input/output error"))
        self._world.trace.say(node.name, f"disk: {disk.trouble or 'slow'}")
        await asyncio.sleep(chance.uniform(0.5, 5.0))
        heal_disk(disk)
        self._world.trace.say(node.name, "disk works")

    async def _back_up(self) -> None:
        node = self._world.chance.choice(self._venue.nodes)
        self._backups[node.name] = node.image()

    async def _restore(self) -> None:
        async with _repair(self, self._pick()) as node:
            if node is not None and node.name in self._backups:
                down_s = self._world.chance.uniform(0.2, 2.0)
                card = self._backups[node.name]
                await self._venue.restore(node, card, down_s=down_s, utc_ms=self._waking_clock())

    async def _empty_card(self) -> None:
        chance, venue = self._world.chance, self._venue
        async with _repair(self, chance.choice([*venue.units, *venue.displays])) as node:
            if node is None:
                return
            down_s = chance.uniform(0.2, 2.0)
            unit = next((unit for unit in venue.units if unit is node), None)
            if unit is not None:
                self._backups.pop(unit.name, None)  # an image of the former card belongs to the former key
                await venue.replace_card(unit, down_s=down_s)
            else:
                await venue.restore(node, Card(), down_s=down_s, utc_ms=None)

    async def _clone(self) -> None:
        venue = self._venue
        if len(venue.units) < 4:
            venue.clone(self._world.chance.choice(venue.units))

    async def _change_roster(self) -> None:
        chance, venue = self._world.chance, self._venue
        unit = chance.choice(venue.units)
        if chance.random() < 0.5 or not venue.central.is_up:
            await venue.enrol(unit)
        else:
            await venue.revoke(unit.identity.key)

    def _pick(self) -> Node:
        return self._world.chance.choice(self._venue.nodes)

    def _waking_clock(self) -> int | None:
        """Return what a clock without a battery may say: right, the epoch, some days back, a year ahead."""
        wrong = (None, None, 0, RACE_DAY_UTC_MS - 3 * DAY_MS, RACE_DAY_UTC_MS + 365 * DAY_MS)
        return self._world.chance.choice(wrong)


class _repair:  # noqa: N801
    """Holds a node for one repair at a time; gives None while somebody else is at it."""

    def __init__(self, mishaps: Mishaps, node: Node) -> None:
        self._held = mishaps._in_repair
        self._node: Node | None = None if node.name in self._held else node

    async def __aenter__(self) -> Node | None:
        if self._node is not None:
            self._held.add(self._node.name)
        return self._node

    async def __aexit__(self, *_: object) -> None:
        if self._node is not None:
            self._held.discard(self._node.name)


def heal_disk(disk: SimulatedDisk) -> None:
    disk.trouble, disk.slow_s = None, 0.0
