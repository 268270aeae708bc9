"""`pitboard score`: rank a table of laps by a format, so that an organiser can try a rule before the race.

With a table of people also by class and by team, a stage's heats from the results, a day that drives itself;
all by the rules that the boards and units use."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from pitboard.drawing.time_text import format_lap_ns
from pitboard.errors import Refusal
from pitboard.keeping.scoring.score_day import DayPlan, day_text, turns_of
from pitboard.keeping.scoring.score_stage import StageTrial
from pitboard.keeping.scoring.score_tables import PER_LAP, LapTable, read_laps, read_people
from pitboard.keeping.scoring.score_text import (
    aligned,
    column_key,
    column_text,
    json_list,
    plain_ms,
    plain_value,
    shown,
)
from pitboard.keeping.scoring.scored_board import board_of
from pitboard.program.config import load_config
from pitboard.program.event_rules import StageConfig, load_format
from pitboard.race.bodies.formats import Format
from pitboard.race.ranking.board import Board, Standing
from pitboard.race.ranking.score import Column
from pitboard.race.ranking.teams import TeamStanding, team_standings
from pitboard.race.runs.sectors import BestSectors, best_sectors

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.option(
    "--format",
    "format_path",
    required=True,
    type=_FILE,
    help="TOML file of the format, as in the event's config.",
)
@click.option(
    "--laps",
    "laps_path",
    required=True,
    type=_FILE,
    help="CSV file with the columns competitor, run, lap_ms, counts (1 or 0), in the order driven.",
)
@click.option(
    "--people", "people_path", type=_FILE, help="CSV file: competitor, class, team, awards (1 or 0)."
)
@click.option("--class", "race_class", default="", help="Only this class of the people.")
@click.option("--teams", "shows_teams", is_flag=True, help="Rank the teams, by the format's team_member.")
@click.option("--sectors", "shows_sectors", is_flag=True, help="The best sectors and the ideal lap of each.")
@click.option("--stage", "stage_path", type=_FILE, help="TOML file of a stage: who is in it, and its heats.")
@click.option(
    "--day", "day_path", type=_FILE, help="TOML file of a day's plan: when each run begins by itself."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def score_command(
    format_path: Path,
    laps_path: Path,
    people_path: Path | None,
    race_class: str,
    shows_teams: bool,
    shows_sectors: bool,
    stage_path: Path | None,
    day_path: Path | None,
    as_json: bool,
) -> None:
    """Rank a table of laps by a format."""
    if shows_teams + shows_sectors + (stage_path is not None) + (day_path is not None) > 1:
        raise click.UsageError("Say one of --teams, --sectors, --stage and --day.")
    rules = load_format(format_path)
    table = read_laps(laps_path)
    people = {} if people_path is None else read_people(people_path)
    if race_class and all(one.race_class != race_class for one in people.values()):
        raise Refusal(f"nobody is in the class '{race_class}'; name it in the table of --people")
    if stage_path is not None:
        stage = load_config(StageConfig, stage_path)
        stage = msgspec.structs.replace(stage, race_class=race_class or stage.race_class)
        click.echo(StageTrial(stage, table, people, rules).text(as_json=as_json))
        return
    if day_path is not None:
        click.echo(day_text(turns_of(load_config(DayPlan, day_path), table, rules), as_json=as_json))
        return
    board = board_of(table, rules, people, race_class)
    if shows_teams:
        if not rules.team_member:
            raise Refusal(f"{format_path}: team_member is missing; say which member's result is the team's")
        team_of = {name: one.team for name, one in people.items() if one.team}
        click.echo(_teams_text(team_standings(board, team_of, rules.team_member), table, rules, as_json))
    elif shows_sectors:
        click.echo(_sectors_text(board, table, rules, as_json))
    else:
        click.echo(as_json_text(board, table) if as_json else as_table(board, table))


def as_json_text(board: Board, table: LapTable) -> str:
    """Return a JSON list of {competitor, rank, columns}, one line each."""
    return json_list(
        {
            "competitor": table.names[standing.competitor],
            "rank": board.rank_of(standing),
            "columns": {column_key(column): plain_value(column) for column in _columns(board, standing)},
        }
        for standing in board.in_order()
    )


def _columns(board: Board, standing: Standing) -> list[Column]:
    gap = board.gap_of(standing)
    return [*standing.columns, *([] if gap is None else [gap])]


def as_table(board: Board, table: LapTable) -> str:
    """Return lines for people: rank, what the rule shows, name."""
    rows: list[list[str]] = []
    codes: list[str] = []
    drawn: list[tuple[str, dict[str, str], str]] = []
    for standing in board.in_order():
        cells = {}
        for column in _columns(board, standing):
            if column_key(column) not in codes:
                codes.append(column_key(column))
            cells[column_key(column)] = column_text(column, board.rules)
        rank = board.rank_of(standing)
        name = shown(table.names[standing.competitor])
        drawn.append(("" if rank is None else str(rank), cells, name))
    rows.append(["rank", *(code.removesuffix("_ms") for code in codes), "competitor"])
    rows += [[rank, *(cells.get(code, "") for code in codes), name] for rank, cells, name in drawn]
    lines = aligned(rows, right=len(rows[0]) - 1)
    return lines if drawn else f"{lines}\nNo laps in the table."


def _teams_text(teams: Sequence[TeamStanding], table: LapTable, rules: Format, as_json: bool) -> str:
    if as_json:
        return json_list(
            {
                "team": one.team,
                "rank": one.rank,
                "members": [table.names[member.competitor] for member in one.members],
                "columns": {column_key(column): plain_value(column) for column in one.result.columns},
            }
            for one in teams
        )
    rows = [["rank", "result", "team", "members, the last one's result counts"]]
    for one in teams:
        members = ", ".join(shown(table.names[member.competitor]) for member in one.members)
        rows.append([str(one.rank), column_text(one.result.columns[0], rules), shown(one.team), members])
    return aligned(rows, right=2)


def _sectors_text(board: Board, table: LapTable, rules: Format, as_json: bool) -> str:
    """Return each competitor's best sectors of laps that count, in the order of the board."""
    found: list[tuple[str, BestSectors]] = []
    for standing in board.in_order():
        laps = [
            (numbers[at], table.sectors.get(numbers[at + 2], ()))
            for (competitor, _), numbers in table.laps.items()
            if competitor == standing.competitor
            for at in range(0, len(numbers), PER_LAP)
            if numbers[at + 1]
        ]
        best = best_sectors(laps)
        if best is not None:
            found.append((table.names[standing.competitor], best))
    if as_json:
        return json_list(
            {
                "competitor": name,
                "sectors_ms": [plain_ms(rules.cut(one.time_ns)) for one in best.best],
                "ideal_ms": plain_ms(rules.cut(best.ideal_ns)),
            }
            for name, best in found
        )
    count = max((len(best.best) for _, best in found), default=0)
    rows = [[*(f"sector {number}" for number in range(1, count + 1)), "ideal", "competitor"]]
    for name, best in found:
        times = [format_lap_ns(one.time_ns, resolution_ns=rules.resolution_ns) for one in best.best]
        times += [""] * (count - len(times))
        rows.append([*times, format_lap_ns(best.ideal_ns, resolution_ns=rules.resolution_ns), shown(name)])
    return aligned(rows, right=count + 1) if found else "No lap that counts has sectors_ms."
