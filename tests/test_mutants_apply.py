"""Each rule that `make mutants` breaks is still there to be broken: a list that went stale proves nothing."""

from __future__ import annotations

from tests.mutants.__main__ import ROOT, all_mutants


def test_every_broken_rule_names_a_text_that_its_file_holds_once() -> None:
    mutants = all_mutants()
    assert len(mutants) > 60
    stale = [
        one.name for one in mutants if (ROOT / one.file).read_text(encoding="utf-8").count(one.replace) != 1
    ]
    assert stale == []


def test_every_broken_rule_names_tests_that_are_there() -> None:
    missing = {
        path for one in all_mutants() for path in one.tests if not (ROOT / path.partition("::")[0]).exists()
    }
    assert missing == set()
