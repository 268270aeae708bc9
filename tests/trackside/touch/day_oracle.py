"""The boards of a race day, worked out from what was truly driven and what the official meant.

Nothing of the rules' code is used: each format is told again here, as plainly as can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

FIVE_SECONDS_NS = 5_000_000_000


@dataclass
class TrueLap:
    """`closed_ns` is the run's time at its end; a finger that had a part in it makes it `unsure_ns`."""

    lap_ns: int
    closed_ns: int
    unsure_ns: int = 0
    counts: bool = True
    off_tracks: int = 0


@dataclass
class TrueDrive:
    """What one driver drove in one run that was confirmed."""

    driver: str
    laps: list[TrueLap]
    penalty_ns: int = 0
    status: str = "finished"


@dataclass
class TrueRun:
    """`race_class` is its drivers'; a run that is not confirmed is on no board."""

    race_class: str
    drives: list[TrueDrive] = field(default_factory=list)
    is_confirmed: bool = True


class TrueRank(NamedTuple):
    """A driver's line: `result` is what ranks, `shown` what stands in the first column."""

    rank: int
    driver: str
    shown: int
    result: tuple[int, ...]


def faults_of(preset: str, runs: Sequence[TrueRun], board: Sequence[tuple[int, str, int]]) -> list[str]:
    """Return where a board of (rank, driver, shown) is not what was driven.

    Where only beams timed, it has to be the very number. Where a finger had a part, any between the true
    drive with the finger as early and as late as it can be; who is so ranks as the shown order allows.
    """
    early = {one.driver: one for one in board_of(preset, [_moved(run, -1) for run in runs])}
    late = {one.driver: one for one in board_of(preset, [_moved(run, 1) for run in runs])}
    ranks = {driver: rank for rank, driver, _ in board}
    if set(ranks) != set(early):
        return [f"{preset}: {sorted(ranks)} have a rank, and {sorted(early)} should"]
    faults = []
    for rank, driver, shown in board:
        least, most = sorted((early[driver].shown, late[driver].shown))
        if not least <= shown <= most:
            faults.append(f"{preset}: {driver} has {shown}, and drove {least} to {most}")
        if rank != 1 + sum(other < rank for other in ranks.values()):
            faults.append(f"{preset}: {driver} has rank {rank} among {sorted(ranks.values())}")
        for other in ranks:
            is_sure = early[driver] == late[driver] and early[other] == late[other]
            is_ahead = late[driver].result < early[other].result
            is_tied = is_sure and late[driver].result == early[other].result
            if (is_ahead and not rank < ranks[other]) or (is_tied and rank != ranks[other]):
                faults.append(f"{preset}: {driver} has rank {rank} and {other} {ranks[other]}")
    return faults


def _moved(run: TrueRun, sign: int) -> TrueRun:
    """Return the run with each finger as early (-1) or as late (1) as it may have been."""
    drives = []
    for drive in run.drives:
        laps, since_begin_ns = [], 0
        for lap in drive.laps:
            since_begin_ns += sign * lap.unsure_ns
            lap_ns = lap.lap_ns + sign * lap.unsure_ns
            laps.append(replace(lap, lap_ns=lap_ns, closed_ns=lap.closed_ns + since_begin_ns))
        drives.append(replace(drive, laps=laps))
    return replace(run, drives=drives)


def amount_of(preset: str, drive: TrueDrive) -> tuple[int, ...] | None:
    """Return what one run is worth, the least being the best; None for nothing."""
    if drive.status in ("did-not-start", "disqualified"):
        return None
    laps = drive.laps
    match preset:
        case "Best lap":
            found = [one.lap_ns + drive.penalty_ns for one in laps if one.counts]
        case "DeepRacer, best lap":
            found = [one.lap_ns + drive.penalty_ns for one in laps if one.counts and one.off_tracks <= 3]
        case "DeepRacer, live final":
            found = [
                one.lap_ns + one.off_tracks * FIVE_SECONDS_NS + drive.penalty_ns for one in laps if one.counts
            ]
        case "DeepRacer, best average":
            found = []
            for first in range(len(laps) - 2):
                three = laps[first : first + 3]
                if all(one.counts and one.off_tracks <= 3 for one in three):
                    found.append(sum(one.lap_ns for one in three) // 3 + drive.penalty_ns)
        case "DeepRacer, total time":
            three = [one for one in laps if one.counts][:3]
            total = sum(one.lap_ns + one.off_tracks * FIVE_SECONDS_NS for one in three)
            found = [total + drive.penalty_ns] if len(three) == 3 else []
        case "Slot heats, lanes" | "RC heat, transponders" | "Pinewood derby, points":
            counting = [one for one in laps if one.counts]
            if not counting:
                return None
            return (-len(counting), cut(preset, counting[-1].closed_ns + drive.penalty_ns))
        case "Pinewood derby, times" | "Alpine, two runs" | "Hill climb":
            if drive.status != "finished":
                return None
            found = [sum(one.lap_ns for one in laps if one.counts) + drive.penalty_ns] if laps else []
        case _:
            raise AssertionError(preset)
    return (cut(preset, min(found)),) if found else None


def cut(preset: str, duration_ns: int) -> int:
    resolution_ns = 10_000_000 if preset in ("Alpine, two runs", "Hill climb") else 1_000_000
    return duration_ns // resolution_ns * resolution_ns


def board_of(preset: str, runs: Sequence[TrueRun]) -> list[TrueRank]:
    """Return everybody with a rank, the best first."""
    amounts: dict[str, list[tuple[int, ...]]] = {}
    points: dict[str, int] = {}
    for run in runs:
        if not run.is_confirmed:
            continue
        of_run = [(amount_of(preset, one), one.driver) for one in run.drives]
        scored = sorted((amount, driver) for amount, driver in of_run if amount is not None)
        for place, (amount, driver) in enumerate(scored):
            amounts.setdefault(driver, []).append(amount)
            points[driver] = points.get(driver, 0) + (4, 3, 2, 1, *[0] * 60)[place]
    results: dict[str, tuple[int, ...]] = {}
    for driver, found in amounts.items():
        found.sort()
        wanted = {"Slot heats, lanes": 4, "Pinewood derby, times": 4, "Alpine, two runs": 2}.get(preset)
        if preset == "Pinewood derby, points":
            results[driver] = (-points[driver],)
        elif wanted is None:
            results[driver] = found[0]
        elif len(found) >= wanted:
            results[driver] = tuple(map(sum, zip(*found[:wanted], strict=True)))
    ordered = sorted((result, driver) for driver, result in results.items())
    board = []
    for result, driver in ordered:
        rank = 1 + sum(other < result for other, _ in ordered)
        is_by_laps = preset == "RC heat, transponders"
        shown = result[-1] if not is_by_laps else -result[0]
        if preset == "Pinewood derby, points":
            shown = -result[0]
        board.append(TrueRank(rank, driver, shown, result))
    return board
