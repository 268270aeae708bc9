"""Judge a run: what the cars drove and the officials were told, held against all five replicas.

`violations` holds one plain sentence for each thing that must never be; a run without any is clean."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pitboard.errors import PitboardError
from pitboard.journal.folding.fold import Fold
from pitboard.keeping.journal_copy import fold_file, open_copy
from pitboard.keeping.verify_restore import check_file
from tests.chaos.acquaintances import acquaintances, lonely
from tests.chaos.chaos_venue import DISPLAYS, REPLICAS, TRACKS, ChaosVenue
from venue.demo.audit import (
    Audit,
    Frame,
    OfficialDecision,
    TruePassing,
    board_bytes,
    read_lines,
    spread,
    track_figures,
)
from venue.demo.crew import Crew


def heads(journal: Path) -> dict[str, int]:
    """Return {stream: last seq} of a journal file."""
    with open_copy(journal) as database:
        return dict(database.execute("SELECT stream, max(seq) FROM records GROUP BY stream"))


def are_equal(venue: ChaosVenue) -> bool:
    """Return whether all replicas hold the same records."""
    with contextlib.suppress(sqlite3.Error):
        first, *others = (heads(venue.journal(node)) for node in REPLICAS)
        return all(other == first for other in others)
    return False


def proves_something(venue: ChaosVenue, track: str) -> bool:
    """Return whether a lap was timed and a run decided on the track, by its own unit's journal."""
    with contextlib.suppress(PitboardError, OSError, sqlite3.Error):
        return _is_raced(_audit(venue, fold_file(venue.journal(f"unit-{track}")), track))
    return False


def judge(venue: ChaosVenue, crew: Crew) -> dict[str, Any]:
    """Return the summary's part about what came of the race; see docs/chaos.md for each key."""
    folds = {node: fold_file(venue.journal(node)) for node in REPLICAS}
    boards = {node: board_bytes(venue.journal(node)) for node in REPLICAS}
    shown = {
        display: hashlib.sha256(boards[display]).hexdigest()[:16] == _last_drawn(venue, display)
        for display in DISPLAYS
    }
    tracks = {track: {node: _audit(venue, folds[node], track) for node in REPLICAS} for track in TRACKS}
    summary: dict[str, Any] = {
        "tracks": {track: on_replica[f"unit-{track}"] for track, on_replica in tracks.items()},
        "records": sum(heads(venue.journal("central")).values()),
        "streams": len(heads(venue.journal("central"))),
        "replicas_equal": are_equal(venue),
        "boards_equal": len(set(boards.values())) == 1,
        "last_frames_show_board": all(shown.values()),
        "found_by_mdns": acquaintances(venue.folder / "logs"),
        "unexpected_exits": crew.unexpected_exits(),
    }
    findings = {node: check_file(venue.journal(node)).findings for node in REPLICAS}
    summary["violations"] = [
        *(f"{node}: {finding.sentence}" for node in REPLICAS for finding in findings[node]),
        *(f"{name} ended by itself: {statuses}" for name, statuses in crew.unexpected_exits().items()),
        *lonely(summary["found_by_mdns"]),
        *([] if summary["replicas_equal"] else ["the replicas do not hold the same records"]),
        *([] if summary["boards_equal"] else ["the boards are not the same bytes"]),
        *(f"{display}: the last frame is not the board" for display, is_so in shown.items() if not is_so),
        *(
            sentence
            for track, on_replica in tracks.items()
            for node, figures in on_replica.items()
            for sentence in _wrong(f"track {track} on {node}", figures)
        ),
    ]
    return summary


def _audit(venue: ChaosVenue, fold: Fold, track: str) -> dict[str, Any]:
    true_passings: list[TruePassing] = read_lines(venue.log(f"truth-{track}"), TruePassing)  # type: ignore[assignment]
    decisions: list[OfficialDecision] = read_lines(venue.log(f"official-{track}"), OfficialDecision)  # type: ignore[assignment]
    frames: list[Frame] = read_lines(venue.log(f"frames-{DISPLAYS[0]}"), Frame)  # type: ignore[assignment]
    audit = Audit(fold, true_passings, frames, sensor=f"beam-{track}", track=track)
    checks = [audit.check(run) for run in audit.runs()]
    return {
        **track_figures(audit, checks, decisions),
        "lap_error_us": spread([abs(error) for check in checks for error in check.lap_errors_ns], 1_000),
        "beam_to_board_ms": spread([delay for check in checks for delay in check.delays_ns], 1_000_000),
    }


def _wrong(where: str, figures: dict[str, Any]) -> Iterator[str]:
    """Say what must not be in the figures of one track on one replica."""
    missing = figures["passings_sent"] - figures["passings_received"]
    for count, what in (
        (missing, "passings are missing"),
        (figures["laps_lost"], "laps are lost"),
        (figures["laps_doubled"], "laps are there twice or were never driven"),
        (figures["laps_wrong"], f"laps are wrong, one by {figures['lap_error_us']['max']} us"),
        (figures["decisions_lost"], "decisions that an official was told are lost"),
    ):
        if count:
            yield f"{where}: {count} {what}"
    if not _is_raced(figures):
        yield f"{where}: no lap was timed or nothing decided, so the run proves nothing"


def _is_raced(figures: dict[str, Any]) -> bool:
    return bool(figures["laps_timed"] and figures["decisions_told"])


def _last_drawn(venue: ChaosVenue, display: str) -> str | None:
    frames: list[Frame] = read_lines(venue.log(f"frames-{display}"), Frame)  # type: ignore[assignment]
    return frames[-1].board_sha if frames else None
