"""A trackside unit: the real run control, intake and pumps around its replica, and a bridge on the same card.

Bridge and trackside are processes of their own, so they are killed together only when the power goes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from random import Random

from pitboard.errors import JournalLost
from pitboard.trust.identity import Identity
from sync.exchanging.pump import Pump
from trackside.timing.passing_intake import PassingIntake
from trackside.timing.run_control import RunControl
from trackside.unit import follow_time
from venue.simulator.cast.beam import Bridge, Sensor
from venue.simulator.cast.node import ROOT_NAME, Card, NetworkPeer, Node, OwnPeer
from venue.simulator.cast.set_clock_loop import LoopBridge, LoopDevice
from venue.simulator.cast.two_systems_line import PairBridge, TwoSystems
from venue.simulator.world.process import Process
from venue.simulator.world.signature_memory import identity_named
from venue.simulator.world.world import World

TRACK = "1"
WAIT_MS = 8_000


class UnitNode(Node):
    """`key_name` names its key, which a cloned card shares; `friends` are units it exchanges with."""

    def __init__(self, world: World, name: str, *, key_name: str, friends: Sequence[str] = ()) -> None:
        super().__init__(world, name)
        self.key_name = key_name
        self.friends = tuple(friends)
        self.sensor = Sensor(world)
        self.loop_device = LoopDevice(world.chance, world.plan.trouble)
        has_pair = world.chance.random() < world.plan.shares.two_systems
        self.pair_line = (
            TwoSystems(Random(world.chance.getrandbits(32)), world.plan.trouble) if has_pair else None
        )
        self.bridge_process = Process(name, self._report_error)
        self.bridge_process.kill()
        self._run_control: RunControl | None = None
        self._bridge: Bridge | None = None

    @property
    def identity(self) -> Identity:
        return identity_named(self.key_name)

    @property
    def run_control(self) -> RunControl | None:
        """What the official's touchscreen acts on; None while the unit is down."""
        return self._run_control if self.is_up else None

    @property
    def has_passings_under_way(self) -> bool:
        """Whether a passing of the sensor has not reached the journal yet."""
        is_waiting = self._bridge is not None and self._bridge.has_waiting
        return is_waiting or bool(self.sensor.unacknowledged)

    def crash(self) -> None:
        super().crash()
        self.bridge_process.kill()
        self._run_control = None

    def cross(self) -> None:
        """A car breaks the beam now, if there is power to notice it."""
        if self.is_powered:
            self.sensor.sense(self.clock)

    def boot(self, *, utc_ms: int | None) -> None:
        super().boot(utc_ms=utc_ms)
        self.sensor.cut_power()

    def image(self) -> Card:
        return Card(self.disk.copy(), self.raw_log.copy())

    def insert(self, card: Card) -> None:
        super().insert(card)
        self.raw_log = card.raw_log.copy()
        kept = self.raw_log.passings
        self.sensor.acknowledged = {
            passing_id: passing
            for passing_id, passing in self.sensor.acknowledged.items()
            if passing_id in kept
        }

    def kill_bridge(self) -> None:
        """End the bridge alone; it starts again from its raw log."""
        self.bridge_process.kill()
        if self._run_control is not None:
            self._start_bridge(self._run_control)

    async def work(self, process: Process) -> None:
        run_control = RunControl(
            self.writing,
            self.clock,
            unit_key=self.identity.key,
            track=TRACK,
            tracks=("2",),
            new_id=self.world.new_id,
        )
        await run_control.resume()
        self._run_control = run_control
        process.spawn(follow_time(self.replica, run_control, self.clock), name="time")
        self._start_bridge(run_control)
        for other in (ROOT_NAME, *self.friends):
            process.spawn(self._pump_to(other).run(), name=f"up to {other}")
            process.spawn(self._pump_from(other).run(), name=f"down from {other}")

    def _start_bridge(self, run_control: RunControl) -> None:
        intake = PassingIntake(run_control, track=TRACK)
        self.bridge_process = Process(f"{self.name} bridge", self._report_error)
        self._bridge = Bridge(self.world, self.name, self.sensor, self.raw_log)
        self.bridge_process.spawn(self._run_bridge(self._bridge, intake), name="bridge")
        if self.world.plan.has_set_clock:
            self.bridge_process.spawn(self._run_loop(intake), name="loop")
        if self.pair_line is not None:
            self.bridge_process.spawn(self._run_pair(intake, self.pair_line), name="pair")

    async def _run_loop(self, intake: PassingIntake) -> None:
        while True:
            bridge = LoopBridge(self.world, self.clock, self.loop_device, self.raw_log.loop_lines)
            try:
                await bridge.run(intake)
            except JournalLost:
                await asyncio.sleep(0.5)

    async def _run_pair(self, intake: PassingIntake, line: TwoSystems) -> None:
        while True:
            try:
                await PairBridge(self.world, self.clock, line).run(intake)
            except JournalLost:
                await asyncio.sleep(0.5)

    async def _run_bridge(self, bridge: Bridge, intake: PassingIntake) -> None:
        while True:
            try:
                await bridge.run(intake)
            except JournalLost:
                await asyncio.sleep(0.5)

    def _pump_to(self, other: str) -> Pump:
        return Pump(OwnPeer(self), NetworkPeer(self.world, self.name, other), wait_ms=WAIT_MS)

    def _pump_from(self, other: str) -> Pump:
        return Pump(NetworkPeer(self.world, self.name, other), OwnPeer(self), wait_ms=WAIT_MS)
