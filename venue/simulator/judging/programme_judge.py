"""What is made of the results: teams, finalists and sectors, each worked out a second time.

The results themselves are the oracle's; here they are only sorted and counted, in the plainest way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pitboard.race.ranking.teams import team_standings
from pitboard.race.stages.stages import StagePlan, finalists, stage_of, work_out
from venue.simulator.cast.beam import TruePassing
from venue.simulator.cast.simulated_venue import Venue
from venue.simulator.judging.lap_oracle import LapOracle, PublishedDrive

MEMBER = 2
FINALISTS_COUNT = 3
STAMP_ERROR_MAX_NS = 2_000


def check_results(venue: Venue, oracle: LapOracle, confirmed: Mapping[str, Sequence[PublishedDrive]]) -> None:
    """Teams and finalists follow from the best laps of those who have a rank."""
    board = venue.central.replica.fold.board_of()
    race = venue.central.replica.fold.race
    resolution_ns = board.rules.resolution_ns
    bests: dict[str, int] = {}
    for one, drives in confirmed.items():
        times = [
            (lap_ns + drive.penalty_ns) // resolution_ns * resolution_ns
            for drive in drives
            if drive.may_rank
            for lap_ns, counts in drive.laps
            if counts
        ]
        is_out = race.roll.is_disqualified(one) or oracle.race_class(one) == "kids"
        if times and not is_out:
            bests[one] = min(times)
    _check_teams(venue, oracle, bests)
    ranked = [(board.rank_of(one), one.competitor) for one in board.in_order()]
    chosen, undecided = finalists(ranked, FINALISTS_COUNT)
    sure, tied = _finalists_of(bests)
    if (set(chosen), set(undecided)) != (sure, tied):
        sentence = f"finalists {chosen} and {undecided} of {bests}"
        venue.world.truth.violate("finalists-are-the-best", sentence)
    _check_picked(venue, ranked)


def _finalists_of(bests: Mapping[str, int]) -> tuple[set[str], set[str]]:
    """Return who is in for sure, and who shares the last place of the final with somebody outside."""
    count = FINALISTS_COUNT
    better = {one: sum(other < best for other in bests.values()) for one, best in bests.items()}
    as_good = {one: sum(other <= best for other in bests.values()) for one, best in bests.items()}
    sure = {one for one in bests if as_good[one] <= count}
    return sure, {one for one in bests if better[one] < count < as_good[one]}


def _check_picked(venue: Venue, ranked: Sequence[tuple[int | None, str]]) -> None:
    """Whom the official picks by hand drive the final, whatever their ranks: here the last ones."""
    picked = [one for _, one in ranked][-FINALISTS_COUNT:][::-1]
    if not picked:
        return
    chosen, undecided = finalists(ranked, 1, picked)
    stage = stage_of(StagePlan(stage="final", name="final", kind="knockout", picked=tuple(picked)))
    assert stage is not None
    state = work_out(stage, chosen, {})
    first_round = [driver for heat in state.heats if heat.round == 1 for driver in heat.drivers]
    seated = sorted(first_round or map(str, state.podium))  # one alone has won
    if undecided or seated != sorted(picked):
        sentence = f"picked {picked}, seated {seated}, undecided {undecided}"
        venue.world.truth.violate("who-is-picked-drives", sentence)


def _check_teams(venue: Venue, oracle: LapOracle, bests: Mapping[str, int]) -> None:
    fold = venue.central.replica.fold
    team_of = {one.competitor_id: one.team for one in fold.race.competitors.values() if one.team}
    members: dict[str, list[int]] = {}
    for competitor, best in sorted(bests.items(), key=lambda item: item[1]):
        if competitor in team_of:
            members.setdefault(team_of[competitor], []).append(best)
    results = {team: times[MEMBER - 1] for team, times in members.items() if len(times) >= MEMBER}
    wanted = {
        team: (1 + sum(other < time_ns for other in results.values()), time_ns)
        for team, time_ns in results.items()
    }
    shown = {
        one.team: (one.rank, next(column.value for column in one.result.columns if column.code == "best"))
        for one in team_standings(fold.board_of(), team_of, MEMBER)
    }
    if shown != wanted:
        venue.world.truth.violate("team-by-its-second-member", f"{shown}, not {wanted}")


def check_sectors(venue: Venue, true_passings: Mapping[str, TruePassing]) -> None:
    """A lap has the gates that its car passed, each at the time that it truly took to there."""
    race = venue.central.replica.fold.race
    for run in race.runs.values():
        if run.is_start_to_finish or run.pauses:
            continue
        for place in run.places:
            laps = {lap.lap_id: lap for lap in race.laps(run.run_id, place.place)}
            for segment in race.segments(run, place.place):
                began: TruePassing | None = None
                passed: list[tuple[str, TruePassing | None]] = []
                for one in segment.passings:
                    passing = true_passings.get(one.passing_id)
                    if one.body.gate == "start":
                        continue
                    if one.body.gate != "finish":
                        passed.append((one.body.gate, passing))
                        continue
                    lap = laps.get(one.passing_id)
                    if lap is not None and began is not None:
                        _check_lap(venue, one.passing_id, lap.sectors, began, passed)
                    began, passed = passing, []


def _check_lap(
    venue: Venue,
    lap_id: str,
    sectors: Sequence[tuple[str, int]],
    began: TruePassing,
    passed: Sequence[tuple[str, TruePassing | None]],
) -> None:
    if [gate for gate, _ in sectors] != [gate for gate, _ in passed]:
        venue.world.truth.violate("sectors-are-those-driven", f"lap {lap_id} has {sectors}, passed {passed}")
        return
    for (_, elapsed_ns), (gate, passing) in zip(sectors, passed, strict=True):
        if passing is not None and abs(elapsed_ns - (passing.true_ns - began.true_ns)) > STAMP_ERROR_MAX_NS:
            sentence = f"lap {lap_id}: {gate} after {elapsed_ns}, in truth {passing.true_ns - began.true_ns}"
            venue.world.truth.violate("sectors-are-those-driven", sentence)
