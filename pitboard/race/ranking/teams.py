"""Teams: the result of a team is that of its kth member, so that k good ones count and not one star."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from pitboard.race.ranking.board import Board, Standing


class TeamStanding(NamedTuple):
    """A team's line; `members` are those who count, the best first, and the last of them gives the result."""

    rank: int
    team: str
    members: tuple[Standing, ...]

    @property
    def result(self) -> Standing:
        return self.members[-1]


def team_standings(board: Board, team_of: Mapping[str, str], member: int) -> list[TeamStanding]:
    """Return the teams with at least `member` ranked members, in order; equal results share a rank.

    Who drives outside the awards counts for no team.
    """
    members: dict[str, list[Standing]] = {}
    teams: list[TeamStanding] = []
    for standing in board.in_order():
        team = team_of.get(standing.competitor)
        if team is None or board.rank_of(standing) is None:
            continue
        counted = members.setdefault(team, [])
        counted.append(standing)
        if len(counted) == member:
            rank = len(teams) + 1
            if teams and teams[-1].result.key[:3] == standing.key[:3]:
                rank = teams[-1].rank
            teams.append(TeamStanding(rank, team, tuple(counted)))
    return teams
