"""The admin's words in any order, repeated, batched, and with erased bodies gone: one race."""

from __future__ import annotations

import random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from pitboard.journal.folding.fold import Fold
from pitboard.journal.records.kinds import UnitRevoked, read_body
from pitboard.journal.records.record import Record
from pitboard.race.bodies.body import Body
from pitboard.race.bodies.people_bodies import CompetitorJudged, CompetitorRegistered, PersonErased
from pitboard.race.bodies.run_bodies import RunArmed
from pitboard.race.bodies.verdict_bodies import LapCorrected, LapJudged, RunDecided
from tests.pitboard.journal.folding.test_fold import everything, fold_of
from tests.race_story import ROOT, UNIT_B, Teller, random_race


def judged_race(seed: int) -> list[Record]:
    """Return a random race about which the admin said, withdrew and erased many things."""
    chance = random.Random(seed)
    records = random_race(seed)
    said = [(record, read_body(record.header.kind, record.body_bytes or b"")) for record in records]
    runs = [body.run_id for _, body in said if isinstance(body, RunArmed)] or ["none"]
    laps = [getattr(body, "passing_id", None) for _, body in said]
    passings = [lap for lap in laps if lap] or ["none"]
    admin = Teller(ROOT, "Central", stream=f"{seed:08x}{'f' * 24}")
    for _ in range(40):
        run, lap, competitor = chance.choice(runs), chance.choice(passings), f"c{chance.randint(0, 4)}"
        admin.say(_word(chance, run, lap, competitor, said))
        admin.clock.advance(ms=chance.randint(-20, 20))
    if chance.random() < 0.3:
        admin.say(UnitRevoked(key=UNIT_B.key))
    return records + admin.records


def _word(
    chance: random.Random, run: str, lap: str, competitor: str, said: list[tuple[Record, Body | None]]
) -> Body:
    match chance.randint(0, 9):
        case 0 | 1 | 2:
            return LapJudged(run_id=run, lap_id=lap, verdict=chance.choice(["valid", "void", None]))
        case 3 | 4 | 5:
            return LapCorrected(run_id=run, lap_id=lap, lap_ns=chance.choice([4_000_000_000, 1, None]))
        case 6:
            return RunDecided(run_id=run, decision=chance.choice(["confirmed", "discarded", None]))
        case 7 | 8:
            return CompetitorJudged(
                competitor_id=competitor, disqualification=chance.choice(["disqualified", None])
            )
    records: dict[str, list[int]] = {}
    for record, body in said:
        if isinstance(body, CompetitorRegistered) and body.competitor_id == competitor:
            records.setdefault(record.stream, []).append(record.seq)
    return PersonErased(competitor_id=competitor, records=records)


RACES = [judged_race(seed) for seed in range(30)]


@settings(max_examples=100, deadline=None)
@given(race=st.integers(0, len(RACES) - 1), seed=st.integers(0, 2**32))
def test_order_repetition_and_lost_bodies_change_nothing(race: int, seed: int) -> None:
    chance = random.Random(seed)
    records = RACES[race]
    whole = fold_of(*records)
    emptied = [
        msgspec.structs.replace(record, body_bytes=None)
        if (record.stream, record.seq) in whole.erased_places and chance.random() < 0.5
        else record
        for record in records
    ]
    shuffled = emptied + chance.choices(emptied, k=len(records) // 3)
    chance.shuffle(shuffled)
    fold = Fold(ROOT.key)
    for record in shuffled:
        fold.add(record)
        if chance.random() < 0.1:
            everything(fold)
    assert everything(fold) == everything(whole)
    assert fold.race.erased == whole.race.erased


def test_the_judged_races_are_worth_shuffling() -> None:
    folds = [fold_of(*records) for records in RACES]
    assert sum(len(fold.race.erased) for fold in folds) > 20
    assert sum(len(fold.erased_places) for fold in folds) > 10
    assert sum(fold.race.roll.is_disqualified(one) for fold in folds for one in fold.race.competitors) > 10
