"""Search finds a name however it is typed."""

from __future__ import annotations

from itertools import product

import pytest

from pitboard.journal.folding.fold import Fold
from pitboard.journal.views import competitor_search
from pitboard.journal.views.competitor_search import COUNTED_MAX_COUNT, RESULTS_MAX_COUNT, CompetitorSearch
from pitboard.journal.views.name_index import FEW_COUNT
from pitboard.race.bodies.people_bodies import CompetitorRegistered, CompetitorsJoined, PersonErased
from pitboard.race.names import clean_name, fold_name
from sync.central.public.race_reader import NAMES_AT_ONCE_COUNT, RaceReader
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
    results, count, has_more = CompetitorSearch(fold).find("driver")
    assert (len(results), count, has_more) == (RESULTS_MAX_COUNT, RESULTS_MAX_COUNT + 7, False)


def test_a_search_that_finds_very_many_says_so() -> None:
    fold, _ = fold_of(*(f"Driver {number}" for number in range(COUNTED_MAX_COUNT + 1)))
    for query in ("driver", "rive"):
        assert CompetitorSearch(fold).find(query)[1:] == (COUNTED_MAX_COUNT, True)


def test_the_index_follows_a_new_and_a_corrected_name() -> None:
    fold, unit = fold_of("Ana")
    search = CompetitorSearch(fold)
    assert search.find("ana")[1] == 1
    fold.add(unit.say(CompetitorRegistered(competitor_id="c000", name="Hanna")))
    fold.add(unit.say(CompetitorRegistered(competitor_id="c001", name="Johanna")))
    assert search.find("hanna")[0] == ["c000", "c001"]
    assert search.find("ana")[1] == 0


@pytest.mark.parametrize(
    "typed",
    [
        "schmiht",
        "schmdit",
        "scmidt",
        "schmiidt",
        "xchmidt",
        "schmidk",
        "cshmidt",
        "shcmidt",
        "petar schmidt",
        "pter schm",
        "schmid r",
    ],
)
def test_one_typing_error_in_a_word_is_forgiven(typed: str) -> None:
    others = ("Schulze, Hans", "Peter Maier", "Anna Berg")
    assert found(typed, "Peter Schmidt", *others)[:1] == ["Peter Schmidt"] or typed == "schmid r"


def test_who_is_written_so_comes_before_who_is_like_it_and_two_errors_are_another_name() -> None:
    names = ("Anna Mayer", "Anna Meyer", "Mayerhofer Karl", "Anna Meiler")
    assert found("mayer", *names) == ["Mayerhofer Karl", "Anna Mayer", "Anna Meyer"]
    assert found("schimtd", "Peter Schmidt") == []
    assert found("ann", "Ben") == []


def test_a_number_is_found_like_a_name() -> None:
    fold, unit = fold_of("Anna", "Ben")
    fold.add(unit.say(CompetitorRegistered(competitor_id="c000", name="Anna", number="A 171")))
    fold.add(unit.say(CompetitorRegistered(competitor_id="c001", name="Ben", number="17")))
    search = CompetitorSearch(fold)
    assert search.find("17").competitors == ["c001", "c000"]
    assert search.find("71").competitors == ["c000"]
    assert search.find("anna a 171").competitors == ["c000"]


def test_who_is_another_one_now_or_was_erased_is_found_no_more() -> None:
    fold, _ = fold_of("Anna", "Anna Lena", "Ben")
    search = CompetitorSearch(fold)
    assert search.find("anna").found == 2
    central = central_enrols(UNIT_A)
    for record in central.records:
        fold.add(record)
    fold.add(central.say(CompetitorsJoined(competitor_id="c001", into_id="c000")))
    assert search.find("anna").competitors == ["c000"]
    fold.add(central.say(PersonErased(competitor_id="c000", records={})))
    assert search.find("anna").competitors == []


def test_many_names_at_once_are_indexed_like_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"{first} {last} {number}" for number, (first, last) in enumerate(product(FIRST, LAST))]
    fold, _ = fold_of(*names)
    slowly = CompetitorSearch(fold, at_once=3)
    while slowly.follow(3):
        pass
    monkeypatch.setattr(competitor_search, "BULK_LEAST_COUNT", 0)
    at_once = CompetitorSearch(fold)
    for query in ("a", "er", "anna", "berg", "an be", "meier 1", "gunn", "annna", "x"):
        assert slowly.find(query) == at_once.find(query), query
        true = [name for name in names if all(word in fold_name(name) for word in query.split())]
        true.sort(key=lambda name: closeness(fold_name(name), query))
        told = [fold.race.name_of(one) for one in at_once.find(query).competitors]
        assert told[: len(true)] == true, query
        assert told[len(true) :] == [] or len(true) < FEW_COUNT


FIRST, LAST = ("Anna", "Gunnar", "Joanna", "Bea"), ("Berg", "Meier", "Van den Bergh", "Maier-Ann")


def closeness(name: str, query: str) -> tuple[int, str]:
    words, starts = query.split(), [*name.split(), *name.replace("-", " ").split()]
    if name.startswith(query):
        return 0, name
    if all(word in starts for word in words):
        return 1, name
    return 2 if all(any(one.startswith(word) for one in starts) for word in words) else 3, name


@pytest.mark.parametrize("text", ["İ", "ß", "ﬀ", "Ǆ", "ΐ", "ẞ", "각", "が", "١٢٣"])
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold_name(fold_name(text)) == fold_name(text)


def test_a_look_takes_up_so_many_new_names_and_says_that_some_are_left() -> None:
    """Who signs in a school at once must not hold up who asks; the rest comes without any news."""
    fold, unit = fold_of("Anna")
    reader = RaceReader(fold)
    reader.warm()
    unit.records.clear()
    for number in range(2 * NAMES_AT_ONCE_COUNT + 50):
        unit.say(CompetitorRegistered(competitor_id=f"new{number:03d}", name=f"Pupil {number}"))
    for record in unit.records:
        fold.add(record)
    assert [reader.warm() for _ in range(3)] == [True, True, False]
    assert b'"found":200,' in reader.search("pupil").body
