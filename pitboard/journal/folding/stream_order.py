"""In which order a unit said its records, whatever its wall clock said then.

A stream tells the order of its records, and its first record names the streams before it. Where a stamp
there is later than one that comes after, it is capped: see `pitboard/race/words/stamp_caps.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise

from pitboard.journal.folding.kept_bodies import KeptBodies
from pitboard.journal.records.kinds import StreamOpened
from pitboard.race.words.stamp_caps import Cap, StampCaps, tightened


def put_in_order(
    caps: StampCaps,
    streams: Mapping[str, KeptBodies],
    counts: Callable[[str, int], bool],
) -> bool:
    """Cap the stamps of one writer's streams; return whether any record of them counts with another now.

    What does not count tells no order: a revoked key's words move nobody's.
    """
    found = _caps_of(streams, counts)
    has_moved = False
    for stream, kept in streams.items():
        former, new = caps.of(stream), found.get(stream, ())
        if former != new:
            has_moved = has_moved or any(
                kept.goes_beyond(stamp, up_to=seq) for seq, stamp in {*former} ^ {*new}
            )
            caps.put(stream, new)
    return has_moved


def _caps_of(
    streams: Mapping[str, KeptBodies], counts: Callable[[str, int], bool]
) -> dict[str, Sequence[Cap]]:
    """Go from the streams after which there is none back to the first ones."""
    named = {stream: _named_by(streams, stream, counts) for stream in streams}
    to_come = dict.fromkeys(streams, 0)
    for heads in named.values():
        for earlier in heads:
            to_come[earlier] += 1
    caps: dict[str, list[Cap]] = {stream: _descents(stream, streams[stream], counts) for stream in streams}
    ready = [stream for stream, count in to_come.items() if not count]
    while ready:  # streams that name each other in a circle, as only a rogue's do, never get here
        stream = ready.pop()
        before = _least(streams[stream], caps[stream]) - 1
        for earlier, head in named[stream].items():
            caps[earlier].append((head, before))
            to_come[earlier] -= 1
            if not to_come[earlier]:
                ready.append(earlier)
    return {stream: tightened(own) for stream, own in caps.items() if own}


def _named_by(
    streams: Mapping[str, KeptBodies], stream: str, counts: Callable[[str, int], bool]
) -> Mapping[str, int]:
    first = streams[stream].get(1)
    if first is None or not isinstance(first[0], StreamOpened) or not counts(stream, 1):
        return {}
    return {one: head for one, head in first[0].earlier.items() if head and one in streams and one != stream}


def _descents(stream: str, kept: KeptBodies, counts: Callable[[str, int], bool]) -> list[Cap]:
    """Return where the stamps of one stream go back: its clock was set while it was written."""
    if not kept.turns_count:
        return []
    # A stream counts up to some place and not beyond: where the later of two counts, so does the earlier.
    return [
        (seq, later)
        for (seq, stamp), (later_seq, later) in pairwise(kept.stamps())
        if later < stamp and counts(stream, later_seq)
    ]


def _least(kept: KeptBodies, caps: Iterable[Cap]) -> int:
    first = kept.get(1)
    assert first is not None  # who wrote a stream is known by it
    return min([first[1], *(stamp for _, stamp in caps)])
