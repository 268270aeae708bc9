"""All boards of an event: each track's and all tracks', each class's and the combined one.

A class may have a format of its own. A board is made when it is first asked for, and kept up to date from
then on. So a change costs one search on each of these boards that it concerns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

from pitboard.race.bodies.formats import DEFAULT_FORMAT, Format, RaceClass
from pitboard.race.ranking.board import Board
from pitboard.race.ranking.results import Result
from pitboard.race.ranking.score import Drive, Moment, score

ALL = ""
"""All tracks, or all classes."""
_BoardKey: TypeAlias = tuple[str, str]  # (track, class)


class Confirmed(NamedTuple):
    """What a competitor drove in one confirmed run; `round` and `armed_at` as in `Result`."""

    drive: Drive
    confirmed_at: Moment
    track: str
    round: int = 0
    armed_at: Moment = (0, "", 0)


class Boards:
    """Takes confirmed drives and gives the board of any track and class."""

    def __init__(
        self,
        rules: Format = DEFAULT_FORMAT,
        classes: Sequence[RaceClass] = (),
        formats: Mapping[str, Format] | None = None,
    ) -> None:
        self.rules = rules
        self._classes = {one.race_class: one for one in classes}
        self._rules = {one.race_class: (formats or {}).get(one.format, rules) for one in classes}
        self._formats = tuple(dict.fromkeys((rules, *self._rules.values())))
        self._results: dict[str, dict[str, tuple[Result, ...]]] = {}  # one result for each of the formats
        self._class_of: dict[str, str] = {}
        self._disqualified: set[str] = set()
        self._boards: dict[_BoardKey, Board] = {(ALL, ALL): Board(rules)}

    def rules_of(self, race_class: str) -> Format:
        """Return the format of the class's board; of an unknown class, and of all, the event's."""
        return self._rules.get(race_class, self.rules)

    def board(self, track: str = ALL, race_class: str = ALL, *, is_kept: bool = False) -> Board:
        """Return the board of one track or all, of one class or all, with everything taken so far.

        `is_kept` makes an empty one stay too, which costs at each change from then on and nothing when asked.
        """
        key = (track, race_class)
        board = self._boards.get(key)
        if board is None:
            board = Board(self.rules_of(race_class))
            for competitor in {*self._results, *self._disqualified, *self._class_of}:
                self._fill(key, board, competitor)
            if is_kept or len(board) or (track == ALL and race_class in self._classes):
                self._boards[key] = board  # no other empty one is kept: anybody may ask for any name
        return board

    def set_drive(self, competitor: str, run: str, confirmed: Confirmed | None) -> None:
        """Take what a run brings its competitor; None takes an earlier one away."""
        runs = self._results.setdefault(competitor, {})
        if confirmed is None:
            runs.pop(run, None)
            if not runs:
                del self._results[competitor]
        else:
            runs[run] = tuple(
                Result(score(confirmed.drive, rules), *confirmed[1:]) for rules in self._formats
            )
        for key, board in self._boards.items():
            self._fill_run(key, board, competitor, run)

    def set_class(self, competitor: str, race_class: str) -> None:
        """Put a competitor into a class, ALL for none."""
        if race_class == self._class_of.get(competitor, ALL):
            return
        self._class_of[competitor] = race_class
        for key, board in self._boards.items():
            self._fill(key, board, competitor)

    def set_disqualified(self, competitor: str, is_disqualified: bool) -> None:
        """Take a disqualified competitor out of every ranking, or put a reinstated one back."""
        (self._disqualified.add if is_disqualified else self._disqualified.discard)(competitor)
        for board in self._boards.values():
            board.set_disqualified(competitor, is_disqualified)

    def _fill(self, key: _BoardKey, board: Board, competitor: str) -> None:
        race_class = self._classes.get(self._class_of.get(competitor, ALL))
        board.set_disqualified(competitor, competitor in self._disqualified)
        board.set_outside_awards(competitor, race_class is not None and race_class.is_outside_awards)
        for run in self._results.get(competitor, {}):
            self._fill_run(key, board, competitor, run)

    def _fill_run(self, key: _BoardKey, board: Board, competitor: str, run: str) -> None:
        track, race_class = key
        results = self._results.get(competitor, {}).get(run)
        result = None if results is None else results[self._formats.index(board.rules)]
        if result is not None and track not in (ALL, result.track):
            result = None
        if race_class not in (ALL, self._class_of.get(competitor, ALL)):
            result = None
        board.set_result(competitor, run, result)
