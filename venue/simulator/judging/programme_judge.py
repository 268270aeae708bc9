"""What is made of the results: teams, finalists, fair heats, sectors, the day; each worked out a second time.

The results themselves are the oracle's; here they are only sorted and counted, in the plainest way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pitboard.journal.kinds import StreamOpened, read_body
from pitboard.race.bodies import (
    ActWithdrawn,
    Body,
    DayMoved,
    DayPlanned,
    RunArmed,
    RunDecided,
    RunFinished,
)
from pitboard.race.stages import finalists
from pitboard.race.teams import team_standings
from venue.simulator.cast.beam import Trip
from venue.simulator.cast.people import HEATS_STAGE
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


def _finalists_of(bests: Mapping[str, int]) -> tuple[set[str], set[str]]:
    """Return who is in for sure, and who shares the last place of the final with somebody outside."""
    count = FINALISTS_COUNT
    better = {one: sum(other < best for other in bests.values()) for one, best in bests.items()}
    as_good = {one: sum(other <= best for other in bests.values()) for one, best in bests.items()}
    sure = {one for one in bests if as_good[one] <= count}
    return sure, {one for one in bests if better[one] < count < as_good[one]}


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


def check_heats(venue: Venue) -> None:
    """Whoever is drawn into heats has each lane once, as long as the unit that draws forgets nothing.

    A start of the unit may have lost some of them with its card, so each stream is judged by itself.
    """
    armings: dict[tuple[str, str], list[tuple[int, RunArmed]]] = {}
    withdrawn: set[tuple[str, int]] = set()
    for record in venue.central.disk.records.values():
        body = read_body(record.header.kind, record.body_bytes or b"")
        if isinstance(body, ActWithdrawn):
            withdrawn.add((body.stream, body.seq))
        elif isinstance(body, RunArmed) and body.stage_id.startswith(HEATS_STAGE):
            armings.setdefault((record.stream, body.stage_id), []).append((record.seq, body))
    for (stream, stage), armed in armings.items():
        owner = venue.world.truth.owner_of(stream)
        if owner in venue.revoked or owner not in venue.central.wanted_units:
            continue
        seats = [
            (place.competitor_id, place.lane)
            for seq, body in armed
            if (stream, seq) not in withdrawn
            for place in body.places
            if place.competitor_id is not None
        ]
        if len(seats) != len(set(seats)):
            sentence = f"{stage} of stream {stream[:8]} has {sorted(map(str, seats))}"
            venue.world.truth.violate("each-lane-once", sentence)


def check_days(venue: Venue) -> None:
    """No run of a day that drives itself began while it was paused, or before its time."""
    withdrawn: set[tuple[str, int]] = set()
    boots: dict[str, str] = {}
    said: dict[str, list[tuple[tuple[str, int], Body]]] = {}
    for record in sorted(venue.central.disk.records.values(), key=lambda one: (one.stream, one.seq)):
        body = read_body(record.header.kind, record.body_bytes or b"")
        if isinstance(body, StreamOpened):
            boots[record.stream] = body.boot_id
        elif isinstance(body, ActWithdrawn):
            withdrawn.add((body.stream, body.seq))
        elif isinstance(body, DayPlanned | DayMoved | RunArmed | RunFinished | RunDecided):
            boot_id = boots.get(record.stream, "")
            said.setdefault(boot_id, []).append(((record.stream, record.seq), body))
    for boot_id, of_boot in said.items():
        if not any(place in withdrawn for place, _ in of_boot):
            _check_day(venue, boot_id, [body for _, body in of_boot])


def _check_day(venue: Venue, boot_id: str, said: Sequence[Body]) -> None:
    gaps = {turn: one for one in said if isinstance(one, DayPlanned) for turn in one.turns}
    moves = sorted((one for one in said if isinstance(one, DayMoved)), key=lambda one: one.mono_ns)
    discarded = {one.run_id for one in said if isinstance(one, RunDecided) and one.decision != "confirmed"}
    armed = [one for one in said if isinstance(one, RunArmed) and one.heat_id in gaps]
    turn_of = {one.run_id: one.heat_id for one in armed}
    ends = [
        (one.mono_ns, turn_of[one.run_id])
        for one in said
        if isinstance(one, RunFinished) and one.run_id in turn_of and one.run_id not in discarded
    ]
    for run in armed:
        plan = gaps[run.heat_id]
        before = [at for at, turn in ends if turn in plan.turns and at < run.mono_ns]
        heard = [one for one in moves if one.mono_ns < run.mono_ns]
        states = [one.is_paused for one in heard if one.is_paused is not None]
        if states and states[-1]:
            venue.world.truth.violate("paused-day-begins-nothing", f"{run.run_id} of boot {boot_id[:8]}")
        if not before:
            continue
        earlier_ms = sum(-one.shift_ms for one in heard if one.shift_ms < 0 and one.mono_ns > max(before))
        waited_ns = run.mono_ns - max(before) - _paused_ns(heard, max(before), run.mono_ns)
        if waited_ns < (plan.gap_ms - earlier_ms - 2) * 1_000_000:
            sentence = f"{run.run_id} {waited_ns} ns after the run before, the gap is {plan.gap_ms} ms"
            venue.world.truth.violate("no-run-before-its-time", sentence)


def _paused_ns(moves: Sequence[DayMoved], from_ns: int, to_ns: int) -> int:
    total_ns, began_ns = 0, None
    for one in moves:
        if one.is_paused and began_ns is None:
            began_ns = one.mono_ns
        elif one.is_paused is False and began_ns is not None:
            total_ns += max(0, min(one.mono_ns, to_ns) - max(began_ns, from_ns))
            began_ns = None
    return total_ns


def check_sectors(venue: Venue, trips: Mapping[str, Trip]) -> None:
    """A lap has the gates that its car passed, each at the time that it truly took to there."""
    race = venue.central.replica.fold.race
    for run in race.runs.values():
        if run.is_start_to_finish or run.pauses:
            continue
        for place in run.places:
            laps = {lap.lap_id: lap for lap in race.laps(run.run_id, place.place)}
            for segment in race.segments(run, place.place):
                began: Trip | None = None
                passed: list[tuple[str, Trip | None]] = []
                for one in segment.passings:
                    trip = trips.get(one.passing_id)
                    if one.body.gate == "start":
                        continue
                    if one.body.gate != "finish":
                        passed.append((one.body.gate, trip))
                        continue
                    lap = laps.get(one.passing_id)
                    if lap is not None and began is not None:
                        _check_lap(venue, one.passing_id, lap.sectors, began, passed)
                    began, passed = trip, []


def _check_lap(
    venue: Venue,
    lap_id: str,
    sectors: Sequence[tuple[str, int]],
    began: Trip,
    passed: Sequence[tuple[str, Trip | None]],
) -> None:
    if [gate for gate, _ in sectors] != [gate for gate, _ in passed]:
        venue.world.truth.violate("sectors-are-those-driven", f"lap {lap_id} has {sectors}, passed {passed}")
        return
    for (_, elapsed_ns), (gate, trip) in zip(sectors, passed, strict=True):
        if trip is not None and abs(elapsed_ns - (trip.true_ns - began.true_ns)) > STAMP_ERROR_MAX_NS:
            sentence = f"lap {lap_id}: {gate} after {elapsed_ns}, in truth {trip.true_ns - began.true_ns}"
            venue.world.truth.violate("sectors-are-those-driven", sentence)
