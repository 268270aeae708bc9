"""Boards of tracks and classes, asked for early or late, are the same."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from pitboard.race.bodies.formats import Format, RaceClass
from pitboard.race.ranking.board import Board
from pitboard.race.ranking.boards import ALL, Boards, Confirmed
from pitboard.race.ranking.score import Drive, ScoredLap

MS = 1_000_000
CLASSES = [
    RaceClass(race_class="pro", name="Pro"),
    RaceClass(race_class="junior", name="Juniors", format="Laps"),
    RaceClass(race_class="staff", name="Staff", is_outside_awards=True),
]
FORMATS = {"Laps": Format(name="Laps", ranking="most-laps")}
KEYS = [
    (track, race_class) for track in (ALL, "north", "south") for race_class in (ALL, "pro", "junior", "staff")
]


def confirmed(track: str, *laps_ms: int, at: int = 0) -> Confirmed:
    laps, closed = [], 0
    for number, lap_ms in enumerate(laps_ms, start=1):
        closed += lap_ms * MS
        laps.append(ScoredLap(number, lap_ms * MS, True, closed, (at, track, number)))
    return Confirmed(Drive(laps), (at, track, 99), track)


def ranks(board: Board) -> list[tuple[int | None, str]]:
    return [(board.rank_of(standing), standing.competitor) for standing in board.in_order()]


def event() -> Boards:
    return Boards(Format(), CLASSES, FORMATS)


def test_each_class_has_a_board_under_its_own_format_beside_the_combined_one() -> None:
    boards = event()
    for name, race_class in (("Ann", "pro"), ("Bob", "junior"), ("Cem", "junior"), ("Dee", "staff")):
        boards.set_class(name, race_class)
    boards.set_drive("Ann", "r1", confirmed("north", 9))
    boards.set_drive("Bob", "r2", confirmed("north", 8))
    boards.set_drive("Cem", "r3", confirmed("south", 10, 10))
    boards.set_drive("Dee", "r4", confirmed("south", 7))
    assert ranks(boards.board()) == [(None, "Dee"), (1, "Bob"), (2, "Ann"), (3, "Cem")]
    assert ranks(boards.board(race_class="junior")) == [(1, "Cem"), (2, "Bob")]
    assert ranks(boards.board(race_class="pro")) == [(1, "Ann")]
    assert ranks(boards.board("south")) == [(None, "Dee"), (1, "Cem")]
    boards.set_class("Bob", "pro")
    assert ranks(boards.board(race_class="pro")) == [(1, "Bob"), (2, "Ann")]
    assert ranks(boards.board(race_class="junior")) == [(1, "Cem")]


def test_a_run_that_moves_to_another_track_or_competitor_leaves_nothing_behind() -> None:
    boards = event()
    boards.set_drive("Ann", "r1", confirmed("north", 9))
    assert ranks(boards.board("north")) == [(1, "Ann")]
    boards.set_drive("Ann", "r1", confirmed("south", 9))
    assert ranks(boards.board("north")) == []
    assert ranks(boards.board("south")) == [(1, "Ann")]
    boards.set_drive("Ann", "r1", None)
    boards.set_drive("Bob", "r1", confirmed("south", 9))
    assert ranks(boards.board("south")) == ranks(boards.board()) == [(1, "Bob")]


def test_asking_for_names_that_are_none_keeps_nothing() -> None:
    boards = event()
    for number in range(1_000):
        assert len(boards.board(f"track {number}", f"class {number}")) == 0
        assert len(boards.board(f"track {number}", "pro")) == 0
    assert len(boards._boards) == 1


names, tracks = st.sampled_from("abc"), st.sampled_from(["north", "south"])
changes = st.lists(
    st.tuples(st.just("drive"), names, st.sampled_from(["r1", "r2"]), tracks, st.integers(1, 5))
    | st.tuples(st.just("gone"), names, st.sampled_from(["r1", "r2"]))
    | st.tuples(st.just("class"), names, st.sampled_from([ALL, "pro", "junior", "staff"]))
    | st.tuples(st.just("disqualified"), names, st.booleans()),
    max_size=20,
)


def carry_out(boards: Boards, change: tuple[object, ...]) -> None:
    match change:
        case ("drive", str(name), str(run), str(track), int(lap_ms)):
            boards.set_drive(name, run, confirmed(track, lap_ms, at=lap_ms))
        case ("gone", str(name), str(run)):
            boards.set_drive(name, run, None)
        case ("class", str(name), str(race_class)):
            boards.set_class(name, race_class)
        case ("disqualified", str(name), bool(is_disqualified)):
            boards.set_disqualified(name, is_disqualified)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(changes)
@example([("class", "a", "staff"), ("drive", "b", "r1", "north", 1), ("drive", "a", "r1", "north", 1)])
@example([("disqualified", "a", True), ("drive", "b", "r1", "north", 1), ("drive", "a", "r1", "north", 1)])
def test_a_board_kept_from_the_start_equals_one_asked_for_at_the_end(
    all_changes: list[tuple[object, ...]],
) -> None:
    kept, asked_late = event(), event()
    for key in KEYS:
        kept.board(*key)
    for change in all_changes:
        carry_out(kept, change)
        for key in KEYS:
            kept.board(*key)
        carry_out(asked_late, change)
    for key in KEYS:
        assert list(kept.board(*key).in_order()) == list(asked_late.board(*key).in_order())
        assert ranks(kept.board(*key)) == ranks(asked_late.board(*key))
