"""What every decoder has in common: bytes in, events out, losses counted.

A decoder does no I/O and knows no clock. The stream may be cut anywhere: the events depend on the bytes
alone, never on how many of them arrived at once."""

from dataclasses import asdict, dataclass
from typing import ClassVar, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something a decoder read. `kind` names it in JSON; the other fields are those of the dataclass."""

    kind: ClassVar[str]

    def as_fields(self) -> dict[str, object]:
        return {"kind": self.kind, **asdict(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap(Event):
    """The device numbered these records and we never got them."""

    kind: ClassVar[str] = "gap"

    first_missing: int
    last_missing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Damaged(Event):
    """Bytes that are no good frame. `offset` counts from the first byte ever fed."""

    kind: ClassVar[str] = "damaged"

    offset: int
    length: int
    reason: str


@dataclass(slots=True, kw_only=True)
class Counters:
    """Totals since the first byte. `bytes_skipped` is the length of all damaged stretches together."""

    frames_good: int = 0
    frames_damaged: int = 0
    bytes_skipped: int = 0
    gaps: int = 0
    duplicates: int = 0


class Decoder(Protocol):
    """One stream of one device: a new connection or a re-opened port needs a new decoder."""

    @property
    def counters(self) -> Counters: ...

    def feed(self, data: bytes) -> list[Event]:
        """Return what these bytes complete, oldest first. Raises nothing, whatever the bytes are."""
        ...

    def finish(self) -> list[Event]:
        """Return what the end of the stream decides; a frame left half is damaged. Call it once, last."""
        ...
