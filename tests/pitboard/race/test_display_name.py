"""Names on a board are one visible line, whoever wrote them."""

from __future__ import annotations

import pytest

from pitboard.journal.folding.fold import Fold
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from pitboard.race.names import clean_name
from tests.race_story import ROOT, UNIT_A, Teller, central_enrols


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Ann \t Lee ", "Ann Lee"),
        ("日本語の名前", "日本語の名前"),
        ("evil\u202eeman", "evil eman"),
        ("Zoe\u0308", "Zoë"),
        ("Z" + "\u0351" * 30 + "algo", "Z\u0351\u0351algo"),
        ("x" * 500, "x" * 80),
        ("a\x00b", "a b"),
        ("O\u200bBrien", "OBrien"),
        ("two\nlines\u2028more", "two lines more"),
        ("\u200b\u2060\u3164\u2800", ""),
        ("\u0301\u200d", ""),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("soft\u00adhyphen \ufeff\ue000tag\U000e0041", "softhyphen tag"),
        ("\u0000" * 100_000, ""),
    ],
)
def test_names_are_tamed_at_the_edge(typed: str, kept: str) -> None:
    assert clean_name(typed) == kept
    assert clean_name(kept) == kept


def test_a_rogue_writers_name_is_tamed_again_when_it_is_folded() -> None:
    unit = Teller(UNIT_A, "Track A")
    unit.say(CompetitorRegistered(competitor_id="c1", name="\u202ekcirT" + "\u0351" * 40))
    unit.say(CompetitorRegistered(competitor_id="c2", name="\u200b\u3164"))
    fold = Fold(ROOT.key)
    for record in central_enrols(UNIT_A).records + unit.records:
        fold.add(record)
    assert fold.race.name_of("c1") == "kcirT\u0351\u0351"
    assert fold.race.name_of("c2") == "#c2"
