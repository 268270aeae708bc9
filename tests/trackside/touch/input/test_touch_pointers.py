"""Fingers in gloves, on a layout that moves."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from pitboard.unit_api.screen_state import ScreenState
from tests.trackside.touch.touch_samples import SIZES, SOME_LAPS, lap, queued, run, screen
from trackside.touch.input.pointers import Carry, Drag, Pointers, Tap, Unheard
from trackside.touch.scene.screen_layout import lay_out
from trackside.touch.widgets.view import Carried, Page, View
from trackside.touch.widgets.widgets import Layout

MS = 1_000_000


def layout_of(state: ScreenState) -> Layout:
    return lay_out(state, View(), SIZES[0], 0)


def middle(layout: Layout, name: str) -> tuple[int, int]:
    widget = layout.widget(name)
    assert widget is not None
    return widget.rect.x + widget.rect.w // 2, widget.rect.y + widget.rect.h // 2


RUNNING = layout_of(screen("running", run(*SOME_LAPS)))
REVIEW = layout_of(screen("review", run(*SOME_LAPS[:2])))


def shown(layout: Layout) -> Pointers:
    pointers = Pointers()
    pointers.see(layout, 0)
    return pointers


def test_a_tap_carries_the_moment_the_finger_came_down() -> None:
    pointers = shown(RUNNING)
    x, y = middle(RUNNING, "manual")
    pointers.down(1, x, y, 500 * MS)
    assert pointers.pressed(500 * MS) == {"manual"}
    assert pointers.up(1, x, y, 620 * MS) == Tap(name="manual", pressed_mono_ns=500 * MS)


def test_a_finger_that_slides_off_decides_nothing() -> None:
    pointers = shown(REVIEW)
    x, y = middle(REVIEW, "confirm")
    pointers.down(1, x, y, 500 * MS)
    assert pointers.up(1, 10, 10, 700 * MS) is None


def test_a_button_must_have_stood_still_under_the_finger() -> None:
    pointers = shown(REVIEW)
    x, y = middle(REVIEW, "judge:l2:void")
    moved = layout_of(screen("review", run(*SOME_LAPS[:2], lap(3, 22_000))))
    pointers.see(moved, 1_000 * MS)
    pointers.down(1, x, y, 1_100 * MS)
    assert pointers.up(1, x, y, 1_150 * MS) == Unheard("judge:l3:void", "closed")
    pointers.down(1, x, y, 1_400 * MS)
    assert pointers.up(1, x, y, 1_450 * MS) == Tap(name="judge:l3:void", pressed_mono_ns=1_400 * MS)


def test_a_row_that_moves_during_the_tap_is_still_the_one_that_was_meant() -> None:
    pointers = shown(REVIEW)
    x, y = middle(REVIEW, "judge:l2:void")
    pointers.down(1, x, y, 1_000 * MS)
    pointers.see(layout_of(screen("review", run(*SOME_LAPS[:2], lap(3, 22_000)))), 1_010 * MS)
    assert pointers.up(1, x, y, 1_080 * MS) == Tap(name="judge:l2:void", pressed_mono_ns=1_000 * MS)


def test_a_button_that_went_away_during_the_tap_does_nothing() -> None:
    pointers = shown(RUNNING)
    x, y = middle(RUNNING, "manual")
    pointers.down(1, x, y, 1_000 * MS)
    pointers.see(REVIEW, 1_010 * MS)
    assert pointers.up(1, x, y, 1_080 * MS) == Unheard("manual", "changed")


def test_a_resting_palm_does_not_block_the_other_hand() -> None:
    pointers = shown(RUNNING)
    pointers.down(1, 5, 790, 900 * MS)
    x, y = middle(RUNNING, "manual")
    pointers.down(2, x, y, 1_000 * MS)
    assert pointers.up(2, x, y, 1_080 * MS) is not None


def test_stop_acts_only_when_held_and_let_go() -> None:
    pointers = shown(RUNNING)
    x, y = middle(RUNNING, "stop")
    pointers.down(1, x, y, 1_000 * MS)
    assert pointers.up(1, x, y, 1_699 * MS) == Unheard("stop", "short")
    pointers.down(1, x, y, 2_000 * MS)
    assert pointers.up(1, x, y, 2_700 * MS) == Tap(name="stop", pressed_mono_ns=2_000 * MS)


def test_two_fingers_on_a_button_are_one_tap() -> None:
    pointers = shown(RUNNING)
    x, y = middle(RUNNING, "manual")
    pointers.down(1, x, y, 1_000 * MS)
    pointers.down(2, x + 9, y, 1_010 * MS)
    taps = [pointers.up(1, x, y, 1_080 * MS), pointers.up(2, x + 9, y, 1_090 * MS)]
    assert taps == [Tap(name="manual", pressed_mono_ns=1_000 * MS), None]


def test_a_broad_glove_on_two_buttons_decides_once() -> None:
    pointers = shown(REVIEW)
    for finger, name in enumerate(("judge:l2:valid", "judge:l2:void")):
        pointers.down(finger, *middle(REVIEW, name), (1_000 + finger) * MS)
    taps = [
        pointers.up(finger, *middle(REVIEW, name), 1_080 * MS)
        for finger, name in enumerate(("judge:l2:valid", "judge:l2:void"))
    ]
    assert [tap.name for tap in taps if isinstance(tap, Tap)] == ["judge:l2:valid"]


def test_two_thumbs_type_letters_that_overlap_in_time() -> None:
    keys = lay_out(screen("idle"), View(page=Page.KEYBOARD), SIZES[0], 0)
    pointers = shown(keys)
    for finger, letter in enumerate("AN"):
        pointers.down(finger, *middle(keys, f"keyboard:{letter}"), (1_000 + finger) * MS)
    taps = [
        pointers.up(finger, *middle(keys, f"keyboard:{letter}"), 1_080 * MS)
        for finger, letter in enumerate("AN")
    ]
    assert [tap.name for tap in taps if isinstance(tap, Tap)] == ["keyboard:A", "keyboard:N"]


def test_fingers_whose_leaving_was_lost_neither_block_nor_act() -> None:
    pointers = shown(RUNNING)
    x, y = middle(RUNNING, "stop")
    for finger in range(25):
        pointers.down(finger, 5, 790, (1_000 + finger) * MS)
    pointers.down(98, x, y, 1_100 * MS)
    assert pointers.pressed(2_000 * MS) == {"stop"}
    assert pointers.pressed(7_000 * MS) == frozenset()
    assert pointers.up(98, x, y, 7_100 * MS) is None
    pointers.down(99, *middle(RUNNING, "manual"), 7_200 * MS)
    assert pointers.up(99, *middle(RUNNING, "manual"), 7_280 * MS) is not None


def test_a_window_that_loses_the_fingers_forgets_them() -> None:
    pointers = shown(RUNNING)
    pointers.down(1, *middle(RUNNING, "stop"), 1_000 * MS)
    pointers.cancel()
    assert not pointers.is_touched
    assert pointers.up(1, *middle(RUNNING, "stop"), 1_900 * MS) is None


def test_a_drag_over_the_laps_scrolls_and_judges_nothing() -> None:
    pointers = shown(REVIEW)
    x, y = middle(REVIEW, "judge:l2:void")
    pointers.down(1, x, y, 1_000 * MS)
    assert pointers.move(1, x, y - 10, 1_050 * MS) is None
    drag = pointers.move(1, x, y - 80, 1_100 * MS)
    assert isinstance(drag, Drag)
    assert drag.moved_px == -80
    assert pointers.up(1, x, y, 1_200 * MS) is None


def test_disabled_buttons_cannot_be_pressed() -> None:
    widgets = tuple(replace(widget, enabled=False) for widget in REVIEW.widgets)
    pointers = shown(Layout(widgets=widgets))
    x, y = middle(REVIEW, "confirm")
    pointers.down(1, x, y, 1_000 * MS)
    assert pointers.pressed(1_000 * MS) == frozenset()
    assert pointers.up(1, x, y, 1_100 * MS) == Unheard("confirm", "closed")
    pointers.down(1, x, y, 2_000 * MS)
    assert pointers.up(1, 10, 10, 2_100 * MS) is None  # thought better of it


def test_the_second_tap_of_a_jumpy_glove_is_no_tap_that_was_not_heard() -> None:
    pointers = shown(RUNNING)
    x, y = middle(RUNNING, "manual")
    for ms, answer in ((1_000, Tap(name="manual", pressed_mono_ns=1_000 * MS)), (1_200, None)):
        pointers.down(1, x, y, ms * MS)
        assert pointers.up(1, x, y, (ms + 60) * MS) == answer


def queue_of(count: int, **more: object) -> Layout:
    state = msgspec.structs.replace(screen("idle"), queue=queued(count))
    return lay_out(state, View(page=Page.QUEUE, **more), SIZES[0], 0)  # type: ignore[arg-type]


def test_a_row_is_carried_once_the_finger_has_rested_on_it() -> None:
    queue = queue_of(9)
    assert queue.list_area is not None
    row_px = queue.list_area.row_px
    pointers = shown(queue)
    x, y = middle(queue, "queue:q0")
    pointers.down(1, x, y, 1_000 * MS)
    assert pointers.move(1, x + 5, y + 12, 1_200 * MS) is None  # a glove trembles
    assert pointers.carry(1_399 * MS) is None
    assert pointers.carry(1_400 * MS) == Carry(name="queue:q0", row=0, edge=0)
    assert pointers.move(1, x, y + 2 * row_px, 1_500 * MS) is None
    assert pointers.carry(1_500 * MS) == Carry(name="queue:q0", row=2, edge=0)
    pointers.move(1, x, 0, 6_000 * MS)  # however long it takes
    assert pointers.carry(10_500 * MS) == Carry(name="queue:q0", row=0, edge=-1)
    pointers.move(1, x, queue.list_area.rect.bottom - 2, 10_500 * MS)
    assert pointers.up(1, x, queue.list_area.rect.bottom - 2, 10_600 * MS) == Carry(
        name="queue:q0", row=queue.list_area.shown - 1, edge=1
    )
    assert pointers.carry(10_600 * MS) is None


def test_a_quick_drag_over_the_queue_scrolls_and_a_tap_chooses() -> None:
    queue = queue_of(9)
    pointers = shown(queue)
    x, y = middle(queue, "queue:q1")
    pointers.down(1, x, y, 1_000 * MS)
    assert isinstance(pointers.move(1, x, y - 80, 1_100 * MS), Drag)
    assert pointers.carry(2_000 * MS) is None
    assert pointers.up(1, x, y - 80, 2_100 * MS) is None
    pointers.down(1, x, y, 3_000 * MS)
    assert pointers.up(1, x, y, 3_390 * MS) == Tap(name="queue:q1", pressed_mono_ns=3_000 * MS)


def test_nobody_is_carried_where_the_order_cannot_be_said() -> None:
    held = Carried(entry_id="q0", order=tuple(f"q{number}" for number in range(9)), index=2, is_dropped=True)
    for queue in (queue_of(151), queue_of(9, is_link_lost=True), queue_of(9, carried=held)):
        assert queue.list_area is not None
        assert queue.list_area.carried == ()


def test_a_very_short_tap_is_still_seen() -> None:
    pointers = shown(REVIEW)
    x, y = middle(REVIEW, "confirm")
    pointers.down(1, x, y, 1_000 * MS)
    pointers.up(1, x, y, 1_001 * MS)
    assert pointers.pressed(1_030 * MS) == {"confirm"}
    assert pointers.pressed(1_200 * MS) == frozenset()
