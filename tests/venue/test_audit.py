"""The audit of the demo and of the chaos run: it must see what is missing."""

from __future__ import annotations

from pitboard.journal.fold import Fold
from tests.race_story import ROOT
from venue.demo.audit import Audit, OfficialDecision


def test_a_decision_of_a_run_that_no_journal_knows_is_lost() -> None:
    audit = Audit(Fold(ROOT.key), [], [], sensor="beam-1")
    told = [
        OfficialDecision(decision="confirmed", run="r1"),
        OfficialDecision(decision="confirmed", run=None),  # the screen did not say which
    ]
    assert audit.decisions_lost(told) == 1
