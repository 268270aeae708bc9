"""Whether what one unit's officials said stands in the order said, whatever its wall clock was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from venue.simulator.cast.node import Node


def out_of_order(node: Node, unit_key: str) -> Iterator[str]:
    """Yield a sentence for each act that this node takes for later than what the unit said after it.

    What one start knew of another its first record says; a card restored from before knew less. An opening
    that does not count, as beyond a revocation, tells no order.
    """
    fold = node.replica.fold
    acts = [one.record for one in fold.race.statements.newest_acts(unit_key)][::-1]
    openings = {stream: opened.earlier for stream, opened in fold.openings_of(unit_key)}
    said: dict[str, int] = {}  # of each stream the act that came last
    known: dict[str, dict[str, int]] = {}
    for number, (stream, seq) in enumerate(acts):
        if seq < said.get(stream, 0):
            yield f"{node.name} takes {stream[:8]}/{said[stream]} for earlier than {seq}"
        said[stream] = seq
        if stream not in known:  # so this is the first of its acts
            known[stream] = _known_at_the_start_of(stream, openings)
            for former, later_seq in acts[number:]:
                if later_seq <= known[stream].get(former, 0):
                    yield f"{node.name} takes {former[:8]}/{later_seq} for later than {stream[:8]}/{seq}"


def _known_at_the_start_of(stream: str, openings: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """Return {stream: head} of what the writer had of its own, through all starts before."""
    known: dict[str, int] = {}
    to_read = [stream]
    while to_read:
        for former, head in openings.get(to_read.pop(), {}).items():
            if head > known.get(former, 0):
                to_read += [former] if former not in known else []
                known[former] = head
    return known
