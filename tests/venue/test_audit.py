"""The audit of the demo and of the chaos run: it must see what is missing and what is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from pitboard.journal.folding.fold import Fold
from tests.race_story import ROOT, UNIT_A, Teller, central_enrols, confirmed_run, passing
from venue.demo.audit import Audit, OfficialDecision, TruePassing, track_figures
from venue.demo.director import is_sound

LAPS_S = [5.0, 6.0, 7.0]


def test_a_decision_of_a_run_that_no_journal_knows_is_lost() -> None:
    audit = Audit(Fold(ROOT.key), [], [], sensor="beam-1")
    told = [
        OfficialDecision(decision="confirmed", run="r1"),
        OfficialDecision(decision="confirmed", run=None),  # the screen did not say which
    ]
    assert audit.decisions_lost(told) == 1


def figures(*, second_lap_wrong_by_ns: int) -> dict[str, int]:
    """Return what is said of a run whose cars truly drove what was timed, but for the end of one lap."""
    central, unit = central_enrols(UNIT_A), Teller(UNIT_A, "Track A")
    confirmed_run(unit, "run-1", "ann", start_s=10, laps_s=LAPS_S, first_seq=1)
    fold = Fold(ROOT.key)
    for record in [*central.records, *unit.records]:
        fold.add(record)
    true_passings = []
    for seq in range(1, len(LAPS_S) + 2):
        body = passing(seq, s=11 + sum(LAPS_S[: seq - 1]))
        true_ns = body.mono_ns + (second_lap_wrong_by_ns if seq > 2 else 0)
        true_passings.append(
            TruePassing(
                sensor_boot=body.sensor_boot, seq=seq, true_mono_ns=true_ns, written_mono_ns=true_ns + 1_000
            )
        )
    audit = Audit(fold, true_passings, [], sensor=passing(1, s=11).sensor)
    return track_figures(audit, [audit.check(run) for run in audit.runs()], [])


def summary(**changed: object) -> dict[str, Any]:
    return {
        **figures(second_lap_wrong_by_ns=0),
        "beam_to_board_ms": {"p50": 20.0, "p99": 3_000.0, "max": 4_000.0},
        "boards_equal": True,
        "last_frame_shows_board": True,
        "unexpected_exits": {},
        "closed": [],
        **changed,
    }


@pytest.mark.parametrize(
    ("wrong_by_ns", "wrong"), [(0, 0), (600_000_000, 1), (-600_000_000, 1), (2_000, 0), (2_001, 1)]
)
def test_a_lap_is_wrong_by_more_than_it_says_of_itself(wrong_by_ns: int, wrong: int) -> None:
    found = figures(second_lap_wrong_by_ns=wrong_by_ns)
    assert (found["laps_timed"], found["laps_lost"], found["laps_wrong"]) == (3, 0, wrong)


def test_a_demo_with_a_lap_that_is_wrong_by_0_6_s_is_not_sound() -> None:
    assert is_sound(summary())
    assert not is_sound(summary(**figures(second_lap_wrong_by_ns=600_000_000)))


@pytest.mark.parametrize(
    "changed",
    [
        {"beam_to_board_ms": {"p50": 1_001.0, "p99": 1_001.0, "max": 1_001.0}},
        {"laps_lost": 1},
        {"laps_doubled": 1},
        {"decisions_lost": 1},
        {"passings_received": 3},
        {"boards_equal": False},
        {"last_frame_shows_board": False},
        {"unexpected_exits": {"bridge": [1]}},
    ],
)
def test_whatever_a_demo_measures_it_judges(changed: dict[str, object]) -> None:
    assert not is_sound(summary(**changed))
