"""What a start reads back of the raw log: little at once, the rest while it already runs.

The lines of our own sensors and of pins carry all that passings need, so for those only the end of the log
is read before the sensors are. What lies before it is made into passings afterwards, by makers of its own.
Other devices tell their starts apart by what came before: of them all is read, as fast as it can be found."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from firmware_bridge.spool.raw_log import RawRecord
from pitboard.errors import NOT_UNDERSTOOD, RawLogLost

TAIL_BYTES = 4_000_000
# Its beginning settles clocks and hold-offs only; its passings come with the older ones.
SETTLING_BYTES = 500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class StartReading:
    """`may_begin_anywhere` names the sensors whose lines do."""

    paths: tuple[Path, ...]
    total_bytes: int  # as it was at the start: the last file grows
    may_begin_anywhere: Collection[str]
    has_others: bool = True
    tail_bytes: int = TAIL_BYTES

    @classmethod
    def of(
        cls, paths: Sequence[Path], *, may_begin_anywhere: Collection[str], has_others: bool = True
    ) -> StartReading:
        """Raises RawLogLost."""
        try:
            total_bytes = sum(path.stat().st_size for path in paths)
        except OSError as error:
            raise RawLogLost(path=paths[0], reason=error.strerror or str(error)) from error
        return cls(
            paths=tuple(paths),
            total_bytes=total_bytes,
            may_begin_anywhere=may_begin_anywhere,
            has_others=has_others,
        )

    def now(self) -> Iterator[tuple[RawRecord, bool]]:
        """Yield what the makers need before the sensors are opened; false where it only settles them.

        Raises RawLogLost.
        """
        tail_at = self.total_bytes - self.tail_bytes
        settled_at = tail_at + SETTLING_BYTES if tail_at > 0 else 0
        skipped = self._needles()
        for at, line in self._lines(0 if self.has_others else tail_at):
            if at < tail_at and any(needle in line for needle in skipped):
                continue
            if (record := _decoded(line)) is not None:
                counts = at >= settled_at or record.sensor not in self.may_begin_anywhere
                yield record, counts

    def later(self) -> Iterator[RawRecord]:
        """Yield what `now` left out or only settled by. Raises RawLogLost."""
        settled_at = self.total_bytes - self.tail_bytes + SETTLING_BYTES
        if settled_at <= SETTLING_BYTES:
            return
        wanted = self._needles()
        for at, line in self._lines():
            if at >= settled_at:
                return
            if any(needle in line for needle in wanted) and (record := _decoded(line)) is not None:
                yield record

    def _needles(self) -> list[bytes]:
        # Within what a sensor sent, quotes are escaped: these bytes stand nowhere else in a line.
        return [b'"sensor":' + msgspec.json.encode(name) for name in self.may_begin_anywhere]

    def _lines(self, from_at: int = 0) -> Iterator[tuple[int, bytes]]:
        """Yield each line and where it begins; from within a line on, its rest, which is no record."""
        at = 0
        for path in self.paths:
            try:
                with path.open("rb") as file:
                    skip = min(max(0, from_at - at), path.stat().st_size)
                    at += file.seek(skip)
                    for line in file:
                        yield at, line
                        at += len(line)
            except OSError as error:
                raise RawLogLost(path=path, reason=error.strerror or str(error)) from error


_DECODER = msgspec.json.Decoder(RawRecord)


def _decoded(line: bytes) -> RawRecord | None:
    try:
        return _DECODER.decode(line)
    except NOT_UNDERSTOOD:
        return None
