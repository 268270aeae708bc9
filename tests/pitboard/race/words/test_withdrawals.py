"""Any acts and their withdrawals, in any order of arrival, give the race of the acts that stand."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pitboard.journal.folding.fold import Fold
from pitboard.journal.records.record import Record
from pitboard.journal.views.run_views import view_run
from pitboard.journal.views.views import encode_view, view_board
from pitboard.race.bodies import passing_bodies, people_bodies, run_bodies, verdict_bodies
from pitboard.race.bodies.body import ActWithdrawn, Body
from pitboard.race.bodies.formats import TimingRules
from pitboard.race.words.word import Authority, Statement, Statements, Word
from tests.race_story import ROOT, SECOND_NS, UNIT_A, Teller, armed, central_enrols, finished, passing


def race_of(records: list[Record], *, is_drawn: bool = False) -> bytes:
    """Return what screens show once all records are there; `is_drawn`: and did so after each of them."""
    fold = Fold(ROOT.key)
    for record in records:
        fold.add(record)
        if is_drawn:
            shown(fold)
    return shown(fold)


def shown(fold: Fold) -> bytes:
    runs = [view_run(fold, run) for _, run in sorted(fold.race.runs.items())]
    return encode_view(view_board(fold)) + b"".join(map(encode_view, runs))


def random_act(chance: random.Random, inserted: list[str]) -> Body:
    """Return an act on one of the two runs; `inserted` are the passings that were put in by hand so far."""
    run_id, place = chance.choice(("r1", "r2")), 1
    recorded = passing(chance.randint(1, 12), s=1).passing_id
    passing_id = chance.choice(inserted) if inserted and chance.random() < 0.4 else recorded
    mono_ns = chance.randint(5, 60) * SECOND_NS
    acts: list[Body] = [
        verdict_bodies.LapJudged(run_id=run_id, lap_id=passing_id, verdict=chance.choice(("valid", "void"))),
        passing_bodies.PassingJudged(passing_id=passing_id, verdict="ignored"),
        passing_bodies.PassingAttributed(passing_id=passing_id, run_id=chance.choice((run_id, None))),
        passing_bodies.PassingInserted(
            passing_id=f"i{len(inserted)}",
            run_id=run_id,
            boot_id="boot",
            mono_ns=mono_ns,
            uncertainty_ns=1,
            copy_of=chance.choice((None, None, recorded)),
        ),
        verdict_bodies.PenaltyGiven(run_id=run_id, penalty_ns=SECOND_NS),
        verdict_bodies.OffTrackNoted(run_id=run_id, boot_id="boot", mono_ns=mono_ns),
        run_bodies.RunHanded(run_id=run_id, competitor_id=chance.choice(("ann", "bob"))),
        run_bodies.RunPaused(run_id=run_id, boot_id="boot", mono_ns=mono_ns),
        run_bodies.RunContinued(run_id=run_id, boot_id="boot", mono_ns=mono_ns),
        run_bodies.RunStarted(run_id=run_id, boot_id="boot", mono_ns=mono_ns, passing_id=passing_id),
        verdict_bodies.RunDecided(
            run_id=run_id, decision=chance.choice(("confirmed", "discarded", "reopened"))
        ),
        run_bodies.RunFinished(run_id=run_id, boot_id="boot", mono_ns=mono_ns, ended="stopped"),
        verdict_bodies.PlaceJudged(run_id=run_id, place=place, status="did-not-finish"),
        people_bodies.CompetitorChanged(competitor_id="ann", name=chance.choice(("Ann", "Anna"))),
        people_bodies.CompetitorsJoined(competitor_id="ann", into_id="bob"),
    ]
    act = chance.choice(acts)
    if isinstance(act, passing_bodies.PassingInserted):
        inserted.append(act.passing_id)
    return act


def story(seed: int) -> tuple[list[Record], list[Record]]:
    """Return all records, and those of them that stand."""
    chance = random.Random(seed)
    central, unit = central_enrols(UNIT_A), Teller(UNIT_A, "Track A", stream="a" * 32)
    for name in ("ann", "bob"):
        unit.say(people_bodies.CompetitorRegistered(competitor_id=name, name=name.title()))
    for run_id, start_s in (("r1", 5), ("r2", 30)):
        run = armed(run_id, chance.choice(("ann", "bob")), s=start_s)
        rules = TimingRules(
            run_ms=20_000, off_track="void", clock=chance.choice(("first-passing", "start-gate"))
        )
        unit.say(
            run_bodies.RunArmed(**{**{f: getattr(run, f) for f in run.__struct_fields__}, "timing": rules})
        )
    for seq in range(1, 13):
        gate = chance.choice(("finish", "finish", "start"))
        one = passing(seq, s=5 + 4.3 * seq)
        fields = {f: getattr(one, f) for f in one.__struct_fields__}
        unit.say(passing_bodies.PassingRecorded(**{**fields, "gate": gate}))
    unit.say(finished("r1", s=29))
    stands: dict[int, Record] = {}
    inserted: list[str] = []
    acts: list[tuple[Record, int | None]] = []  # with the act that it withdraws
    for _ in range(chance.randint(0, 14)):
        if acts and chance.random() < 0.4:
            named = chance.randrange(len(acts))
            record = acts[named][0]
            acts.append((unit.say(ActWithdrawn(stream=record.stream, seq=record.seq)), named))
        else:
            acts.append((unit.say(random_act(chance, inserted)), None))

    def is_standing(index: int) -> bool:
        return not any(named == index and is_standing(later) for later, (_, named) in enumerate(acts))

    for index, (record, withdrawn) in enumerate(acts):
        if withdrawn is None and is_standing(index):
            stands[index] = record
    spoken = {id(record) for record, _ in acts}
    plain = [record for record in unit.records if id(record) not in spoken]
    return [*central.records, *unit.records], [*central.records, *plain, *stands.values()]


@given(st.integers(0, 10**6), st.randoms(use_true_random=False))
def test_acts_and_withdrawals_give_the_race_of_the_acts_that_stand(seed: int, order: random.Random) -> None:
    everything, standing = story(seed)
    shuffled = [*everything, *order.sample(everything, len(everything) // 4)]
    order.shuffle(shuffled)
    assert race_of(shuffled) == race_of(everything) == race_of(standing)


@pytest.mark.parametrize(
    "said",
    [
        passing_bodies.PassingJudged(passing_id="i1", verdict="ignored"),
        passing_bodies.PassingAttributed(passing_id="i1"),
        passing_bodies.PassingRecorded(
            **{**{f: getattr(passing(9, s=1), f) for f in passing(9, s=1).__struct_fields__}, "track": "2"}
        ),
    ],
    ids=["ignored", "nobodys", "the passing of which it is a copy"],
)
def test_what_is_said_of_a_passing_put_in_by_hand_reaches_a_screen_that_had_drawn_it(said: Body) -> None:
    central, unit = central_enrols(UNIT_A), Teller(UNIT_A, "Track A", stream="a" * 32)
    unit.say(armed("r1", "ann", s=5))
    copied = passing(9, s=1).passing_id if isinstance(said, passing_bodies.PassingRecorded) else None
    inserted = passing_bodies.PassingInserted(
        passing_id="i1",
        run_id="r1",
        boot_id="boot",
        mono_ns=7 * SECOND_NS,
        uncertainty_ns=1,
        copy_of=copied,
    )
    unit.say(inserted)
    before = race_of([*central.records, *unit.records])
    unit.say(said)
    everything = [*central.records, *unit.records]
    assert race_of(everything, is_drawn=True) == race_of(everything) != before


@given(st.integers(0, 10**6), st.randoms(use_true_random=False))
def test_a_screen_that_drew_all_the_time_shows_what_a_fresh_one_does(seed: int, order: random.Random) -> None:
    everything, _ = story(seed)
    order.shuffle(everything)
    assert race_of(everything, is_drawn=True) == race_of(everything)


@given(st.integers(0, 10**6))
def test_no_lap_is_negative_and_no_passing_closes_two(seed: int) -> None:
    everything, _ = story(seed)
    fold = Fold(ROOT.key)
    for record in everything:
        fold.add(record)
    laps = [lap for run_id in fold.race.runs for lap in fold.race.laps(run_id)]
    assert all(lap.lap_ns >= 0 and lap.measured_ns >= 0 for lap in laps)
    assert len({lap.lap_id for lap in laps}) == len(laps)


@pytest.mark.parametrize("count", [2_000, 2_001])
def test_a_chain_of_withdrawals_may_be_longer_than_pythons_stack(count: int) -> None:
    """Each takes back the one before it; one enrolled unit ended every node by three hundred of them."""
    statements = Statements()
    subject = ("competitor", "ann")
    bodies: list[Body] = [people_bodies.CompetitorRegistered(competitor_id="ann", name="Ann")]
    bodies += [ActWithdrawn(stream="a", seq=seq) for seq in range(1, count + 1)]
    for seq, body in enumerate(bodies, start=1):
        said = Statement(Word(Authority.TIMEKEEPER, seq, "a", seq), UNIT_A.key, body)
        if isinstance(body, ActWithdrawn):
            statements.withdraw((body.stream, body.seq), said)
        else:
            statements.say(subject, said)
    assert bool(statements.in_force(subject)) == (count % 2 == 0)
