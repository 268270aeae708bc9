"""A node of an older version: it keeps and hands on the kinds that it does not know, and folds none."""

from __future__ import annotations

from pitboard.journal.folding.fold import Fold
from pitboard.journal.records.record import Record
from venue.simulator.cast.node import SmallBatchReplica

UNKNOWN_KINDS = frozenset(
    {
        "competitor-changed",
        "competitors-joined",
        "passing-attributed",
        "passing-inserted",
        "penalty-given",
        "run-paused",
        "run-continued",
        "act-withdrawn",
        "class-set",
        "format-set",
    }
)
"""What came with later versions; who is on the roster, and whose name is erased, every version must know."""


class OlderFold(Fold):
    def add(self, record: Record) -> None:
        if record.header.kind not in UNKNOWN_KINDS:
            super().add(record)


class OlderReplica(SmallBatchReplica):
    fold_kind = OlderFold
