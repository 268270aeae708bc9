"""To the nanosecond: where a run's time ends, what a boot before has used, what is short, what is cut."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pitboard.journal.folding.fold import Fold
from pitboard.race.bodies.body import Body
from pitboard.race.bodies.formats import TimingRules
from pitboard.race.bodies.passing_bodies import PassingAttributed, PassingJudged, PassingRecorded
from pitboard.race.bodies.run_bodies import RunArmed, RunPlace, RunResumed, RunStarted
from pitboard.race.bodies.verdict_bodies import LapCorrected, PenaltyGiven
from pitboard.race.runs.laps import Pause, cut_to, time_up_mono_ns
from pitboard.race.runs.verdicts import Lap
from pitboard.race.words.word import Authority, LastWord, Word
from tests.race_story import ROOT, SECOND_NS, UNIT_A, Teller, central_enrols


def true_passing(seq: int, mono_ns: int, *, boot_id: str = "boot", **fields: object) -> PassingRecorded:
    said: dict[str, object] = {
        "sensor": "beam-1",
        "sensor_boot": f"dev-{boot_id}",
        "seq": seq,
        "track": "1",
        "boot_id": boot_id,
        "mono_ns": mono_ns,
        "uncertainty_ns": 1_000,
        "received_mono_ns": mono_ns + 1,
    }
    return PassingRecorded(**{**said, **fields})  # type: ignore[arg-type]


def armed(rules: TimingRules, *places: RunPlace) -> RunArmed:
    places = places or (RunPlace(competitor_id="ann"),)
    return RunArmed(run_id="r", track="1", boot_id="boot", mono_ns=0, places=places, timing=rules)


def laps(*said: Body, admin: Sequence[Body] = ()) -> list[Lap]:
    unit, central = Teller(UNIT_A, "Track A"), central_enrols(UNIT_A)
    for body in said:
        unit.say(body)
    for body in admin:
        central.say(body)
    fold = Fold(ROOT.key)
    for record in [*central.records, *unit.records]:
        fold.add(record)
    return fold.race.laps("r")


def place_after_boot(rules: TimingRules, *, second_closes_ns: int) -> list[int]:
    """Return the laps of a run that used 7 s before a reboot; its two laps after it close when told."""
    return [
        lap.lap_ns
        for lap in laps(
            armed(rules),
            RunResumed(run_id="r", boot_id="next", mono_ns=0, elapsed_ns=7 * SECOND_NS),
            true_passing(1, 1 * SECOND_NS, boot_id="next"),
            true_passing(2, 2 * SECOND_NS, boot_id="next"),
            true_passing(3, second_closes_ns, boot_id="next"),
            true_passing(4, second_closes_ns + SECOND_NS, boot_id="next"),
        )
    ]


TEN = TimingRules(run_ms=10_000, lap_min_ms=0)
"""The time begins at the first passing, at 1 s, so it is over at 11 s."""


@pytest.mark.parametrize(
    ("time_up", "stamps_ns", "laps_count"),
    [
        ("finish-lap", [1 * SECOND_NS, 11 * SECOND_NS - 1, 15 * SECOND_NS], 2),
        ("finish-lap", [1 * SECOND_NS, 11 * SECOND_NS, 15 * SECOND_NS], 1),
        ("stop", [1 * SECOND_NS, 5 * SECOND_NS, 11 * SECOND_NS], 2),
        ("stop", [1 * SECOND_NS, 5 * SECOND_NS, 11 * SECOND_NS + 1], 1),
        ("cancel", [1 * SECOND_NS, 5 * SECOND_NS, 11 * SECOND_NS], 2),
        ("cancel", [1 * SECOND_NS, 5 * SECOND_NS, 11 * SECOND_NS + 1], 1),
    ],
)
def test_a_lap_is_too_late_from_the_very_instant_on(
    time_up: str, stamps_ns: list[int], laps_count: int
) -> None:
    rules = TimingRules(run_ms=10_000, lap_min_ms=0, time_up=time_up)
    passings = [true_passing(seq, stamp_ns) for seq, stamp_ns in enumerate(stamps_ns, start=1)]
    assert len(laps(armed(rules), *passings)) == laps_count


@pytest.mark.parametrize(("first_ns", "laps_ns"), [(5 * SECOND_NS - 1, [3, 4]), (5 * SECOND_NS, [0, 3, 4])])
def test_a_passing_before_the_go_closes_no_lap(first_ns: int, laps_ns: list[int]) -> None:
    measured = laps(
        armed(TimingRules(clock="go", lap_min_ms=0)),
        RunStarted(run_id="r", boot_id="boot", mono_ns=5 * SECOND_NS, uncertainty_ns=0),
        true_passing(1, first_ns),
        true_passing(2, 8 * SECOND_NS),
        true_passing(3, 12 * SECOND_NS),
    )
    assert [lap.lap_ns // SECOND_NS for lap in measured] == laps_ns


@pytest.mark.parametrize(("lap_ns", "is_short"), [(3 * SECOND_NS - 1, True), (3 * SECOND_NS, False)])
def test_a_lap_of_just_the_least_time_is_not_short(lap_ns: int, is_short: bool) -> None:
    [lap] = laps(armed(TimingRules()), true_passing(1, SECOND_NS), true_passing(2, SECOND_NS + lap_ns))
    assert lap.is_short == is_short


def test_a_run_by_laps_has_just_so_many() -> None:
    rules = TimingRules(ends="laps", run_laps=2, run_ms=0, lap_min_ms=0)
    assert len(laps(armed(rules), *(true_passing(seq, seq * SECOND_NS) for seq in range(1, 7)))) == 2


@pytest.mark.parametrize(
    ("second_closes_ns", "laps_ns"),
    [(4 * SECOND_NS - 1, [1, 2, 1]), (4 * SECOND_NS, [1, 2])],
)
def test_what_was_used_before_a_reboot_is_gone(second_closes_ns: int, laps_ns: list[int]) -> None:
    measured = place_after_boot(TEN, second_closes_ns=second_closes_ns)
    assert [round(one / SECOND_NS) for one in measured] == laps_ns


def test_what_was_used_before_a_reboot_is_gone_after_go_too() -> None:
    rules = TimingRules(run_ms=10_000, lap_min_ms=0, clock="go")
    said = [
        armed(rules),
        RunResumed(run_id="r", boot_id="next", mono_ns=0, elapsed_ns=7 * SECOND_NS),
        RunStarted(run_id="r", boot_id="next", mono_ns=SECOND_NS, uncertainty_ns=0),
    ]
    in_time = laps(
        *said,
        true_passing(1, 4 * SECOND_NS - 1, boot_id="next"),
        true_passing(2, 9 * SECOND_NS, boot_id="next"),
    )
    too_late = laps(
        *said, true_passing(1, 4 * SECOND_NS, boot_id="next"), true_passing(2, 9 * SECOND_NS, boot_id="next")
    )
    assert [len(in_time), len(too_late)] == [2, 1]


@pytest.mark.parametrize(
    ("pauses", "up_s"),
    [
        ([], 11),
        ([(2, 4)], 13),
        ([(0, 3)], 13),  # only what lies after the beginning
        ([(2, 4), (12, 15)], 16),  # the first one moves the end beyond the second's beginning
        ([(11, 12)], 11),  # it begins as the time is over
        ([(2, None)], None),
    ],
)
def test_a_pause_moves_the_end_by_what_it_takes(
    pauses: list[tuple[int, int | None]], up_s: int | None
) -> None:
    stood_still = [
        Pause(
            boot_id="boot",
            from_mono_ns=from_s * SECOND_NS,
            to_mono_ns=None if to_s is None else to_s * SECOND_NS,
        )
        for from_s, to_s in pauses
    ]
    up_mono_ns = time_up_mono_ns(SECOND_NS, "boot", TEN, stood_still)
    assert up_mono_ns == (None if up_s is None else up_s * SECOND_NS)


@pytest.mark.parametrize(
    ("lap_ns", "resolution_ns", "shown_ns"),
    [
        (9_999_999_999, 1_000_000, 9_999_000_000),
        (9_999_999_999, 10_000_000, 9_990_000_000),
        (10_000_000_000, 10_000_000, 10_000_000_000),
    ],
)
def test_times_are_cut_and_never_rounded(lap_ns: int, resolution_ns: int, shown_ns: int) -> None:
    assert cut_to(lap_ns, resolution_ns) == shown_ns


def test_the_admins_time_stands_and_what_was_measured_stays_beside_it() -> None:
    second = true_passing(2, 6 * SECOND_NS)
    corrected = LapCorrected(run_id="r", lap_id=second.passing_id, lap_ns=4_500_000_000, reason="video")
    [lap] = laps(armed(TEN), true_passing(1, SECOND_NS), second, admin=[corrected])
    assert (lap.lap_ns, lap.measured_ns, lap.is_corrected) == (4_500_000_000, 5 * SECOND_NS, True)


@pytest.mark.parametrize(("flag", "waits"), [("clock-lost", True), ("late", False), (None, False)])
def test_a_lap_over_a_clock_in_doubt_waits_for_somebody_to_look(flag: str | None, waits: bool) -> None:
    [lap] = laps(
        armed(TEN),
        true_passing(1, SECOND_NS, tick_us=1_000_000, clock="c"),
        true_passing(2, 6 * SECOND_NS, flag=flag, tick_us=6_000_000, clock="d" if waits else "c"),
    )
    assert (lap.waits_for_verdict, lap.counts) == (waits, not waits)


def test_the_first_place_that_fits_has_the_passing_and_a_penalty_is_its_places_alone() -> None:
    places = [RunPlace(place=number, competitor_id=f"c{number}", told_by="lane", lane=1) for number in (1, 2)]
    unit = Teller(UNIT_A, "Track A")
    for body in (
        armed(TEN, *places),
        true_passing(1, SECOND_NS, lane=1),
        true_passing(2, 5 * SECOND_NS, lane=1),
        PenaltyGiven(run_id="r", place=2, penalty_ns=SECOND_NS),
    ):
        unit.say(body)
    fold = Fold(ROOT.key)
    for record in [*central_enrols(UNIT_A).records, *unit.records]:
        fold.add(record)
    assert [(len(one.laps), one.penalty_ns) for one in fold.race.driven("r")] == [(1, 0), (0, SECOND_NS)]


def test_a_passing_that_was_given_and_then_ignored_is_nobodys() -> None:
    second = true_passing(2, 5 * SECOND_NS)
    given = PassingAttributed(passing_id=second.passing_id, run_id="r", place=1)
    ignored = PassingJudged(passing_id=second.passing_id, verdict="ignored")
    said = [armed(TEN), true_passing(1, SECOND_NS), second, true_passing(3, 9 * SECOND_NS)]
    assert [lap.lap_ns for lap in laps(*said, given)] == [4 * SECOND_NS, 4 * SECOND_NS]
    assert [lap.lap_ns for lap in laps(*said, given, ignored)] == [8 * SECOND_NS]


def test_authority_stands_above_the_stamp_and_a_withdrawn_word_lets_the_lower_one_decide() -> None:
    field: LastWord[str] = LastWord()
    field.say("admin", Word(Authority.ADMIN, 1, "c", 1))
    field.say("official", Word(Authority.TIMEKEEPER, 9, "u", 1))
    assert field.value == "admin"
    field.say(None, Word(Authority.ADMIN, 2, "c", 2))
    assert field.value == "official"
    assert not field.say("too late", Word(Authority.TIMEKEEPER, 9, "u", 1))
