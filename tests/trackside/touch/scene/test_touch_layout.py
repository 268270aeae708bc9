"""What every page must keep at every size: nothing overlaps, is outside, or is too small for a glove."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pygame
import pytest

from pitboard.drawing.typeface import Typeface
from pitboard.unit_api.official_acts import InsertPassing
from pitboard.unit_api.screen_state import Competitor, ScreenState
from tests.pitboard.sentences.pseudo_language import CHINESE, HEBREW
from tests.trackside.touch.touch_samples import (
    HARD_NAMES,
    MANY_LAPS,
    NOW_MONO_NS,
    SECOND_NS,
    SIZES,
    SOME_LAPS,
    competitors,
    heat,
    lap,
    run,
    scenes,
    screen,
)
from trackside.touch.paint.widget_painter import Painter
from trackside.touch.scene.names_list import names_on_show
from trackside.touch.scene.screen_layout import lay_out
from trackside.touch.widgets.view import Order, Page, SendAct, View
from trackside.touch.widgets.widgets import Layout, Look, Measures

SEVEN_INCH = (
    Measures(800, 480, (154, 86)),
    Measures(1280, 720, (155, 87)),
    Measures(1024, 600, (154, 86)),
    Measures(720, 1280, (87, 155)),
)
ALL_SIZES = (*SIZES, *SEVEN_INCH, Measures(1920, 1080), Measures(1920, 1080, (530, 300)))
every_scene = pytest.mark.parametrize("scene", sorted(scenes()))
every_size = pytest.mark.parametrize(
    "measures", ALL_SIZES, ids=lambda one: f"{one.width}x{one.height}at{one.panel_mm}"
)


def laid(scene: str, measures: Measures) -> Layout:
    state, view = scenes()[scene]
    return lay_out(state, view, measures, NOW_MONO_NS)


@every_scene
@every_size
def test_buttons_do_not_overlap(scene: str, measures: Measures) -> None:
    enabled = [widget for widget in laid(scene, measures).widgets if widget.takes_taps]
    overlapping = [
        (one.name, other.name) for one, other in combinations(enabled, 2) if one.rect.overlaps(other.rect)
    ]
    assert overlapping == []


@every_scene
@every_size
def test_everything_is_on_the_screen(scene: str, measures: Measures) -> None:
    outside = [w.name for w in laid(scene, measures).widgets if not measures.screen.covers(w.rect)]
    assert outside == []


@every_scene
@pytest.mark.parametrize("measures", SEVEN_INCH, ids=lambda one: f"{one.width}x{one.height}")
def test_whatever_is_tapped_is_twelve_millimetres_wide_and_high(scene: str, measures: Measures) -> None:
    assert measures.panel_mm is not None
    for widget in laid(scene, measures).widgets:
        if widget.takes_taps:
            assert widget.rect.w * measures.panel_mm[0] >= 12 * measures.width, widget.name
            assert widget.rect.h * measures.panel_mm[1] >= 12 * measures.height, widget.name


@every_size
def test_acts_of_different_weight_stand_at_different_places(measures: Measures) -> None:
    ready = screen("review", run(lap(1, 9_000)))
    acts = {
        name: lay_out(state, View(picked="c3"), measures, NOW_MONO_NS).widget(name)
        for name, state in (
            ("start", screen("idle")),
            ("start-by-hand", screen("armed", run(started_s_ago=None))),
            ("manual", screen("running", run(*SOME_LAPS))),
            ("confirm", ready),
        )
    }
    for one, other in combinations(acts, 2):
        first, second = acts[one], acts[other]
        assert first is not None
        assert second is not None
        assert not first.rect.overlaps(second.rect), (one, other)


def test_while_the_finger_has_not_been_away_nothing_that_decides_can_be_tapped() -> None:
    for phase in ("idle", "armed", "running", "time-up", "review"):
        state = screen(phase, None if phase == "idle" else run(*MANY_LAPS))
        layout = lay_out(state, View(is_settling=True, picked="c3"), SIZES[1], NOW_MONO_NS)
        assert [
            one.name for one in layout.widgets if one.takes_taps and isinstance(one.intent, SendAct)
        ] == []


@every_scene
def test_a_language_from_right_to_left_mirrors_every_page(scene: str) -> None:
    state, view = scenes()[scene]
    for measures in SEVEN_INCH:
        plain = lay_out(state, view, measures, NOW_MONO_NS)
        turned = lay_out(state, replace(view, language=HEBREW), measures, NOW_MONO_NS)
        for one, other in zip(plain.widgets, turned.widgets, strict=True):
            assert (one.name, one.rect.y, one.rect.w) == (other.name, other.rect.y, other.rect.w)
            if not one.is_key:
                assert one.rect.x == measures.width - other.rect.right


@pytest.mark.parametrize("scene", ["keyboard", "keyboard-accents", "contact", "sign-in-pin", "appoint-pin"])
def test_letters_and_digits_keep_their_order_where_the_language_runs_from_right_to_left(scene: str) -> None:
    state, view = scenes()[scene]
    plain, turned = (
        lay_out(state, replace(view, language=spoken), SEVEN_INCH[0], NOW_MONO_NS).widgets
        for spoken in (view.language, HEBREW)
    )
    keys = [
        sorted((one.rect.y, one.rect.x, one.name) for one in widgets if one.is_key)
        for widgets in (plain, turned)
    ]
    assert len(keys[0]) >= 12
    assert [name for _, _, name in keys[0]] == [name for _, _, name in keys[1]]
    rects = [one.rect for one in turned if one.intent is not None]
    assert not any(one.overlaps(other) for one, other in combinations(rects, 2))


@every_scene
def test_a_language_without_blanks_between_words_keeps_every_page(scene: str) -> None:
    state, view = scenes()[scene]
    measures = SEVEN_INCH[0]
    plain = lay_out(state, view, measures, NOW_MONO_NS)
    other = lay_out(state, replace(view, language=CHINESE), measures, NOW_MONO_NS)
    assert [(one.name, one.rect) for one in other.widgets] == [(one.name, one.rect) for one in plain.widgets]
    if scene in ("running-acts", "review-would", "passings"):
        surface = pygame.Surface((measures.width, measures.height))
        Painter(surface, Typeface.load(), measures).paint(other.widgets)


@every_scene
def test_names_are_unique_so_that_each_can_be_tapped(scene: str) -> None:
    names = [widget.name for widget in laid(scene, SIZES[0]).widgets]
    assert len(names) == len(set(names))


@every_scene
def test_the_three_lights_are_always_there_with_a_word_and_a_shape(scene: str) -> None:
    for name in ("sensor", "central", "disk"):
        light = laid(scene, SIZES[1]).widget(f"light:{name}")
        assert light is not None
        assert light.note
        assert light.icon


def test_two_hundred_names_can_all_be_reached_page_by_page() -> None:
    state = screen("idle", count=200)
    for measures in SIZES:
        seen: set[str] = set()
        top = 0
        while True:
            layout = lay_out(state, View(list_top=top), measures, NOW_MONO_NS)
            seen |= {w.name for w in layout.widgets if w.name.startswith("pick:")}
            assert layout.list_area is not None
            if top >= layout.list_area.top_max:
                break
            top = layout.list_area.top + layout.list_area.shown
        assert len(seen) == 200


def test_a_list_shorter_than_it_was_shows_its_end_not_nothing() -> None:
    layout = lay_out(screen("idle", count=3), View(list_top=150), SIZES[0], NOW_MONO_NS)
    assert sum(widget.name.startswith("pick:") for widget in layout.widgets) == 3


def test_start_waits_for_a_name_and_says_so() -> None:
    start = lay_out(screen("idle"), View(), SIZES[0], NOW_MONO_NS).widget("start")
    assert start is not None
    assert (start.enabled, start.note) == (False, "Pick a name first")
    gone = lay_out(screen("idle"), View(picked="nobody"), SIZES[0], NOW_MONO_NS).widget("start")
    assert gone is not None
    assert not gone.enabled


def test_searching_ignores_case_and_accents_and_takes_words_in_any_order() -> None:
    def found(search: str) -> list[str]:
        return [one.name for one in names_on_show(competitors(200), search=search, order=Order.NAME)]

    assert found("zizka luk") == ["Łukasz Žižka-Øvergård"]
    assert found("ØVERGARD") == ["Łukasz Žižka-Øvergård"]
    assert found("日本") == ["鈴木 日本語"]
    assert found("nobody at all") == []


def test_names_come_newest_first_or_by_name() -> None:
    three = (
        Competitor(competitor_id="1", name="Élodie"),
        Competitor(competitor_id="2", name="Zoë"),
        Competitor(competitor_id="3", name="eric"),
    )
    assert [one.competitor_id for one in names_on_show(three, search="", order=Order.NEWEST)] == [
        "3",
        "2",
        "1",
    ]
    assert [one.competitor_id for one in names_on_show(three, search="", order=Order.NAME)] == ["1", "3", "2"]


def test_confirm_is_disabled_and_the_page_says_why_while_a_short_lap_waits() -> None:
    layout = lay_out(screen("review", run(*SOME_LAPS)), View(), SIZES[0], NOW_MONO_NS)
    confirm, to_do = layout.widget("confirm"), layout.widget("to-do")
    assert confirm is not None
    assert to_do is not None
    assert not confirm.enabled
    assert to_do.label == "Lap 3 is short: valid or void?"


def test_best_and_too_short_differ_in_word_and_shape() -> None:
    layout = lay_out(screen("running", run(*SOME_LAPS)), View(), SIZES[0], NOW_MONO_NS)
    marked = {one.note: one.icon for one in layout.widgets if one.look is Look.LAP and one.icon}
    assert marked == {"best": "best", "too short?": "warning", "void": "clear"}


def test_while_running_only_short_or_judged_laps_ask_for_a_verdict() -> None:
    layout = lay_out(screen("running", run(*SOME_LAPS)), View(), SIZES[0], NOW_MONO_NS)
    assert {w.name for w in layout.widgets if w.name.endswith(":void")} == {"judge:l3:void", "judge:l5:void"}


def test_the_newest_lap_is_on_top_and_the_best_is_marked() -> None:
    layout = lay_out(screen("running", run(*SOME_LAPS)), View(), SIZES[0], NOW_MONO_NS)
    rows = sorted((w for w in layout.widgets if w.name.startswith("lap:")), key=lambda w: w.rect.y)
    assert [row.value for row in rows] == ["6", "5", "4", "3", "2"]
    assert [row.value for row in rows if row.note == "best"] == ["4"]


def test_a_lap_stamped_by_hand_says_how_far_off_it_may_be() -> None:
    layout = lay_out(
        screen("review", run(lap(1, 9_000), lap(2, 9_500, uncertainty_ns=141_000_000))), View(), SIZES[0], 0
    )
    assert {w.value: w.note for w in layout.widgets if w.look is Look.LAP} == {"1": "best", "2": "±0.14 s"}


def test_a_void_lap_is_never_the_best() -> None:
    layout = lay_out(
        screen("review", run(lap(1, 9_000, verdict="void"), lap(2, 9_500))), View(), SIZES[0], NOW_MONO_NS
    )
    assert [w.value for w in layout.widgets if w.note == "best"] == ["2"]


def test_the_countdown_shows_tenths_only_at_the_end() -> None:
    def countdown(started_s_ago: int) -> str:
        state = screen("running", run(started_s_ago=started_s_ago))
        widget = lay_out(state, View(), SIZES[0], NOW_MONO_NS).widget("countdown")
        assert widget is not None
        return widget.label

    assert countdown(50) == "2:10"
    assert countdown(175) == "0:05.0"
    assert countdown(200) == "0:00.0"


def test_what_does_not_change_is_laid_out_the_same_a_moment_later() -> None:
    state = screen("running", run(*SOME_LAPS))
    one = lay_out(state, View(), SIZES[0], NOW_MONO_NS)
    assert lay_out(state, View(), SIZES[0], NOW_MONO_NS + SECOND_NS // 3) == one
    assert lay_out(state, View(), SIZES[0], NOW_MONO_NS + SECOND_NS) != one
    review = screen("review", run(*SOME_LAPS))
    assert lay_out(review, View(), SIZES[0], 1) == lay_out(review, View(), SIZES[0], NOW_MONO_NS)


def test_when_the_unit_is_lost_nothing_but_a_passing_by_hand_can_be_tapped() -> None:
    lost = View(is_link_lost=True, picked="c3")
    states: list[ScreenState] = [
        screen("idle"),
        *(screen(phase, run(*MANY_LAPS)) for phase in ("armed", "running", "time-up", "review")),
    ]
    for state in states:
        for page in Page:
            layout = lay_out(state, replace(lost, page=page, typed="Ada"), SIZES[1], NOW_MONO_NS)
            banner = layout.widget("banner")
            assert banner is not None
            assert banner.label.startswith("The timing unit does not answer.")
            tappable = {widget.name.split(":")[0] for widget in layout.widgets if widget.takes_taps}
            assert not tappable & {
                "start",
                "stop",
                "confirm",
                "discard",
                "judge",
                "register",
            }
            by_hand = bool(tappable & {"manual", "start-by-hand"})
            is_timed = state.phase in ("armed", "running", "time-up")
            assert by_hand == is_timed if page is Page.MAIN else by_hand <= is_timed
            assert ("by hand" in banner.label) == is_timed
            assert "keyboard:done" not in {widget.name for widget in layout.widgets if widget.takes_taps}


def test_a_button_that_is_being_sent_says_so_and_cannot_be_tapped_again() -> None:
    view = View(sending=frozenset({"confirm", "manual"}))
    confirm = lay_out(screen("review", run(lap(1, 9_000))), view, SIZES[0], NOW_MONO_NS).widget("confirm")
    assert confirm is not None
    assert (confirm.label, confirm.enabled) == ("Sending…", False)
    manual = lay_out(screen("running", run()), view, SIZES[0], NOW_MONO_NS).widget("manual")
    assert manual is not None
    assert (manual.label, manual.enabled) == ("Sending…", True)  # the next car does not wait


def test_hard_names_reach_the_screen_whole() -> None:
    for name in HARD_NAMES:
        layout = lay_out(screen("armed", run(name=name, started_s_ago=None)), View(), SIZES[1], NOW_MONO_NS)
        assert any(widget.label == name for widget in layout.widgets)


def test_in_a_heat_the_chosen_places_laps_are_shown_and_what_is_done_by_hand_is_its_drivers() -> None:
    state = screen("running", heat(4))
    for place in (1, 2):
        layout = lay_out(state, View(place=place), SIZES[1], NOW_MONO_NS)
        manual = layout.widget("manual")
        assert manual is not None
        assert isinstance(manual.intent, SendAct)
        assert getattr(manual.intent.act, "place", None) == place
        shown = {one.label for one in layout.widgets if one.look is Look.LAP}
        assert f"{(22_900 - 10 * place) / 1000:.3f}" in shown
        assert sum(one.name.startswith("place:") and one.takes_taps for one in layout.widgets) == 4


def test_a_heat_is_not_confirmed_while_a_lap_of_any_place_waits_and_the_page_says_whose() -> None:
    for place, said in ((1, HARD_NAMES[1]), (2, "Lap 3 is short")):
        layout = lay_out(screen("review", heat(4)), View(place=place), SIZES[1], NOW_MONO_NS)
        confirm, to_do = layout.widget("confirm"), layout.widget("to-do")
        assert confirm is not None
        assert to_do is not None
        assert not confirm.enabled
        assert said in to_do.label


@every_scene
@every_size
def test_words_have_room_for_a_line_at_least(scene: str, measures: Measures) -> None:
    """A text drawn higher than its room stands over what is above it."""
    low = [
        (one.name, one.rect.h)
        for one in laid(scene, measures).widgets
        if one.look is Look.TEXT and one.label and not one.icon and one.rect.h < measures.text(24)
    ]
    assert low == []


def test_a_car_that_the_first_system_missed_is_offered_with_its_time_and_put_in_by_one_tap() -> None:
    state, view = scenes()["running-offer"]
    fix = lay_out(state, view, SIZES[1], NOW_MONO_NS).widget("put-right")
    assert fix is not None
    assert fix.note == "1 missed"
    state, view = scenes()["put-right-offer"]
    offer = lay_out(state, view, SIZES[1], NOW_MONO_NS).widget("fix:offer:b/9")
    assert offer is not None
    assert (offer.label, offer.note) == ("Missed at 38.000", "put in, by B and 10 pairs")
    assert isinstance(offer.intent, SendAct)
    assert offer.intent.act == InsertPassing(run_id="r1", place=1, from_passing_id="b/9")
    for scene in ("running-offer", "review-offer"):
        state, view = scenes()[scene]
        missed = lay_out(state, view, SIZES[1], NOW_MONO_NS).widget("missed")
        assert missed is not None, scene
        assert (missed.label, missed.intent) == (offer.label, offer.intent)


def test_a_lap_says_why_it_is_not_as_sure_as_others() -> None:
    state, view = scenes()["review-calculated"]
    layout = lay_out(state, view, SIZES[1], NOW_MONO_NS)
    notes = {one.value: one.note for one in layout.widgets if one.name.startswith("lap:")}
    assert notes["2"] == "clock was set, ±0.05 s"
    assert notes["3"] == "missed car?"
    assert notes["4"] == "from B ±2 ms"
    labels = {one.value: one.label for one in layout.widgets if one.name.startswith("lap:")}
    assert (labels["2"], labels["4"]) == ("22.871", "≈22.345")
