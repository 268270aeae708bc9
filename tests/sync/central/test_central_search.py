"""Search finds a name however it is typed."""

from __future__ import annotations

import pytest

from pitboard.journal.competitor_search import RESULTS_MAX_COUNT, CompetitorSearch
from pitboard.journal.fold import Fold
from pitboard.race.bodies import CompetitorRegistered
from pitboard.race.names import clean_name, fold_name
from tests.race_story import ROOT, UNIT_A, Teller, central_enrols


def fold_of(*names: str) -> tuple[Fold, Teller]:
    fold = Fold(ROOT.key)
    unit = Teller(UNIT_A, "Track A")
    for number, name in enumerate(names):
        unit.say(CompetitorRegistered(competitor_id=f"c{number:03d}", name=name))
    for record in (*central_enrols(UNIT_A).records, *unit.records):
        fold.add(record)
    return fold, unit


def found(query: str, *names: str) -> list[str]:
    fold, _ = fold_of(*names)
    return [fold.race.name_of(one) for one in CompetitorSearch(fold).find(query)[0]]


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("René", "rene"),
        ("Rene", "RENÉ"),
        ("İbrahim", "ibrahim"),
        ("Işık", "isik"),
        ("Strauß", "STRAUSS"),
        ("Strauss", "strauß"),
        ("Ａｎｎａ", "anna"),
        ("Anna", "ａｎｎａ"),
        ("ﾀﾅｶ", "タナカ"),
        ("日本語の名前", "語の"),
        ("مُحَمَّد العربي", "محمد"),
        ("हिन्दी नाम", "हिन्दी"),
        ("Søren Kjærgård", "soren kjaergard"),
        ("Łukasz", "lukasz"),
        ("O\u200bBrien", "obrien"),
        ("Anna  Lena", "anna lena"),
        ("Maximiliane Wolf", "wolf max"),
    ],
)
def test_a_name_is_found_without_case_accents_and_widths(name: str, query: str) -> None:
    assert found(query, name, "Quite Other") == [clean_name(name)]


def test_names_that_begin_with_it_come_first_then_words_then_the_rest() -> None:
    names = ("Joanna", "Berta Annen", "Anna", "Ann-Kathrin", "Marie-Anne")
    assert found("ann", *names) == ["Ann-Kathrin", "Anna", "Berta Annen", "Marie-Anne", "Joanna"]


def test_a_search_gives_at_most_fifty_and_says_how_many_there_are() -> None:
    fold, _ = fold_of(*(f"Driver {number}" for number in range(RESULTS_MAX_COUNT + 7)))
    results, count = CompetitorSearch(fold).find("driver")
    assert (len(results), count) == (RESULTS_MAX_COUNT, RESULTS_MAX_COUNT + 7)


def test_the_index_follows_a_new_and_a_corrected_name() -> None:
    fold, unit = fold_of("Ana")
    search = CompetitorSearch(fold)
    assert search.find("ana")[1] == 1
    fold.add(unit.say(CompetitorRegistered(competitor_id="c000", name="Hanna")))
    fold.add(unit.say(CompetitorRegistered(competitor_id="c001", name="Johanna")))
    assert search.find("hanna")[0] == ["c000", "c001"]
    assert search.find("ana")[1] == 0


@pytest.mark.parametrize("text", ["İ", "ß", "ﬀ", "Ǆ", "ΐ", "ẞ", "각", "が", "١٢٣"])
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold_name(fold_name(text)) == fold_name(text)
