from __future__ import annotations

from pitboard.unit_api.official_acts import Arm, Confirm, ManualPassing, Register, stamped
from tests.trackside.touch.touch_samples import SOME_LAPS, run, screen
from trackside.touch.input.reaction import after_act, after_screen, react, scrolled
from trackside.touch.scene.keyboard_scene import KEY_PAGES, NAME_MAX_COUNT, cased
from trackside.touch.widgets.view import (
    AskDiscard,
    Erase,
    FinishTyping,
    KeepRun,
    OpenKeyboard,
    Page,
    Purpose,
    SendAct,
    TurnKeys,
    TypeText,
    View,
)
from trackside.touch.widgets.widgets import ListArea, Rect


def typed(text: str, view: View | None = None) -> View:
    view = view or react(View(), OpenKeyboard(Purpose.REGISTER)).view
    for letter in text:
        view = react(view, TypeText(letter)).view
    return view


def test_a_typed_name_is_registered_without_needless_spaces() -> None:
    reaction = react(typed("  Ada   Lovelace "), FinishTyping())
    assert reaction.act == Register(name="Ada Lovelace")


def test_nothing_typed_registers_nobody() -> None:
    assert react(typed("   "), FinishTyping()).act is None


def test_erasing_takes_a_letter_with_its_marks() -> None:
    assert react(typed("हि"), Erase()).view.typed == ""
    assert react(typed("e\u0301"), Erase()).view.typed == ""
    assert react(typed(""), Erase()).view.typed == ""


def test_a_name_has_a_bounded_length_and_no_control_signs() -> None:
    assert len(typed("x" * 200).typed) == NAME_MAX_COUNT
    assert typed("A\nd\ta\x00").typed == "Ada"


def test_the_keys_write_names_as_names_are_written() -> None:
    view = typed("")
    for key in "OLE-KRISTIAN ØVERGÅRD":
        view = react(view, TypeText(cased(key, view.typed))).view
    assert view.typed == "Ole-Kristian Øvergård"


def test_the_pages_of_keys_come_round() -> None:
    view = View(page=Page.KEYBOARD)
    for _ in KEY_PAGES:
        view = react(view, TurnKeys()).view
    assert view.keys_page == 0


def test_searching_narrows_the_list_and_registers_nobody() -> None:
    reaction = react(typed("ada", react(View(), OpenKeyboard(Purpose.SEARCH)).view), FinishTyping())
    assert reaction.act is None
    assert (reaction.view.page, reaction.view.search) == (Page.MAIN, "ada")


def test_who_was_just_registered_is_picked() -> None:
    view = after_act(typed("Ada"), Register(name="Ada"), {"competitor_id": "c9"})
    assert (view.page, view.picked, view.typed) == (Page.MAIN, "c9", "")


def test_a_new_phase_shows_its_own_page_and_nobody_stays_picked() -> None:
    view = View(page=Page.STATUS, picked="c1", list_top=4, asks_discard=True)
    after = after_screen(view, screen("running", run(*SOME_LAPS)), screen("review", run(*SOME_LAPS)))
    assert after == View()


def test_news_within_a_phase_leaves_the_view_alone() -> None:
    view = View(page=Page.KEYBOARD, typed="Ad", picked="c1", list_top=4)
    assert after_screen(view, screen("idle"), screen("idle", version=9)) == view
    assert after_screen(view, None, screen("idle")) == view


def test_when_the_time_is_up_the_list_stays_where_it_is() -> None:
    view = View(list_top=2)
    assert after_screen(view, screen("running", run(*SOME_LAPS)), screen("time-up", run(*SOME_LAPS))) == view


def test_a_discard_is_only_asked_by_the_first_tap() -> None:
    asked = react(View(), AskDiscard())
    assert asked.act is None
    assert asked.view.asks_discard
    assert not react(asked.view, KeepRun()).view.asks_discard


def test_only_acts_that_have_a_moment_are_stamped() -> None:
    assert stamped(ManualPassing(run_id="r1", mono_ns=0), 77) == ManualPassing(run_id="r1", mono_ns=77)
    assert stamped(Confirm(run_id="r1"), 77) == Confirm(run_id="r1")
    assert react(View(), SendAct(Arm(competitor_id="c1"))).act == Arm(competitor_id="c1")


def test_a_drag_moves_by_whole_rows_and_stops_at_the_ends() -> None:
    area = ListArea(rect=Rect(0, 0, 100, 500), row_px=100, top=3, shown=5, count=12)
    assert scrolled(View(), area, from_top=3, moved_px=-160).list_top == 5
    assert scrolled(View(), area, from_top=3, moved_px=40).list_top == 3
    assert scrolled(View(), area, from_top=3, moved_px=-9_000).list_top == 7
    assert scrolled(View(), area, from_top=3, moved_px=9_000).list_top == 0
