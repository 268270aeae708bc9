"""Teams by their kth member."""

from __future__ import annotations

from pitboard.race.bodies.formats import Format
from pitboard.race.ranking.board import Board
from pitboard.race.ranking.results import Result
from pitboard.race.ranking.score import Drive, ScoredLap, score
from pitboard.race.ranking.teams import team_standings


def board_of(*best_ms: tuple[str, int]) -> Board:
    board = Board(Format())
    for order, (name, lap_ms) in enumerate(best_ms):
        lap_ns = lap_ms * 1_000_000
        worth = score(Drive([ScoredLap(1, lap_ns, True, lap_ns, (order, "", 0))]), board.rules)
        board.set_result(name, "r1", Result(worth, (order, "", 0)))
    return board


def test_the_second_member_of_each_team_counts_and_one_star_alone_does_not() -> None:
    board = board_of(
        ("star", 1), ("a1", 2), ("a2", 5), ("b1", 3), ("b2", 4), ("c1", 3), ("c2", 5), ("free", 2)
    )
    team_of = {"star": "S", "a1": "A", "a2": "A", "b1": "B", "b2": "B", "c1": "C", "c2": "C"}
    found = [(one.rank, one.team, one.result.competitor) for one in team_standings(board, team_of, 2)]
    assert found == [(1, "B", "b2"), (2, "A", "a2"), (2, "C", "c2")]
    first = [(one.rank, one.team) for one in team_standings(board, team_of, 1)]
    assert first == [(1, "S"), (2, "A"), (3, "B"), (3, "C")]
    assert team_standings(board, team_of, 3) == []


def test_who_is_out_counts_for_no_team() -> None:
    board = board_of(("a1", 1), ("a2", 2), ("a3", 3), ("b1", 4), ("b2", 5))
    team_of = {name: name[0] for name in ("a1", "a2", "a3", "b1", "b2")}
    board.set_disqualified("a1", True)
    board.set_outside_awards("a2", True)
    assert [one.team for one in team_standings(board, team_of, 2)] == ["b"]
