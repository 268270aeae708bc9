"""What the demo and the chaos run both say of a race: the figures of one track, and a replica's board."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pitboard.journal.views import encode_view, view_board
from pitboard.keeping.journal_copy import fold_file
from venue.demo.audit import Audit, OfficialDecision, RunAudit


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
        "decisions_told": len(decisions),
        "decisions_lost": audit.decisions_lost(decisions),
    }
