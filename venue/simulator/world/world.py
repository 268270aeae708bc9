"""What all parts of a simulated venue share: one seed's chance, time, trace, truth and network."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from random import Random

from venue.simulator.world.day_plan import LONG, DayPlan
from venue.simulator.world.network import Network
from venue.simulator.world.truth import Trace, Truth
from venue.simulator.world.virtual_loop import VirtualLoop


@dataclass
class World:
    """Made once per day; everything random comes from `chance`, so a seed decides the whole day."""

    loop: VirtualLoop
    chance: Random
    seed: int = 0
    plan: DayPlan = LONG
    trace: Trace = field(init=False)
    truth: Truth = field(init=False)
    network: Network = field(init=False)
    crashes: int = 0
    restores: int = 0
    happened: Counter[str] = field(default_factory=Counter)
    """What went wrong and what enemies did, by name; in the end all that the day had, if that is asked."""
    tells_contents: bool = False

    def __post_init__(self) -> None:
        self.trace = Trace(self.loop)
        self.truth = Truth(self.trace)
        self.network = Network(self.chance, self.trace)

    def new_id(self) -> str:
        """Return 16 hex digits that come from the seed."""
        return f"{self.chance.getrandbits(64):016x}"

    def new_stream(self) -> str:
        return f"{self.chance.getrandbits(128):032x}"
