"""Central: the replica that holds the event's root key, and phones that read its board."""

from __future__ import annotations

import asyncio
from random import Random

import msgspec

from pitboard.errors import JournalLost
from pitboard.journal.countersigning import countersigned
from pitboard.journal.folding.fold import Fold
from pitboard.journal.records.kinds import UnitEnrolled, UnitRevoked
from pitboard.race.bodies.body import Act, ActWithdrawn, Body
from pitboard.race.bodies.event_bodies import ClassSet, EventConfigured, FormatSet
from pitboard.race.bodies.formats import Format
from pitboard.race.bodies.people_bodies import CompetitorChanged, CompetitorJudged, PersonErased
from pitboard.race.bodies.verdict_bodies import LapCorrected, LapJudged, RunDecided
from pitboard.trust.identity import Identity
from sync.central.ingest.head_witness import HeadWitness
from venue.simulator.cast.node import Node
from venue.simulator.world.day_plan import DayPlan
from venue.simulator.world.process import Process
from venue.simulator.world.signature_memory import identity_named

PHONE_LOOKS_S = 4.0
COUNTERSIGNS_S = 8.0
EVENT = EventConfigured(name="Simulated day")
SKI = Format(name="Ski", clock="start-gate", ends="open", ranking="net", lap_min_ms=0)
DERBY = Format(name="Derby", clock="start-gate", ends="open", told_by="lane", lanes=2, lap_min_ms=0)
LAPS = Format(name="Laps", ends="laps", run_laps=2, time_up="cancel")
CLASSES = ("kids", "pros")


class CentralNode(Node):
    """Says who may write as soon as it is up, and again where a backup forgot that."""

    wanted_units: dict[str, str]
    """{key: name} of the units that the admin means to be enrolled."""
    countersigns = True
    """Whether it tells within the day what it has seen; else only a revocation does."""

    @property
    def identity(self) -> Identity:
        return identity_named(self.name)

    async def work(self, process: Process) -> None:
        await self.say_what_is_wanted()
        process.spawn(self._serve_phones(), name="phones")
        if self.countersigns:
            process.spawn(self._countersign(), name="countersign")

    async def say_what_is_wanted(self) -> None:
        """Configure the event and enrol whoever is wanted and not there, as central's own start does."""
        fold = self.replica.fold
        bodies: list[Body] = [] if fold.race.event.value is not None else _event_bodies(self.world.plan)
        bodies += [
            UnitEnrolled(key=key, name=name)
            for key, name in self.wanted_units.items()
            if fold.roster.name_of(key) is None
        ]
        if bodies:
            await self.writing.append(*bodies)

    async def revoke(self, key: str, heads: dict[str, int]) -> None:
        """Let the key's streams count up to these heads, each in the history that is here."""
        self.wanted_units.pop(key, None)
        hashes = self.replica.hashes_at(heads)
        seen = countersigned(self.replica, [key])
        await self.writing.append(*seen, UnitRevoked(key=key, heads=heads, hashes=hashes))

    async def _countersign(self) -> None:
        witness = HeadWitness(self.writing)
        while True:
            await asyncio.sleep(self.world.plan.pace * self.world.chance.uniform(2.0, COUNTERSIGNS_S))
            try:
                await witness.tell()
            except JournalLost:
                continue

    async def _serve_phones(self) -> None:
        while True:
            await asyncio.sleep(self.world.chance.uniform(1.0, PHONE_LOOKS_S))
            self.board()


async def administer(central: CentralNode, chance: Random) -> None:
    """Correct, void, disqualify, reinstate and erase now and then, until cancelled."""
    plan = central.world.plan
    while True:
        await asyncio.sleep(plan.pace * chance.uniform(2.0, 8.0))
        if central.is_up:
            body = _random_act(central.replica.fold, chance, plan)
            if body is not None:
                try:
                    await central.writing.append(body)
                except JournalLost:
                    continue


def _event_bodies(plan: DayPlan) -> list[Body]:
    times = {"run_ms": plan.run_ms, "lap_min_ms": plan.lap_min_ms}
    return [
        msgspec.structs.replace(EVENT, **times),
        FormatSet(name="Ski", format=SKI),
        FormatSet(name="Derby", format=DERBY),
        FormatSet(name="Laps", format=msgspec.structs.replace(LAPS, **times)),
        *_classes(),
    ]


def _classes() -> list[Body]:
    return [ClassSet(race_class=one, name=one, is_outside_awards=one == "kids") for one in CLASSES]


def _withdrawal(fold: Fold, run: str, chance: Random) -> Body | None:
    """The admin takes back whatever anybody said of the run."""
    heard = fold.race.statements.all_about(("run", run))
    acts = [one for one in heard if isinstance(one.body, Act)]
    if not acts:
        return None
    named = chance.choice(acts)
    return ActWithdrawn(stream=named.word.stream, seq=named.word.seq, reason="a mistake")


def _random_act(fold: Fold, chance: Random, plan: DayPlan) -> Body | None:
    laps = [(run, lap.lap_id) for run in fold.race.runs for lap in fold.race.laps(run)]
    competitors = list(fold.race.competitors)
    if not laps:
        return None
    run, lap = chance.choice(laps)
    competitor = chance.choice(competitors) if competitors else ""
    kind = chance.choice(
        (
            "correct",
            "correct",
            "void",
            "valid",
            "withdraw",
            "disqualify",
            "reinstate",
            "erase",
            "event",
            "withdraw-act",
            "reopen",
            "change",
        )
    )
    if not competitor and kind in ("disqualify", "reinstate", "erase"):
        return None
    match kind:
        case "withdraw-act":
            return _withdrawal(fold, run, chance)
        case "reopen":
            return RunDecided(run_id=run, decision="reopened", reason="a protest")
        case "change":
            return CompetitorChanged(competitor_id=competitor or "nobody", race_class=chance.choice(CLASSES))
        case "correct":
            lap_ns = chance.choice((None, chance.randint(500_000_000, 3_000_000_000)))
            return LapCorrected(run_id=run, lap_id=lap, lap_ns=lap_ns, reason="video")
        case "void" | "valid" | "withdraw":
            verdict = None if kind == "withdraw" else kind
            return LapJudged(run_id=run, lap_id=lap, verdict=verdict, reason="video")
        case "disqualify":
            return CompetitorJudged(
                competitor_id=competitor, disqualification="disqualified", reason="weight"
            )
        case "reinstate":
            return CompetitorJudged(competitor_id=competitor, disqualification=None, reason="weighed again")
        case "event":
            return EventConfigured(
                name=EVENT.name,
                run_ms=plan.run_ms,
                lap_min_ms=plan.lap_min_ms,
                resolution_ns=chance.choice((1_000_000, 10_000_000)),
            )
    records: dict[str, list[int]] = {}
    for stream, seq in sorted(fold.places_to_erase(competitor)):
        records.setdefault(stream, []).append(seq)
    return PersonErased(competitor_id=competitor, records=records, reason="asked for it")
