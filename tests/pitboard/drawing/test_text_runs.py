from __future__ import annotations

from pitboard.drawing.text_runs import clusters, visual_runs


def shown(text: str) -> list[tuple[str, bool]]:
    return [(run.text, run.is_right_to_left) for run in visual_runs(text)]


def test_plain_latin_is_one_run() -> None:
    assert shown("Ada Lovelace 7") == [("Ada Lovelace 7", False)]


def test_a_number_inside_arabic_keeps_its_own_direction_and_stands_left_of_it() -> None:
    assert shown("محمد 12") == [("12", False), ("محمد ", True)]


def test_arabic_inside_latin_swaps_its_own_words_only() -> None:
    assert shown("A محمد B") == [("A ", False), ("محمد", True), (" B", False)]


def test_scripts_are_told_apart_for_the_shaper() -> None:
    assert [run.script for run in visual_runs("Ab हिन्दी")] == ["Latn", "Deva"]


def test_a_letter_is_never_cut_from_its_marks() -> None:
    assert clusters("e\u0301a") == ["e\u0301", "a"]
    assert "".join(clusters("हिन्दी")) == "हिन्दी"


def test_no_text_has_no_runs() -> None:
    assert shown("") == []


def test_a_time_among_right_to_left_letters_keeps_the_order_of_its_figures() -> None:
    for text, number in (
        ("זמן 21.990", "21.990"),
        ("זמן 1:02.345 טוב", "1:02.345"),
        ("פער +0.437", "+0.437"),
    ):
        assert number in [run.text.strip() for run in visual_runs(text)]
