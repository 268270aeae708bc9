"""What central countersigns of the units' streams: every few places, up to where each has come.

Between two of them lies no more than one batch brings, so that a node which met another history can tell the
true one before it takes any of it."""

from __future__ import annotations

from collections.abc import Collection

from pitboard.journal.records.kinds import WITNESSED_MAX_COUNT, HeadsWitnessed
from pitboard.journal.replica import Replica

STEP_COUNT = 8
"""Records between two places: however large they are, they fit into one batch."""


def countersigned(replica: Replica, keys: Collection[str]) -> list[HeadsWitnessed]:
    """Return the bodies that name what is new of the streams of these keys; none where nothing is."""
    places = [
        (stream, seq)
        for key, streams in replica.streams_by_key().items()
        if key in keys
        for stream, head in streams.items()
        if stream not in replica.false_streams
        for seq in _steps(replica.witnessed(stream), head)
    ]
    return [
        _named(replica, places[at : at + WITNESSED_MAX_COUNT])
        for at in range(0, len(places), WITNESSED_MAX_COUNT)
    ]


def _steps(known: int, head: int) -> list[int]:
    return [*range(known + STEP_COUNT, head, STEP_COUNT), head] if head > known else []


def _named(replica: Replica, places: list[tuple[str, int]]) -> HeadsWitnessed:
    """Return the body that names these places, the last of each stream apart."""
    heads: dict[str, tuple[int, str]] = {}
    before: dict[str, list[tuple[int, str]]] = {}
    for stream, seq in places:
        if stream in heads:
            before.setdefault(stream, []).append(heads[stream])
        heads[stream] = (seq, replica.hashes_at({stream: seq})[stream])
    return HeadsWitnessed(heads=heads, before=before)
