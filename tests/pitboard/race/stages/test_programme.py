"""What an event has in store, from records alone: each table's rows are said one after the other."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

import pytest

from pitboard.journal.folding.fold import Fold
from pitboard.journal.records.record import Record
from pitboard.race.bodies.body import ActWithdrawn, Body
from pitboard.race.bodies.display_bodies import DisplayAssigned, MessagePosted, PlaylistItem
from pitboard.race.bodies.event_bodies import (
    ClassSet,
    EventConfigured,
    FormatSet,
    HeatDrawn,
    HeatPlace,
    ScheduleItem,
    ScheduleSet,
    StageSet,
)
from pitboard.race.bodies.formats import DEFAULT_FORMAT, Format
from pitboard.race.bodies.people_bodies import OfficialAppointed, OfficialDismissed
from pitboard.race.bodies.queue_bodies import QueueJoined, QueueMarked, QueueOrdered
from pitboard.race.race_state import RaceState
from tests.race_story import ROOT, UNIT_A, Teller, central_enrols


class Said:
    """An event in which central enrolled one unit; both speak."""

    def __init__(self) -> None:
        self.central = central_enrols(UNIT_A)
        self.unit = Teller(UNIT_A, "Track A")

    def unit_says(self, *bodies: Body) -> Record:
        return [self.unit.say(body) for body in bodies][-1]

    def central_says(self, *bodies: Body) -> Record:
        return [self.central.say(body) for body in bodies][-1]

    @property
    def race(self) -> RaceState:
        fold = Fold(ROOT.key)
        for record in (*self.central.records, *self.unit.records):
            fold.add(record)
        return fold.race


def joined(entry_id: str, *, track: str = "1") -> QueueJoined:
    return QueueJoined(entry_id=entry_id, track=track, competitor_id=entry_id.upper())


def marked(entry_id: str, state: str) -> QueueMarked:
    return QueueMarked(entry_id=entry_id, state=state)  # type: ignore[arg-type]


ABC = [joined("a"), joined("b"), joined("c")]


@pytest.mark.parametrize(
    ("said", "queue"),
    [
        ([], []),
        (ABC, ["a waiting", "b waiting", "c waiting"]),
        ([*ABC, marked("b", "called")], ["a waiting", "b called", "c waiting"]),
        ([*ABC, marked("b", "called"), marked("b", "waiting")], ["a waiting", "b waiting", "c waiting"]),
        ([*ABC, marked("a", "skipped"), marked("c", "no-show")], ["a skipped", "b waiting", "c no-show"]),
        ([*ABC, marked("b", "left")], ["a waiting", "c waiting"]),
        ([*ABC, marked("b", "left"), marked("b", "waiting")], ["a waiting", "b waiting", "c waiting"]),
        ([*ABC, QueueOrdered(track="1", entry_ids=("c", "a"))], ["c waiting", "a waiting", "b waiting"]),
        (
            [*ABC, QueueOrdered(track="1", entry_ids=("c",)), QueueOrdered(track="1", entry_ids=("b",))],
            ["b waiting", "a waiting", "c waiting"],
        ),
        ([*ABC, QueueOrdered(track="2", entry_ids=("c",))], ["a waiting", "b waiting", "c waiting"]),
        ([joined("a"), joined("z", track="2")], ["a waiting"]),
        ([marked("a", "called")], []),
    ],
)
def test_a_queue_stands_as_joined_unless_it_was_ordered(said: list[Body], queue: list[str]) -> None:
    story = Said()
    if said:
        story.unit_says(*said)
    assert [f"{one.entry_id} {one.state}" for one in story.race.programme.queue("1")] == queue


def test_the_tracks_that_anybody_waited_for_are_known() -> None:
    story = Said()
    story.unit_says(joined("a", track="2"), joined("b"), marked("b", "left"))
    assert story.race.programme.tracks_with_queue() == ["1", "2"]


def test_a_mark_that_is_taken_back_was_never_said() -> None:
    story = Said()
    story.unit_says(*ABC)
    left = story.unit_says(marked("b", "left"))
    story.unit_says(ActWithdrawn(stream=left.stream, seq=left.seq))
    assert [one.entry_id for one in story.race.programme.queue("1")] == ["a", "b", "c"]


FIRST, SECOND = ScheduleItem(starts_utc_ms=1, title="Training"), ScheduleItem(starts_utc_ms=2, title="Finals")


@pytest.mark.parametrize(
    ("said", "titles"),
    [
        ([], []),
        ([ScheduleSet(items=(FIRST, SECOND))], ["Training", "Finals"]),
        ([ScheduleSet(items=(FIRST,)), ScheduleSet(items=(SECOND,))], ["Finals"]),
        ([ScheduleSet(items=(FIRST,)), ScheduleSet(items=())], []),
    ],
)
def test_the_days_plan_is_the_last_whole_one(said: list[Body], titles: list[str]) -> None:
    story = Said()
    if said:
        story.central_says(*said)
    assert [one.title for one in story.race.programme.schedule()] == titles


def test_an_admins_plan_stands_above_an_officials_later_one() -> None:
    story = Said()
    story.central_says(ScheduleSet(items=(FIRST,)))
    story.unit.clock.advance(ms=60_000)
    story.unit_says(ScheduleSet(items=(SECOND,)))
    assert [one.title for one in story.race.programme.schedule()] == ["Training"]


def message(message_id: str, text: str, *, is_gone: bool = False) -> MessagePosted:
    return MessagePosted(message_id=message_id, text=text, is_gone=is_gone)


@pytest.mark.parametrize(
    ("said", "texts"),
    [
        ([], []),
        ([message("m2", "Lunch"), message("m1", "Rain")], ["Rain", "Lunch"]),
        ([message("m1", "Rain"), message("m1", "Sun")], ["Sun"]),
        ([message("m1", "Rain"), message("m1", "Rain", is_gone=True)], []),
        ([message("m1", "Rain", is_gone=True), message("m1", "Rain")], ["Rain"]),
    ],
)
def test_messages_are_the_last_of_each_id_that_nobody_took_away(said: list[Body], texts: list[str]) -> None:
    story = Said()
    if said:
        story.central_says(*said)
    assert [one.text for one in story.race.programme.messages()] == texts


def shows(display: str, scene: str) -> DisplayAssigned:
    return DisplayAssigned(display=display, name=display.title(), playlist=(PlaylistItem(scene=scene),))


@pytest.mark.parametrize(
    ("said", "scene"),
    [
        ([], None),
        ([shows("hall", "podium")], "podium"),
        ([shows("hall", "podium"), shows("all", "board")], "board"),
        ([shows("all", "board"), shows("hall", "podium")], "podium"),
        ([shows("bar", "board")], None),
        ([shows("hall", "podium"), shows("hall", "board")], "board"),
    ],
)
def test_a_display_shows_what_was_said_last_of_it_or_of_the_venue(
    said: list[Body], scene: str | None
) -> None:
    story = Said()
    if said:
        story.central_says(*said)
    assigned = story.race.programme.assigned(("hall", "all"))
    assert (None if assigned is None else assigned.playlist[0].scene) == scene


def test_each_display_has_its_last_word() -> None:
    story = Said()
    story.central_says(shows("hall", "podium"), shows("bar", "board"), shows("hall", "board"))
    programme = story.race.programme
    assert [(one.display, one.playlist[0].scene) for one in programme.displays()] == [
        ("bar", "board"),
        ("hall", "board"),
    ]
    hall = programme.display("hall")
    assert hall is not None
    assert hall.name == "Hall"
    assert programme.display("roof") is None


def heat(heat_id: str, number: int, *, stage: str = "s") -> HeatDrawn:
    return HeatDrawn(stage_id=stage, heat_id=heat_id, round=number, places=(HeatPlace(place=1),))


def test_heats_stand_by_round_and_id_and_a_heat_drawn_anew_replaces_itself() -> None:
    story = Said()
    story.central_says(
        heat("h3", 2), heat("h2", 1), heat("h1", 1), heat("x", 1, stage="other"), heat("h2", 3)
    )
    programme = story.race.programme
    assert [(one.heat_id, one.round) for one in programme.heats("s")] == [("h1", 1), ("h3", 2), ("h2", 3)]
    assert [programme.round_of(one) for one in ("h2", "h1", "nobody drew it", "")] == [3, 1, 0, 0]


NET = Format(name="Net", ranking="net")


@pytest.mark.parametrize(
    ("said", "name", "run_ms"),
    [
        ([], "Best lap", 180_000),
        ([EventConfigured(name="Cup", run_ms=9_000)], "Best lap", 9_000),
        ([FormatSet(name="Net", format=NET), EventConfigured(name="Cup", format="Net")], "Net", 180_000),
        ([EventConfigured(name="Cup", format="Net"), FormatSet(name="Net", format=NET)], "Net", 180_000),
        ([EventConfigured(name="Cup", format="Net", run_ms=9_000)], "Best lap", 9_000),
        (
            [
                FormatSet(name="Net", format=NET),
                FormatSet(name="Net", format=None),
                EventConfigured(name="Cup", format="Net", run_ms=9_000),
            ],
            "Best lap",
            9_000,
        ),
    ],
)
def test_the_events_format_is_the_one_it_names_else_the_default_with_its_numbers(
    said: list[Body], name: str, run_ms: int
) -> None:
    story = Said()
    if said:
        story.central_says(*said)
    race = story.race
    rules = race.programme.format_of_event(race.event.value)
    assert (rules.name, rules.run_ms) == (name, run_ms)
    assert race.programme.format_of_event(None) == DEFAULT_FORMAT


def test_formats_classes_and_stages_are_those_that_nobody_took_away() -> None:
    story = Said()
    story.central_says(
        FormatSet(name="Net", format=NET),
        FormatSet(name="Old", format=NET),
        FormatSet(name="Old", format=None),
        ClassSet(race_class="kids", name="Kids"),
        ClassSet(race_class="old", name="Old"),
        ClassSet(race_class="old", name="Old", is_gone=True),
        StageSet(stage_id="s", kind="knockout", name="Finals"),
        StageSet(stage_id="t", kind="ladder", name="Mains", is_gone=True),
    )
    programme = story.race.programme
    assert [*programme.formats()] == ["Net"]
    assert [one.race_class for one in programme.classes()] == ["kids"]
    assert [one.stage_id for one in programme.stages()] == ["s"]


def appointed(name: str, pin: str = "") -> OfficialAppointed:
    return OfficialAppointed(official_id="o1", name=name, pin=pin)


DISMISSED = OfficialDismissed(official_id="o1")


@pytest.mark.parametrize(
    ("said", "officials"),
    [
        ([], []),
        ([appointed("Olga")], ["Olga"]),
        ([appointed("Olga"), appointed("Olga B.")], ["Olga B."]),
        ([appointed("Olga"), DISMISSED], []),
        ([appointed("Olga"), DISMISSED, appointed("Olga")], ["Olga"]),
        ([DISMISSED], []),
    ],
)
def test_officials_are_those_appointed_and_not_dismissed_since(
    said: list[Body], officials: list[str]
) -> None:
    story = Said()
    if said:
        story.central_says(*said)
    assert [one.name for one in story.race.roll.officials()] == officials


@pytest.mark.parametrize(
    "look",
    [
        lambda race: [(one.entry_id, one.state) for one in race.programme.queue("1")],
        lambda race: [one.text for one in race.programme.messages()],
        lambda race: race.programme.schedule(),
    ],
    ids=["queue", "messages", "schedule"],
)
def test_the_order_of_arrival_changes_nothing(look: Callable[[RaceState], object]) -> None:
    story = Said()
    story.unit_says(joined("a"), joined("b"), marked("a", "called"), ScheduleSet(items=(SECOND,)))
    story.central_says(QueueOrdered(track="1", entry_ids=("b",)), message("m1", "Rain"), message("m1", "Sun"))
    expected = look(story.race)
    for parts in permutations((story.central.records, story.unit.records[:3], story.unit.records[3:])):
        fold = Fold(ROOT.key)
        for record in (one for part in parts for one in reversed(part)):
            fold.add(record)
        assert look(fold.race) == expected
