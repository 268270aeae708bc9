"""Small races as records, for tests that tell a story."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from pitboard.clock import ScriptedClock
from pitboard.journal.records.kinds import KIND_OF, StreamOpened, UnitEnrolled
from pitboard.journal.records.record import HybridClock, Record, StreamWriter
from pitboard.program.config import EventFile
from pitboard.race.bodies.body import Body
from pitboard.race.bodies.event_bodies import EventConfigured
from pitboard.race.bodies.formats import TimingRules
from pitboard.race.bodies.passing_bodies import PassingRecorded
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from pitboard.race.bodies.run_bodies import RunArmed, RunFinished, RunPlace
from pitboard.race.bodies.verdict_bodies import LapJudged, RunDecided
from pitboard.trust.identity import Identity

SECOND_NS = 1_000_000_000
ROOT = Identity.from_seed(b"r" * 32)
UNIT_A = Identity.from_seed(b"a" * 32)
UNIT_B = Identity.from_seed(b"b" * 32)
STRANGER = Identity.from_seed(b"s" * 32)


def enrolled_as(name: str, *, event: str) -> EventFile:
    """Return what an enrolment leaves beside a journal."""
    return EventFile(
        event=event,
        event_key=ROOT.key,
        name=name,
        central="https://192.0.2.7:8081",
        central_fingerprint="0" * 64,
    )


@dataclass
class Teller:
    """Writes one node's stream into `records`."""

    identity: Identity
    name: str
    clock: ScriptedClock = field(default_factory=ScriptedClock)
    stream: str | None = None
    earlier: dict[str, int] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.hybrid_clock = HybridClock(self.clock)
        self.writer = StreamWriter(self.identity, self.hybrid_clock, stream=self.stream)
        self.say(
            StreamOpened(
                key=self.identity.key, name=self.name, boot_id=self.clock.boot_id, earlier=self.earlier
            )
        )

    def say(self, body: Body) -> Record:
        self.clock.advance(ms=1)
        record = self.writer.write(KIND_OF[type(body)], body)
        self.records.append(record)
        return record


def central_enrols(*units: Identity) -> Teller:
    central = Teller(ROOT, "Central")
    central.say(EventConfigured(name="Test race"))
    for number, unit in enumerate(units):
        central.say(UnitEnrolled(key=unit.key, name=f"Track {number}"))
    return central


def passing(
    seq: int, *, s: float, boot_id: str = "boot", sensor_boot: str = "dev", track: str = "1"
) -> PassingRecorded:
    mono_ns = round(s * SECOND_NS)
    return PassingRecorded(
        sensor="beam-1",
        sensor_boot=sensor_boot,
        seq=seq,
        track=track,
        boot_id=boot_id,
        mono_ns=mono_ns,
        uncertainty_ns=1_000,
        received_mono_ns=mono_ns + 1,
    )


def armed(
    run: str, competitor: str, *, s: float, run_ms: int = 60_000, boot_id: str = "boot", track: str = "1"
) -> RunArmed:
    return RunArmed(
        run_id=run,
        track=track,
        boot_id=boot_id,
        mono_ns=round(s * SECOND_NS),
        places=(RunPlace(competitor_id=competitor),),
        timing=TimingRules(run_ms=run_ms, lap_min_ms=3_000),
    )


def finished(run: str, *, s: float, boot_id: str = "boot") -> RunFinished:
    return RunFinished(run_id=run, boot_id=boot_id, mono_ns=round(s * SECOND_NS), ended="stopped")


def confirmed_run(
    teller: Teller, run: str, competitor: str, *, start_s: float, laps_s: list[float], first_seq: int
) -> int:
    """Tell a whole run and return the next free seq."""
    teller.say(armed(run, competitor, s=start_s))
    at_s = start_s + 1
    seq = first_seq
    teller.say(passing(seq, s=at_s))
    for lap_s in laps_s:
        at_s += lap_s
        seq += 1
        teller.say(passing(seq, s=at_s))
    teller.say(finished(run, s=at_s + 0.5))
    teller.say(RunDecided(run_id=run, decision="confirmed"))
    return seq + 1


def random_race(seed: int) -> list[Record]:
    """Return all records of a seeded race day on two units, some runs judged, discarded or still open."""
    chance = random.Random(seed)
    central = central_enrols(UNIT_A, UNIT_B)
    tellers = [central]
    for number, identity in enumerate((UNIT_A, UNIT_B, STRANGER)):
        teller = Teller(identity, f"Track {number}", stream=f"{seed % 2**32:08x}{number:024x}")
        tellers.append(teller)
        at_s = 10.0
        seq = 1
        for run_number in range(chance.randint(0, 4)):
            competitor = f"c{chance.randint(0, 4)}"
            run = f"run-{number}-{run_number}"
            if chance.random() < 0.8:
                teller.say(
                    CompetitorRegistered(competitor_id=competitor, name=f"Name {chance.randint(0, 9)}")
                )
            teller.say(armed(run, competitor, s=at_s, run_ms=chance.choice([10_000, 60_000])))
            laps: list[str] = []
            for _ in range(chance.randint(0, 8)):
                at_s += chance.choice([1.0, 4.0, 4.0, chance.uniform(3, 9)])
                body = passing(seq, s=at_s)
                laps.append(body.passing_id)
                teller.say(body)
                if chance.random() < 0.1:
                    teller.say(body)
                seq += 1
            if laps and chance.random() < 0.5:
                teller.say(
                    LapJudged(
                        run_id=run, lap_id=chance.choice(laps), verdict=chance.choice(["valid", "void"])
                    )
                )
            if chance.random() < 0.9:
                teller.say(finished(run, s=at_s + chance.uniform(-1, 1)))
                if chance.random() < 0.9:
                    teller.say(RunDecided(run_id=run, decision=chance.choice(["confirmed", "discarded"])))
            if laps and chance.random() < 0.2:
                central.clock.advance(ms=chance.randint(-50, 50))
                central.say(LapJudged(run_id=run, lap_id=laps[-1], verdict="void"))
            at_s += 1.5
    return [record for teller in tellers for record in teller.records]
