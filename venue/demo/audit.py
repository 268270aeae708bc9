"""Hold what Pitboard says against what the simulated cars truly drove and what the official was told.

The cars' log is the reference for every passing, lap and delay; the official's own log for every decision. Of
Pitboard's records only the runs' windows (armed, finished) say which true passings a run should hold."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import msgspec

from pitboard.errors import NOT_UNDERSTOOD
from pitboard.journal.folding.fold import Fold
from pitboard.journal.views.views import encode_view, view_board
from pitboard.keeping.journal_copy import fold_file
from pitboard.race.runs.laps import NANOSECONDS_PER_MS
from pitboard.race.runs.run import Run
from pitboard.race.runs.verdicts import Lap


class TruePassing(msgspec.Struct, frozen=True):
    """One line of the cars' log: instants of CLOCK_MONOTONIC."""

    sensor_boot: str
    seq: int
    true_mono_ns: int
    written_mono_ns: int | None


class OfficialDecision(msgspec.Struct, frozen=True):
    """One line of the official's log, written after the screen said it was saved."""

    decision: str
    run: str | None = None
    name: str | None = None
    voided: list[str] = []


class DrawnRun(msgspec.Struct, frozen=True):
    run: str
    passings: int


class Frame(msgspec.Struct, frozen=True):
    """One line of a display's frame log: what the picture showed from `mono_ns` on."""

    mono_ns: int
    board_sha: str
    runs: list[DrawnRun] = []


LAP_ERROR_MAX_NS = 5_000_000
"""Of any lap here, where nobody sets a clock; each also holds to what it says of itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAudit:
    """One run held against the truth; `lap_errors_ns` are measured minus true lap times.

    `wrong` counts the laps whose error is more than they say of themselves, or than any lap's may be.
    """

    lost: int
    doubled: int
    timed: int
    wrong: int
    lap_errors_ns: Sequence[int]
    delays_ns: Sequence[int]


def read_lines(path: Path, shape: type[msgspec.Struct]) -> list[msgspec.Struct]:
    """Return a log's lines; a last line that a killed program left half is passed over."""
    if not path.exists():
        return []
    values = []
    for line in path.read_bytes().split(b"\n"):
        try:
            values.append(msgspec.json.decode(line, type=shape))
        except NOT_UNDERSTOOD:
            continue
    return values


class Audit:
    """`fold` is a replica's fold of everything; `sensor` names the sensor that the cars crossed.

    `track` is where it stands, None where the venue has one track only. Runs whose id begins with
    `earlier` were there before the cars drove.
    """

    def __init__(
        self,
        fold: Fold,
        true_passings: Sequence[TruePassing],
        frames: Sequence[Frame],
        *,
        sensor: str,
        track: str | None = None,
        earlier: str | None = None,
    ) -> None:
        self._earlier = earlier
        self._fold = fold
        self._sensor = sensor
        self._track = track
        self._true_passings = sorted(true_passings, key=lambda true_passing: true_passing.true_mono_ns)
        self._true_mono_ns = [true_passing.true_mono_ns for true_passing in self._true_passings]
        self._frames = frames

    def id_of(self, true_passing: TruePassing) -> str:
        return f"{self._sensor}/{true_passing.sensor_boot}/{true_passing.seq}"

    def sent(self) -> list[TruePassing]:
        """Return the true passings whose line left the sensor at least once."""
        return [
            true_passing for true_passing in self._true_passings if true_passing.written_mono_ns is not None
        ]

    def received(self) -> int:
        """Count the sent true passings that the journal holds."""
        known: set[str] = set()
        for boot in {true_passing.sensor_boot for true_passing in self._true_passings}:
            for unit in self._fold.roster.enrolled():
                seqs = self._fold.race.passing_seqs(unit, self._sensor, boot)
                known.update(f"{self._sensor}/{boot}/{seq}" for seq in seqs)
        return sum(self.id_of(true_passing) in known for true_passing in self.sent())

    def runs(self) -> list[Run]:
        """Return the track's runs whose timing has ended, in the order armed."""
        runs = [
            run
            for run in self._fold.race.runs.values()
            if run.finished is not None
            and self._track in (None, run.track)
            and not (self._earlier and run.run_id.startswith(self._earlier))
        ]
        return sorted(runs, key=lambda run: run.armed.word.moment)

    def check(self, run: Run) -> RunAudit:
        """Hold the run's laps against the true passings truly made in its window."""
        expected = self._true_passings_of(run)
        true_laps = {
            self.id_of(closing): closing.true_mono_ns - opening.true_mono_ns
            for opening, closing in pairwise(expected)
        }
        timed = [lap for lap in self._fold.race.laps(run.run_id) if lap.lap_id.startswith(f"{self._sensor}/")]
        counts = Counter(lap.lap_id for lap in timed)
        errors_ns = [
            (lap.lap_ns - true_laps[lap.lap_id], lap.uncertainty_ns)
            for lap in timed
            if lap.lap_id in true_laps
        ]
        return RunAudit(
            lost=sum(lap not in counts for lap in true_laps),
            doubled=sum(count - 1 for count in counts.values()) + sum(lap not in true_laps for lap in counts),
            timed=len(timed),
            wrong=sum(abs(error_ns) > min(said_ns, LAP_ERROR_MAX_NS) for error_ns, said_ns in errors_ns),
            lap_errors_ns=[error_ns for error_ns, _ in errors_ns],
            delays_ns=list(self._delays(run, expected)),
        )

    def _true_passings_of(self, run: Run) -> list[TruePassing]:
        """Return what the cars truly did in the run: from arming to the close of the last lap that counts."""
        finished = run.finished
        if finished is None:
            return []
        # The closing passing's own stamp ends the window; it may differ from the truth by its uncertainty.
        margin_ns = 2 * NANOSECONDS_PER_MS if finished.ended == "time-up" else 0
        start = bisect_left(self._true_mono_ns, run.armed.value.mono_ns)
        end = bisect_left(self._true_mono_ns, finished.mono_ns + margin_ns)
        inside = self._true_passings[start:end]
        if not inside:
            return []
        up_mono_ns = inside[0].true_mono_ns + run.armed.value.timing.run_ms * NANOSECONDS_PER_MS
        before_up = sum(true_passing.true_mono_ns < up_mono_ns for true_passing in inside)
        return inside[: before_up + 1]

    def _delays(self, run: Run, true_passings: Sequence[TruePassing]) -> Iterable[int]:
        """Yield, for each of them, the time from its line's first byte to the first frame that shows it."""
        for true_passing, frame_mono_ns in self._painted(run, true_passings):
            if true_passing.written_mono_ns is not None:
                yield frame_mono_ns - true_passing.written_mono_ns

    def painted(self, run: Run) -> Iterable[tuple[TruePassing, int]]:
        """Yield each passing of the run that a frame showed, with when the first such frame was painted."""
        return self._painted(run, self._true_passings_of(run))

    def _painted(self, run: Run, true_passings: Sequence[TruePassing]) -> Iterable[tuple[TruePassing, int]]:
        shown = [
            (frame.mono_ns, drawn.passings)
            for frame in self._frames
            for drawn in frame.runs
            if drawn.run == run.run_id
        ]
        for index, true_passing in enumerate(true_passings, start=1):
            frame_mono_ns = next((mono_ns for mono_ns, passings in shown if passings >= index), None)
            if frame_mono_ns is not None:
                yield true_passing, frame_mono_ns

    def decided_laps(self) -> tuple[int, int]:
        """Return (laps that count in confirmed runs, laps judged void in confirmed runs)."""
        laps: list[Lap] = [
            lap
            for run in self.runs()
            if run.decision == "confirmed"
            for lap in self._fold.race.laps(run.run_id)
        ]
        return sum(lap.counts for lap in laps), sum(lap.verdict == "void" for lap in laps)

    def decisions_lost(self, decisions: Iterable[OfficialDecision]) -> int:
        """Count what the official saw as saved and the journal does not say."""
        lost = 0
        for told in decisions:
            if told.run is None:
                continue
            run = self._fold.race.runs.get(told.run)
            if run is None:
                lost += 1
                continue
            lost += run.decision != told.decision
            said = run.said_of_laps
            lost += sum(lap not in said or said[lap].verdict != "void" for lap in told.voided)
        return lost


def spread(values: Sequence[int], divisor: int) -> dict[str, float | None]:
    """Return p50, p99 and max of the values, divided for the unit they are shown in."""
    if not values:
        return {"p50": None, "p99": None, "max": None}
    ordered = sorted(values)

    def at(percent: int) -> float:
        return round(ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] / divisor, 3)

    return {"p50": at(50), "p99": at(99), "max": round(ordered[-1] / divisor, 3)}


def board_bytes(journal: Path) -> bytes:
    """Return the canonical board of a journal file."""
    return encode_view(view_board(fold_file(journal)))


def track_figures(
    audit: Audit, checks: Sequence[RunAudit], decisions: Sequence[OfficialDecision]
) -> dict[str, int]:
    """Return the counts of docs/demo.md; `checks` are the audit's of each run."""
    confirmed, void = audit.decided_laps()
    return {
        "passings_sent": len(audit.sent()),
        "passings_received": audit.received(),
        "runs": len(checks),
        "laps_timed": sum(check.timed for check in checks),
        "laps_confirmed": confirmed,
        "laps_void": void,
        "laps_lost": sum(check.lost for check in checks),
        "laps_doubled": sum(check.doubled for check in checks),
        "laps_wrong": sum(check.wrong for check in checks),
        "decisions_told": len(decisions),
        "decisions_lost": audit.decisions_lost(decisions),
    }
