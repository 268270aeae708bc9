"""Read from the streams themselves what happened to the machines that wrote them.

A stream's first record names how far its writer's earlier streams had come, as far as that machine knew.
Held against what is here, that shows a unit that came back with older data, a card that runs in two machines,
a name used twice, and records that nobody has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pitboard.journal.hybrid_clock import stamp_utc_ms
from pitboard.race.bodies import StreamOpened

NoticeKind = Literal["records-missing", "came-back-older", "two-machines", "one-name-twice"]

TOGETHER_MIN_MS = 1_000
"""A stream that grows this long after its successor opened is written by a second machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something people should know; `sentence` says it plainly and what to do."""

    kind: NoticeKind
    unit: str
    sentence: str


@dataclass(slots=True)
class _Stream:
    opened: StreamOpened
    opened_stamp: int
    stamps: list[int] = field(default_factory=list)  # stamps[seq - 1]


class StreamWatch:
    """Follows the records a replica takes."""

    def __init__(self) -> None:
        self._streams: dict[str, _Stream] = {}

    def see(self, stream: str, seq: int, stamp: int, opened: StreamOpened | None) -> None:
        """Take note of the next record of a stream; `opened` is the body of its first one."""
        if opened is not None and seq == 1:
            self._streams[stream] = _Stream(opened, stamp)
        known = self._streams.get(stream)
        if known is not None:
            known.stamps.append(stamp)

    def notices(self, enrolled: Mapping[str, str]) -> list[Notice]:
        """Return what is to be said about the enrolled units {key: name}, in a stable order."""
        notices: list[Notice] = []
        by_key: dict[str, list[tuple[str, _Stream]]] = defaultdict(list)
        for stream, known in self._streams.items():
            if known.opened.key in enrolled:
                by_key[known.opened.key].append((stream, known))
        for key, name in sorted(enrolled.items(), key=lambda unit: (unit[1], unit[0])):
            streams = dict(by_key[key])
            notices += self._missing(name, streams)
            notices += self._older_or_two(name, streams)
        names = list(enrolled.values())
        notices += [
            Notice(
                kind="one-name-twice",
                unit=name,
                sentence=f"Two units are called {name}. Give one of them another name.",
            )
            for name in sorted(set(names))
            if names.count(name) > 1
        ]
        return notices

    def _missing(self, name: str, streams: Mapping[str, _Stream]) -> list[Notice]:
        missing: dict[str, int] = {}
        for known in streams.values():
            for stream, head in known.opened.earlier.items():
                here = len(self._streams[stream].stamps) if stream in self._streams else 0
                if head > here:
                    missing[stream] = max(missing.get(stream, 0), head - here)
        count = sum(missing.values())
        if not count:
            return []
        sentence = (
            f"{name} wrote {count} records that have not arrived here. "
            f"They come when {name} is connected; keep its card."
        )
        return [Notice(kind="records-missing", unit=name, sentence=sentence)]

    def _older_or_two(self, name: str, streams: Mapping[str, _Stream]) -> list[Notice]:
        """Look at what earlier streams hold beyond what the machine knew when it opened its newest."""
        if not streams:
            return []
        newest_id, newest = max(streams.items(), key=lambda item: (item[1].opened_stamp, item[0]))
        loose = {stream: known for stream, known in streams.items() if not _is_covered(stream, streams)}
        together = any(
            _grew_beside(stream, earlier, other)
            for stream, earlier in loose.items()
            for other_id, other in loose.items()
            if other_id != stream
        )
        lost = sum(
            len(earlier.stamps[newest.opened.earlier.get(stream, 0) :])
            for stream, earlier in loose.items()
            if stream != newest_id
        )
        if together:
            sentence = (
                f"Two machines write as {name}: a copied card runs in both. "
                f"Switch one off, give it a new card, and check its runs."
            )
            return [Notice(kind="two-machines", unit=name, sentence=sentence)]
        if lost:
            sentence = (
                f"{name} came back with older data and did not know {lost} of its own records. "
                f"They are kept here and go back to it."
            )
            return [Notice(kind="came-back-older", unit=name, sentence=sentence)]
        return []


def _is_covered(stream: str, streams: Mapping[str, _Stream]) -> bool:
    """Return whether a machine that wrote on later knew all of this stream."""
    head = len(streams[stream].stamps)
    newest_first = reversed(list(streams.values()))  # it covers all the others on any quiet day
    return any(other.opened.earlier.get(stream, 0) >= head for other in newest_first)


def _grew_beside(stream: str, earlier: _Stream, other: _Stream) -> bool:
    """Return whether the stream went on for long after another one opened without knowing that."""
    beyond = earlier.stamps[other.opened.earlier.get(stream, 0) :]
    if not beyond:
        return False
    return stamp_utc_ms(beyond[-1]) - stamp_utc_ms(other.opened_stamp) > TOGETHER_MIN_MS
